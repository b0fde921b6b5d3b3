# SPDX-License-Identifier: Apache-2.0
# Where else people come to register: a campaign that they may put off, a greeter with room for one short line, su, which
# keeps one PAM handle throughout, and a stack in which nothing has asked before who they are.
import contextlib
import re

import pexpect

from cases_self import as_him
from cases_set_up import (ACCOUNT, AUTH, BY_KEY, LOOSE, NAME, PASSWORD_LINE, QUESTIONS, REST, SESSION, WHOLE, Newcomer,
                          asking, serving, standing)
from client import CODE_PROMPT, CONFIG, PASSWORD, PASSWORD_PROMPT, Log, SignIn, Totp, run, write
from people import newcomer
from stage import FIRST, granted, suite
from suite import expect

OFFER = r"or skip \((\d+) more times\): $"


@suite.case("a campaign: skipped as often as it may be, then demanded; whoever has registered is not asked again")
def _():
    user = newcomer("remind1")
    with asking("version: 1\nservices:\n  sshd: {remind: 2}\n" + REST):
        for left in ("1", "0"):
            log = Log()
            done = SignIn(user, [FIRST, (OFFER, "later"), (OFFER, "skip")], port=WHOLE)
            expect(done.granted and re.findall(OFFER[:-1], done.screen) == [left, left], done.screen)
            expect(log.audit("put-off", user) and log.audit("set-up-put-off", user), log.text())
        person = Newcomer(user)
        expect("skip" not in person.sees(NAME), "asked a third time")
        person.sign_in.child.sendintr()
        expect(not person.ends().granted, "let in without registering")
        person = Newcomer(user)
        expect(person.goes_on().ends().granted, "not registered")
        granted(user, [FIRST, (CODE_PROMPT, person.app.code)], port=WHOLE)
        user = newcomer("remind2")
        person = Newcomer(user)
        person.sees(OFFER)
        person.types("")
        expect(person.goes_on().ends().granted and standing(user)[0] == "active", person.sign_in.screen)


@suite.case("a campaign: an offer that is left open opens nothing for who has registered meanwhile")
def _():
    for number, answer in enumerate(("skip", "", "yes")):
        user = newcomer(f"remind{number + 3}")
        with asking("version: 1\nservices:\n  sshd: {remind: 2}\n" + REST):
            person = Newcomer(user)
            person.sees(OFFER)
            other = Newcomer(user)
            other.sees(OFFER)
            other.types("")
            expect(other.goes_on().ends().granted, other.sign_in.screen)
            person.types(answer)
            expect(not person.ends().granted, f"{answer!r}: {person.sign_in.screen}")
            expect("Please sign in again" in person.sign_in.screen, person.sign_in.screen)


@suite.case("a campaign and a lost connection at its question: not in, and not counted")
def _():
    user = newcomer("remind6")
    with asking("version: 1\nservices:\n  sshd: {remind: 2}\n" + REST):
        for _ in range(3):
            log = Log()
            person = Newcomer(user)
            expect("(1 more times)" in person.sees(OFFER), person.sign_in.screen)
            person.sign_in.child.kill(9)
            expect(not person.ends().granted and log.audit("aborted", user), log.text())
        expect(standing(user) == ("none", {}), str(standing(user)))


LONGEST_LINE = 60
GREETER = ["Name of the device: $", r"Code that the app shows now: $", r"Number \[1\]: $"] + \
    ["Write it down, then Enter: $"] * 10 + QUESTIONS[3:]


def as_greeter(lines):
    return lines.replace("pam_utmfa.so", "pam_utmfa.so service=gdm-password")


def led_at_a_greeter(user, wrong_first):
    person = Newcomer(user, LOOSE)
    said = []
    for number, prompt in enumerate(GREETER):
        before = len(person.sign_in.screen)
        person.sign_in.wait_for(prompt)
        said.append(person.sign_in.screen[before:])
        secret = re.search(r"For the app: ([A-Z2-7 ]+)", said[-1])
        if secret and not person.app:
            person.app = Totp(secret[1].replace(" ", ""))
        person.codes += re.findall(r"Recovery code \d+ of 10: (\S+)", said[-1])
        if wrong_first and number == 1:
            person.types(person.app.wrong())
            again = len(person.sign_in.screen)
            person.sign_in.wait_for(prompt)
            said.append(person.sign_in.screen[again:])
            expect("not right" in said[-1] and "For the app:" in said[-1], said[-1])
        known = {GREETER[0]: "iPhone", GREETER[1]: person.app and person.app.code, GREETER[3]: ""}
        answer = known[prompt] if prompt in known else person.answer(prompt)
        person.types(answer() if callable(answer) else answer)
    return person, said


@suite.case("at a greeter every text is one short line, the steps are numbered, and it ends registered and in")
def _():
    user = newcomer("greeter1")
    config = ("version: 1\nservices:\n  gdm-password: {require: always, not-enrolled: set-up, account: enforce}\n"
              + REST)
    with asking(config), serving("greeter", LOOSE, as_greeter(AUTH + ACCOUNT + SESSION + PASSWORD_LINE)):
        person, said = led_at_a_greeter(user, wrong_first=True)
        expect(person.ends().granted, person.sign_in.screen)
        texts = re.sub(r"\([^()]*@[^()]*\) ", "", "".join(said)).replace("\r", "\n").split("\n")
        long = [text for text in texts if len(text.rstrip()) > LONGEST_LINE]
        expect(not long, f"too long: {long}")
        expect(all(f"Step {step} of 4" in "".join(said) for step in (1, 2, 3, 4)), "".join(said))
        expect("█" not in "".join(said) and "otpauth" not in "".join(said), "a picture for a greeter")
        expect(len(person.codes) == 9 and standing(user)[0] == "active", str(standing(user)))


@contextlib.contextmanager
def su_stack(lines, config):
    write("/etc/pam.d/su", lines)
    write(CONFIG, config)
    with asking(config):
        yield


def su(user, stranger):
    program, *words = as_him(stranger, "su", user, "-c", "echo in as $(id -un)")
    child = pexpect.spawn(program, words, encoding="utf-8", timeout=20, echo=False)
    child.delaybeforesend = None
    child.expect(PASSWORD_PROMPT)
    child.sendline(PASSWORD)
    return child


def su_says(user, stranger, talk=()):
    child = su(user, stranger)
    said = ""
    for prompt, answer in talk:
        ended = child.expect([prompt, pexpect.EOF])
        said += child.before + ("" if ended else child.after)
        if ended:
            break
        child.sendline(answer)
    else:
        child.expect(pexpect.EOF)
        said += child.before
    child.close()
    return said


CHANGED = [(r"Current password: $", PASSWORD), (r"[Nn]ew password: $", "battery staple 9"),
           (r"[Nn]ew password: $", "battery staple 9")]
PERMIT = "password required pam_permit.so\n"
PLAIN_ACCOUNT, PLAIN_SESSION = "account required pam_unix.so\n", "session required pam_unix.so\n"
SHAPES = [PLAIN_ACCOUNT + PLAIN_SESSION + PERMIT, ACCOUNT + PLAIN_SESSION + PERMIT, PLAIN_ACCOUNT + SESSION + PERMIT,
          ACCOUNT + SESSION + PERMIT, ACCOUNT + PLAIN_SESSION + "password required pam_unix.so\n",
          PLAIN_ACCOUNT + PLAIN_SESSION + PASSWORD_LINE]


@suite.case("su, which keeps one PAM handle: no shape of the stack lets the unregistered in")
def _():
    stranger = newcomer("su0")
    rule = "version: 1\nservices:\n  su: {require: always, not-enrolled: set-up, account: %s}\n" + REST
    for number, shape in enumerate(SHAPES):
        for control in ("required", "sufficient", "optional") if number == 0 else ("required",):
            user = newcomer(f"su{control}{number}")
            auth = f"auth required pam_unix.so\nauth {control} pam_utmfa.so\nauth required pam_permit.so\n"
            with su_stack(auth + shape, rule % "enforce"):
                log = Log()
                said = su_says(user, stranger, CHANGED)
                expect("in as" not in said, f"{auth}{shape}: {said}")
                expect(log.wait("set-up was needed and not done"), f"{auth}{shape}: {said} {log.text()}")
            with su_stack(auth.replace("optional", "required") + shape, rule % "off"):
                if control != "required":
                    continue
                said = su_says(user, stranger, CHANGED)
                expect("in as" not in said and "Run utmfa-enroll first" in said, f"{auth}{shape}: {said}")


@suite.case("su: led through registration in its own conversation, and in")
def _():
    user, stranger = newcomer("su7"), newcomer("su8")
    rule = "version: 1\nservices:\n  su: {require: always, not-enrolled: set-up, account: enforce}\n" + REST
    with su_stack(AUTH + ACCOUNT + SESSION + PASSWORD_LINE, rule):
        person = Newcomer.__new__(Newcomer)
        person.user, person.app, person.codes = user, None, []
        person.sign_in = OnTerminal(su(user, stranger))
        person.goes_on()
        person.sign_in.child.expect(pexpect.EOF)
        expect(f"in as {user}" in person.sign_in.child.before, person.sign_in.child.before)
        expect(standing(user)[0] == "active", str(standing(user)))


class OnTerminal:
    """What a Newcomer needs of a sign-in."""

    def __init__(self, child):
        self.child, self.screen = child, ""

    wait_for = SignIn.wait_for


@suite.case("after a reset a service without account: enforce keeps out until the person has registered elsewhere")
def _():
    user, stranger = newcomer("su9"), newcomer("su10")
    rule = "version: 1\nservices:\n  su: {require: enrolled}\n  sshd: {require: enrolled}\n" + REST
    shape = AUTH + PLAIN_ACCOUNT + PLAIN_SESSION
    with su_stack(shape, rule):
        expect(f"in as {user}" in su_says(user, stranger), "asked before he was enrolled")
        run("utmfa-enroll", "--user", user, "add", "recovery", "--json")
        run("utmfa-admin", "reset", user, "--reason", "lost everything", "--yes")
        said = su_says(user, stranger)
        expect("in as" not in said and "Run utmfa-enroll first" in said, said)
        explained = run("utmfa-admin", "explain", user, "su", check=False).stdout
        expect("has to register first" in explained and "account = off" in explained, explained)
        expect(Newcomer(user).goes_on().ends().granted, "not registered")
        expect("in as" not in su_says(user, stranger, [(CODE_PROMPT, "000000")] * 3), "not asked")


@suite.case("a stack that asks for nothing else registers nobody")
def _():
    user = newcomer("nothing1")
    config = "version: 1\nservices:\n  sshd: {require: always, not-enrolled: set-up, account: enforce}\n" + REST
    with asking(config), serving("nothing", LOOSE, BY_KEY, "keyboard-interactive:pam"):
        log = Log()
        done = SignIn(user, [(NAME, "mine")], port=LOOSE)
        expect(not done.granted and "Sign in once with your password" in done.screen, done.screen)
        expect(log.wait("no password and no key was asked for before"), log.text())
        expect(standing(user) == ("none", {}), str(standing(user)))
