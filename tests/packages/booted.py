# SPDX-License-Identifier: Apache-2.0
# The booted machine that the cases share, in the order of their files: made and started by the first that needs it, with
# two people on it, and stopped at the end.
import contextlib
import os

from building import expect
from cases_build import FIRST, made
from client import CODE_PROMPT, PASSWORD, SignIn, Totp
from machine import Machine, unpacked

FIRST_FACTOR = (r"[Pp]assword: $", PASSWORD)
CONFIG = """version: 1
totp: {window: 10}
services:
  sshd: {account: enforce}
gateways:
  mail: {command: [/usr/libexec/utmfa/gateways/mail-sendmail, --from, utmfa@lab1]}
"""
SSHD = """UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
"""
MODULE = "/lib/x86_64-linux-gnu/security/pam_utmfa.so"
VERIFIER = "/usr/libexec/utmfa/utmfad"
stage = {}


def machine():
    if "machine" not in stage:
        expect("first" in made, "there are no packages")
        root = unpacked(FIRST)
        stage["machine"] = Machine(root)
        stage["before"] = stage["machine"].files()
        stage["machine"].boot()
        box = stage["machine"]
        for name in ("taro", "hanako"):
            box.do("useradd", "-m", "-s", "/bin/sh", name)
        box.do("chpasswd", stdin="".join(f"{name}:{PASSWORD}\n" for name in ("root", "taro", "hanako")))
        box.sh("ssh-keygen -A >/dev/null; systemctl start ssh")
        stage["sshd"] = box.read("/etc/pam.d/sshd")
        # So that no case waits for the clock.
        Totp.window, Totp.reach = 10, 30
    return stage["machine"]


def installed():
    expect("taro" in stage, "nobody is registered")
    return stage["machine"]


def after():
    for name in ("machine", "testbed"):
        if name in stage:
            stage.pop(name).stop()


def granted(*talk, user="taro"):
    done = SignIn(user, [FIRST_FACTOR, *talk])
    expect(done.granted, f"refused: {done.screen!r}")
    return done


def refused(*talk, user="taro"):
    done = SignIn(user, [FIRST_FACTOR, *talk])
    expect(not done.granted and "in as" not in done.screen, f"granted: {done.screen!r}")
    return done


def with_code():
    return (CODE_PROMPT, stage["taro"].code())


def with_wrong_code():
    return (CODE_PROMPT, stage["taro"].apps["app-1"].wrong())


@contextlib.contextmanager
def gone(path):
    box = installed()
    os.rename(box.path(path), box.path(path) + ".aside")
    try:
        yield
    finally:
        os.rename(box.path(path) + ".aside", box.path(path))


def common(user, *answers):
    """A sign-in through the common files alone."""
    box = installed()
    done = box.do("pamtester", "-v", "common", user, "authenticate", "acct_mgmt", check=False,
                  stdin="".join(f"{answer}\n" for answer in answers))
    return done.returncode == 0 and "successfully authenticated" in done.stdout, done.stdout
