# SPDX-License-Identifier: Apache-2.0
# Real screen lockers of Debian on an X server without a screen, driven by key presses: i3lock, which has one field and no
# text, xsecurelock and XScreenSaver, which show each question. They run as the person, and speak over the user socket.
import contextlib
import os
import shutil
import subprocess

from cases_sudo import ASK_ALL, account, as_person
from client import PASSWORD, Log, write
from people import uid_of
from stage import configured, settle, suite
from suite import expect

DISPLAY = ":7"
EXAMPLES = "/usr/share/doc/utmfa/pam.d"
IN_TURN = "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\n"


@contextlib.contextmanager
def screen():
    """An X server; it says its display number once it takes clients."""
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), DISPLAY, "-screen", "0", "800x600x24", "-nolisten", "tcp",
                               "-ac"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        expect(os.read(reading, 10), "Xvfb did not start")
        yield
    finally:
        os.close(reading)
        server.terminate()
        server.wait(timeout=20)


def presses(*words):
    subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": DISPLAY}, check=True, timeout=30)


def types(text):
    presses("type", "--delay", "20", text)
    presses("key", "Return")


@contextlib.contextmanager
def locked(name, *words, environment=()):
    home = f"HOME=/home/u{uid_of(name)}"
    program = subprocess.Popen(as_person(name, "env", home, f"DISPLAY={DISPLAY}", *environment, *words),
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield program
    finally:
        program.kill()
        program.wait(timeout=20)


def shown(title):
    """Waits until a window with that name is on the screen."""
    presses("search", "--sync", "--onlyvisible", "--limit", "1", *title)


def i3lock(name):
    return locked(name, "i3lock", "-n", "-c", "303030")


@suite.case("i3lock, one field and no text: password and code behind each other unlock; each alone, or wrong, does not")
def _():
    person = account("admin1")
    shutil.copy(f"{EXAMPLES}/i3lock.example", "/etc/pam.d/i3lock")
    with configured(ASK_ALL), screen(), i3lock("admin1") as lock:
        shown(["--name", "i3lock"])
        for typed, reason in ((PASSWORD, "no code behind the password"),
                              (PASSWORD + person.apps["app-1"].wrong(), "wrong answer")):
            log = Log()
            types(typed)
            line = log.audit("denied", "admin1", seconds=20)
            expect(line and reason in line and lock.poll() is None, f"{typed}: {log.text()}")
        log = Log()
        types("wrong horse" + person.code())
        expect(log.wait("authentication failure.*admin1", seconds=20) and lock.poll() is None, log.text())
        types(PASSWORD + person.code())
        expect(lock.wait(timeout=20) == 0, "still locked")
    settle("admin1")


@suite.case("i3lock of somebody who need not give a code: the password, as ever")
def _():
    shutil.copy(f"{EXAMPLES}/i3lock.example", "/etc/pam.d/i3lock")
    with configured(ASK_ALL), screen(), i3lock("deploy") as lock:
        shown(["--name", "i3lock"])
        types(PASSWORD)
        expect(lock.wait(timeout=20) == 0, "still locked")


@suite.case("xsecurelock: asks in turn; a wrong code leaves it locked")
def _():
    person = account("admin1")
    write("/etc/pam.d/xsecurelock", IN_TURN)
    settings = ["XSECURELOCK_PAM_SERVICE=xsecurelock", "XSECURELOCK_COMPOSITE_OBSCURER=0", "XSECURELOCK_SAVER=saver_blank"]
    with configured(ASK_ALL), screen(), locked("admin1", "xsecurelock", environment=settings) as lock:
        asks_in_turn(person, lock)
        expect(lock.wait(timeout=20) == 0, "still locked")
    settle("admin1")


def asks_in_turn(person, lock):
    """As a person does it: what was typed before the locker looked is wiped and typed again."""
    log, wrong = Log(), person.apps["app-1"].wrong()
    for _ in range(5):
        presses("key", "space", "ctrl+u")
        types(PASSWORD)
        types(wrong)
        if log.audit("wrong", "admin1", seconds=5):
            break
    expect(log.audit("wrong", "admin1", seconds=1) and lock.poll() is None, log.text())
    types(person.code())
    expect(log.audit("granted", "admin1", seconds=20), log.text())


@suite.case("XScreenSaver: asks in turn; a wrong code leaves it locked")
def _():
    person = account("admin1")
    write("/etc/pam.d/xscreensaver", IN_TURN)
    with configured(ASK_ALL), screen(), locked("admin1", "xscreensaver", "--no-splash") as lock:
        presses("search", "--sync", "--limit", "1", "--name", "XScreenSaver Daemon")
        said = subprocess.run(as_person("admin1", "env", f"DISPLAY={DISPLAY}", "xscreensaver-command", "--lock"),
                              capture_output=True, text=True, timeout=30, check=False)
        expect(said.returncode == 0, said.stderr)
        shown(["--name", "^XScreenSaver$"])
        asks_in_turn(person, lock)
    settle("admin1")
