# SPDX-License-Identifier: Apache-2.0
# The locked screen of a GNOME desktop that was opened at the greeter. The shell of the session asks there, and GDM calls
# the same PAM service once more. One desktop for all of these cases; each locks it anew.
import functools

from screen import SMALL, TICK, Screen, bare, digits, found
from stage import ASKED, IPHONE, NAME, OTHER, PASSWORD, RECOVERY, configured, half_in, let_in, somebody, stage, suite

LOOKS = 480  # at the word of logind
STEP = 10  # seconds, until it is looked anew where the screen stands
CLOCK = "Click or|press a key|to unlock"


def logind(*words):
    return stage.machine.run("loginctl", *words).stdout.strip()


class Desktop:
    def __init__(self, person):
        self.person = person
        stage.journal.forget()
        stage.machine.run("touch", f"/home/{person.name}/wants-a-desktop")
        self.screen = Screen(stage.machine, stage.journal, stage.pictures, "unlock", shape=SMALL)
        self.screen.wait_for(NAME)
        half_in(self.screen, person)
        self.screen.wait_for(IPHONE)
        self.screen.type(person.app.code())
        let_in(person)
        bus = f"unix:path=/run/user/{logind('show-user', person.name, '-p', 'UID', '--value')}/bus"
        stage.machine.run("runuser", "-u", person.name, "--", "env", "DBUS_SESSION_BUS_ADDRESS=" + bus, "gdbus", "wait",
                          "--session", "--timeout", "110", "org.gnome.Shell.ScreenShield")
        self.session = logind("show-user", person.name, "-p", "Display", "--value")

    def is_locked(self, word, meanwhile=None):
        """Waits until the shell has told logind so."""
        for _ in range(LOOKS):
            if (now := logind("show-session", self.session, "-p", "LockedHint", "--value")) == word:
                return
            if meanwhile:
                meanwhile()
            stage.journal.tick(TICK)
        raise AssertionError(f"locked: {now}, where {word} was waited for; the screen: {self.screen.text()!r}")

    def lock(self):
        """Up to where the shell asks for the password, whatever stood there before."""
        # Said again until it is done: a shell that has just drawn its desktop says that an application blocks the lock.
        self.is_locked("yes", meanwhile=lambda: logind("lock-session", self.session))
        while not self.asks():
            pass
        stage.journal.forget()

    def asks(self):
        """One step there: a key lights the dark screen, the next one leads from the clock to the question. Who goes back
        from a later one comes to the password, and to the clock after two minutes."""
        text = self.screen.text()
        if found(CLOCK, text):
            return self.led_by("BackSpace", ASKED)
        if len(bare(text)) < 4:  # dark: nothing but the mouse
            return found(ASKED, self.led_by("BackSpace", f"{CLOCK}|{ASKED}") or "")
        if found(ASKED, text):
            self.screen.key("ctrl+a", "BackSpace")
            return self.screen.settled(ASKED)
        self.led_by("Escape", f"{CLOCK}|{ASKED}")
        return None

    def led_by(self, key, pattern):
        self.screen.key(key)
        try:
            return self.screen.wait_for(pattern, seconds=STEP)
        except AssertionError:
            return None


@functools.cache
def desktop():
    return Desktop(somebody("ichiro", "app", "sheet"))


def locked():
    there = desktop()
    there.lock()
    return there, there.screen, there.person


@suite.case("a locked desktop: password and code open it; a wrong code is told and leaves it locked")
def _():
    there, screen, person = locked()
    screen.shot("password")
    assert "iPhone" not in screen.text(), screen.text()
    screen.type(PASSWORD)
    screen.wait_for(IPHONE, OTHER)
    screen.shot("code")
    screen.type("000000")
    screen.wait_for("That code is not right", OTHER, IPHONE)
    screen.shot("wrong")
    there.is_locked("yes")
    screen.type(person.app.code())
    there.is_locked("no")
    stage.journal.wait_for("granted user=ichiro service=gdm-password")


@suite.case("a locked desktop: an empty answer opens the list, and a recovery code opens the desktop")
def _():
    there, screen, person = locked()
    screen.type(PASSWORD)
    screen.wait_for(IPHONE, OTHER)
    screen.type("")
    screen.wait_for("Confirm another way", digits("2") + " Recovery sheet", "Click, or type its number")
    screen.shot("list")
    screen.type("2")
    screen.wait_for(RECOVERY, OTHER)
    screen.type(person.codes.pop(0))
    there.is_locked("no")
    stage.journal.wait_for("granted user=ichiro service=gdm-password .*method=recovery")


@suite.case("a locked desktop: who goes back from the code has ended that, and it stays locked")
def _():
    there, screen, person = locked()
    screen.type(PASSWORD)
    screen.wait_for(IPHONE)
    screen.key("Escape")
    stage.journal.wait_for("aborted user=ichiro service=gdm-password")
    screen.settled(f"{CLOCK}|{ASKED}", without=IPHONE)
    there.is_locked("yes")
    there.lock()
    screen.type(PASSWORD)
    screen.wait_for(IPHONE)
    screen.type(person.app.code())
    there.is_locked("no")


@suite.case("a locked desktop where the service says unlock: skip: the password opens it, a wrong one does not")
def _():
    with configured(more=", unlock: skip"):
        there, screen, _ = locked()
        screen.type("wrong horse")
        screen.wait_for(ASKED, "(Sorry|didn.t work)")
        there.is_locked("yes")
        screen.type(PASSWORD)
        there.is_locked("no")
        stage.journal.wait_for("user=ichiro service=gdm-password .*unlocking: services.gdm-password.unlock = skip")


@suite.case("a locked desktop in Japanese: what we say on it fits and is read")
def _():
    with configured(language="ja"):
        there, screen, person = locked()
        screen.language = "jpn+eng"
        try:
            screen.type(PASSWORD)
            screen.wait_for("iPhone", "コード", "別の方法は.?Enter")
            screen.shot("japanese")
            screen.type(person.app.code())
            there.is_locked("no")
        finally:
            screen.language = "eng"
