# SPDX-License-Identifier: Apache-2.0
"""Every word that utmfa writes to the log is in utmfa-log(7), with every field, and nothing else is."""

import re

import house

why = '''who watches the log writes rules from the manual: a word that is not there is missed, and one that nobody writes is
waited for in vain. Change both.'''

page = 'docs/man/utmfa-log.7'
# How a word gets into an event: assigned, or handed to one of the small functions that make events.
said = re.compile(r'\bwhat = ("[a-z-]+")'
                  r'|\b(?:event|key_event|event_of|note|log|act|changed)\(((?:[a-z_]+, )*(?:\w+ \? "[a-z-]+" : )?"[a-z-]+")')
listed = re.compile(r'^\.It Sy ([a-z-]+)$', re.M)
chosen = re.compile(r'\w+ = event_of\([^;?]*\? ("[a-z-]+" : "[a-z-]+")')


def words_written(tree):
    """(word, file) of everything that is written, as far as the text tells."""
    for name in tree.sources('libutmfa', 'utmfad', 'utils'):
        text = tree.text(name)
        for found in [*said.finditer(text), *chosen.finditer(text)]:
            for word in re.findall(r'"([a-z-]+)"', found[0]):
                yield word, name
    outcomes = re.search(r'string_view, \d+> names = \{(.*?)\};', tree.text('libutmfa/signin/sign_in.cc'), re.S)
    for word in re.findall(r'"([a-z-]+)"', outcomes[1] if outcomes else ''):
        yield word, 'libutmfa/signin/sign_in.cc'


def fields_written(tree):
    return set(re.findall(r'\{"([a-z]+)", "UTMFA_[A-Z]+",', tree.text('libutmfa/audit/audit.cc')))


def check(tree):
    text = tree.text(page)
    fields, _, events = text.partition('.Sh EVENTS')
    told, written = set(listed.findall(events)), dict(words_written(tree))
    if not told or not written:
        yield f'{page}:1: no events were found'
    for word in sorted(set(written) - told):
        yield f'{written[word]}:1: writes "{word}" to the log, which {page} does not tell'
    for word in sorted(told - set(written)):
        yield f'{page}:1: {word} is written by nobody'
    for word in sorted(fields_written(tree) ^ set(listed.findall(fields))):
        yield f'{page}:1: field {word} is only in the manual or only in the code'
    counted = set(re.findall(r'"([a-z-]+)"', tree.text('libutmfa/audit/counters.h').partition('counted_words')[2]))
    for word in sorted(counted - told):
        yield f'libutmfa/audit/counters.h:1: {word} is counted and is no event'


good = {
    'libutmfa/signin/sign_in.cc': 'static constexpr std::array<std::string_view, 2> names = {\n "granted", "denied"};\n',
    'libutmfa/audit/audit.cc': '{"user", "UTMFA_USER", e.user},\n',
    'libutmfa/audit/counters.h': 'counted_words = {"granted"};\n',
    'utils/a.cc': 'event.what = "reset";\nlog(loaded ? "reloaded" : "unavailable",\nlog(delivery, "given-up", x)\n',
    page: '.It Sy user\n.Sh EVENTS\n' + ''.join(f'.It Sy {word}\n' for word in (
        'granted', 'denied', 'reset', 'reloaded', 'unavailable', 'given-up')),
}
bad = [
    ({'utils/a.cc': good['utils/a.cc'] + 'note("new-word", x)\n'}, 'utils/a.cc:1: writes "new-word"'),
    ({page: good[page] + '.It Sy old-word\n'}, 'old-word is written by nobody'),
    ({page: good[page].replace('.It Sy user\n', '')}, 'field user'),
    ({page: '\n'}, 'no events were found'),
    ({'libutmfa/audit/counters.h': 'counted_words = {"nothing"};\n'}, 'nothing is counted'),
]
house.run(check, why, good, bad)
