# SPDX-License-Identifier: Apache-2.0
# A machine with security keys, in tools/world: verifier and enrolled people, /sys of the keys in software, and utmfa-key
# started in their sight. Programs that are to see keys get `SEEN`; everything else runs without it.
import contextlib
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "ssh")]
from client import (PASSWORD, SSHD_KEY, SSHD_PASSWORD, STACK, STACK_END, Hotp, Log, Person, Sshd, Verifier,
                    enroll, prepare, run, write)  # noqa: E402
from keys import Keys  # noqa: E402
from pam_caller import NOTHING, SUCCESS, SignIn  # noqa: E402
from suite import Suite, expect  # noqa: E402
import tools_of_debian  # noqa: E402

SEEN = {name: os.environ.pop(name) for name in ("LD_PRELOAD", "UMOCKDEV_DIR")}
tools_of_debian.shown.update(SEEN)
PROGRAM, SHOWN = "/usr/libexec/utmfa/utmfa-key", "/usr/libexec/utmfa/utmfa-key-shown"
CODE, SECRET = r"Code from iPhone", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CONFIGURATION = f"""\
version: 1
services:
  default: {{require: always, not-enrolled: deny, tries: 6}}
  strict: {{verification: required}}
  light: {{verification: discouraged}}
  sshd: {{account: enforce}}
registration: {{minimum: 1, default-kinds: [hotp, fido]}}
throttle: {{free: 20}}
fido: {{program: {SHOWN}, touch: 5s}}
"""
suite, keys = Suite("keys"), Keys()
people = {}


def show_keys():
    """/sys as the keys have it for all, and utmfa-key in their sight; its own environment is empty by design."""
    run("mount", "--bind", SEEN["UMOCKDEV_DIR"] + "/sys", "/sys")
    lines = "".join(f"export {name}={value}\n" for name, value in SEEN.items())
    write(SHOWN, f"#!/bin/sh\n{lines}exec {PROGRAM}\n", 0o755)


@contextlib.contextmanager
def opened():
    show_keys()
    prepare(CONFIGURATION)
    for service in ("console", "strict", "light"):
        write(f"/etc/pam.d/{service}", STACK["password"] + STACK_END)
    verifier = Verifier().start()
    servers = [Sshd("password", SSHD_PASSWORD, STACK["password"]), Sshd("key", SSHD_KEY, STACK["key"])]
    try:
        yield
    finally:
        for server in servers:
            server.stop()
        verifier.stop()


def case(title):
    """Keys as from the factory, and nobody has one registered."""
    def keep(function):
        def fresh():
            keys.fresh()
            for person in people.values():
                person.forget_keys()
            function()
        return suite.case(title)(fresh)
    return keep


class Owner(Person):
    """Somebody with a hardware token, whose codes need not be waited for, and keys as the case wants them."""

    def __init__(self, name):
        super().__init__(name)
        write("/root/token", SECRET + "\n", 0o600)
        self.token = json.loads(enroll(name, "add", "token", "--hotp", "--label", "iPhone", "--secret-file", "/root/token",
                                       "--json").stdout)["id"]
        self.apps[self.token] = Hotp(SECRET)
        enroll(name, "confirm", self.token, "-", stdin=self.code() + "\n")
        self.test(self.token)
        self.apply()
        self.keys = []

    def code(self, method=None):
        return self.apps[method or self.token].code()

    def forget_keys(self):
        run("utmfa-admin", "unlock", self.name, "--reason", "a new case")
        enroll(self.name, "default", self.token)
        for method in self.keys:
            enroll(self.name, "remove", method, "--yes")
        self.keys = []

    def add_key(self, label="blue key", *options):
        said = enroll(self.name, "add", "fido", "--label", label, *options).stdout
        method = re.search(r"(key-\d+) \(", said)
        expect(method, f"no key is registered: {said}")
        self.keys.append(method[1])
        enroll(self.name, "default", method[1])
        return method[1]


    def add_ssh_key(self, path):
        """It is no default: it counts by itself where sshd has verified it."""
        said = enroll(self.name, "add", "fido", "--label", "ssh key", "--ssh-key", path).stdout
        self.keys.append(re.search(r"(key-\d+) \(", said)[1])
        return self.keys[-1]


def owner(name="taro"):
    if name not in people:
        people[name] = Owner(name)
    return people[name]


@contextlib.contextmanager
def sighted():
    """What is started now sees the keys: ssh, and what ssh starts to talk to them."""
    os.environ.update(SEEN)
    try:
        yield
    finally:
        for name in SEEN:
            del os.environ[name]


class Console:
    """One sign-in at the machine: the password, and then `talk` as (what is asked, answer). What is told meanwhile is met
    by `told`, as {what is told: what the person then does}."""

    def __init__(self, user="taro", talk=(), service="console", told=None, items=()):
        self.talk, self.told, self.log = [("assword: $", PASSWORD), *talk], dict(told or {}), Log()
        self.sign_in = SignIn("/etc/pam.d", service, user, self.answer, items=[(3, "tty1"), *items])
        self.sign_in.shown = self.shown
        self.code = self.sign_in.authenticate()
        self.sign_in.end(self.code)

    def answer(self, _style, text):
        if not self.talk or not re.search(self.talk[0][0], text):
            return None
        answer = self.talk.pop(0)[1]
        return answer() if callable(answer) else answer

    def shown(self, _style, text):
        for words, act in self.told.items():
            if re.search(words, text):
                act()

    @property
    def screen(self):
        return "\n".join(self.sign_in.texts)


def granted(method, *arguments, **how):
    done = Console(*arguments, **how)
    expect(done.code == SUCCESS, f"PAM {done.code}: {done.screen}; log: {done.log.text()}")
    line = done.log.audit("granted", arguments[0] if arguments else "taro")
    expect(line and f"method={method}" in line, f"not by {method}: {line}")
    return done


def refused(words, *arguments, **how):
    """Not granted, and the screen says why."""
    done = Console(*arguments, **how)
    expect(done.code != SUCCESS, f"granted: {done.screen}")
    expect(re.search(words, done.screen), f"it does not say {words!r}: {done.screen}; log: {done.log.text()}")
    return done
