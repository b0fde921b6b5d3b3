# SPDX-License-Identifier: Apache-2.0
"""The few checks of .clang-tidy, all errors, over what the build compiles."""

import concurrent.futures
import json
import os
import re

import house

why = 'a short list that is always green finds the one new mistake; a long list that is ignored finds none.'


def commands(tree):
    """(file, command line) of our own sources, from the build; samples bring none and are taken as they are."""
    if tree.build is None or tree.exists('sample'):
        return [(name, []) for name in tree.sources()]
    with open(os.path.join(tree.build, 'compile_commands.json'), encoding='utf-8') as file:
        known = {os.path.realpath(os.path.join(each['directory'], each['file'])) for each in json.load(file)}
    rooms = ('libutmfa', 'pam_utmfa', 'utmfad', 'utils')
    return [(name, ['-p', tree.build]) for name in tree.sources(*rooms)
            if os.path.realpath(tree.path(name)) in known]


def faults_of(tree, name, build):
    plain = [] if build else ['--', '-std=c++20']
    # Warnings of the compiler are the compiler's affair, in the builds with both of them.
    _, said = house.output('clang-tidy-14', '--quiet', '--extra-arg=-w', '--config-file=' + tree.path('.clang-tidy'),
                           *build, tree.path(name), *plain)
    found = re.findall(r'^(\S+:\d+):\d+: error: (.*)$', said, re.M)
    return [f'{os.path.relpath(os.path.join(tree.build or "", where), tree.root)}: {what}' for where, what in found]


def check(tree):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for faults in pool.map(lambda each: faults_of(tree, *each), commands(tree)):
            yield from faults


rules = 'Checks: "-*,modernize-use-nullptr,bugprone-use-after-move"\nWarningsAsErrors: "*"\n'
good = {'sample': '', '.clang-tidy': rules, 'a/a.cc': 'int* a = nullptr;\n'}
bad = [
    ({'a/b.cc': 'int* a = 0;\n'}, 'a/b.cc:1: use nullptr'),
    ({'a/b.cc': '#include <string>\n#include <utility>\nvoid g(std::string);\nvoid f(std::string s) {\n'
                '  g(std::move(s));\n  g(s);\n}\n'}, 'a/b.cc:6: '),
]
house.run(check, why, good, bad, needs=['clang-tidy-14'])
