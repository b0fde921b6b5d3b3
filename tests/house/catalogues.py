# SPDX-License-Identifier: Apache-2.0
"""Everything that people are told is in the catalogues, translated, whole, and with the same places to fill."""

import os
import re

import house

why = '''a person who cannot read the prompt cannot sign in. After a change of words: po/update, then translate what it
left empty in po/ja.po.'''

place = re.compile(r'\{[0-9]\}')
# Words that the screens do not use to people, in either language (the manual explains; a prompt asks).
jargon = re.compile(r'\b(OTP|TOTP|HOTP|factor|MFA)\b')


def unquoted(lines):
    joined = ''.join(re.search(r'"(.*)"', line)[1] for line in lines)
    return re.sub(r'\\(.)', lambda found: {'n': '\n', 't': '\t'}.get(found[1], found[1]), joined)


def entries(text):
    """(line, msgid, msgstr, flags) of a catalogue."""
    for found in re.finditer(r'((?:^#.*\n)*)^msgid ((?:".*"\n)+)^msgstr ((?:".*"\n?)+)', text, re.M):
        line = text.count('\n', 0, found.start(2)) + 1
        yield line, unquoted(found[2].splitlines()), unquoted(found[3].splitlines()), found[1]


def listed(tree):
    return [line.strip() for _, line in tree.lines('po/POTFILES') if line.strip() and not line.startswith('#')]


def extracted(tree):
    """msgid -> file:line, as xgettext finds them in the files of POTFILES."""
    status, said = house.output('xgettext', '--language=C++', '--from-code=UTF-8', '--keyword=say',
                                '--keyword=UTMFA_MSG', '--add-location=full', '--no-wrap', '--output=-',
                                *listed(tree), cwd=tree.root)
    if status:
        return {}, [f'po/POTFILES:1: {said.strip()}']
    found = {}
    for _, msgid, _, comments in entries(said):
        where = re.search(r'^#: (\S+)', comments, re.M)
        if msgid:
            found[msgid] = where[1] if where else 'po/utmfa.pot:1'
    return found, [line for line in said.splitlines() if re.match(r'\S+:.*: warning: ', line)]


def check(tree):
    speaking = re.compile(r'(?<![\w.:])say\(\s*"|UTMFA_MSG\(\s*"')
    for name in tree.sources('libutmfa', 'utmfad', 'utils', 'pam_utmfa'):
        if speaking.search(tree.text(name)) and name not in listed(tree):
            yield f'po/POTFILES:1: {name} speaks to people and is not listed'
    wanted, faults = extracted(tree)
    yield from faults
    template = {msgid for _, msgid, _, _ in entries(tree.text('po/utmfa.pot')) if msgid}
    for msgid, where in wanted.items():
        if msgid not in template:
            yield f'{where}: not in po/utmfa.pot: "{msgid.strip()}"'
        if jargon.search(msgid) and not where.startswith('utils/'):
            yield f'{where}: "{jargon.search(msgid)[0]}" is no word for people'
    for msgid in template - set(wanted):
        yield f'po/utmfa.pot:1: said nowhere any more: "{msgid.strip()}"'
    for language in tree.text('po/LINGUAS').split('\n'):
        if language and not language.startswith('#'):
            yield from catalogue_faults(tree, f'po/{language}.po', wanted)


def ends_alike(msgid, msgstr):
    """What goes on after a space may go on after a full stop of Japanese, which needs none."""
    if msgid[-1] == ' ':
        return msgstr[-1] in ' ：。'
    return (msgid[-1] == '\n') == (msgstr[-1] == '\n') and msgstr[-1] != ' '


def catalogue_faults(tree, name, wanted):
    status, said = house.output('msgfmt', '--check', '--output-file=' + os.devnull, tree.path(name))
    if status:
        yield f'{name}:1: msgfmt: {said.strip().splitlines()[0]}'
    there = set()
    for line, msgid, msgstr, comments in entries(tree.text(name)):
        if not msgid:
            continue
        there.add(msgid)
        if 'fuzzy' in comments:
            yield f'{name}:{line}: fuzzy: a guess of a tool, not a translation'
        if not msgstr:
            yield f'{name}:{line}: not translated: "{msgid.strip()}"'
        elif set(place.findall(msgid)) != set(place.findall(msgstr)):
            yield f'{name}:{line}: other places to fill than "{msgid.strip()}"'
        elif not ends_alike(msgid, msgstr):
            yield f'{name}:{line}: ends differently: a prompt goes on after its last space'
        if msgid not in wanted:
            yield f'{name}:{line}: said nowhere any more: "{msgid.strip()}"'
    for msgid in set(wanted) - there:
        yield f'{name}:1: missing, said in {wanted[msgid]}: "{msgid.strip()}"'


header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def catalogue(*pairs):
    return header + '\n'.join(f'msgid "{msgid}"\nmsgstr "{msgstr}"\n' for msgid, msgstr in pairs)


good = {
    'libutmfa/signin/a.cc': 'x = say("Code from {0}: ", {a}) + UTMFA_MSG("phone");\n',
    'po/POTFILES': 'libutmfa/signin/a.cc\n',
    'po/LINGUAS': 'ja\n',
    'po/utmfa.pot': catalogue(('Code from {0}: ', ''), ('phone', '')),
    'po/ja.po': catalogue(('Code from {0}: ', '{0} のコード: '), ('phone', '電話')),
}
bad = [
    ({'po/ja.po': catalogue(('Code from {0}: ', '{0}: '))}, 'missing, said in libutmfa/signin/a.cc:1: "phone"'),
    ({'po/ja.po': good['po/ja.po'].replace('電話', '')}, 'not translated: "phone"'),
    ({'po/ja.po': good['po/ja.po'].replace('{0} の', '{1} の')}, 'other places to fill'),
    ({'po/ja.po': good['po/ja.po'].replace('コード: ', 'コード')}, 'ends differently'),
    ({'po/ja.po': good['po/ja.po'].replace('msgid "phone"', '#, fuzzy\nmsgid "phone"')}, 'fuzzy'),
    ({'po/ja.po': good['po/ja.po'] + '\nmsgid "fax"\nmsgstr "FAX"\n'}, 'said nowhere any more: "fax"'),
    ({'po/ja.po': good['po/ja.po'] + '\nmsgid "phone"\nmsgstr "電話"\n'}, 'msgfmt'),
    ({'po/utmfa.pot': catalogue(('phone', ''))}, 'not in po/utmfa.pot'),
    ({'utils/b.cc': 'y = say("phone");\n'}, 'utils/b.cc speaks to people and is not listed'),
    ({'libutmfa/signin/a.cc': 'x = say("Code from {0}: ") + say("phone") + say("Your OTP");\n'}, '"OTP" is no word'),
]
house.run(check, why, good, bad, needs=['xgettext', 'msgfmt'])
