# SPDX-License-Identifier: Apache-2.0
"""fido2-token, fido2-cred, fido2-assert and pamu2fcfg as a person runs them: with files, and on a terminal for the PIN."""

import base64
import hashlib
import os
import subprocess

import pexpect

LIMIT = 120


# A session of its own, so that nobody is asked for a PIN at the terminal of the tests; and the program does not lead it,
# or the terminal that stands for the key would become its own.
shown = {}  # what lets these see keys, where the environment of the test does not have it
LED = ("/bin/sh", "-c", '"$@"; exit $?', "sh")


def run(*command, stdin="", limit=LIMIT):
    done = subprocess.run([*LED, *command], input=stdin, capture_output=True, text=True, timeout=limit, check=False,
                          start_new_session=True, env={**os.environ, **shown})
    return done.returncode, done.stdout, done.stderr


def on_terminal(*command, answers=(), limit=LIMIT):
    """(status, everything on the screen); an answer for each question."""
    child = pexpect.spawn(command[0], list(command[1:]), encoding="utf-8", timeout=limit,
                          env={**os.environ, **shown})
    for answer in answers:
        child.expect(r"PIN for [^:]*: |PIN[^:]*: ")
        child.sendline(answer)
    screen = (child.before or "") + child.read()
    child.close()
    return child.exitstatus, screen


def base64_of(data):
    return base64.b64encode(data).decode()


def data_hash(text="challenge"):
    return base64_of(hashlib.sha256(text.encode()).digest())


class Registration:
    """A credential made by fido2-cred, and assertions of it by fido2-assert."""

    def __init__(self, directory, kind="es256", rp="example.org", node="/dev/hidraw0", user="joe"):
        self.directory, self.kind, self.rp, self.node, self.user = directory, kind, rp, node, user
        self.made = self.verified = None

    def at(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, *lines):
        with open(self.at(name), "w", encoding="ascii") as file:
            file.write("".join(line + "\n" for line in lines))

    def lines(self, name):
        with open(self.at(name), encoding="ascii") as file:
            return file.read().splitlines()

    def make(self, *options, pin=None):
        """Status and words of fido2-cred -M."""
        self.write("about", data_hash(), self.rp, self.user, base64_of(self.user.encode()))
        return self.call("fido2-cred", "-M", *options, "-i", self.at("about"), "-o", self.at("made"), self.node, self.kind,
                         pin=pin)

    def check(self, *options):
        """fido2-cred -V; keeps id and public key."""
        status, said, wrong = run("fido2-cred", "-V", *options, "-i", self.at("made"), "-o", self.at("verified"), self.kind)
        if status == 0:
            lines = self.lines("verified")
            self.identity = lines[0]
            self.write("public", *lines[1:])
        return status, said + wrong

    def ask(self, text="challenge", resident=False):
        self.write("asked", data_hash(text), self.rp, *([] if resident else [self.identity]))

    def assertion(self, *options, pin=None, text="challenge", resident=False):
        self.ask(text, resident)
        options = (*options, "-r") if resident else options
        return self.call("fido2-assert", "-G", *options, "-i", self.at("asked"), "-o", self.at("answer"), self.node,
                         pin=pin)

    def verify(self, *options):
        status, said, wrong = run("fido2-assert", "-V", *options, "-i", self.at("answer"), self.at("public"), self.kind)
        return status, said + wrong

    def raw_id(self):
        return base64.b64decode(self.identity, validate=True)

    @staticmethod
    def call(*command, pin):
        if pin is not None:
            return on_terminal(*command, answers=[pin])
        status, said, wrong = run(*command)
        return status, said + wrong
