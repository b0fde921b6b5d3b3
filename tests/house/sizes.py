# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 60 lines, files of at most 400."""

import re

import house

why = '''what is longer than a screen is not read, it is believed. Functions aim at 12 lines and are long at 40;
files aim at 150. Split by what a part is for, not by where the limit falls.'''

longest_function, longest_file = 60, 400
control = re.compile(r'^(if|for|while|switch|catch|do|else|try|return)\b')
container = re.compile(r'\b(namespace|class|struct|union|enum)\b|extern\s*""')


def functions(text):
    """(first line, last line, head) of every function body, by its braces."""
    code = house.without_comments(re.sub(r'(?m)^\s*#.*(\\\n.*)*$', lambda m: '\n' * m[0].count('\n'), text))
    stack, head, line, head_line = [], '', 1, 1
    inside = 0
    for letter in code:
        if letter == '\n':
            line += 1
        if letter == '{':
            kind = 'block' if inside else kind_of(head)
            stack.append((kind, head_line, head))
            inside += kind in ('function', 'block')
            if kind != 'initialiser':
                head = ''
        elif letter == '}' and stack:
            kind, first, words = stack.pop()
            inside -= kind in ('function', 'block')
            if kind == 'function':
                yield first, line, ' '.join(words.split())
            if kind != 'initialiser':
                head = ''
        elif letter == ';' and not (stack and stack[-1][0] == 'initialiser') and head.count('(') == head.count(')'):
            head = ''
        else:
            if not head.strip():
                head_line = line
            head += letter


def kind_of(head):
    bare = re.sub(r'operator\s*[^\s\w(]+', 'operator', head)
    while '(' in bare:
        flat = re.sub(r'\([^()]*\)', ' ! ', bare)
        if flat == bare:
            return 'initialiser'  # inside an argument list
        bare = flat
    bare = bare.strip()
    if '!' in bare and '=' not in bare and not control.match(bare):
        # After a constructor's ':' a name directly before the brace is a member that is initialised.
        if re.search(r'!\s*:', bare) and re.search(r'[\w>]$', bare):
            return 'initialiser'
        return 'function'
    if container.search(bare) and '=' not in bare:
        return 'container'
    return 'data'


def check(tree):
    for name in tree.names('.cc', '.h', '.py', '.sh', 'meson.build'):
        count = len(tree.text(name).splitlines())
        if count > longest_file:
            yield f'{name}:{longest_file + 1}: the file has {count} lines, {longest_file} are the most'
    for name in tree.sources():
        for first, last, head in functions(tree.text(name)):
            if last - first + 1 > longest_function:
                yield f'{name}:{first}: {last - first + 1} lines, {longest_function} are the most: {head[:60]}'


def body(count):
    return '  f();\n' * count


good = {'libutmfa/a/a.cc': 'int f(int a) {\n' + body(58) + '}\n' + 'constexpr T table[] = {\n' + '  {1, "{"},\n' * 80 +
        '};\n' + 'struct S {\n' + '  int a() const { return 1; }\n' * 70 + '};\n'}
bad = [
    ({'a/f.cc': 'int f(int a) {\n' + body(59) + '}\n'}, '61 lines, 60 are the most: int f(int a)'),
    ({'a/m.h': 'namespace n {\nstruct S {\n  int f(int a = g(1)) const override {\n' + body(59) + '  }\n};\n}\n'},
     'a/m.h:3: 61 lines'),
    ({'a/c.cc': 'S::S(int a) : a_{a}, b_(a) {\n' + body(59) + '}\n'}, '61 lines'),
    ({'a/o.cc': 'S& S::operator=(S&& o) noexcept {\n  if (x) {\n' + body(57) + '  }\n}\n'}, '61 lines'),
    ({'a/file.py': 'a = 1\n' * 401}, 'the file has 401 lines'),
]
house.run(check, why, good, bad)
