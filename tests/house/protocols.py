# SPDX-License-Identifier: Apache-2.0
"""utmfa-wire(7) and docs/wire.md list every verb, field and result of the line that the module and utmfa-enroll speak, and
utmfa-assertion(7) and docs/assertion.md every field of the pasted lines; none has another. Every program, and every protocol that
docs/ describes, has a manual, and each manual is installed."""

import json
import os
import re

import house

why = '''who writes the other end of a protocol reads the manual: a field that is not there is left out, and one that nobody sends
is waited for. Change both.'''

wire, wire_text = 'docs/man/utmfa-wire.7', 'docs/wire.md'
lines, lines_text = 'docs/man/utmfa-assertion.7', 'docs/assertion.md'
quoted = r'"([a-z-]+?)\d*"'


def wire_code(tree):
    """Verbs, fields and results, as the ends of people spell them."""
    source = ''.join(tree.text(name) for name in tree.names('.cc', '.h', below='pam_utmfa')) + tree.text('utils/enroll_by_verifier.cc')
    verbs = set(re.findall(rf'(?:Writer \w+\(|verb\(\) == |pass_on\(|answer\(){quoted}', source))
    fields = set(re.findall(rf'(?:\.(?:text|number|has)\(|add\(hello, ){quoted}', source)) | set(re.findall(rf'\{{{quoted}, \w+[.(\w]*', ''.join(
        re.findall(r'fields\[\] = \{.*?\};', source, re.S)))) | set(re.findall(rf'hello\({quoted}', source)) - {'hello'}
    if 'key[] = {\'i\', \'t\'' in source:
        fields.add('item')
    endings = re.search(r'endings\[\] = \{(.*?)\};', source, re.S)
    return verbs, fields, set(re.findall(rf'\{{{quoted}, ', endings[1] if endings else ''))


def told(text, macro):
    found = set()
    for line in re.findall(rf'^\.It {macro} (.*)', text, re.M):
        found |= set(re.findall(r'[a-z][a-z-]*', line))
    return found


def inline(text, macro):
    return set(re.findall(rf'^\.{macro} ([a-z-]+)(?: ,)?$', text, re.M))


def compared(page, code, manual, what):
    if not code:
        yield f'{page}:1: no {what} was found in the code'
    for word in sorted(code - manual):
        yield f'{page}:1: {what} {word} is not told'
    for word in sorted(manual - code):
        yield f'{page}:1: {what} {word} is spoken by nobody'


def wire_faults(tree):
    text, rationale = tree.text(wire), tree.text(wire_text)
    verbs, fields, results = wire_code(tree)
    yield from compared(wire, verbs, told(text, 'Sy'), 'verb')
    yield from compared(wire, fields, told(text, 'Cm') | inline(text, 'Cm'), 'field')
    yield from compared(wire, results, told(text, 'Li'), 'result')
    for word in sorted(verbs | fields | results):
        if not re.search(rf'(\*\*|`){word}\d?(\*\*|`)', rationale):
            yield f'{wire_text}:1: {word} is not explained'


def assertion_faults(tree):
    source = tree.text('libutmfa/assertion/lines.cc')
    written = set(re.findall(r"fields\.add\('([a-z])'", source))
    yield from compared(lines, written, set(re.findall(r'^\.It Sy ([a-z])$', tree.text(lines), re.M)), 'field')
    for letter in sorted(written):
        if not re.search(rf'`{letter}`', tree.text(lines_text)):
            yield f'{lines_text}:1: {letter} is not explained'


def programs(tree):
    """Names of what is installed to be started, gateways apart, which utmfa-gateway(7) describes."""
    listed = tree.path('intro-installed.json') if tree.exists('intro-installed.json') else os.path.join(
        tree.build, 'meson-info', 'intro-installed.json')
    with open(listed, encoding='utf-8') as file:
        paths = set(json.load(file).values())
    started = {os.path.basename(path) for path in paths
               if re.search(r'/(s?bin|libexec/utmfa|security)/[^/]+$', path) and '/gateways' not in path}
    pages = {re.sub(r'\.\d$', '', os.path.basename(path)) for path in paths if re.search(r'/man/man\d/', path)}
    return {name.removesuffix('.so') for name in started}, pages


def check(tree):
    yield from wire_faults(tree)
    yield from assertion_faults(tree)
    started, installed = programs(tree)
    if not started:
        yield 'docs/meson.build:1: no program is installed'
    for name in sorted(started - installed):
        yield f'docs/meson.build:1: {name} has no manual that is installed'
    written = {re.sub(r'\.\d$', '', os.path.basename(name)) for name in tree.names('.1', '.5', '.7', '.8', below='docs/man')}
    for name in sorted(written - installed):
        yield f'docs/meson.build:1: {name} is not installed'


good = {
    'pam_utmfa/a.cc': 'Writer frame("hello"); add(hello, "door", x); frame.verb() == "tell"; frame.text("text");\n'
                      'endings[] = {\n{"granted", 1},\n};\n',
    'utils/enroll_by_verifier.cc': 'fields[] = {\n{"kind", request.kind}};\n',
    wire: '.It Sy hello\n.It Cm door , kind\n.It Sy tell\n.Cm text ,\n.It Li granted\n',
    wire_text: '**hello** **tell** `door` `kind` `text` `granted`\n',
    'libutmfa/assertion/lines.cc': "fields.add('h', x);\n",
    lines: '.It Sy h\n', lines_text: '`h`\n',
    'intro-installed.json': json.dumps({'a': '/usr/bin/utmfa-enroll', 'b': '/usr/share/man/man1/utmfa-enroll.1',
                                        'c': '/usr/share/man/man7/utmfa-wire.7', 'd': '/usr/share/man/man7/utmfa-assertion.7',
                                        'e': '/usr/libexec/utmfa/gateways/mail'}),
}
bad = [
    ({wire: good[wire].replace('.It Sy tell\n', '')}, 'utmfa-wire.7:1: verb tell is not told'),
    ({wire: good[wire] + '.It Cm colour\n'}, 'field colour is spoken by nobody'),
    ({wire: good[wire].replace(', kind', '')}, 'field kind is not told'),
    ({wire: good[wire].replace('.It Li granted\n', '')}, 'result granted is not told'),
    ({wire_text: good[wire_text].replace('`kind`', '')}, 'docs/wire.md:1: kind is not explained'),
    ({'pam_utmfa/a.cc': '\n'}, 'no verb was found in the code'),
    ({lines: '\n'}, 'field h is not told'),
    ({lines_text: '\n'}, 'docs/assertion.md:1: h is not explained'),
    ({'intro-installed.json': good['intro-installed.json'].replace('/usr/bin/', '/usr/sbin/x-')}, 'x-utmfa-enroll has no manual'),
    ({'docs/man/utmfa-new.8': '\n'}, 'utmfa-new is not installed'),
    ({'intro-installed.json': '{}'}, 'no program is installed'),
]
house.run(check, why, good, bad)
