# SPDX-License-Identifier: Apache-2.0
"""What a document names of the others is there: in the tree, and from where the document is installed. A place in a document
is one of its headings."""

import json
import os
import re

import house

why = '''who has the packages and nothing else follows a link below /usr/share/doc as a reader of the tree does here.
Install both, beside each other as they lie in the tree (docs/meson.build).'''


def links(text):
    """(line number, target) of what is no address of the network; code is not text."""
    in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        in_code ^= line.startswith('```')
        for target in [] if in_code else re.findall(r'\]\(([^()\s]+)\)', re.sub(r'`[^`]*`', '', line)):
            if not re.match(r'[a-z]+:', target):
                yield number, target


def places(text):
    """Headings as the usual renderers name them."""
    headings = re.findall(r'(?m)^#+ +(.*?) *$', re.sub(r'(?ms)^```.*?^```', '', text))
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def in_the_tree(tree, name):
    for number, target in links(tree.text(name)):
        path, _, place = target.partition('#')
        there = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        if not tree.exists(there):
            yield f'{name}:{number}: there is no {there}'
        elif place and place not in places(tree.text(there)):
            yield f'{name}:{number}: {there} has no heading "{place}"'


def installed(tree):
    """{file of the tree: where it is installed}; a sample names its files from its own top."""
    listed = tree.path('intro-installed.json')
    if not tree.exists('intro-installed.json'):
        listed = os.path.join(tree.build, 'meson-info', 'intro-installed.json')
    with open(listed, encoding='utf-8') as file:
        return {os.path.relpath(os.path.join(tree.root, source), tree.root): path for source, path in json.load(file).items()}


def as_installed(tree):
    there = installed(tree)
    documents = {name: path for name, path in there.items() if name.endswith('.md')}
    if not documents:
        yield 'docs/meson.build:1: no document is installed'
    for name, path in sorted(documents.items()):
        for number, target in links(tree.text(name)):
            file = target.partition('#')[0]
            if file and os.path.normpath(os.path.join(os.path.dirname(path), file)) not in there.values():
                yield f'{name}:{number}: {file} is not where {path} names it'


def check(tree):
    for name in tree.names('.md'):
        yield from in_the_tree(tree, name)
    yield from as_installed(tree)


top = '# Top\n\n## To take it back: what?\n\n[a](docs/a.md) [b](docs/a.md#a-b) [c](#to-take-it-back-what) [d](https://example.org/)\n'
good = {
    'README.md': top + '`[e](nothing)`\n\n```\n[f](nothing)\n```\n',
    'docs/a.md': '# A b\n[top](../README.md)\n',
    'intro-installed.json': json.dumps({'README.md': '/usr/share/doc/x/README.md', 'docs/a.md': '/usr/share/doc/x/docs/a.md'}),
}
bad = [
    ({'docs/a.md': '# A b\n[top](README.md)\n'}, 'docs/a.md:2: there is no docs/README.md'),
    ({'docs/a.md': '# A c\n'}, 'README.md:5: docs/a.md has no heading "a-b"'),
    ({'README.md': top.replace('what?', 'how?')}, 'README.md:5: README.md has no heading "to-take-it-back-what"'),
    ({'intro-installed.json': json.dumps({'README.md': '/usr/share/doc/x/README.md', 'docs/a.md': '/usr/share/doc/x/a.md'})},
     'docs/a.md:2: ../README.md is not where /usr/share/doc/x/a.md names it'),
    ({'intro-installed.json': json.dumps({'README.md': '/usr/share/doc/x/README.md'})}, 'README.md:5: docs/a.md is not where'),
    ({'intro-installed.json': '{}'}, 'no document is installed'),
]
house.run(check, why, good, bad)
