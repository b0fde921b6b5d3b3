# SPDX-License-Identifier: Apache-2.0
# Somebody who has README.md and nothing else, on a fresh machine: each command is typed as it stands there, by a person
# who becomes root by sudo, on a terminal.
import os
import re
import shutil

import pexpect

import booted
from building import TOP, debs, expect, suite
from cases_build import FIRST, made
from client import CODE_PROMPT, PASSWORD, SignIn, Totp
from machine import Machine, unpacked

READY, SUDO, PASSWORD_ASKED = r"ready> $", r"\[sudo\] password for taro: $", r"[Pp]assword: ?$"


class Shell:
    """taro's, on a terminal; `app` is on his phone."""

    def __init__(self, box):
        words = box.inside("runuser", "-l", "taro")
        self.child = pexpect.spawn(words[0], words[1:], encoding="utf-8", codec_errors="replace", timeout=120, dimensions=(50, 120))
        self.child.delaybeforesend = None
        self.app, self.codes, self.screen = None, [], ""
        self.here()

    def here(self):
        self.child.sendline("PS1='ready''> '; cd /var/tmp/utmfa")
        self.child.expect(READY)

    def types(self, command, *talk):
        """A command of README, and what is asked until the next prompt; what was on the screen."""
        with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
            expect(re.search(rf"(?m)(^ {{4,}}|`){re.escape(command)}(  |`|$)", file.read()), f"README.md does not say: {command}")
        self.child.sendline(command)
        screen, left = "", list(talk)
        while True:
            found = self.child.expect([SUDO, READY] + ([left[0][0]] if left else []))
            screen += self.child.before + self.child.after
            self.sees(self.child.before)
            if found == 1:
                expect(not left, f"{command}: not asked: {left}: {screen}")
                return screen
            answer = PASSWORD if found == 0 else left.pop(0)[1]
            self.child.sendline(answer() if callable(answer) else answer)

    def sees(self, screen):
        """What a phone and a printer would take from it."""
        found = re.search(r"secret=([A-Z2-7]{32})", re.sub(r"\s+", "", re.sub(r"\x1b\[[0-9;]*m", "", screen)))
        if found and not self.app:
            self.app = Totp(found[1])
        self.codes = re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", screen) or self.codes

    def code(self):
        return self.app.code()

    def status(self, expected=0):
        self.child.sendline("echo status=$?")
        self.child.expect(r"status=(\d+)\r\n(?s:.*)" + READY)
        expect(int(self.child.match[1]) == expected, f"status {self.child.match[1]}")


def fresh_machine():
    expect("first" in made, "there are no packages")
    booted.after()
    Totp.window = Totp.reach = 1
    box = booted.stage["testbed"] = Machine(unpacked(FIRST, "testbed")).boot()
    box.do("useradd", "-m", "-s", "/bin/bash", "-G", "sudo", "taro")
    box.do("chpasswd", stdin=f"taro:{PASSWORD}\n")
    box.sh("ssh-keygen -A; systemctl start ssh; mkdir -p /var/tmp/utmfa; chown taro /var/tmp/utmfa")
    for path in debs(FIRST):
        if "-dbgsym_" not in path:
            shutil.copy(path, box.path("/var/tmp"))
    return box


def drop_in():
    """The settings of sshd, as they stand in README."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        block = re.search(r"00-utmfa\.conf`:\n\n((?: {7}\S.*\n)+)", file.read())
    expect(block, "README.md names no settings of sshd")
    return re.sub(r"(?m)^ {7}", "", block[1])


def lets_in(*talk):
    return SignIn("taro", [(PASSWORD_ASKED, PASSWORD), *talk], seconds=60).granted


@suite.case("readme: installed, registered, switched on, confirmed, looked at, and taken back, by its words alone")
def by_its_words():
    box = fresh_machine()
    shell = Shell(box)
    more = (r"continue\? \[Y/n\] $", "y")
    shell.types("sudo apt-get install ../libpam-utmfa_*.deb ../utmfad_*.deb ../utmfa-*.deb")
    shell.status()
    shell.types("sudo utmfa-enroll --user taro", (r"Name of the device[^\r\n]*: $", "iPhone"), (CODE_PROMPT, shell.code),
                (r"Number[^\r\n]*\[1\]: $", "1"), (r"written[^\r\n]*\[no\]: $", "yes"), (CODE_PROMPT, shell.code),
                (r"([Cc]ode)[^\r\n]*: $", lambda: shell.codes[-1]), (r"\[yes\]: $", ""))
    shell.status()
    expect(lets_in(), "somebody is asked before a service is switched on")
    box.write("/etc/ssh/sshd_config.d/00-utmfa.conf", drop_in())
    shell.types("sudo sshd -t && sudo systemctl reload ssh")
    shell.types("sudo utmfa-admin service enable sshd", (r"Change /etc/pam\.d/sshd so\? \[no\]: $", "yes"),
                (PASSWORD_ASKED, PASSWORD), (CODE_PROMPT, shell.code))
    shell.status()
    expect(not lets_in((CODE_PROMPT, shell.app.wrong())), "let in with a wrong code")
    shell.child.sendline("ssh -o StrictHostKeyChecking=no taro@localhost")
    for prompt, answer in ((PASSWORD_ASKED, PASSWORD), (CODE_PROMPT, shell.code)):
        shell.child.expect(prompt)
        shell.child.sendline(answer() if callable(answer) else answer)
    shell.child.expect(r"taro@lab1")
    shell.here()
    expect("confirmed" in shell.types("sudo utmfa-admin service confirm sshd"), "not confirmed")
    shell.status()
    shell.child.sendline("exit")
    shell.child.expect(READY)
    shell.types("sudo utmfa-admin doctor")
    shell.status()
    expect("asks taro for a second confirmation" in shell.types("sudo utmfa-admin explain taro sshd"), "explain")
    shell.types("sudo utmfa-admin service disable sshd", (r"\[no\]: $", "yes"))
    shell.status()
    os.unlink(box.path("/etc/ssh/sshd_config.d/00-utmfa.conf"))
    shell.types("sudo sshd -t && sudo systemctl reload ssh")
    shell.types("sudo apt-get remove libpam-utmfa utmfad 'utmfa-*'", more)
    shell.status()
    expect(lets_in(), "the password alone is not enough any more")
    shell.types("sudo apt-get purge utmfa-utils", more)
    shell.status()
    expect(box.sh("ls -d /etc/utmfa /var/lib/utmfa 2> /dev/null || :") == "", "left behind")
    # An interactive shell does not end when it is asked to, and would hold up the end of the machine.
    shell.child.sendline("exit")
    shell.child.expect(pexpect.EOF)
    booted.after()
