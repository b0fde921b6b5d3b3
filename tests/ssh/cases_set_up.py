# SPDX-License-Identifier: Apache-2.0
# Registering at the sign-in itself: over keyboard-interactive behind a password and behind a key, broken off at every
# question, and every shape of a PAM stack that forgets a line. Nobody gets in who was told to register and did not.
import contextlib
import json
import os
import re
import signal

from client import (CODE_PROMPT, CONFIG, FORGOTTEN, PASSWORD, PASSWORD_PROMPT, SSHD, STATE, Log, SignIn, Sshd, Totp, run,
                    write)
from people import newcomer
from stage import FIRST, USUAL, WINDOW, granted, refused, suite
from suite import expect

NAME, CODE, NUMBER = r"Name of the device[^\r\n]*: $", r"Code that the app shows now: $", r"Number \[1\]: $"
WRITTEN, APPLY = r"written down\? \[no\]: $", r"Apply now\? \[yes\]: $"
AS_AT_A_SIGN_IN = r"(Code from|Recovery code)[^\r\n]*: $"
QUESTIONS = [NAME, CODE, NUMBER, WRITTEN, AS_AT_A_SIGN_IN, AS_AT_A_SIGN_IN, APPLY]

REST = f"totp: {{window: {WINDOW}}}\nthrottle: {{free: 20}}\n"
SERVICE = "services:\n  sshd: {require: %s, not-enrolled: set-up, account: enforce}\n"
ASKS = "version: 1\n" + SERVICE % "always" + REST

AUTH = "auth requisite pam_unix.so\nauth required pam_utmfa.so\n"
ACCOUNT = "account required pam_unix.so\naccount required pam_utmfa.so\n"
SESSION = "session required pam_utmfa.so\nsession required pam_unix.so\n"
PASSWORD_LINE = "password [success=done ignore=ignore default=die] pam_utmfa.so\npassword required pam_unix.so\n"
WHOLE, KEY, LOOSE = 2301, 2302, 2303
BY_KEY = "auth required pam_utmfa.so\nauth required pam_permit.so\n" + ACCOUNT + SESSION + PASSWORD_LINE

# What each stack forgets. All of them must stay closed, but the one in which only the session line is gone.
FORGETFUL = {
    "the password line": AUTH + ACCOUNT + SESSION,
    "our password line, with pam_permit there": AUTH + ACCOUNT + SESSION + "password required pam_permit.so\n",
    "password and session lines": AUTH + ACCOUNT + "session required pam_unix.so\npassword required pam_permit.so\n",
    "the account line": AUTH + "account required pam_unix.so\n" + SESSION + PASSWORD_LINE,
    "every line but auth": AUTH + "account required pam_unix.so\nsession required pam_unix.so\n"
                           "password required pam_permit.so\n",
}


@contextlib.contextmanager
def serving(name, port, stack, methods="keyboard-interactive:pam"):
    server = Sshd(name, f"Port {port}\n{SSHD}AuthenticationMethods {methods}\n", stack, "")
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def asking(text=ASKS):
    write(CONFIG, text)
    try:
        with serving("set-up", WHOLE, AUTH + ACCOUNT + SESSION + PASSWORD_LINE):
            yield
    finally:
        write(CONFIG, USUAL)


def standing(user):
    """The status and what is registered, as root sees it."""
    listed = json.loads(run("utmfa-enroll", "--user", user, "list", "--json").stdout)
    return listed["status"], {each["id"]: (each["confirmed"], each["tested"] is not None) for each in listed["methods"]}


class Newcomer:
    """Somebody who is led through registration, with his phone and his sheet."""

    def __init__(self, user, port=WHOLE, key=False):
        self.user, self.app, self.codes = user, None, []
        self.sign_in = SignIn(user, [] if key else [FIRST], port=port, key=key, start_only=True, seconds=30)

    def sees(self, prompt):
        self.sign_in.wait_for(prompt)
        screen = self.sign_in.screen
        found = re.findall(r"secret=([A-Z2-7]+)", screen)
        if found and not self.app:
            self.app = Totp(found[-1])
        self.codes = self.codes or re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", screen)
        return screen

    def types(self, text):
        self.sign_in.child.sendline(text)

    def answer(self, prompt):
        """The right one for this question."""
        if prompt == AS_AT_A_SIGN_IN:
            asked = re.findall(AS_AT_A_SIGN_IN.rstrip("$"), self.sign_in.screen)[-1]
            return self.app.code() if asked == "Code from" else self.codes.pop()
        return {NAME: "iPhone", CODE: self.app and self.app.code, NUMBER: "1", WRITTEN: "yes", APPLY: ""}[prompt]

    def goes_on(self, questions=QUESTIONS):
        for prompt in questions:
            self.sees(prompt)
            answer = self.answer(prompt)
            self.types(answer() if callable(answer) else answer)
        return self

    def ends(self):
        return self.sign_in.finish()


def read_by_a_phone(screen):
    """What a scanner reads in the light blocks; the terminal is dark."""
    if run("sh", "-c", "command -v zbarimg", check=False).returncode:
        return None
    rows = []
    for line in re.findall(r"^[█▀▄ ]{30,}$", screen.replace("\r", ""), re.M):
        rows.append([c in " ▄" for c in line])
        rows.append([c in " ▀" for c in line])
    width = max(map(len, rows))
    wide = [" ".join("1" if c else "0" for c in row + [True] * (width - len(row)) for _ in range(6))
            for row in rows for _ in range(6)]
    write("/tmp/qr.pbm", f"P1\n{width * 6} {len(wide)}\n" + "\n".join(wide) + "\n")
    return run("zbarimg", "-q", "--raw", "/tmp/qr.pbm", check=False).stdout.strip()


@suite.case("a new person with the right password is led through registration, is in, and signs in again with it")
def _():
    user = newcomer("led1")
    with asking():
        log = Log()
        person = Newcomer(user)
        screen = person.sees(NAME)
        expect("Let's set it up" in screen and "Step 1 of 4" in screen, screen)
        person.types("iPhone")
        screen = person.sees(CODE)
        uri = re.search(r"otpauth://\S+", screen)[0]
        expect(read_by_a_phone(screen) in (None, uri), f"{read_by_a_phone(screen)!r}: {uri}")
        person.types(person.app.wrong())
        expect("That code is not right." in person.sees(CODE), "a wrong first code")
        person.types(person.app.code())
        done = person.goes_on(QUESTIONS[2:]).ends()
        expect(done.granted, done.screen + log.text())
        expect("Applied. From now on" in done.screen, done.screen)
        expect(standing(user) == ("active", {"app-1": (True, True), "recovery": (True, True)}), str(standing(user)))
        expect(log.audit("applied", user) and log.audit("set-up-done", user), log.text())
        granted(user, [FIRST, (CODE_PROMPT, person.app.code)], port=WHOLE)
        refused(user, [FIRST] + [(CODE_PROMPT, "000000")] * 3, port=WHOLE)


@suite.case("a new person with a key is led through registration behind it")
def _():
    user = newcomer("led2")
    with asking(), serving("set-up-key", KEY, BY_KEY, "publickey,keyboard-interactive:pam"):
        person = Newcomer(user, KEY, key=True)
        done = person.goes_on().ends()
        expect(done.granted and "Password" not in done.screen, done.screen)
        granted(user, [(CODE_PROMPT, person.app.code)], port=KEY, key=True)


@suite.case("the wrong password leads nobody through registration")
def _():
    user = newcomer("led3")
    with asking():
        done = SignIn(user, [(PASSWORD_PROMPT, "wrong")], port=WHOLE)
        expect(not done.granted and "set it up" not in done.screen, done.screen)
        expect(standing(user) == ("none", {}), str(standing(user)))


@suite.case("a key alone, where nothing can be asked, is refused and told what to do")
def _():
    user = newcomer("led4")
    with asking():
        done = SignIn(user, [], port=FORGOTTEN, key=True)
        expect(not done.granted and "run utmfa-enroll" in done.screen, done.screen)


APP, BOTH = {"app-1": (True, False)}, {"app-1": (True, False), "recovery": (True, False)}
LEFT = [("none", {}), ("none", {}), ("setting-up", APP), ("setting-up", APP), ("setting-up", BOTH),
        ("setting-up", {**BOTH, "app-1": (True, True)}), ("setting-up", {name: (True, True) for name in BOTH})]


@suite.case("Ctrl-C and a lost connection at every question: not in, nothing half done")
def _():
    with asking():
        for how in ("interrupt", "lost"):
            for number, prompt in enumerate(QUESTIONS):
                user, log = newcomer(f"{how}{number}"), Log()
                person = Newcomer(user).goes_on(QUESTIONS[:number])
                person.sees(prompt)
                if how == "interrupt":
                    person.sign_in.child.sendintr()
                else:
                    person.sign_in.child.kill(signal.SIGKILL)
                expect(not person.ends().granted, person.sign_in.screen)
                expect(log.audit("aborted", user), log.text())
                expect(standing(user) == LEFT[number], f"{how} at {prompt}: {standing(user)}")
                expect(os.path.exists(f"{STATE}/{user}") == (number > 1), "a state is left")


@suite.case("a set-up that was broken off goes on at the next sign-in")
def _():
    user = newcomer("goeson")
    with asking():
        log = Log()
        person = Newcomer(user).goes_on(QUESTIONS[:2])
        person.sees(NUMBER)
        person.sign_in.child.kill(signal.SIGKILL)
        expect(log.audit("aborted", user), log.text())
        again = Newcomer(user)
        again.app = person.app
        done = again.goes_on(QUESTIONS[2:]).ends()
        expect(done.granted and "Step 2 of 4" in done.screen, done.screen)


for forgotten, stack in FORGETFUL.items():
    suite.case(f"a stack that forgets {forgotten}: nobody gets in unregistered")(
        lambda what=forgotten, lines=stack: closed_without(what, lines))


def closed_without(what, lines):
    user, log = newcomer("shape" + str(list(FORGETFUL).index(what))), Log()
    with asking(), serving("loose", LOOSE, lines):
        # Where there is no password line of ours, sshd has the password changed instead: done, and still not in.
        changed = [(r"Current password: $", PASSWORD), (r"[Nn]ew password: $", "battery staple 9"),
                   (r"[Nn]ew password: $", "battery staple 9")]
        done = SignIn(user, [FIRST] + (changed if "password" not in lines else []), port=LOOSE)
        expect(not done.granted, f"{what}: {done.screen}")
        expect(log.wait("set-up was needed and not done"), log.text())
        expect(standing(user) == ("none", {}), str(standing(user)))


@suite.case("a stack that forgets the session line alone leads through registration all the same")
def _():
    user = newcomer("shape9")
    with asking(), serving("loose", LOOSE, AUTH + ACCOUNT + "session required pam_unix.so\n" + PASSWORD_LINE):
        expect(Newcomer(user, LOOSE).goes_on().ends().granted, "not in")


@suite.case("password only, where nothing can be asked: refused")
def _():
    user = newcomer("shape10")
    with asking():
        server = Sshd("blind", f"Port {LOOSE}\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\n{SSHD}"
                      "AuthenticationMethods password\n", AUTH + ACCOUNT + SESSION + PASSWORD_LINE, "")
        try:
            done = SignIn(user, [(r"password: $", PASSWORD)], port=LOOSE)
            expect(not done.granted, done.screen)
        finally:
            server.stop()


@suite.case("after a reset the next sign-in leads through registration, also where only the enrolled are asked")
def _():
    user = newcomer("reset1")
    with asking("version: 1\nservices:\n  sshd: {require: enrolled, account: enforce}\n" + REST):
        expect(SignIn(user, [FIRST], port=WHOLE).granted, "asked before he was enrolled")
        write(CONFIG, ASKS)
        expect(Newcomer(user).goes_on().ends().granted, "not registered")
        write(CONFIG, "version: 1\nservices:\n  sshd: {require: enrolled, account: enforce}\n" + REST)
        run("utmfa-admin", "reset", user, "--reason", "lost everything", "--yes")
        broken = Newcomer(user)
        broken.sees(NAME)
        broken.sign_in.child.sendintr()
        expect(not broken.ends().granted, "let in half way")
        expect(Newcomer(user).goes_on().ends().granted, "not registered again")
        expect(standing(user)[0] == "active", str(standing(user)))


@suite.case("after a reset a service that says what becomes of the unregistered does that")
def _():
    user = newcomer("reset2")
    with asking():
        expect(Newcomer(user).goes_on().ends().granted, "not registered")
        run("utmfa-admin", "reset", user, "--reason", "lost everything", "--yes")
        write(CONFIG, "version: 1\nservices:\n  sshd: {require: always, not-enrolled: allow}\n" + REST)
        expect(SignIn(user, [FIRST], port=WHOLE).granted, "allow")
        write(CONFIG, "version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n" + REST)
        expect(not SignIn(user, [FIRST] + [(CODE_PROMPT, "000000")] * 3, port=WHOLE).granted, "deny")


@suite.case("registering in Japanese")
def _():
    user = newcomer("led5")
    with asking(ASKS + "language: ja\n"):
        person = Newcomer(user)
        person.sign_in.child.expect("機器の名前|端末の名前|アプリ")
        person.sign_in.give_up()
