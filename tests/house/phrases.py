# SPDX-License-Identifier: Apache-2.0
"""What Errors, reasons and warnings say in English is in the catalogue, piece by piece as in_words() takes them apart; and
the phrases of utils/phrases are said by the sources, or by the system."""

import os
import re

import house

why = '''whoever reads a terminal in his own language gets half a sentence in another one. Put the new words into
utils/phrases, run po/update and translate; take away the phrase whose words are gone.'''

# Rooms whose texts come to a terminal. The verifier, the audit and the sign-in itself write theirs into the log, which
# stays English: programs read it.
rooms = [f'libutmfa/{room}' for room in ('assertion', 'base', 'config', 'device', 'factors', 'gateway', 'methods', 'migration', 'policy',
                                         'setup', 'tokens', 'transfer', 'vault')] + ['utils']
tables = 'utils/phrases/'
# Files, or words in any file, that nobody is shown: with what they are instead.
no_words = {
    'libutmfa/methods/method_print.cc': 'lines of the method file, which stay English as its keys do',
    'libutmfa/device/frames.cc': 'between our own programs; people are told by KeyEnd',
    'utils/admin_prometheus.cc': 'help texts of metrics: for programs',
    'utils/deliver_main.cc': 'a service of systemd: its words are in the journal',
    'utils/command_line.cc': 'words of CLI11, which are looked for and replaced',
    'utils/service/watch.cc': 'runs by itself: its words are in the journal',
}
said_to_nobody = re.compile(r'''
    ^utmfa-|^systemctl\ |^chown\ |^chmod\ |^timedatectl|^mkdir\ |  # commands to be typed
    ^password\ \[|^\[success|                                      # lines of PAM
    ^PasswordAuth|^UsePAM|^KbdInteractive|^AuthenticationMethods|^PubkeyAuth|^MaxA|^MaxS|^PerSource|^LoginGrace|^Missing\ privilege|
    ^\s*\#|^Usage:|^set\ by\ the\ desk|^taken\ back\ by\ hand|     # what the log says of an event
    upn,serial|serial,secret\[|^logging\ start|^yubico\ otp|^static\ password|add\ recovery$|a\ word\ of$|  # what files say
    utmfad-root.socket|^Generated\ by\ authselect|^authselect\ apply|^managed\ by\ pam|^Authenticator\ Attestation|^utmfa\ user\ key
''', re.X)
literals = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+')
one = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
translated_here = re.compile(r'(?:\bsay|UTMFA_MSG)\(\s*$')
of_an_event = re.compile(r'\b(?:reason|text|cpp_args)\s*(?:=|\+=)[^;]*$|\.append\([^;]*$|\bkey_event\([^;]*$|\blog\([^;]*$')
separator = re.compile(r'[:;] |\{[0-9]\}|\b[0-9]+\b| = |\(default\)')
words = re.compile(r"(?!\S+ is$)[a-z]{2,},? [a-z]{2,}")  # "{0} is {1}" is a phrase


def unescaped(text):
    return re.sub(r'\\(.)', lambda found: {'n': '\n', 't': '\t'}.get(found[1], found[1]), text)


def code(text):
    """Without comments and #include, so that no quote in them is taken for a literal; characters are no literals."""
    text = re.sub(r'^\s*#include.*$', '', text, flags=re.M)
    text = re.sub(r"'(?:\\.|[^'\\\n])'", '0', text)
    return re.sub(r'(?m)(?:^|\s)//.*$', '', text)


def texts(tree, names):
    """(file, text, what stands before it) of every literal."""
    for name in names:
        source = code(tree.text(name))
        for found in literals.finditer(source):
            yield name, unescaped(''.join(one.findall(found[0]))), source[max(0, found.start() - 200):found.start()]


def pieces(text):
    return [piece for piece in (each.strip(' \n.,:;()`/<>') for each in separator.split(text)) if piece]


def catalogue(tree):
    return [unescaped(''.join(one.findall(found))) for found in
            re.findall(r'^msgid ((?:".*"\n)+)', tree.text('po/utmfa.pot'), re.M)]


def untranslated(tree):
    known = '\n'.join(catalogue(tree))
    names = [name for name in tree.sources(*rooms) if name not in no_words and not name.startswith(tables)]
    for name, text, before in texts(tree, names):
        if translated_here.search(before) or of_an_event.search(before) or said_to_nobody.search(text):
            continue
        for piece in pieces(text):
            if words.search(piece) and piece not in known and not said_to_nobody.search(piece):
                yield f'{name}:1: in no catalogue: "{piece}"'


def gone(tree):
    said = '\n'.join(text for _, text, _ in texts(tree, [name for name in tree.sources('libutmfa', 'utils')
                                                        if not name.startswith(tables)]))
    system = {os.strerror(number) for number in range(1, 134)}
    for name in tree.sources(tables.rstrip('/')) if tree.exists(tables) else []:
        for _, text, _ in texts(tree, [name]):
            for piece in pieces(text) if text not in system and text.endswith('.h') is False else []:
                bare = re.sub(r'^(expected|it is|token|this entry|services)\b[ .]?', '', piece)
                if piece not in said and bare not in said:
                    yield f'{name}:1: said nowhere any more: "{piece}"'


def check(tree):
    yield from untranslated(tree)
    yield from gone(tree)


good = {
    'libutmfa/base/a.cc': 'return os_error(path, "cannot be opened"); x = "is owned by " + who + ": root"; // "no text here"\n',
    'libutmfa/config/b.cc': "a('\"'); event.reason = \"only the log says this\"; say(\"that is translated\");\n",
    'utils/phrases/files.cc': 'UTMFA_MSG("cannot be opened"), UTMFA_MSG("is owned by {0}"), UTMFA_MSG("No such file or directory"),\n',
    'po/utmfa.pot': 'msgid "cannot be opened"\nmsgstr ""\n\nmsgid "is owned by {0}"\nmsgstr ""\n',
}
bad = [
    ({'libutmfa/base/c.cc': 'return Error{Code::os, path + ": is quite new"};\n'}, 'in no catalogue: "is quite new"'),
    ({'utils/c.cc': 'x = path + ": cannot be " "opened at all";\n'}, 'in no catalogue: "cannot be opened at all"'),
    ({'utils/phrases/files.cc': 'UTMFA_MSG("was said once"),\n'}, 'said nowhere any more: "was said once"'),
]
house.run(check, why, good, bad)
