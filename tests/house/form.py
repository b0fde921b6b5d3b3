# SPDX-License-Identifier: Apache-2.0
"""Licence line, opening comment, line ends, spaces, and nothing built in the tree."""

import os
import re
import shutil

import house

why = '''a file says under what licence and what for it is, and a change shows only what it changes.'''

licence = 'SPDX-License-Identifier: Apache-2.0'
sources = ('.cc', '.h', '.py', '.sh', '.build', '.options', '.yaml', '.service', '.socket', '.1', '.5', '.7',
           '.8', '.clang-format', '.clang-tidy', '.editorconfig', '.gitignore')
prose = ('.md', '.pot', '.po', '.txt')
# Data for tests: their spaces and their missing line ends are the point.
data = re.compile(r'^tests/(fuzz|files|vectors|dialogues|unit/files|golden|config|methods)/')
built = re.compile(r'\.(o|a|so|mo|gmo|pyc|gch|gcda|gcno|profraw|core)$')
binary = (b'\x7fELF', b'!<arch>', b'\xde\x12\x04\x95', b'BC\xc0\xde')


def check(tree):
    for name in kept(tree):
        with open(tree.path(name), 'rb') as file:
            start = file.read(8)
        if built.search(name) or start.startswith(binary):
            yield f'{name}:1: made by a build: the tree holds what people wrote'
        elif not data.match(name) and start[:2] != b'\x89P' and not name.endswith(('.png', '.svg', '.key')):
            yield from text_faults(tree, name, start)


def kept(tree):
    """What git has, and what it would take; without git every file."""
    names = tree.names()
    if tree.exists('.git') and shutil.which('git'):
        status, said = house.output('git', '-c', 'safe.directory=*', '-C', tree.root, 'ls-files', '-z', '--cached',
                                    '--others', '--exclude-standard')
        names = [name for name in said.split('\0') if name] if status == 0 else names
    return sorted(name for name in names if os.path.isfile(tree.path(name)) and not os.path.islink(tree.path(name)))


def text_faults(tree, name, start):
    text = tree.text(name)
    head = '\n'.join(text.split('\n', 4)[:4])
    if (name.endswith(sources) or start.startswith(b'#!')) and licence not in head:
        yield f'{name}:1: no line "{licence}" at the top'
    if name.endswith('.h'):
        yield from header_faults(name, text)
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            yield f'{name}:{number}: space at the end of the line'
        if '\t' in line and name.endswith(('.cc', '.h', '.py', '.build', '.yaml', '.md')):
            yield f'{name}:{number}: a tab'
    if text and not text.endswith('\n'):
        yield f'{name}:{text.count(chr(10)) + 1}: the last line does not end'
    if text.endswith('\n\n') and not name.endswith(prose):
        yield f'{name}:{text.count(chr(10))}: empty line at the end'


def header_faults(name, text):
    lines = text.splitlines()
    comment = 0
    while comment + 1 < len(lines) and lines[comment + 1].startswith('//'):
        comment += 1
    if comment == 0:
        yield f'{name}:2: does not say what it is for'
    if '#pragma once' not in text:
        yield f'{name}:1: no #pragma once'


top = '// ' + licence + '\n// What it is for.\n'
good = {'a/a.h': top + '#pragma once\n', 'a/a.cc': top, 'README.md': 'Words.\n', 'a/run': '#!/bin/sh\n# ' + licence + '\n'}
bad = [
    ({'a/b.cc': 'int a;\n'}, 'a/b.cc:1: no line "SPDX'),
    ({'a/run': '#!/bin/sh\ntrue\n'}, 'a/run:1: no line "SPDX'),
    ({'a/b.h': '// ' + licence + '\n#pragma once\n'}, 'does not say what it is for'),
    ({'a/b.h': top + 'int a;\n'}, 'no #pragma once'),
    ({'a/b.cc': top + 'int a; \n'}, 'a/b.cc:3: space at the end'),
    ({'a/b.cc': top + '\tint a;\n'}, 'a/b.cc:3: a tab'),
    ({'a/b.cc': top + 'int a;'}, 'the last line does not end'),
    ({'a/b.cc': top + '\n\n'}, 'empty line at the end'),
    ({'a/b.o': 'x\n'}, 'made by a build'),
    ({'a/program': '\x7fELF\n'}, 'made by a build'),
]
house.run(check, why, good, bad)
