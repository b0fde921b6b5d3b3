# SPDX-License-Identifier: Apache-2.0
"""pam_utmfa.so exports the six doors of PAM and nothing else, and needs libpam and libc only."""

import os
import sys

import house

why = '''the module is loaded into sshd, sudo and screen lockers: every other symbol can collide with theirs, every
other library is started by each of their processes, and what runs at load or unload runs as them.'''

doors = {'pam_sm_authenticate', 'pam_sm_setcred', 'pam_sm_acct_mgmt', 'pam_sm_open_session', 'pam_sm_close_session',
         'pam_sm_chauthtok'}
libraries = {'libpam.so.0', 'libc.so.6', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1'}


def module_of(tree):
    """The built module; in a sample, one made from its own few lines of C."""
    if not tree.exists('module.c'):
        return os.path.join(tree.build, 'pam_utmfa', 'pam_utmfa.so')
    made = tree.path('module.so')
    flags = tree.text('flags').split() if tree.exists('flags') else []
    status, said = house.output('cc', '-shared', '-fPIC', '-fvisibility=hidden', '-nostartfiles', '-o', made,
                                tree.path('module.c'), '-Wl,-z,relro,-z,now', *flags)
    if status:
        sys.exit('the test itself is wrong: cc: ' + said)
    return made


def check(tree):
    module = module_of(tree)
    if not os.path.exists(module):
        sys.exit(f'{module} has not been built')
    name = os.path.basename(module)
    _, dynamic = house.output('readelf', '--wide', '--dynamic', module)
    needed = {line.split('[')[1].rstrip(']') for line in dynamic.splitlines() if '(NEEDED)' in line}
    if any(each.startswith(('libasan', 'libubsan', 'libclang_rt')) for each in needed):
        print('a sanitizer is linked in: exports and libraries are those of the sanitizer')
        sys.exit(77)
    _, symbols = house.output('nm', '--dynamic', '--defined-only', module)
    exported = {line.split()[-1] for line in symbols.splitlines() if line.strip()}
    for each in sorted(exported - doors):
        yield f'{name}:0: exports {each}'
    for each in sorted(doors - exported):
        yield f'{name}:0: does not export {each}'
    for each in sorted(needed - libraries):
        yield f'{name}:0: needs {each}'
    if 'TEXTREL' in dynamic:
        yield f'{name}:0: has relocations in its code'
    if 'NOW' not in dynamic:
        yield f'{name}:0: binds lazily: no full RELRO'
    for each in ('(INIT_ARRAY)', '(FINI_ARRAY)', '(INIT)', '(FINI)'):
        if each in dynamic:
            yield f'{name}:0: {each}: runs code of its own when it is loaded or unloaded'


lines = '\n'.join(f'__attribute__((visibility("default"))) int {door}(void) {{ return 0; }}' for door in sorted(doors))
good = {'module.c': lines + '\n'}
bad = [
    ({'module.c': lines + '\n__attribute__((visibility("default"))) int helper;\n'}, 'exports helper'),
    ({'module.c': lines.replace('pam_sm_setcred', 'f')}, 'does not export pam_sm_setcred'),
    ({'flags': '-Wl,--no-as-needed -lm'}, 'needs libm.so.6'),
    ({'flags': '-Wl,-z,lazy'}, 'binds lazily'),
    ({'module.c': lines + '\n__attribute__((constructor)) static void a(void) {}\n'}, '(INIT_ARRAY)'),
    ({'module.c': lines + '\n__attribute__((destructor)) static void a(void) {}\n'}, '(FINI_ARRAY)'),
]
house.run(check, why, good, bad, needs=['readelf', 'nm', 'cc'])
