# SPDX-License-Identifier: Apache-2.0
"""What the house tests share: the tree, faults with file and line, and the proof that a test can fail.

A house test is a function from a Tree to faults. `run` first gives it the bad samples of its own file, each of which
must be found, and a good one, which must pass; only then the real tree counts.
"""

import os
import subprocess
import sys
import tempfile

skipped_directories = {'.git', 'build', 'corpus', '__pycache__', '.cache'}
source_suffixes = ('.cc', '.h')


class Tree:
    """The files of a source tree, without what a build or git puts there."""

    def __init__(self, root, build=None):
        self.root = os.path.abspath(root)
        self.build = build and os.path.abspath(build)

    def path(self, name):
        return os.path.join(self.root, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    def names(self, *suffixes, below=''):
        found = []
        for directory, directories, files in os.walk(self.path(below)):
            directories[:] = sorted(d for d in directories if self._ours(directory, d))
            for name in files:
                if not suffixes or name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(directory, name), self.root))
        return sorted(found)

    def _ours(self, directory, name):
        if name in skipped_directories or name.startswith('build-'):
            return False
        return not os.path.exists(os.path.join(directory, name, 'meson-private'))

    def text(self, name):
        with open(self.path(name), encoding='utf-8', errors='surrogateescape') as file:
            return file.read()

    def lines(self, name):
        """(line number, line) of a text file."""
        return enumerate(self.text(name).splitlines(), 1)

    def sources(self, *rooms):
        """C++ files below the rooms, or of the whole tree."""
        return [name for room in rooms or ('',) for name in self.names(*source_suffixes, below=room)]


def without_comments(text):
    """C++ with comments blanked and the text of literals emptied; every line stays where it is."""
    out, at, end = [], 0, len(text)
    while at < end:
        if text.startswith('//', at):
            at = _find(text, '\n', at)
        elif text.startswith('/*', at):
            after = _find(text, '*/', at + 2) + 2
            out.append('\n' * text.count('\n', at, after))
            at = after
        elif text.startswith('R"', at) and not _in_word(text, at):
            open_at = text.index('(', at)
            after = _find(text, ')' + text[at + 2:open_at] + '"', open_at)
            out.append('""' + '\n' * text.count('\n', at, after))
            at = _find(text, '"', after) + 1
        elif text[at] == '"' or (text[at] == "'" and not _in_word(text, at)):
            quote, at = text[at], at + 1
            while at < end and text[at] != quote:
                at += 2 if text[at] == '\\' else 1
            out.append(quote * 2)
            at += 1
        else:
            out.append(text[at])
            at += 1
    return ''.join(out)


def _in_word(text, at):
    return at > 0 and (text[at - 1].isalnum() or text[at - 1] == '_')


def _find(text, what, at):
    found = text.find(what, at)
    return len(text) if found < 0 else found


def output(*command, stdin=None, **options):
    """(exit status, everything it said)."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', check=False, **options)
    return done.returncode, done.stdout


def sample(files, build=None):
    """A small tree in a temporary directory; it goes with the object that is returned."""
    held = tempfile.TemporaryDirectory(prefix='utmfa-house-')
    for name, text in files.items():
        path = os.path.join(held.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        if text.startswith('#!'):
            os.chmod(path, 0o755)
    tree = Tree(held.name, build)
    tree.held = held
    return tree


def run(check, why, good, bad, needs=()):
    """check(tree) -> faults as 'file:line: what'. good: files without a fault. bad: [(files, words of the fault)]."""
    root, build = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    for program in needs:
        if subprocess.run(['sh', '-c', 'command -v "$0"', program], stdout=subprocess.DEVNULL, check=False).returncode:
            print(f'{program} is not installed')
            sys.exit(77)
    _prove(check, good, bad, build)
    faults = list(check(Tree(root, build)))
    for fault in faults:
        print(fault)
    if faults:
        print(f'\n{len(faults)} found. Why this is held: {why}')
        sys.exit(1)
    print(f'clean, and each of {len(bad)} bad samples was found')


def _prove(check, good, bad, build):
    found = list(check(sample(good, build)))
    if found:
        sys.exit('the test itself is wrong: it refuses its good sample:\n' + '\n'.join(found))
    for files, words in bad:
        found = list(check(sample({**good, **files}, build)))
        if not any(words in fault for fault in found):
            sys.exit(f'the test itself is wrong: it does not find "{words}" in its bad sample; it said:\n' +
                     '\n'.join(found))
