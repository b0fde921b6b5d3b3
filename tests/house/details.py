# SPDX-License-Identifier: Apache-2.0
"""What the gateways of conf/gateways say went wrong: the words of everything that they raise, and of every `detail`. Read from
the syntax tree, so that words put together in pieces, chosen, or handed to another function are found; used by messages.py."""

import ast
import re

gateways = 'conf/gateways'


class Unread(Exception):
    """Something becomes a detail, and where its words come from is not seen."""


class Program:
    """One gateway. `{0}` in its words is whatever is put in there."""

    def __init__(self, source):
        self.tree = ast.parse(source)
        self.above = {below: node for node in ast.walk(self.tree) for below in ast.iter_child_nodes(node)}

    def within(self, node):
        """The function around it, or the program."""
        while node in self.above and not isinstance(node, ast.FunctionDef):
            node = self.above[node]
        return node

    def raised(self):
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                yield node.exc.args[0] if node.exc.args else node.exc
            elif isinstance(node, ast.Dict):
                yield from (value for key, value in zip(node.keys, node.values) if is_text(key, 'detail'))
            elif isinstance(node, ast.keyword) and node.arg == 'detail':
                yield node.value
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                yield from [node.value] if is_text(node.targets[0].slice, 'detail') else []

    def details(self):
        """(line, words) of each; those that are a stranger's alone have none of ours."""
        for node in self.raised():
            for text in self.texts(node):
                numbers = iter(range(99))
                words = re.sub('\0', lambda _, n=numbers: f'{{{next(n)}}}', text).strip()
                if re.search('[A-Za-z]', words):
                    yield node.lineno, words

    def texts(self, node):
        """Each text that it may be; \\0 is what is filled in."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.JoinedStr):
            return [''.join(part.value if isinstance(part, ast.Constant) else '\0' for part in node.values)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [before + after for before in self.texts(node.left) for after in self.texts(node.right)]
        if isinstance(node, ast.IfExp):
            return self.texts(node.body) + self.texts(node.orelse)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == 'strip':
            return self.texts(node.func.value)
        return self.named(node) if isinstance(node, ast.Name) else ['\0']

    def named(self, node):
        """What was given this name in the function, or was handed to it."""
        function = self.within(node)
        given = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign)
                 for target in each.targets if isinstance(target, ast.Name) and target.id == node.id]
        names = [each.arg for each in function.args.args] if isinstance(function, ast.FunctionDef) else []
        if not given and node.id in names:
            at = names.index(node.id) - (names[0] == 'self')
            given = [call.args[at] for call in ast.walk(self.tree) if isinstance(call, ast.Call) and len(call.args) > at and
                     getattr(call.func, 'attr', getattr(call.func, 'id', '')) == function.name]
        if not given:
            raise Unread(f'where the words of {node.id} come from cannot be read')
        return [text for each in given for text in self.texts(each)]


def is_text(node, text):
    return isinstance(node, ast.Constant) and node.value == text


def faults(tree, tables, said):
    """Each detail that is not in every one of the tables; those that are found are put into `said`."""
    for name in tree.names(below=gateways):
        source = tree.text(name)
        if not name.endswith('.py') and not source.startswith('#!/usr/bin/python3'):
            continue
        try:
            found = sorted(set(Program(source).details()))
        except Unread as why:
            yield f'{name}:1: {why}'
            continue
        said.update(text for _, text in found)
        for table, rows in tables.items():
            yield from (f'{name}:{line}: writes "{text}" as detail, which is not in {table}'
                        for line, text in found if text not in rows)
    if not said:
        yield f'{gateways}:1: no details were found'
