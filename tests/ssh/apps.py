# SPDX-License-Identifier: Apache-2.0
# An authenticator app and a token played by oathtool, and people who enrol with them.
# Never sleeps but for the next step of a one-time code, which it says.
import json
import os
import select
import time

import pexpect
from ground import CODE_PROMPT, CODE_PROMPT_JA, run, write


class Totp:
    """The authenticator app: gives every code once, the earliest that the verifier still takes.
    `window` is totp.window of the configuration; `reach` is how far ahead the verifier follows an app whose clock is
    more and more fast: a drift of twice the window, and the window."""

    window = reach = 1

    def __init__(self, secret, algorithm="sha1", digits=6, period=30, say=print):
        self.secret, self.algorithm, self.digits, self.period, self.say = secret, algorithm, digits, period, say
        self.last = None

    def at(self, step):
        return run("oathtool", f"--totp={self.algorithm}", f"--digits={self.digits}",
                   f"--time-step-size={self.period}s", "--base32", "--now", f"@{step * self.period}", "-",
                   stdin=self.secret).stdout.strip()

    def code(self):
        now = time.time()
        step = int(now // self.period)
        if self.last is None:
            late = now % self.period > self.period - 8
            self.last = step - self.window + late
        else:
            self.last = max(self.last + 1, step - self.window + 1)
        self._wait((self.last - self.reach) * self.period)
        return self.at(self.last)

    def _wait(self, moment):
        rest = moment - time.time()
        if rest > 0:
            self.say(f"(waiting {rest:.0f} s for the app's next code: each works once)")
            select.select([], [], [], rest + 0.1)

    def wrong(self):
        step = int(time.time() // self.period)
        near = {self.at(step + i) for i in range(-self.reach - 2, self.reach + 3)}
        return next(code for code in (f"{i:0{self.digits}d}" for i in range(1000)) if code not in near)


class Hotp:
    def __init__(self, secret, digits=6):
        self.secret, self.digits, self.counter = secret, digits, 0

    def at(self, counter):
        return run("oathtool", "--hotp", f"--digits={self.digits}", f"--counter={counter}", "--base32", "-",
                   stdin=self.secret).stdout.strip()

    def code(self):
        self.counter += 1
        return self.at(self.counter - 1)


def enroll(user, *words, stdin=None, check=True):
    return run("utmfa-enroll", "--user", user, *words, stdin=stdin, check=check)


class Person:
    """Somebody who enrols as the manual says: add, confirm, test, apply."""

    def __init__(self, name, say=print):
        self.name, self.say = name, say
        self.apps, self.codes, self.uris = {}, [], {}

    def add_app(self, label, *options):
        made = json.loads(enroll(self.name, "add", "totp", "--label", label, *options, "--json").stdout)
        chosen = dict(zip(options[::2], options[1::2]))
        app = Totp(made["secret"], chosen.get("--algorithm", "sha1"), int(chosen.get("--digits", 6)),
                   int(chosen.get("--period", 30)), say=self.say)
        self.apps[made["id"]], self.uris[made["id"]] = app, made["uri"]
        enroll(self.name, "confirm", made["id"], "-", stdin=app.code() + "\n")
        return made["id"]

    def add_token(self, secret):
        write("/root/token", secret + "\n", 0o600)
        made = json.loads(enroll(self.name, "add", "token", "--hotp", "--secret-file", "/root/token", "--json").stdout)
        token = Hotp(secret)
        self.apps[made["id"]] = token
        enroll(self.name, "confirm", made["id"], "-", stdin=token.code() + "\n")
        return made["id"]

    def add_recovery(self):
        self.codes = json.loads(enroll(self.name, "add", "recovery", "--json").stdout)["codes"]
        return "recovery"

    def code(self, method="app-1"):
        return self.codes.pop(0) if method == "recovery" else self.apps[method].code()

    def renew(self, least=4):
        """A new recovery sheet when few codes are left (needs registration.minimum: 1)."""
        if len(self.codes) < least:
            enroll(self.name, "remove", "recovery", "--yes")
            self.add_recovery()
        return self

    def test(self, method):
        child = pexpect.spawn("utmfa-enroll", ["--user", self.name, "test", method], encoding="utf-8", timeout=20,
                              env={**os.environ, "LANG": "C.UTF-8"})
        child.delaybeforesend = None
        child.expect([CODE_PROMPT, CODE_PROMPT_JA])
        child.sendline(self.code(method))
        child.expect(pexpect.EOF)
        child.close()
        if child.exitstatus != 0:
            raise AssertionError(f"utmfa-enroll test {method} of {self.name}: exit {child.exitstatus}: {child.before}")

    def apply(self):
        return enroll(self.name, "apply")

    def enrol(self):
        """The usual: an app and a recovery sheet, both tried."""
        for method in (self.add_app("iPhone"), self.add_recovery()):
            self.test(method)
        self.apply()
        return self
