# SPDX-License-Identifier: Apache-2.0
"""docs/formats.md has every format of libutmfa/base/formats.h with its version, and no other; each is used where it is read; and
the records of a service that waits are told in utmfa-admin(8), key by key."""

import re

import house

why = '''who downgrades a machine, or writes a program that reads our files, looks into that table. Raise the version in
libutmfa/base/formats.h and in docs/formats.md together, and let the reader refuse what is newer by other_version().'''

header, page, manual = 'libutmfa/base/formats.h', 'docs/formats.md', 'docs/man/utmfa-admin.8'
constant = re.compile(r'constexpr FormatVersion (\w+)\{\s*"([a-z ]+)",\s*(\d+)\}')
row = re.compile(r'^\| ([a-z ]+) \| (\d+) \| ', re.M)


def known_formats(tree):
    return {name: (word, version) for word, name, version in constant.findall(tree.text(header))}


def record_faults(tree):
    """NAME.pending by its keys, NAME.seen by its fields."""
    text = tree.text(manual)
    keys = set(re.findall(r'\{"(\w+)", (?:pending\.|formats::)', tree.text('utils/service/pending.cc')))
    told = set(re.findall(r'^\.It Cm (\w+)$', text.partition('.Ss Changes of a service that wait')[2].partition('.Sh')[0], re.M))
    if not keys:
        yield 'utils/service/pending.cc:1: no key of a pending change was found'
    for key in sorted(keys ^ told):
        yield f'{manual}:1: {key} of a pending change is only in the manual or only in the code'
    parts = re.search(r'const std::string line = (.*?);', tree.text('libutmfa/rollout/witness.cc'), re.S)
    count = parts[1].count('written(') * 2 + parts[1].count('base64(') if parts else 0
    fields = len(re.findall(r'^\.It Ar ', text.partition('.Ss Who was let in meanwhile')[2].partition('.Sh')[0], re.M))
    if count == 0 or count != fields:
        yield f'{manual}:1: a line of NAME.seen has {count} fields, and {fields} are told'


def check(tree):
    formats, told = known_formats(tree), dict(row.findall(tree.text(page)))
    if not formats or not told:
        yield f'{page}:1: no formats were found'
    for name in sorted(set(formats) - set(told)):
        yield f'{page}:1: {name} is not in the table'
    for name in sorted(set(told) - set(formats)):
        yield f'{page}:1: {name} is no format of {header}'
    for name in sorted(set(told) & set(formats)):
        if told[name] != formats[name][1]:
            yield f'{page}:1: {name} has version {told[name]}, and {formats[name][1]} in {header}'
    source = ''.join(tree.text(name) for name in tree.sources('libutmfa', 'utmfad', 'utils') if name != header)
    for name, (word, _) in sorted(formats.items()):
        if f'formats::{word}' not in source:
            yield f'{header}:1: nobody reads or writes by formats::{word}'
    yield from record_faults(tree)


good = {
    header: 'inline constexpr FormatVersion method_file{"method file", 1};\n',
    page: '| format | version | where |\n|---|---|---|\n| method file | 1 | x |\n',
    'libutmfa/a/a.cc': 'other_version(path, formats::method_file, x);\n',
    'utils/service/pending.cc': 'Json{{"service", pending.service},\n',
    'libutmfa/rollout/witness.cc': 'const std::string line = written(a) + base64(user) + "x";\n',
    manual: '.Ss Changes of a service that wait\n.It Cm service\n.Ss Who was let in meanwhile\n.It Ar id\n.It Ar t\n.It Ar user\n.Sh X\n',
}
bad = [
    ({page: good[page].replace('| 1 |', '| 2 |')}, 'method file has version 2, and 1'),
    ({page: good[page] + '| diary | 1 | x |\n'}, 'diary is no format'),
    ({page: '| stock | 1 | x |\n'}, 'method file is not in the table'),
    ({page: '\n'}, 'no formats were found'),
    ({'libutmfa/a/a.cc': '\n'}, 'nobody reads or writes by formats::method_file'),
    ({'utils/service/pending.cc': 'Json{{"service", pending.service}, {"made", pending.made},\n'}, 'made of a pending change'),
    ({'utils/service/pending.cc': '\n'}, 'no key of a pending change'),
    ({manual: good[manual].replace('.It Ar user\n', '')}, 'has 3 fields, and 2 are told'),
]
house.run(check, why, good, bad)
