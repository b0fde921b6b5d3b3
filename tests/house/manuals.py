# SPDX-License-Identifier: Apache-2.0
"""What the manuals and the sample say is what the programs take: arguments, options, verbs and keys, both ways."""

import os
import re

import house

why = '''an option that is in no manual is a secret, and one that is only in the manual is a lie. Change both.'''

pages = {name: f'docs/man/{name}' for name in ('pam_utmfa.8', 'utmfad.8', 'utmfa.yaml.5', 'utmfa-enroll.1',
                                               'utmfa-admin.8', 'utmfa-assert.1')}
item = re.compile(r'^\.It (?:Op )?(Fl Fl|Cm|Ic|Li|Ql|Sy|Va) "?([a-z][a-z0-9-]*)"?', re.M)
flag = re.compile(r'\bFl Fl ([a-z][a-z-]*)')


def items(text, *macros):
    return {word for macro, word in item.findall(text) if macro in macros}


def line_of(text, pattern):
    found = re.search(pattern, text, re.M)
    return text.count('\n', 0, found.start()) + 1 if found else 1


def compared(page, text, code, manual, what):
    for word in sorted(code - manual):
        yield f'{page}:1: {what} {word} is not described'
    for word in sorted(manual - code):
        yield f'{page}:{line_of(text, rf"{re.escape(word)}")}: {what} {word} is taken by no program'


def module_faults(tree):
    text = tree.text(pages['pam_utmfa.8'])
    taken = set(re.findall(r'value_of\(word, "([a-z-]+)="', tree.text('pam_utmfa/arguments.cc')))
    told = set(re.findall(r'^\.It Cm ([a-z-]+) Ns = Ns', text, re.M))
    yield from compared(pages['pam_utmfa.8'], text, taken, told, 'argument')


def verifier_faults(tree):
    text = tree.text(pages['utmfad.8'])
    source = tree.text('utmfad/main.cc')
    taken = set(re.findall(r'\{"([a-z-]+)", (?:required|no|optional)_argument', source))
    yield from compared(pages['utmfad.8'], text, taken, items(text, 'Fl Fl'), 'option')
    shown = re.search(r'help\[\] =(.*?);\n', source, re.S)
    for word in sorted(taken - set(re.findall(r'--([a-z-]+)', shown[1] if shown else '')) - {'nursery', 'deliver'}):
        yield f'utmfad/main.cc:1: option {word} is not in --help'


def tables(source):
    """Keys of the tables of config.cc, and the words that may be their values."""
    keys, words = set(), set()
    for kind, body in re.findall(r'^constexpr (Key|Word)<[^;]*?\[\] = \{(.*?)\};', source, re.M | re.S):
        (keys if kind == 'Key' else words).update(re.findall(r'\{"([a-z-]+)",', body))
    return keys, words


def configuration_faults(tree):
    keys, words = tables(''.join(tree.text(name) for name in tree.sources('libutmfa/config')))
    if not keys:
        yield 'libutmfa/config/config.cc:1: no table of keys was found'
    text = tree.text(pages['utmfa.yaml.5'])
    told = items(text, 'Cm', 'Ic', 'Li', 'Va')
    yield from compared(pages['utmfa.yaml.5'], text, keys, told - ((words | others) - keys), 'key')
    sample = tree.text('conf/utmfa.yaml')
    shown = set(re.findall(r'^[\s#-]*([a-z-]+):', sample, re.M)) | set(re.findall(r'[{,]\s*([a-z-]+):', sample))
    yield from compared('conf/utmfa.yaml', sample, keys, shown - (others - keys), 'key')


# Names of services and kinds, and words that begin a sentence of the sample, which stand where a key could.
others = {'default', 'sshd', 'sudo', 'gdm-password', 'login', 'su', 'off', 'enrolled', 'always', 'enforce', 'proven',
          'never', 'demanded', 'optional', 'allow', 'deny', 'auto', 'all', 'on', 'totp', 'hotp', 'recovery', 'pass',
          'en', 'ja', 'shown', 'utmfa', 'many', 'one', 'unnamed', 'one-field'}


def kind_faults(tree):
    """Every kind of method is a value of `kind`, and has a section with the keys of its table of fields."""
    page, kinds = 'docs/man/utmfa-methods.5', {}
    for name in tree.sources('libutmfa/factors'):
        for kind in re.findall(r'\.kind = "([a-z0-9-]+)"', tree.text(name)):
            kinds[kind] = set(re.findall(r'\{"([a-z-]+)", FieldType::', tree.text(name)))
    if not kinds:
        yield 'libutmfa/factors/factor.cc:1: no kind was found'
    text = tree.text(page)
    values = re.search(r'^\.It Cm kind : Cm (.*)', text, re.M)
    yield from compared(page, text, set(kinds), set(values[1].split(' | ')) if values else set(), 'kind')
    sections = dict(re.findall(r'^\.Ss ([a-z0-9-]+):.*\n((?:(?!\.S[hs] ).*\n)*)', text, re.M))
    for kind, keys in kinds.items():
        told = set(re.findall(r'^\.It Cm ([a-z-]+) :', sections.get(kind, ''), re.M))
        yield from compared(page, text, keys, told, f'kind {kind}: key')


def translation_faults(tree):
    """A translated manual lists the same items in the same order."""
    for name in tree.names('.1', '.5', '.7', '.8', below='docs/man/ja'):
        original = name.replace('/ja/', '/')
        if not tree.exists(original):
            yield f'{name}:1: there is no {original}'
            continue
        ours, theirs = ([line for _, line in tree.lines(page) if line.startswith('.It')] for page in (original, name))
        for here, there in zip(ours + [''] * len(theirs), theirs + [''] * len(ours)):
            if here != there:
                yield f'{name}:{line_of(tree.text(name), re.escape(there))}: "{there}", and in {original} "{here}"'
                break


def commands_of(text):
    """Lines of a README that a reader types, without the words beside them."""
    return [line.split('  #')[0].strip() for line in text.splitlines() if re.match(r' {4,}[a-z/]', line)]


def readme_faults(tree):
    ours, theirs = (commands_of(tree.text(name)) for name in ('README.md', 'README.ja.md'))
    for line in [line for line in ours if line not in theirs] + [line for line in theirs if line not in ours]:
        yield f'README.ja.md:1: only in one of the two READMEs: {line}'


def program(tree, name):
    here = tree.path(f'programs/{name}')
    return here if os.path.exists(here) else os.path.join(tree.build, 'utils', name)


def help_of(command):
    """(options, verbs) of a command and all below it."""
    status, said = house.output(*command, '--help', env={**os.environ, 'LANG': 'C', 'LANGUAGE': 'en'})
    if status:
        return None, None
    options = set(re.findall(r'^\s+(?:-\w,)?--([a-z-]+)', said, re.M))
    below = re.search(r'^Verbs:\n((?: +.*\n)*)', said, re.M)
    verbs = re.findall(r'^ {2}([a-z][a-z-]*)(?:\s|$)', below[1], re.M) if below else []
    found = set(verbs)
    for verb in verbs:
        more, deeper = help_of([*command, verb])
        options |= more or set()
        found |= deeper or set()
    return options, found


def utility_faults(tree, name, page):
    options, verbs = help_of([program(tree, name)])
    if options is None:
        yield f'{page}:1: {name} --help fails'
        return
    text = tree.text(page)
    described = {word for line in re.findall(r'^\.It .*', text, re.M) for word in flag.findall(line)}
    for word in sorted(options - described):
        yield f'{page}:1: {name}: option {word} has no .It Fl Fl {word}'
    for word in sorted(set(flag.findall(text)) - options - foreign):
        yield f'{page}:{line_of(text, "Fl Fl " + word)}: {name}: option {word} is taken by no program'
    for word in sorted(verbs):
        if not re.search(rf'^\.It .*\b(?:Cm|Ic) (?:[a-z-]+ )*{word}\b', text, re.M):
            yield f'{page}:1: {name}: verb {word} has no .It Cm {word}'


foreign = {'session'}  # options of utmfad that the other manuals name


def check(tree):
    for name, page in pages.items():
        if not tree.exists(page):
            yield f'{page}:1: {name} has no manual'
    present = [name for name, page in pages.items() if tree.exists(page)]
    if 'pam_utmfa.8' in present:
        yield from module_faults(tree)
    if 'utmfad.8' in present:
        yield from verifier_faults(tree)
    if 'utmfa.yaml.5' in present:
        yield from configuration_faults(tree)
    yield from kind_faults(tree)
    yield from translation_faults(tree)
    yield from readme_faults(tree)
    for name in ('utmfa-enroll.1', 'utmfa-admin.8', 'utmfa-assert.1'):
        if name in present:
            yield from utility_faults(tree, name[:-2], pages[name])


helping = '''#!/bin/sh
case $1 in
add) printf 'x\\n\\nOptions:\\n  -h,--help  x\\n  --label TEXT  x\\n' ;;
*) printf 'x\\n\\nOptions:\\n  -h,--help  x\\n\\nVerbs:\\n  add      x\\n' ;;
esac
'''
good = {
    'docs/man/pam_utmfa.8': '.It Cm service Ns = Ns Ar NAME\n',
    'pam_utmfa/arguments.cc': 'value_of(word, "service=", value)\n',
    'docs/man/utmfad.8': '.It Fl Fl config Ar FILE\n',
    'utmfad/main.cc': 'help[] =\n"  --config FILE\\n";\n{{"config", required_argument, nullptr, 1}}\n',
    'libutmfa/config/config.cc': 'constexpr Word<R> w[] = {\n  {"always", 1}};\n\nconstexpr Key<S> k[] = {\n'
                                 '  {"require", x}, {"tries", x}};\n',
    'libutmfa/factors/a.cc': 'fields[] = {{"seed", FieldType::sealed, "", ""}};\n.kind = "a",\n',
    'docs/man/utmfa-methods.5': '.It Cm kind : Cm a\n.Ss a: b\n.It Cm seed : Ar sealed\n.Sh FILES\n',
    'docs/man/utmfa.yaml.5': '.It Cm require\n.It Cm always\n.It Cm tries\n',
    'conf/utmfa.yaml': 'default:\n  require: always\n#  tries: 3\n',
    'docs/man/utmfa-enroll.1': '.It Fl Fl help\n.It Cm add Op Fl Fl label Ar L\n',
    'docs/man/utmfa-admin.8': '.It Fl Fl help\n.It Cm add Op Fl Fl label Ar L\n',
    'docs/man/utmfa-assert.1': '.It Fl Fl help\n.It Cm add Op Fl Fl label Ar L\n',
    'README.md': 'Do:\n\n    sudo a    # builds\n', 'README.ja.md': '\n    sudo a    # ビルド\n',
    'programs/utmfa-enroll': helping, 'programs/utmfa-admin': helping, 'programs/utmfa-assert': helping,
}
bad = [
    ({'docs/man/pam_utmfa.8': '\n'}, 'argument service is not described'),
    ({'pam_utmfa/arguments.cc': '\n'}, 'argument service is taken by no program'),
    ({'docs/man/utmfad.8': '.It Fl Fl nope\n'}, 'option nope is taken by no program'),
    ({'utmfad/main.cc': '{{"config", required_argument, nullptr, 1}}\n'}, 'option config is not in --help'),
    ({'docs/man/utmfa.yaml.5': '.It Cm require\n.It Cm always\n'}, 'utmfa.yaml.5:1: key tries is not described'),
    ({'docs/man/utmfa.yaml.5': good['docs/man/utmfa.yaml.5'] + '.It Cm nope\n'}, 'key nope is taken by no program'),
    ({'conf/utmfa.yaml': 'require: always\n'}, 'conf/utmfa.yaml:1: key tries'),
    ({'conf/utmfa.yaml': good['conf/utmfa.yaml'] + 'nope: 1\n'}, 'conf/utmfa.yaml:4: key nope'),
    ({'libutmfa/config/config.cc': '\n'}, 'no table of keys'),
    ({'docs/man/utmfa-methods.5': '.Ss a: b\n.It Cm seed : Ar sealed\n'}, 'kind a is not described'),
    ({'docs/man/utmfa-methods.5': '.It Cm kind : Cm a | b\n.Ss a: b\n.It Cm seed : Ar sealed\n'}, 'kind b is taken by no'),
    ({'docs/man/utmfa-methods.5': '.It Cm kind : Cm a\n.It Cm seed : Ar sealed\n'}, 'kind a: key seed is not described'),
    ({'docs/man/utmfa-methods.5': good['docs/man/utmfa-methods.5'].replace('.Sh', '.It Cm size : Ar number\n.Sh')},
     'kind a: key size is taken by no program'),
    ({'libutmfa/factors/a.cc': '\n'}, 'no kind was found'),
    ({'docs/man/utmfa-enroll.1': '.It Fl Fl help\n.It Cm add\n'}, 'utmfa-enroll: option label has no'),
    ({'docs/man/utmfa-enroll.1': good['docs/man/utmfa-enroll.1'] + '.Fl Fl nope\n'}, 'option nope is taken by no'),
    ({'docs/man/utmfa-admin.8': '.It Fl Fl help\n.It Fl Fl label\n'}, 'verb add has no .It Cm add'),
    ({'docs/man/ja/utmfad.8': '.It Fl Fl config Ar FILE\n.It Fl Fl other\n'}, '".It Fl Fl other", and in'),
    ({'docs/man/ja/utmfad.8': '\n'}, 'and in docs/man/utmfad.8 ".It Fl Fl config Ar FILE"'),
    ({'docs/man/ja/other.8': '\n'}, 'there is no docs/man/other.8'),
    ({'README.ja.md': '    sudo b\n'}, 'only in one of the two READMEs: sudo a'),
    ({'programs/utmfa-admin': '#!/bin/sh\nexit 1\n'}, 'utmfa-admin --help fails'),
]
house.run(check, why, good, bad)
