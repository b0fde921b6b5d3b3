# SPDX-License-Identifier: Apache-2.0
"""A kind of method is named in the code of its own row, and elsewhere only where the table of ARCHITECTURE.md says why."""

import re

import house

why = '''a comparison with the name of a kind is a row of the table of kinds that stands in another file: who adds a kind does
not find it. Make it a field of the row, or say in ARCHITECTURE.md why this place is right to know the kind.'''

document = 'ARCHITECTURE.md'
heading = '| a kind is named in |'
rows = 'libutmfa/factors/'


def table(tree):
    """Prefix of a file's name -> line of its row."""
    places, inside = {}, False
    for number, line in tree.lines(document):
        inside = line.startswith(heading) or (inside and line.startswith('|'))
        if inside and not line.startswith(heading):
            places.update({place: number for place in re.findall(r'`([^`]+)`', line.split('|')[1])})
    return places


def namings(tree, kinds):
    """(file, line, kind); comments do not count."""
    literal = re.compile('"(' + '|'.join(map(re.escape, sorted(kinds))) + ')"')
    for name in tree.sources('libutmfa', 'pam_utmfa', 'utmfad', 'utmfa_key', 'utils'):
        if name.startswith(rows):
            continue
        for number, line in tree.lines(name):
            for found in literal.finditer(line.split('//')[0]):
                yield name, number, found[1]


def check(tree):
    kinds = {kind for name in tree.sources('libutmfa/factors') for kind in re.findall(r'\.kind = "([a-z0-9-]+)"', tree.text(name))}
    places = table(tree)
    if not kinds or not places:
        yield f'{document}:1: no kinds, or no table that begins "{heading}"'
        return
    used = set()
    for name, number, kind in namings(tree, kinds):
        by = {place for place in places if name.startswith((place, f'libutmfa/{place}'))}
        used |= by
        if not by:
            yield f'{name}:{number}: names the kind "{kind}"'
    for place in sorted(set(places) - used):
        yield f'{document}:{places[place]}: {place} names no kind'


good = {
    'libutmfa/factors/a.cc': '.kind = "aaa",\nif (kind == "aaa") x();\n',
    'libutmfa/setup/own.cc': 'factor_for("aaa");  // not "bbb"\n',
    'ARCHITECTURE.md': '| a kind is named in | because |\n|---|---|\n| `setup/own` | of this |\n\n| `utils/x` | y |\n',
}
bad = [
    ({'libutmfa/policy/p.cc': 'x = 1;\nif (kind == "aaa") y();\n'}, 'libutmfa/policy/p.cc:2: names the kind "aaa"'),
    ({'utils/x.cc': 'f("aaa");\n'}, 'utils/x.cc:1: names'),
    ({'libutmfa/setup/own.cc': '// "aaa"\n'}, 'ARCHITECTURE.md:3: setup/own names no kind'),
    ({'libutmfa/factors/a.cc': '\n'}, 'no kinds'),
    ({'ARCHITECTURE.md': '| room | x |\n'}, 'no table'),
]
house.run(check, why, good, bad)
