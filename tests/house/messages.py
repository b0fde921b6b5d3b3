# SPDX-License-Identifier: Apache-2.0
"""docs/messages.md has every text that is said at a sign-in, every line of the module in the log, and every text with which a
command ends, and no other; docs/messages.ja.md has the same in Japanese, as the catalogue says it. What stands within them or in
the log as a reason is in docs/errors.md, by what it is about, with the words of the catalogue where it has them. What the
gateways of conf/gateways say went wrong is in both tables as it is, because it is in no catalogue."""

import re

import details
import house

why = '''somebody who is refused looks for the words on his screen. A text that is not in the table has no answer, and one
that is nowhere said any more is looked for in vain. Change the table with the text.'''

errors = 'docs/errors.md'
english, japanese = 'docs/messages.md', 'docs/messages.ja.md'
rooms = ('libutmfa/signin', 'utmfad')
refusing = 'utils/service'
refusal = re.compile(r'(?:(?:Error|return )\{\s*Code::(?:refused|conflict|unavailable),\s*|\breturn |\bnot_right\(service, |\bwhat = )'
                     r'say\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
ending = re.compile(r'Error\{\s*Code::\w+,\s*say\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
# What makes an Error of words in English: the words follow, up to the bracket that closes it. Left out are os_error(), behind whose
# words the system's own reason stands, and Code::internal, which is a fault of ours whatever it says.
wrong = re.compile(r'(?:\bError\s*(?:\w+\s*)?\{\s*Code::(?!internal)\w+,|\breturn \{\s*Code::(?!internal)\w+,'
                   r'|\b(?:yaml_error|wrong|wrong_value|missing|unusable|broken|damaged|refuse)\()')
shortest = 6  # of words that can be looked for
call = re.compile(r'\bsay\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
literal = re.compile(r'"((?:[^"\\]|\\.)*)"')
first_cell = re.compile(r'^\| (`+) ?(.+?) ?\1 \|', re.M)  # twice where the words have such a sign themselves


def texts(tree):
    """What people are told, which is a sentence: questions and titles end with no full stop."""
    for name in tree.sources(*rooms):
        for found in call.finditer(tree.text(name)):
            text = ''.join(literal.findall(found[1])).strip()
            if text.endswith('.'):
                yield text, name


def refusals(tree):
    """Why a service is not switched on or off."""
    for name in tree.sources(refusing):
        for found in refusal.finditer(tree.text(name)):
            yield ''.join(literal.findall(found[1])), name


def endings(tree):
    for name in tree.sources('libutmfa', 'utmfad', 'utils'):
        for found in ending.finditer(tree.text(name)):
            yield ''.join(literal.findall(found[1])).strip(), name


def up_to_its_end(text, at):
    depth, first, quoted = 1, at, False
    while at < len(text) and depth:
        letter = text[at]
        if quoted:
            at += letter == '\\'
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        else:
            depth += (letter in '({[') - (letter in ')}]')
        at += 1
    return text[first:at - 1]


def in_english(tree):
    """The longest words of each Error that say() does not translate."""
    for name in tree.sources('libutmfa', 'utmfad', 'utils', 'utmfa_key'):
        text = re.sub(r"^\s*//.*$|'(?:\\.|[^'\\\n])'", '', tree.text(name), flags=re.M)
        for found in wrong.finditer(text):
            made = up_to_its_end(text, found.end())
            if 'say(' in made:
                continue
            parts = [part.replace('\\"', '"').strip(' :') for each in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+', made)
                     for part in re.split(r'\{\d\}', ''.join(literal.findall(each)))]
            longest = max(parts, key=len, default='')
            if len(longest) >= shortest:
                yield longest, name


def both(text, catalogue):
    """As docs/errors.md has it: with Japanese where each piece is in the catalogue, as in_words() says it."""
    pieces = [catalogue.get(piece.replace('"', '\\"')) for piece in text.split(': ')]
    return f"{text} → {': '.join(pieces)}".replace('\\"', '"') if all(pieces) else text


def error_faults(tree, catalogue):
    said = {both(text, catalogue): name for text, name in in_english(tree)}
    told = {line for block in re.findall(r'^```\n(.*?)^```$', tree.text(errors), re.M | re.S) for line in block.splitlines()}
    if not said:
        yield f'{errors}:1: no reasons were found'
    for text in sorted(set(said) - told):
        yield f'{said[text]}:1: says "{text}", which is not in {errors}'
    for text in sorted(told - set(said)):
        yield f'{errors}:1: "{text}" is said nowhere'


def log_lines(tree):
    """The words of each line of the module, between what is filled in."""
    for name in tree.sources('pam_utmfa'):
        for found in re.finditer(r'pam_syslog\(pamh, LOG_\w+, ((?:"(?:[^"\\]|\\.)*"[,\s]*)+)', tree.text(name)):
            parts = re.split(r'%[.*\d]*s|\\"', ''.join(literal.findall(found[1])))
            yield max(parts, key=len), name


def first_cells(text):
    return {words for _, words in first_cell.findall(text)}


def translations(catalogue):
    """From msgid to msgstr, which may stand on several lines."""
    block = r'((?:"(?:[^"\\]|\\.)*"\n)+)'
    return {''.join(literal.findall(found[1])): ''.join(literal.findall(found[2])).strip()
            for found in re.finditer(rf'^msgid {block}msgstr {block}', catalogue, re.M)}


def check(tree):
    said, lines = {**dict(texts(tree)), **dict(refusals(tree)), **dict(endings(tree))}, dict(log_lines(tree))
    if not said or not lines:
        yield f'{english}:1: no texts were found'
    told, in_japanese = first_cells(tree.text(english)), first_cells(tree.text(japanese))
    detailed = set()
    yield from details.faults(tree, {english: told, japanese: in_japanese}, detailed)
    catalogue = translations(tree.text('po/ja.po'))
    for text in sorted(set(said) - told):
        yield f'{said[text]}:1: says "{text}", which is not in {english}'
    for line, name in sorted(lines.items()):
        if not any(each in line for each in told):
            yield f'{name}:1: writes "{line.strip()}" to the log, which is not in {english}'
    for text in sorted(told - set(said) - detailed):
        if not any(text in line for line in lines):
            yield f'{english}:1: "{text}" is said nowhere'
    for text in sorted(set(said) & told):
        if (catalogue.get(text) or catalogue.get(text + ' ')) not in in_japanese:
            yield f'{japanese}:1: the words of the catalogue for "{text}" are not there'
    if len(told) != len(in_japanese):
        yield f'{japanese}:1: {len(in_japanese)} lines, and {len(told)} in {english}'
    yield from error_faults(tree, catalogue)


of_gateways = '| `nobody answered` | a | b |\n| `` {0}: `a` or b `` | a | b |\n| `` {0}: `a` or {1} `` | a | b |\n'
good = {
    'libutmfa/a/e.cc': 'return Error{Code::os, path + ": is a (broken) file: " + f("x")};\n'
                       'return Error{Code::internal, "never"};\nreturn os_error(path, "cannot be opened");\n'
                       'return Error{Code::refused, say("nothing was changed")};\n',
    errors: '```\nis a (broken) file\n```\n',
    'utils/service/b.cc': 'return Error{Code::refused, say("no " "place for {0}", {x})};\n',
    'libutmfa/signin/a.cc': 'say("That is "\n "wrong. ")\nsay("Code: ")\n',
    'pam_utmfa/p.cc': 'pam_syslog(pamh, LOG_ERR, "cannot reach %s", x)\n',
    'po/ja.po': 'msgid "That is wrong. "\nmsgstr "誤りです。 "\n\nmsgid "no "\n"place for {0}"\nmsgstr "場所なし"\n'
                  '\nmsgid "nothing was changed"\nmsgstr "変更なし"\n',
    'conf/gateways/sms': '#!/usr/bin/python3 -IB\nclass Call:\n    def wait(self, why):\n        raise Busy(why)\n\n'
                         'Call().wait("nobody " "answered")\n'
                         'why = Busy if x else Failed\nraise why(f"{path}: `a` or " + ("b" if x else f"{y}"))\n'
                         'answer.update(detail=f"{x}: {y}")\n',
    'conf/gateways/meson.build': 'raise Failed("no program of ours")\n',
    english: '| `That is wrong.` | a | b |\n| `no place for {0}` | a | b |\n| `nothing was changed` | a | b |\n| `cannot reach` | a | b |\n' + of_gateways,
    japanese: '| `誤りです。` | a | b |\n| `場所なし` | a | b |\n| `変更なし` | a | b |\n| `cannot reach` | a | b |\n' + of_gateways,
}
bad = [
    ({'libutmfa/signin/a.cc': good['libutmfa/signin/a.cc'] + 'say("New.")\n'}, 'says "New.", which is not in'),
    ({'pam_utmfa/p.cc': good['pam_utmfa/p.cc'] + 'pam_syslog(pamh, LOG_ERR, "%s", "worse")\n'}, 'writes "worse"'),
    ({'utils/service/b.cc': good['utils/service/b.cc'] + 'why = 1;\nreturn say("{0} is locked", {x});\n'}, 'says "{0} is locked", which'),
    ({english: good[english] + '| `Old.` | a | b |\n'}, '"Old." is said nowhere'),
    ({japanese: '| `違います。` | a | b |\n| `cannot reach` | a | b |\n'}, 'the words of the catalogue'),
    ({english: '\n'}, 'says "That is wrong."'),
    ({'pam_utmfa/p.cc': '\n'}, 'no texts were found'),
    ({'utils/n.cc': 'return Error{Code::invalid, say("not this")};\n'}, 'says "not this", which is not in docs/messages.md'),
    ({'libutmfa/a/e.cc': 'return wrong(at, filled("{0} is no colour", {x}));\n'}, 'says "is no colour", which is not in docs/errors.md'),
    ({errors: '```\nis a (broken) file\nis no more\n```\n'}, '"is no more" is said nowhere'),
    ({'po/ja.po': good['po/ja.po'] + '\nmsgid "is a (broken) file"\nmsgstr "壊れています"\n'}, '"is a (broken) file → 壊れています"'),
    ({'libutmfa/a/e.cc': '\n'}, 'no reasons were found'),
    ({'conf/gateways/sms': good['conf/gateways/sms'] + 'raise Failed("too late")\n'},
     'sms:10: writes "too late" as detail, which is not in docs/messages.md'),
    ({'conf/gateways/g.py': 'answer = {"result": "sent", "detail": "too late"}\n'}, 'which is not in docs/messages.ja.md'),
    ({'conf/gateways/g.py': 'answer["detail"] = "too late"\n'}, 'writes "too late" as detail'),
    ({'conf/gateways/g.py': 'raise Failed(elsewhere)\n'}, 'where the words of elsewhere come from cannot be read'),
    ({'conf/gateways/sms': '\n'}, 'no details were found'),
    ({'conf/gateways/sms': good['conf/gateways/sms'].replace('"nobody " "answered"', '"no answer"')}, '"nobody answered" is said nowhere'),
]
house.run(check, why, good, bad)
