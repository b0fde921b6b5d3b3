# SPDX-License-Identifier: Apache-2.0
"""What the tests of the utilities share: the built programs on a data directory of their own, and codes."""

import atexit
import base64
import hashlib
import hmac
import json
import os
import pwd
import shutil
import struct
import subprocess
import sys
import tempfile
import time

build, source = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
me = pwd.getpwuid(os.geteuid()).pw_name
others = [name for name in ("nobody", "daemon", "bin", "games") if name != me]
counted = {"checks": 0}


def check(right, *what):
    counted["checks"] += 1
    if not right:
        raise AssertionError(" ".join(str(each) for each in what))


class Place:
    """Configuration, keys and data below a temporary directory."""

    def __init__(self, setup=True, config=None):
        self.path = tempfile.mkdtemp(prefix="utmfa-utils-")
        atexit.register(shutil.rmtree, self.path, ignore_errors=True)
        for name in ("etc", "run", "pam.d"):
            os.mkdir(self.at(name))
        self.options = ["--config", self.at("utmfa.yaml"), "--data-dir", self.at("data"),
                        "--keys-dir", self.at("etc/keys"), "--run-dir", self.at("run")]
        if config:
            self.write("utmfa.yaml", config)
        if setup:
            self.admin("setup", expect=None)  # 1 where this machine has no user utmfa

    def at(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.at(name), mode)
        return self.at(name)

    def run(self, program, *words, expect=0, stdin="", language="C.UTF-8"):
        done = subprocess.run([os.path.join(build, "utils", program), *self.options, *words], input=stdin, text=True,
                              capture_output=True, timeout=300, check=False, env={**os.environ, "LANG": language, "LC_ALL": ""})
        if expect is not None:
            check(done.returncode == expect, program, *words, "exit", done.returncode, "expected", expect, done.stdout,
                  done.stderr)
        return done

    def enroll(self, user, *words, **how):
        return self.run("utmfa-enroll", "--user", user, *words, **how)

    def admin(self, *words, **how):
        return self.run("utmfa-admin", *words, **how)

    def json(self, program, *words):
        return json.loads(self.run(program, *words, "--json").stdout)

    def tree(self):
        """Every file with its bytes: what a refusal must leave as it was."""
        found = {}
        for directory, _, files in os.walk(self.path):
            for name in files:
                with open(os.path.join(directory, name), "rb") as file:
                    found[os.path.join(directory, name)] = file.read()
        return found

    def methods(self, user):
        return {each["id"]: each for each in self.json("utmfa-enroll", "--user", user, "list")["methods"]}


def hotp(secret, counter, digits=6, algorithm="sha1"):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", counter), getattr(hashlib, algorithm)).digest()
    at = mac[-1] & 15
    return str((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 10 ** digits).zfill(digits)


def totp(secret, step=0, digits=6, period=30, algorithm="sha1"):
    """The code of now, or so many steps away."""
    return hotp(secret, int(time.time()) // period + step, digits, algorithm)


def wrong(secret):
    near = {totp(secret, step) for step in range(-5, 6)}
    return next(code for code in (f"{i:06d}" for i in range(100)) if code not in near)


def add_app(place, user, *options):
    """Registered and confirmed, with the earliest code, so that two more are left in its window."""
    made = place.json("utmfa-enroll", "--user", user, "add", "totp", *options)
    chosen = dict(zip(options[::2], options[1::2]))
    period = int(chosen.get("--period", 30))
    for expected in (None, 0):  # the second time where its period has ended in between
        code, now = totp(made["secret"], -1, int(chosen.get("--digits", 6)), period,
                         chosen.get("--algorithm", "sha1")), time.time() // period
        done = place.enroll(user, "confirm", made["id"], "-", stdin=code + "\n", expect=expected)
        if done.returncode == 0:
            break
        check(time.time() // period != now, "a code of this moment was refused", done)
    return made


def done():
    print(f"{counted['checks']} checks")
