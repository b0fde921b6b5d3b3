# SPDX-License-Identifier: Apache-2.0
# The stage of the ssh cases: one verifier, three servers, enrolled people, and the few words in which cases are written.
# Each case begins and ends with the stage as opened() left it; a case that breaks something mends it.
import contextlib
import os

from client import (CODE_PROMPT, CONFIG, DEFAULT_CONFIG, NUMBER_PROMPT, PASSWORD, PASSWORD_PROMPT, SSHD_ALL, SSHD_KEY,
                    SSHD_PASSWORD, STACK, Log, Person, SignIn, Sshd, Totp, Verifier, prepare, run, write)
from suite import Suite, expect

WINDOW = 10
REST = f"registration: {{minimum: 1}}\ntotp: {{window: {WINDOW}}}\n"
THROTTLE = "throttle: {free: 20}\n"  # names that nobody has cannot be unlocked between the cases
USUAL = DEFAULT_CONFIG + REST + THROTTLE
suite = Suite("ssh")
FIRST = (PASSWORD_PROMPT, PASSWORD)
people, servers = {}, []
verifier = Verifier()


@contextlib.contextmanager
def opened():
    # So that a case need not wait for the clock; the tour of tools/quickstart has the default.
    Totp.window, Totp.reach = WINDOW, WINDOW * 3
    prepare(USUAL)
    verifier.start()
    servers.extend([Sshd("password", SSHD_PASSWORD, STACK["password"]), Sshd("key", SSHD_KEY, STACK["key"]),
                    Sshd("all", SSHD_ALL, STACK["all"])])
    try:
        yield
    finally:
        for server in servers:
            server.stop()
        verifier.stop()


def somebody(name):
    """An enrolled person, made when first needed."""
    if name not in people:
        people[name] = Person(name).enrol()
    return people[name].renew()


def asked(*answers):
    """The talk of a sign-in by password in which every question of ours gets the next answer."""
    return [FIRST] + [(f"{CODE_PROMPT}|{NUMBER_PROMPT}", answer) for answer in answers]


def granted(user, talk, outcome="granted", **how):
    log = Log()
    done = SignIn(user, talk, **how)
    expect(done.granted, f"refused: {done.screen!r}; log: {log.text()}")
    line = log.audit(outcome, user)
    expect(line, f"no line {outcome}: {log.text()}")
    return done, line


def refused(user, talk, outcome="denied", reason="", **how):
    log = Log()
    done = SignIn(user, talk, **how)
    expect(not done.granted, f"granted: {done.screen!r}")
    expect("in as" not in done.screen, done.screen)
    line = log.audit(outcome, user) if outcome else ""
    expect(line is not None, f"no line {outcome} for {user}: {log.text()}")
    expect(reason in line, f"the line does not say {reason!r}: {line}")
    return done, line


def settle(user):
    """Takes back what wrong answers did."""
    run("utmfa-admin", "unlock", user, "--reason", "end of a case")


@contextlib.contextmanager
def configured(text, throttle=THROTTLE):
    write(CONFIG, text + REST + throttle)
    try:
        yield
    finally:
        write(CONFIG, USUAL)


@contextlib.contextmanager
def kept(path):
    """The file or link at the path is as before afterwards."""
    aside = path + ".aside"
    os.rename(path, aside)
    try:
        yield aside
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.rename(aside, path)
