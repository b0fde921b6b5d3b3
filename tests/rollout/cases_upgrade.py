# SPDX-License-Identifier: Apache-2.0
# An upgrade: modules that are older or newer than the verifier, a verifier that is replaced while somebody signs in, and
# files of a version that this one does not know. Nobody gets in by any of it, and nobody is locked out.
import os
import shutil
import signal
import socket

from machine import (ALWAYS, CODE_PROMPT, CONFIG, ORIGINAL, PASSWORD, PASSWORD_PROMPT, SERVICE, Log, SignIn, admin, expect,
                     people, run, suite, text_of, verifier, write)

UTMFAD = "/usr/libexec/utmfa/utmfad"


class Module:
    """What a module says and hears, byte by byte (docs/wire.md)."""

    def __init__(self):
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.settimeout(20)
        self.line.connect("/run/utmfa/root.sock")

    def say(self, verb, version="1", **fields):
        frame = f"{version} {verb}\n".encode()
        for key, value in fields.items():
            frame += f"{key.replace('_', '-')}={len(value.encode())}:{value}\n".encode()
        self.line.send(frame)

    def hear(self):
        """(verb, whole frame); ("", "") when it was closed."""
        try:
            frame = self.line.recv(16384).decode()
        except ConnectionResetError:
            frame = ""
        return (frame.split("\n")[0][2:], frame)

    def until(self, verb):
        while True:
            heard, frame = self.hear()
            if heard in (verb, "", "result"):
                return heard, frame


@suite.case("an older module: the verifier takes a hello with nothing but what was there from the first day")
def older_module():
    for answer, word in ((people["taro"].code(), "granted"), ("000000", "denied")):
        module = Module()
        module.say("hello", door="authenticate", user="taro", service="sshd")
        heard, frame = module.until("prompt")
        while heard == "prompt":
            module.say("answer", text=answer)
            heard, frame = module.until("prompt")
        expect(heard == "result" and f"code={len(word)}:{word}\n" in frame, frame)
    admin("unlock", "taro", "--reason", "test")


@suite.case("a newer module: fields that nobody knows are passed over")
def newer_module():
    module = Module()
    module.say("hello", door="authenticate", user="taro", service="sshd", colour="blue", from_the_future="1")
    heard, frame = module.until("prompt")
    expect(heard == "prompt", frame)
    module.say("answer", text=people["taro"].code(), mood="good")
    heard, frame = module.until("result")
    expect("code=7:granted\n" in frame, frame)


@suite.case("a newer module: words and versions that nobody knows end the sign-in, and grant nothing")
def unknown_words():
    for how in (lambda m: m.say("greetings", user="taro", service="sshd"),
                lambda m: m.say("hello", version="2", door="authenticate", user="taro", service="sshd"),
                lambda m: m.say("hello", door="window", user="taro", service="sshd")):
        module = Module()
        how(module)
        heard, frame = module.until("result")
        expect(heard in ("", "result") and "granted" not in frame and "exempt" not in frame, frame)
    module = Module()
    module.say("hello", door="authenticate", user="taro", service="sshd")
    expect(module.until("prompt")[0] == "prompt", "asked")
    module.say("response", text=people["taro"].code())
    heard, frame = module.until("result")
    expect("granted" not in frame, frame)


def asked_then(what):
    """A sign-in that has come to the question, then `what` happens to the verifier; a new one works with the same code."""
    write(SERVICE, "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\n"
                   "account required pam_utmfa.so\nsession required pam_unix.so\n")
    try:
        code = people["taro"].code()
        first = SignIn("taro", [(PASSWORD_PROMPT, PASSWORD)], start_only=True)
        first.wait_for(CODE_PROMPT)
        what()
        first.child.sendline(code)
        first.finish()
        expect(not first.granted, first.screen)
        again = SignIn("taro", [(PASSWORD_PROMPT, PASSWORD), (CODE_PROMPT, code)])
        expect(again.granted, again.screen)
    finally:
        write(SERVICE, ORIGINAL)


@suite.case("the verifier is told to end while somebody is asked, and started again")
def told_to_end():
    def restarted():
        expect(verifier.stop() == 0, "it ends cleanly")
        verifier.start()
    asked_then(restarted)


@suite.case("the verifier is killed while somebody is asked, and started again")
def killed():
    def restarted():
        verifier.stop(signal.SIGKILL)
        verifier.start()
    asked_then(restarted)


@suite.case("the program is replaced by another file while somebody is asked, and started again")
def replaced():
    def upgraded():
        shutil.copy2(UTMFAD, UTMFAD + ".new")
        os.rename(UTMFAD + ".new", UTMFAD)
        verifier.stop()
        verifier.start()
    asked_then(upgraded)


@suite.case("a configuration of a newer version: refused by name, and the one that runs stays in force")
def newer_configuration():
    log = Log()
    write(CONFIG, ALWAYS.replace("version: 1", "version: 2"))
    try:
        said = admin("check", CONFIG, expect_status=1).stderr
        expect("this file was written for a newer utmfa" in said, said)
        module = Module()
        module.say("hello", door="authenticate", user="taro", service="sshd")
        expect(module.until("prompt")[0] == "prompt", "the old one stays")
        expect(log.wait("the old configuration stays in force"), log.text())
        expect(run(UTMFAD, "--check", check=False).returncode == 1, "a new start is refused")
    finally:
        write(CONFIG, ALWAYS)


@suite.case("a method file and a state of a newer version: that person is refused, and nobody else")
def newer_records():
    for path, spoil in (("/var/lib/utmfa/methods/taro.yaml", lambda b: b.replace(b"version: 1", b"version: 2", 1)),
                        ("/var/lib/utmfa/state/taro", lambda b: b"\xff" * 16 + b[16:4096] + b"\xff" * 16 + b[4112:])):
        with open(path, "r+b") as file:
            before = file.read()
            file.seek(0)
            file.write(spoil(before))
        try:
            module = Module()
            module.say("hello", door="authenticate", user="taro", service="sshd")
            heard, frame = module.until("result")
            expect("code=11:unavailable\n" in frame, frame)
            other = Module()
            other.say("hello", door="authenticate", user="toor", service="sshd")
            expect(other.until("prompt")[0] == "prompt", "toor")
        finally:
            with open(path, "r+b") as file:
                file.write(before)
    module = Module()
    module.say("hello", door="authenticate", user="taro", service="sshd")
    expect(module.until("prompt")[0] == "prompt", text_of(SERVICE))
