# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format 14 and .clang-format lay it out; only the gap before a comment is free."""

import concurrent.futures
import difflib
import os
import re

import house

why = 'layout is decided once, by a program, so that no review is about it: clang-format-14 -i FILE.'

gap = re.compile(r'\s+//')


def laid_out(tree, name):
    _, said = house.output('clang-format-14', '--style=file', '--assume-filename=' + tree.path(name),
                           stdin=tree.text(name))
    return said


def faults_of(tree, name):
    is_now = [gap.sub(' //', line) for line in tree.text(name).splitlines()]
    should = [gap.sub(' //', line) for line in laid_out(tree, name).splitlines()]
    for tag, first, _, start, end in difflib.SequenceMatcher(None, is_now, should, autojunk=False).get_opcodes():
        if tag != 'equal':
            return f'{name}:{first + 1}: should be: {" / ".join(should[start:end])[:160]}'
    return None


def check(tree):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(lambda name: faults_of(tree, name), tree.sources()))


good = {'.clang-format': 'BasedOnStyle: Google\nColumnLimit: 120\n', 'a/a.cc': 'int a = 1;    // a\nint b;  // b\n'}
bad = [
    ({'a/b.cc': 'int  a;\n'}, 'a/b.cc:1: should be: int a;'),
    ({'a/b.cc': 'int a;\nvoid f()\n{\n}\n'}, 'a/b.cc:2: '),
]
house.run(check, why, good, bad, needs=['clang-format-14'])
