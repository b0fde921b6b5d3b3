# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone with both compilers, and without a warning."""

import concurrent.futures
import json
import os
import shlex

import house

why = 'a header that needs another one before it breaks the file of somebody who orders includes differently.'

warnings = '-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'.split()
compilers = [name for name in ('g++', 'clang++-14') if house.output('sh', '-c', f'command -v {name}')[0] == 0]


def definitions(tree):
    """What the build defines on its command lines: paths, the version."""
    commands = tree.build and os.path.join(tree.build, 'compile_commands.json')
    if not commands or not os.path.exists(commands):
        return []
    with open(commands, encoding='utf-8') as file:
        words = {word for each in json.load(file) for word in shlex.split(each['command']) if word.startswith('-DUTMFA_')}
    return list({word.split('=')[0]: word for word in sorted(words)}.values())


def compiled(tree, compiler, name, defined):
    status, said = house.output(compiler, *warnings, *defined, f'-I{tree.path("libutmfa")}', f'-I{tree.path("utmfad")}',
                                f'-I{tree.path("utils")}', f'-I{tree.path("tests")}', '-x', 'c++', '-',
                                stdin=f'#include "{tree.path(name)}"\n#include "{tree.path(name)}"\n')
    first = next((line for line in said.splitlines() if 'error' in line), said.strip())
    return f'{name}:1: {compiler}: {first.replace(tree.root + "/", "")}' if status else None


def check(tree):
    defined = definitions(tree)
    work = [(tree, compiler, name, defined) for name in tree.names('.h') for compiler in compilers]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(lambda each: compiled(*each), work))


good = {'libutmfa/a/a.h': '#pragma once\n#include <string>\ninline std::string a() { return {}; }\n'}
bad = [
    ({'libutmfa/a/b.h': '#pragma once\ninline std::string b() { return {}; }\n'}, 'libutmfa/a/b.h:1: g++: '),
    ({'libutmfa/a/b.h': 'struct B {};\n'}, 'redefinition'),
    ({'libutmfa/a/b.h': '#pragma once\ninline int b(long c) { return c; }\n'}, 'conver'),
]
house.run(check, why, good, bad, needs=['g++'])
