# SPDX-License-Identifier: Apache-2.0
"""docs/messages.md has every text that is said at a sign-in, every line of the module in the log, and why a service is not
switched on or off, and no other; docs/messages.ja.md has the same in Japanese, as the catalogue says it."""

import re

import house

why = '''somebody who is refused looks for the words on his screen. A text that is not in the table has no answer, and one
that is nowhere said any more is looked for in vain. Change the table with the text.'''

english, japanese = 'docs/messages.md', 'docs/messages.ja.md'
rooms = ('libutmfa/signin', 'utmfad')
refusing = 'utils/service'
refusal = re.compile(r'(?:(?:Error|return )\{\s*Code::(?:refused|conflict|unavailable),\s*|\breturn |\bnot_right\(service, |\bwhat = )'
                     r'say\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
call = re.compile(r'\bsay\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
literal = re.compile(r'"((?:[^"\\]|\\.)*)"')
first_cell = re.compile(r'^\| `([^`]+)` \|', re.M)


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


def log_lines(tree):
    """The words of each line of the module, between what is filled in."""
    for name in tree.sources('pam_utmfa'):
        for found in re.finditer(r'pam_syslog\(pamh, LOG_\w+, ((?:"(?:[^"\\]|\\.)*"[,\s]*)+)', tree.text(name)):
            parts = re.split(r'%[.*\d]*s|\\"', ''.join(literal.findall(found[1])))
            yield max(parts, key=len), name


def translations(catalogue):
    """From msgid to msgstr, which may stand on several lines."""
    block = r'((?:"(?:[^"\\]|\\.)*"\n)+)'
    return {''.join(literal.findall(found[1])): ''.join(literal.findall(found[2])).strip()
            for found in re.finditer(rf'^msgid {block}msgstr {block}', catalogue, re.M)}


def check(tree):
    said, lines = {**dict(texts(tree)), **dict(refusals(tree))}, dict(log_lines(tree))
    if not said or not lines:
        yield f'{english}:1: no texts were found'
    told = set(first_cell.findall(tree.text(english)))
    in_japanese = set(first_cell.findall(tree.text(japanese)))
    catalogue = translations(tree.text('po/ja.po'))
    for text in sorted(set(said) - told):
        yield f'{said[text]}:1: says "{text}", which is not in {english}'
    for line, name in sorted(lines.items()):
        if not any(each in line for each in told):
            yield f'{name}:1: writes "{line.strip()}" to the log, which is not in {english}'
    for text in sorted(told - set(said)):
        if not any(text in line for line in lines):
            yield f'{english}:1: "{text}" is said nowhere'
    for text in sorted(set(said) & told):
        if (catalogue.get(text) or catalogue.get(text + ' ')) not in in_japanese:
            yield f'{japanese}:1: the words of the catalogue for "{text}" are not there'
    if len(told) != len(in_japanese):
        yield f'{japanese}:1: {len(in_japanese)} lines, and {len(told)} in {english}'


good = {
    'utils/service/b.cc': 'return Error{Code::refused, say("no " "place for {0}", {x})};\n',
    'libutmfa/signin/a.cc': 'say("That is "\n "wrong. ")\nsay("Code: ")\n',
    'pam_utmfa/p.cc': 'pam_syslog(pamh, LOG_ERR, "cannot reach %s", x)\n',
    'po/ja.po': 'msgid "That is wrong. "\nmsgstr "誤りです。 "\n\nmsgid "no "\n"place for {0}"\nmsgstr "場所なし"\n',
    english: '| `That is wrong.` | a | b |\n| `no place for {0}` | a | b |\n| `cannot reach` | a | b |\n',
    japanese: '| `誤りです。` | a | b |\n| `場所なし` | a | b |\n| `cannot reach` | a | b |\n',
}
bad = [
    ({'libutmfa/signin/a.cc': good['libutmfa/signin/a.cc'] + 'say("New.")\n'}, 'says "New.", which is not in'),
    ({'pam_utmfa/p.cc': good['pam_utmfa/p.cc'] + 'pam_syslog(pamh, LOG_ERR, "%s", "worse")\n'}, 'writes "worse"'),
    ({'utils/service/b.cc': good['utils/service/b.cc'] + 'why = 1;\nreturn say("{0} is locked", {x});\n'}, 'says "{0} is locked", which'),
    ({english: good[english] + '| `Old.` | a | b |\n'}, '"Old." is said nowhere'),
    ({japanese: '| `違います。` | a | b |\n| `cannot reach` | a | b |\n'}, 'the words of the catalogue'),
    ({english: '\n'}, 'says "That is wrong."'),
    ({'pam_utmfa/p.cc': '\n'}, 'no texts were found'),
]
house.run(check, why, good, bad)
