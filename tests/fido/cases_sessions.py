# SPDX-License-Identifier: Apache-2.0
# su on a terminal of this machine, and in an ssh session, where the person is elsewhere: the real su, sshd and ssh.
import os

import pexpect
from client import PASSWORD, PASSWORD_PROMPT, STACK, STACK_END, SignIn, write
from machine import CODE, case, expect, keys, owner

UTMP = "/run/utmp"
HIDDEN = "env -u SSH_CONNECTION -u SSH_CLIENT -u SSH_TTY "
SU = "su -c 'id -un' hanako"


def prepared():
    """hanako has the key that is plugged in, su asks for it, and sshd can note who is at which terminal."""
    keys.fresh(0)
    write("/etc/pam.d/su", STACK["password"] + STACK_END)
    write(UTMP, "", 0o664)
    owner("hanako").add_key()


def by_ssh(command):
    session = SignIn("taro", [(PASSWORD_PROMPT, PASSWORD), (CODE, owner().code)], options=("-tt",), command=command,
                     start_only=True, seconds=60)
    session.wait_for("assword: $")
    session.child.sendline(PASSWORD)
    session.wait_for("utmfa-assert u1:|Touch blue key")
    screen = session.screen
    session.give_up()
    return screen


@case("su on a terminal of this machine: the key that is plugged in is touched")
def _():
    prepared()
    child = pexpect.spawn("setpriv", ["--reuid", "taro", "--regid", "taro", "--init-groups", "--reset-env", "sh", "-c", SU],
                          encoding="utf-8", timeout=60)
    child.delaybeforesend = None
    child.expect("assword: $")
    child.sendline(PASSWORD)
    child.expect(pexpect.EOF)
    expect("Touch blue key" in child.before and "hanako" in child.before, child.before)


for how, command in (("as it is", SU), ("with its environment hidden, by what sshd noted of the terminal", HIDDEN + SU)):
    @case(f"su in an ssh session, {how}: the key here is not asked")
    def _(command=command):
        prepared()
        owner()
        keys.set(touch="wait")
        screen = by_ssh(command)
        expect("utmfa-assert u1:" in screen and "Touch" not in screen, screen)
        expect(not keys.state()["touch"] and os.path.getsize(UTMP) > 0, "the key here was asked")
