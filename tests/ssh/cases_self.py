# SPDX-License-Identifier: Apache-2.0
# A person and his own registration, without privilege: utmfa-enroll of a real unprivileged user over the user socket,
# and what the socket says to somebody who speaks to it by hand.
import contextlib
import json
import os
import re
import subprocess
import sys
import threading

import pexpect
from cases_set_up import AS_AT_A_SIGN_IN, APPLY, CODE, NAME, NUMBER, REST, WRITTEN, standing
from client import CONFIG, STATE, Log, Totp, run, write
from people import newcomer, uid_of
from stage import USUAL, suite
from suite import expect, interruptible


@contextlib.contextmanager
def rules(text=""):
    write(CONFIG, "version: 1\n" + REST + text)
    try:
        yield
    finally:
        write(CONFIG, USUAL)


def as_him(user, *words):
    uid = str(uid_of(user))
    return ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--reset-env", *words]


def own(user, *words, stdin="", expected=0):
    done = subprocess.run(as_him(user, "utmfa-enroll", *words), input=stdin, text=True, capture_output=True, timeout=60,
                          check=False)
    expect(expected is None or done.returncode == expected,
           f"{words}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done


class Terminal:
    """utmfa-enroll on a terminal, by the person himself or by root for him."""

    def __init__(self, user, *words, by="himself", language="C.UTF-8", dimensions=(60, 200)):
        program = ["env", "TERM=xterm", f"LANG={language}", "utmfa-enroll"]
        command = as_him(user, *program, *words) if by == "himself" else [*program, "--user", user, *words]
        self.child = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=30, dimensions=dimensions,
                                   preexec_fn=interruptible)
        self.child.delaybeforesend = None

    def answer(self, prompt, text):
        self.child.expect(prompt)
        said = self.child.before + self.child.after
        self.child.sendline(text(said) if callable(text) else text)
        return said

    def ends(self, status=0):
        self.child.expect(pexpect.EOF)
        said = self.child.before
        self.child.close()
        expect(self.child.exitstatus == status, f"exit {self.child.exitstatus}: {said}")
        return said


def registered(user):
    """The four steps, by himself; his app and his codes."""
    terminal = Terminal(user)
    terminal.answer(NAME, "iPhone")
    terminal.child.expect(CODE)
    app = Totp(re.search(r"secret=([A-Z2-7]+)", terminal.child.before)[1])
    terminal.child.sendline(app.code())
    terminal.answer(NUMBER, "1")
    terminal.child.expect(WRITTEN)
    codes = re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", terminal.child.before)
    terminal.child.sendline("yes")
    terminal.answer(AS_AT_A_SIGN_IN, app.code())
    terminal.answer(AS_AT_A_SIGN_IN, codes.pop())
    terminal.answer(APPLY, "")
    expect("Applied." in terminal.ends(), "not applied")
    return app, codes


@suite.case("a person registers by himself, and changes nothing afterwards without one of his methods")
def _():
    with rules():
        user = newcomer("self1")
        app, _ = registered(user)
        expect(standing(user) == ("active", {"app-1": (True, True), "recovery": (True, True)}), str(standing(user)))
        listed = json.loads(own(user, "list", "--json").stdout)
        expect(listed["user"] == user and listed["status"] == "active", str(listed))
        terminal = Terminal(user, "rename", "app-1", "Tablet")
        for _ in range(3):
            terminal.answer(AS_AT_A_SIGN_IN, app.wrong())
        expect("nothing was changed" in terminal.ends(1), "a wrong code changed something")
        own(user, "rename", "app-1", "Tablet", expected=1)
        own(user, "remove", "recovery", "--yes", expected=1)
        expect('"Tablet"' not in run("utmfa-enroll", "--user", user, "list", "--json").stdout, "renamed")
        terminal = Terminal(user, "rename", "app-1", "Tablet")
        terminal.answer(AS_AT_A_SIGN_IN, app.code())
        terminal.ends()
        expect('"Tablet"' in run("utmfa-enroll", "--user", user, "list", "--json").stdout, "not renamed")
        terminal = Terminal(user, "remove", "recovery", "--yes")
        terminal.answer(AS_AT_A_SIGN_IN, app.code())
        expect("must stay" in terminal.ends(1), "below the minimum")
        terminal = Terminal(user, "add", "totp", "--label", "Pixel")
        terminal.answer(AS_AT_A_SIGN_IN, app.code())
        terminal.child.expect(CODE)
        second = Totp(re.search(r"secret=([A-Z2-7]+)", terminal.child.before)[1])
        terminal.child.sendline(second.code())
        expect("is registered" in terminal.ends(), "not registered")
        terminal = Terminal(user, "remove", "recovery", "--yes")
        terminal.answer(AS_AT_A_SIGN_IN, app.code())
        terminal.ends()
        expect(list(standing(user)[1]) == ["app-1", "app-2"], str(standing(user)))
        expect([name for name in os.listdir("/var/lib/utmfa/kept") if name.startswith(user + ".")], "no copy is kept")


@suite.case("a person who breaks off leaves nothing, and goes on where he stopped")
def _():
    with rules():
        user = newcomer("self2")
        for prompt in (NAME, CODE):
            terminal = Terminal(user)
            if prompt == CODE:
                terminal.answer(NAME, "iPhone")
            terminal.child.expect(prompt)
            terminal.child.send("\x03")
            expect("Stopped in step 1 of 4" in terminal.ends(1), "not told")
            expect(standing(user) == ("none", {}), str(standing(user)))
            expect(not os.path.exists(f"{STATE}/{user}"), "a state is left")
        log = Log()
        terminal = Terminal(user)
        terminal.answer(NAME, "iPhone")
        terminal.child.expect(CODE)
        terminal.child.kill(9)
        expect(log.audit("withdrawn", user), log.text())
        expect(standing(user) == ("none", {}), str(standing(user)))


LENT = r"Code that it shows now[^\r\n]*: $"


@suite.case("a token that the desk has lent is proven in the four steps, and is taken away only by who says so")
def _():
    with rules():
        user = newcomer("lent1")
        secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        write("/root/lent.csv", f"serial number,secret key,time interval\nL1,{secret},30\n", 0o600)
        run("utmfa-admin", "token", "import", "/root/lent.csv")
        run("utmfa-admin", "token", "lend", "L1", user)
        waiting = standing(user)
        terminal = Terminal(user)
        terminal.answer(LENT, "")
        terminal.answer(r"Remove it and go on\? \[no\]: $", "")
        terminal.ends(1)
        terminal = Terminal(user)
        terminal.child.expect(LENT)
        terminal.child.send("\x03")
        terminal.ends(1)
        expect(standing(user) == waiting and waiting[1] == {"app-1": (False, False)}, f"{standing(user)} {waiting}")
        token = Totp(secret)
        terminal = Terminal(user)
        terminal.answer(LENT, token.wrong())
        expect("That code is not right." in terminal.answer(LENT, token.code()), "a wrong first code")
        terminal.answer(NUMBER, "1")
        terminal.child.expect(WRITTEN)
        codes = re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", terminal.child.before)
        terminal.child.sendline("yes")
        terminal.answer(AS_AT_A_SIGN_IN, token.code())
        terminal.answer(AS_AT_A_SIGN_IN, codes.pop())
        terminal.answer(APPLY, "")
        expect("Before a phone is replaced" in terminal.ends(), "what to do before a phone is replaced")
        expect(standing(user) == ("active", {"app-1": (True, True), "recovery": (True, True)}), str(standing(user)))


@suite.case("where no app may be the default, none is registered in vain; where it may, it is")
def _():
    user = newcomer("kinds1")
    with rules("registration: {default-kinds: [hotp]}\n"):
        expect("ask the administrator for a token" in Terminal(user).ends(1), "not told")
        expect(standing(user) == ("none", {}), str(standing(user)))
    with rules("registration: {default-kinds: [hotp, totp]}\n"):
        registered(user)


SPEAK = """
import socket, sys
line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
line.settimeout(10)
line.connect("/run/utmfa/" + sys.argv[1])
frame = "1 hello\\n"
for word in sys.argv[2:]:
    key, value = word.split("=", 1)
    frame += f"{key}={len(value)}:{value}\\n"
line.send(frame.encode())
try:
    print(line.recv(16384).decode())
except OSError as error:
    print(type(error).__name__)
"""


def by_hand(user, *fields, door="user.sock"):
    done = subprocess.run(as_him(user, sys.executable, "-c", SPEAK, door, *fields), text=True, capture_output=True,
                          timeout=30, check=False)
    return done.stdout + done.stderr


@suite.case("another user who speaks to the socket by hand reaches nothing of a person")
def _():
    with rules():
        user, stranger = newcomer("self3"), newcomer("stranger")
        registered(user)
        with open(f"/var/lib/utmfa/methods/{user}.yaml", "rb") as file:
            before = file.read()
        for fields in (("door=self", "act=list"), ("door=self", "act=list", "form=json"), ("door=self", "act=guided"),
                       ("door=self", "act=rename", "method=app-1", "label=mine"), ("door=set-up", "service=sshd"),
                       ("door=self", "act=add-totp"), ("door=self", "act=remove", "method=app-1", "sure=1")):
            said = by_hand(stranger, f"user={user}", *fields)
            expect("app-1" not in said and "iPhone" not in said, f"{fields}: {said}")
            expect("unavailable" in said, f"{fields}: {said}")
        expect("PermissionError" in by_hand(stranger, f"user={user}", "door=self", "act=list", door="root.sock"), "root.sock")
        own(stranger, "--user", user, "list", expected=1)
        for path in ("/var/lib/utmfa", f"/var/lib/utmfa/methods/{user}.yaml", f"{STATE}/{user}", "/etc/utmfa/keys"):
            seen = subprocess.run(as_him(stranger, "ls", path), capture_output=True, check=False)
            expect(seen.returncode != 0, f"{path} is open")
        with open(f"/var/lib/utmfa/methods/{user}.yaml", "rb") as file:
            expect(file.read() == before, "changed")


@suite.case("by hand at the door of set-up, a registration that is in force is not changed")
def _():
    with rules():
        user = newcomer("self4")
        registered(user)
        said = by_hand(user, f"user={user}", "door=set-up", "service=sshd")
        expect("sign in again" in said or "denied" in said, said)
        for odd in (("door=self", "act=frobnicate"), ("door=elsewhere",), ("door=self", "act=rename", "label=" + "x" * 9000)):
            expect("unavailable" in by_hand(user, f"user={user}", *odd), str(odd))
        expect(standing(user)[0] == "active", str(standing(user)))


@suite.case("two administrators and the person change one registration at once: no change is lost")
def _():
    with rules():
        user = newcomer("self5")
        many = []
        for number in range(5):
            for who in ("a", "b"):
                many.append(subprocess.Popen(["utmfa-enroll", "--user", user, "add", "totp", "--label", f"{who}{number}",
                                              "--json"], stdout=subprocess.PIPE, text=True))
            if number % 2:
                many.append(subprocess.Popen(as_him(user, "utmfa-enroll", "add", "totp", "--label", f"self{number}", "--json"),
                                             stdout=subprocess.PIPE, text=True))
        made = []
        for each in many:
            said, _ = each.communicate(timeout=60)
            expect(each.returncode == 0, said)
            made.append(json.loads(said)["id"])
        expect(len(set(made)) == len(many) == 12, str(made))
        expect(set(standing(user)[1]) == set(made), f"{standing(user)} {made}")


class Actor(threading.Thread):
    """Adds, renames and removes, methods of his own only, while others do the same to the same person."""

    rounds, kept = 12, 2

    def __init__(self, name, command):
        super().__init__()
        self.name, self.command, self.made, self.wrong = name, command, [], []

    def does(self, *words):
        done = subprocess.run([*self.command, *words], text=True, capture_output=True, timeout=60, check=False)
        if done.returncode:
            self.wrong.append(f"{self.name} {words}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def run(self):
        for number in range(self.rounds):
            if self.wrong:
                return
            made = json.loads(self.does("add", "totp", "--label", f"{self.name} {number}", "--json") or "{}")
            self.does("rename", made.get("id", ""), f"{self.name} {number} renamed")
            self.made.append((made.get("id"), made.get("secret"), f"{self.name} {number} renamed"))
            if len(self.made) > self.kept:
                self.does("remove", self.made.pop(0)[0], "--yes")


@suite.case("two administrators and the person add, rename and remove at once, many rounds: every change is there")
def _():
    with rules():
        user = newcomer("self6")
        by_root = ["utmfa-enroll", "--user", user]
        actors = [Actor("first", by_root), Actor("second", by_root), Actor("self", as_him(user, "utmfa-enroll"))]
        log = Log()
        for actor in actors:
            actor.start()
        for actor in actors:
            actor.join()
        expect(not any(actor.wrong for actor in actors), f"{[actor.wrong for actor in actors]} {log.text()[-1500:]}")
        listed = json.loads(run("utmfa-enroll", "--user", user, "list", "--json").stdout)["methods"]
        expected = {identity: label for actor in actors for identity, _, label in actor.made}
        expect({each["id"]: each["label"] for each in listed} == expected and len(expected) == 6, f"{listed} {expected}")
        rounds = Actor.rounds * len(actors)
        counts = {what: len(re.findall(rf"utmfa.*: {what} user={user} ", log.text())) for what in ("added", "renamed")}
        expect(counts == {"added": rounds, "renamed": rounds}, str(counts))
        for actor in actors:  # and what is kept of each is what he was shown
            for identity, secret, _ in actor.made:
                run(*by_root, "confirm", identity, "-", stdin=Totp(secret).code() + "\n")
