# SPDX-License-Identifier: Apache-2.0
# An upgrade: modules that are older or newer than the verifier, a verifier that is replaced while somebody signs in, and
# files of a version that this one does not know. Nobody gets in by any of it, and nobody is locked out.
import os
import re
import shutil
import pwd
import signal
import socket
import subprocess
import threading

from machine import (ALWAYS, CODE_PROMPT, CONFIG, ORIGINAL, PASSWORD, PASSWORD_PROMPT, SERVICE, SETTINGS, Log, SignIn, admin,
                     expect, people, run, suite, text_of, verifier, write)

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
        expect("written by a newer utmfa" in said and "upgrade this machine" in said, said)
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
                        ("/var/lib/utmfa/state/taro", lambda b: b.replace(b"UTMFAST1", b"UTMFAST2"))):
        log = Log()
        with open(path, "r+b") as file:
            before = file.read()
            file.seek(0)
            file.write(spoil(before))
        try:
            module = Module()
            module.say("hello", door="authenticate", user="taro", service="sshd")
            heard, frame = module.until("result")
            expect("code=11:unavailable\n" in frame, frame)
            expect(log.wait(re.escape(path) + ".*written by a newer utmfa"), log.text())
            other = Module()
            other.say("hello", door="authenticate", user="toor", service="sshd")
            expect(other.until("prompt")[0] == "prompt", "toor")
        finally:
            with open(path, "r+b") as file:
                file.write(before)
    module = Module()
    module.say("hello", door="authenticate", user="taro", service="sshd")
    expect(module.until("prompt")[0] == "prompt", text_of(SERVICE))


@suite.case("records that a newer utmfa keeps elsewhere: nobody is taken for somebody who has not registered")
def newer_layout():
    path, record, away = "/var/lib/utmfa/version", "/var/lib/utmfa/methods/taro.yaml", "/var/lib/utmfa/taro.away"
    write(CONFIG, SETTINGS + "services: {sshd: {require: enrolled, not-enrolled: allow}}\n")
    write(SERVICE, "auth requisite pam_unix.so\nauth required pam_utmfa.so\nauth required pam_permit.so\n"
                   "account required pam_unix.so\nsession required pam_unix.so\n")
    os.rename(record, away)
    verifier.stop()
    try:
        write(path, "1\n")
        os.chmod(path, 0o600)
        verifier.start()
        expect(SignIn("taro", [(PASSWORD_PROMPT, PASSWORD)]).granted, "the layout that is known")
        verifier.stop()
        write(path, "2\n")
        os.chmod(path, 0o600)
        refused = subprocess.run([UTMFAD], text=True, capture_output=True, timeout=60, check=False)
        expect(refused.returncode != 0 and f"{path}: data directory: version is \"2\", written by a newer utmfa" in refused.stderr,
               refused)
        expect(not SignIn("taro", [(PASSWORD_PROMPT, PASSWORD)]).granted, "let in")
    finally:
        os.rename(away, record)
        os.unlink(path)
        write(CONFIG, ALWAYS)
        write(SERVICE, ORIGINAL)
        verifier.start()
    module = Module()
    module.say("hello", door="authenticate", user="taro", service="sshd")
    expect(module.until("prompt")[0] == "prompt", "as before")


def himself(*words):
    uid = str(pwd.getpwnam("taro").pw_uid)
    return subprocess.run(["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--reset-env", "utmfa-enroll", *words],
                          stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60, check=False)


@suite.case("utmfa-enroll and a verifier of another version: it says so and does nothing")
def other_verifier():
    """Whatever speaks a version that is not there yet is a stand-in, of one frame."""
    verifier.stop()
    stand_in = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stand_in.bind("/run/utmfa/user.sock")
    os.chmod("/run/utmfa/user.sock", 0o666)
    stand_in.listen(1)

    def serve():
        connection, _ = stand_in.accept()
        with connection:
            connection.recv(65536)
            connection.send(b"2 result\ncode=4:done\n")
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        done = himself("list")
        expect(done.returncode == 3 and "the verifier is of another version than this program" in done.stderr, done)
    finally:
        thread.join(20)
        stand_in.close()
        os.unlink("/run/utmfa/user.sock")
        verifier.start()
    expect(himself("list").returncode == 0, "the same with one of this version")


@suite.case("nothing but a state, which a newer utmfa wrote: registering by oneself does not begin anew over it")
def newer_state_alone():
    state, record = "/var/lib/utmfa/state/taro", "/var/lib/utmfa/methods/taro.yaml"
    with open(state, "rb") as file:
        before = file.read()
    newer = before.replace(b"UTMFAST1", b"UTMFAST2")

    def written(text):
        with open(state, "r+b") as file:
            file.write(text)
    os.rename(record, "/var/lib/utmfa/taro.away")
    written(newer)
    log = Log()
    try:
        done = himself("add", "totp", "--label", "First", "--json")
        expect(done.returncode != 0, done)
        expect(log.wait("written by a newer utmfa"), log.text())
        with open(state, "rb") as file:
            expect(file.read() == newer and not os.path.exists(record), "begun anew")
    finally:
        os.rename("/var/lib/utmfa/taro.away", record)
        written(before)
    expect(himself("list").returncode == 0, "the same state in the version that is known")
