# SPDX-License-Identifier: Apache-2.0
# utmfa-enroll on terminals of several sizes, in English and Japanese, by the person and by root for him: the four steps
# to their end, and broken off by Ctrl-C and by a terminal that is closed at every question.
import os
import re
import signal

import pexpect

from cases_self import Terminal, registered, rules
from cases_set_up import APPLY, AS_AT_A_SIGN_IN, CODE, LEFT, NAME, NUMBER, WRITTEN, standing
from client import STATE, Log, Totp, run, write
from people import newcomer
from stage import suite
from suite import expect

ENGLISH = [NAME, CODE, NUMBER, WRITTEN, AS_AT_A_SIGN_IN, AS_AT_A_SIGN_IN, APPLY]
JAPANESE_SIGN_IN = r"(確認コード|リカバリーコード)[^\r\n]*: ?$"
JAPANESE = [r"機器の名前[^\r\n]*: $", r"コード[^\r\n]*: $", r"番号 \[1\]: $", r"控えましたか[^\r\n]*\[no\]: $",
            JAPANESE_SIGN_IN, JAPANESE_SIGN_IN, r"申請しますか[^\r\n]*\[yes\]: $"]
LANGUAGES = {"C.UTF-8": ENGLISH, "ja_JP.UTF-8": JAPANESE}


class Steps:
    """The four steps on one terminal, as far as wanted."""

    def __init__(self, terminal, prompts=ENGLISH):
        self.terminal, self.prompts = terminal, prompts
        self.screen, self.secret, self.app, self.codes = "", "", None, []

    def sees(self, number):
        child = self.terminal.child
        child.expect(self.prompts[number])
        self.screen += child.before + child.after
        plain = re.sub(r"\s+", "", re.sub(r"\x1b\[[0-9;]*m", "", child.before))
        found = re.search(r"secret=([A-Z2-7]{32})", plain)
        if found and not self.app:
            self.secret, self.app = found[1], Totp(found[1])
        self.codes = self.codes or re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", child.before)

    def goes_on(self, end=7, start=0):
        for number in range(start, end):
            self.sees(number)
            by_code = self.app.code if number in (1, 4) else None
            answer = by_code() if by_code else ["iPhone", None, "1", "yes", None, self.codes and self.codes[-1], ""][number]
            self.terminal.child.sendline(answer)
        return self

    def ends(self, status=0):
        self.screen += self.terminal.ends(status)
        return self


def read_by_a_phone(screen):
    """What a scanner reads in the half blocks, black on white."""
    rows = []
    for line in re.findall(r"\x1b\[38;5;16;48;5;231m([█▀▄ ]+)\x1b\[0m", screen):
        rows += [[c in "█▀" for c in line], [c in "█▄" for c in line]]
    wide = [" ".join("1" if c else "0" for c in [False] * 4 + row + [False] * 4 for _ in range(6)) for row in rows for _ in range(6)]
    blank = [" ".join("0" for _ in range(len(wide[0].split())))] * 24 if wide else []
    write("/tmp/qr.pbm", f"P1\n{len(wide[0].split()) if wide else 1} {len(wide) + 48 or 1}\n" + "\n".join(blank + wide + blank) + "\n")
    return run("zbarimg", "-q", "--raw", "/tmp/qr.pbm", check=False).stdout.strip()


def whole(user, by, language, dimensions):
    steps = Steps(Terminal(user, by=by, language=language, dimensions=dimensions), LANGUAGES[language]).goes_on().ends()
    expect(standing(user) == ("active", {"app-1": (True, True), "recovery": (True, True)}), str(standing(user)))
    groups = " ".join(steps.secret[at:at + 4] for at in range(0, 32, 4))
    expect(groups in steps.screen and f"secret={steps.secret}" in re.sub(r"[\r\n]", "", steps.screen), steps.screen)
    for step in range(1, 5):
        progress = f"Step {step} of 4. " if language == "C.UTF-8" else f"手順 {step}（全 4 手順）: "
        expect(progress in steps.screen, f"no {progress}: {steps.screen}")
    return steps


for name, size in (("80x24", (24, 80)), ("40x12", (12, 40)), ("200x60", (60, 200))):
    for tongue in LANGUAGES:
        suite.case(f"the four steps on a terminal of {name}, {tongue}")(
            lambda size=size, tongue=tongue, name=name: on_a_terminal(name, size, tongue))


def on_a_terminal(name, size, tongue):
    with rules():
        for by in ("himself", "root"):
            steps = whole(newcomer(f"tty{name}{tongue[:2].lower()}{by}"), by, tongue, size)
            drawn = "\x1b[38;5;16;48;5;231m" in steps.screen
            expect(drawn == (size[0] >= 24), f"drawn: {drawn}")
            if drawn and run("sh", "-c", "command -v zbarimg", check=False).returncode == 0:
                expect(f"secret={steps.secret}" in read_by_a_phone(steps.screen), "a phone cannot read it")
            if not drawn:
                left_out = "QR code is left out" if tongue == "C.UTF-8" else "QR コード"
                expect(left_out in re.sub(r"\r\n", "", steps.screen), steps.screen)
            if tongue != "C.UTF-8":
                english = re.findall(r"\b(?:the|your|that|from now|Step|works|Applied|sheet)\b", steps.screen)
                expect(not english, f"not translated: {english}: {steps.screen}")


@suite.case("Ctrl-C and a closed terminal at every question of utmfa-enroll: nothing half done, and it goes on there")
def _():
    with rules():
        for by in ("himself", "root"):
            for how in ("interrupt", "closed", "end of input"):
                for number in range(7):
                    user = newcomer(f"{by}{how.replace(' ', '')}{number}")
                    steps, log = Steps(Terminal(user, by=by)).goes_on(number), Log()
                    steps.sees(number)
                    stopped(steps, how, number)
                    if how == "closed":
                        expect(number not in (1, 3) or log.audit("withdrawn", user), f"{by} {number}: {log.text()}")
                    expect(standing(user) == LEFT[number], f"{by} {how} at {number}: {standing(user)}")
                    expect(by == "root" or os.path.exists(f"{STATE}/{user}") == (number > 1), f"{how} {number}: a state")
                    if how == "interrupt":
                        again = Steps(Terminal(user, by=by))
                        again.app, again.codes = steps.app if number > 1 else None, steps.codes[:-1] if number > 3 else []
                        again.goes_on(start=number if number not in (1, 3) else number - 1).ends()
                        expect(standing(user)[0] == "active", f"{by} {number}: {standing(user)}")


def stopped(steps, how, number):
    child = steps.terminal.child
    if how == "interrupt":
        child.send("\x03")
    elif how == "closed":
        child.kill(signal.SIGHUP)
    else:
        child.sendeof()
    said = ""
    while child.expect([pexpect.EOF, r"to try again, Ctrl-C to stop: $"]):
        said += child.before
        child.sendeof()
    said += child.before
    child.close()
    expect(not (child.exitstatus == 0), f"{how} at {number}: exit 0: {said}")
    expect(how == "closed" or "Stopped in step" in said, f"{how} at {number}: {said}")


@suite.case("Ctrl-C at every question of the other verbs changes nothing")
def _():
    with rules():
        user = newcomer("ttyverbs")
        app, _ = registered(user)
        before = run("utmfa-enroll", "--user", user, "list", "--json").stdout
        for words in (["rename", "app-1", "Tablet"], ["remove", "recovery"], ["default", "app-1"], ["add", "totp"],
                      ["add", "recovery"], ["order", "app-1", "recovery"]):
            terminal = Terminal(user, *words)
            terminal.child.expect(AS_AT_A_SIGN_IN)
            terminal.child.send("\x03")
            terminal.ends(1)
            after = run("utmfa-enroll", "--user", user, "list", "--json").stdout
            expect(after == before, f"{words}: {after}")
        terminal = Terminal(user, "add", "totp")
        terminal.answer(AS_AT_A_SIGN_IN, app.code())
        terminal.child.expect(CODE)
        terminal.child.send("\x03")
        terminal.ends(1)
        listed = standing(user)
        expect(listed == ("active", {"app-1": (True, True), "recovery": (True, True)}), str(listed))
