# SPDX-License-Identifier: Apache-2.0
"""Manuals are clean mdoc, and every manual that one of them names is there or is the system's."""

import re

import house

why = 'a manual that does not render, or sends its reader to a page that does not exist, is not read twice.'

system = '''pam.conf.5 pam.d.5 pam.8 pam.7 sshd_config.5 sshd.8 ssh.1 systemd.1 systemd.8 systemd.unit.5 systemd.socket.5 syslog.3
journalctl.1 unix.7 landlock.7 seccomp.2 qrencode.1 pam_unix.8 pam_permit.8 pam_deny.8 oathtool.1 sudo.8 su.1 nscd.8
chronyd.8 locale.7 groups.1 getent.1 common-auth.5 systemd.exec.5 sysusers.d.5 tmpfiles.d.5 openssl.1 tar.1 logger.1
systemd-journald.8 login.1 gdm.8 gdm3.8 screen.1 chronyc.1 timedatectl.1 passwd.5 group.5 nsswitch.conf.5 useradd.8
cron.8 jq.1 fido2-assert.1 fido2-token.1 gammu-smsd-inject.1'''.split()
reference = re.compile(r'^\.\s*(?:It\s+)?Xr (\S+) (\d)')


def check(tree):
    pages = tree.names('.1', '.5', '.7', '.8', below='docs')
    ours = {name.split('/')[-1] for name in pages}
    for name in pages:
        _, said = house.output('mandoc', '-T', 'lint', '-W', 'warning', tree.path(name))
        for line in said.splitlines():
            found = re.match(r'.*?:(\d+):\d+: (WARNING|ERROR|UNSUPP): (.*)', line)
            if found:
                yield f'{name}:{found[1]}: {found[3]}'
        for number, line in tree.lines(name):
            found = reference.match(line)
            page = found and f'{found[1]}.{found[2]}'
            if page and page not in ours and page not in system:
                yield f'{name}:{number}: {found[1]}({found[2]}) is neither here nor known of the system'


page = '''.\\" SPDX-License-Identifier: Apache-2.0
.Dd November 22, 2026
.Dt A 8
.Os utmfa
.Sh NAME
.Nm a
.Nd something
.Sh SEE ALSO
.Xr pam 8
'''
good = {'docs/man/a.8': page}
bad = [
    ({'docs/man/a.8': page + '.Bl -tag\n.It a\nb\n'}, 'docs/man/a.8:'),
    ({'docs/man/a.8': page + '.Nope\n'}, 'unknown'),
    ({'docs/man/a.8': page.replace('.Xr pam 8', '.Xr nothing 8')}, 'nothing(8) is neither here'),
]
house.run(check, why, good, bad, needs=['mandoc'])
