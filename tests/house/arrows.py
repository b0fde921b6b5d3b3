# SPDX-License-Identifier: Apache-2.0
"""Every #include "room/..." stands in the table of ARCHITECTURE.md, and every arrow of the table is used."""

import re

import house

why = '''a room that reaches upwards or sideways can no longer be read, tested or replaced alone. Either move the code
to the room that may know it, or change the table in ARCHITECTURE.md and say why.'''

row = re.compile(r'^\| `([a-z_]+)/` \| ([^|]*)\|')
quoted = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
angled = re.compile(r'^\s*#\s*include\s+<([^>]+)>')
library_rooms = 'libutmfa'
# A library of the system and the only files that may include it.
owners = {
    'security/': r'pam_utmfa/|utils/|tests/',
    'openssl/': r'libutmfa/(base|vault|factors|methods|guard|policy|tokens|transfer)/|utmfad/|tests/',
    'liboath/': r'libutmfa/factors/|tests/',
    'yaml-cpp/': r'libutmfa/base/yaml|tests/',
    'yaml.h': r'libutmfa/base/yaml|tests/',
    'pskc/': r'libutmfa/tokens/pskc\.cc',
    'libxml/': r'libutmfa/tokens/',
    'qrencode.h': r'libutmfa/setup/|tests/',
    'CLI/': r'utils/|tests/',
    'fido': r'utmfa_key/|utils/security_key',
    'phonenumbers/': r'utils/phone_number\.cc',
    'nlohmann/': r'libutmfa/(gateway|setup|transfer)/|tests/',
    'seccomp.h': r'utmfad/|tests/',
    'linux/landlock.h': r'utmfad/|tests/',
    'syslog.h': r'libutmfa/audit/|pam_utmfa/|tests/',
    'libintl.h': r'libutmfa/signin/',
    'locale.h': r'libutmfa/signin/',
    'clocale': r'^$',
}


def table(tree):
    arrows, lines = {}, {}
    for number, line in tree.lines('ARCHITECTURE.md'):
        found = row.match(line)
        if found:
            arrows[found[1]] = set(re.findall(r'[a-z_]+', found[2]))
            lines[found[1]] = number
    return arrows, lines


def room_of(name):
    parts = name.split('/')
    return parts[1] if parts[0] == library_rooms and len(parts) > 2 else parts[0]


def check(tree):
    arrows, lines = table(tree)
    if not arrows:
        yield 'ARCHITECTURE.md:1: the table of arrows is gone'
    used = {room: set() for room in arrows}
    for name in tree.sources('libutmfa', 'pam_utmfa', 'utmfad', 'utmfa_key', 'utils'):
        room = room_of(name)
        if room not in arrows:
            yield f'{name}:1: the room {room}/ is not in the table of ARCHITECTURE.md'
            continue
        for number, line in tree.lines(name):
            yield from system_include(name, number, line)
            found = quoted.match(line)
            if not found:
                continue
            target = target_room(tree, name, found[1])
            if target is None:
                yield f'{name}:{number}: "{found[1]}" is no file of the tree, seen from its room or from libutmfa/'
            elif target != room:
                used[room].add(target)
                if target not in arrows[room]:
                    yield f'{name}:{number}: {room}/ may not include {target}/ ({found[1]})'
    yield from unused(arrows, used, lines)
    yield from rings(arrows, lines)


def target_room(tree, name, included):
    beside = '/'.join(name.split('/')[:-1] + [included])
    for candidate in (f'{library_rooms}/{included}', beside, f'{name.split("/")[0]}/{included}', included):
        if tree.exists(candidate):
            return room_of(candidate)
    return None


def system_include(name, number, line):
    found = angled.match(line)
    if not found:
        return
    for library, owner in owners.items():
        if found[1].startswith(library) and not re.match(owner, name):
            yield f'{name}:{number}: <{found[1]}> is not for this room'


def unused(arrows, used, lines):
    for room, targets in arrows.items():
        for target in sorted(targets - used[room]):
            yield f'ARCHITECTURE.md:{lines[room]}: the arrow {room} -> {target} is used by no file'


def rings(arrows, lines):
    """An arrow and one back, over however many rooms."""
    def reached(room, seen):
        for target in arrows.get(room, ()):
            if target not in seen:
                seen.add(target)
                reached(target, seen)
        return seen
    for room in arrows:
        if room in reached(room, set()):
            yield f'ARCHITECTURE.md:{lines[room]}: following the arrows, {room}/ reaches itself'


good_table = '''| room | may include | what it is |
|---|---|---|
| `base/` | | ground |
| `guard/` | base | arithmetic |
| `pam_utmfa/` | | doors |
'''
good = {
    'ARCHITECTURE.md': good_table,
    'libutmfa/base/text.h': '#include <string>\n',
    'libutmfa/guard/guard.h': '#include "base/text.h"\n',
    'pam_utmfa/door.cc': '#include <security/pam_modules.h>\n',
}
bad = [
    ({'libutmfa/base/text.h': '#include "guard/guard.h"\n'}, 'base/ may not include guard/'),
    ({'libutmfa/vault/vault.h': '\n'}, 'vault/ is not in the table'),
    ({'libutmfa/guard/guard.h': '#include <security/pam_appl.h>\n#include "base/text.h"\n'}, 'not for this room'),
    ({'libutmfa/guard/guard.h': '\n'}, 'guard -> base is used by no file'),
    ({'libutmfa/guard/guard.h': '#include "base/no.h"\n'}, 'is no file of the tree'),
    ({'ARCHITECTURE.md': good_table.replace('| |', '| guard |', 1),
      'libutmfa/base/text.h': '#include "guard/guard.h"\n'}, 'base/ reaches itself'),
    ({'ARCHITECTURE.md': '\n'}, 'the table of arrows is gone'),
]
house.run(check, why, good, bad)
