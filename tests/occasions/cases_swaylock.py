# SPDX-License-Identifier: Apache-2.0
# swaylock of Debian, a locker of Wayland with one field and no text, on a real compositor (sway) without a screen: keys come
# from a keyboard in software, and what a person sees is read from pictures. It runs as the person.
import contextlib
import io
import os
import shutil
import subprocess
import time

from cases_lockers import EXAMPLES
from cases_sudo import ASK_ALL, account, as_person
from client import PASSWORD, Log, run, write
from people import uid_of
from PIL import Image
from stage import configured, settle, suite
from suite import expect

EVENT = 60  # seconds, for one event on a busy machine
DESKTOP, LOCKED, LOOKS, WRONG = "00a000", "a0a000", "0000ff", "ff0000"  # what the pictures are told apart by
COLOURS = ["--indicator-radius", "150", "--indicator-thickness", "60", "--color", LOCKED, "--ring-ver-color", LOOKS,
           "--ring-wrong-color", WRONG]


class Desktop:
    """A compositor of one person, with a keyboard that stays plugged in."""

    def __init__(self, name):
        self.name, self.directory = name, f"/run/user/{uid_of(name)}"
        self.socket = self.compositor = self.keyboard = None

    def start(self, *words, **how):
        settings = [f"HOME=/home/u{uid_of(self.name)}", f"XDG_RUNTIME_DIR={self.directory}", "LIBSEAT_BACKEND=noop",
                    "WLR_BACKENDS=headless", "WLR_RENDERER=pixman", "WLR_LIBINPUT_NO_DEVICES=1"]
        settings += [f"WAYLAND_DISPLAY={self.socket}"] if self.socket else []
        return subprocess.Popen(as_person(self.name, "env", *settings, *words), stdin=subprocess.DEVNULL, **how)

    def __enter__(self):
        os.makedirs(self.directory, mode=0o700)
        os.chown(self.directory, uid_of(self.name), uid_of(self.name))
        ready = self.directory + "/ready"
        run(*as_person(self.name, "mkfifo", ready))
        write("/etc/sway-of-the-case", f"xwayland disable\noutput * resolution 640x480 bg #{DESKTOP} solid_color\n"
                                       f'exec echo "$WAYLAND_DISPLAY" > {ready}\n')
        self.compositor = self.start("sway", "--config", "/etc/sway-of-the-case", stderr=subprocess.DEVNULL)
        with open(os.open(ready, os.O_RDWR), encoding="ascii") as said:
            self.socket = said.readline().strip()
        self.keyboard = self.start("wtype", "-s", "3600000")
        return self

    def __exit__(self, *_):
        for process in (self.keyboard, self.compositor):
            process.terminate()
            process.wait(timeout=EVENT)
        shutil.rmtree(self.directory)

    def presses(self, *words):
        expect(self.start("wtype", *words).wait(timeout=EVENT) == 0, "no key could be pressed")

    def types(self, text):
        self.presses("-M", "ctrl", "u", "-m", "ctrl")  # what may stand there
        self.presses("-d", "20", text, "-k", "Return")

    def colours(self):
        """Those of the screen as it is now."""
        picture = self.start("grim", "-t", "ppm", "-", stdout=subprocess.PIPE).communicate(timeout=EVENT)[0]
        counted = Image.open(io.BytesIO(picture)).convert("RGB").getcolors(1 << 20)
        return {bytes(colour).hex() for _, colour in counted}

    def shows(self, colour, without):
        """Waits until it is on the screen, and the other is not."""
        until = time.monotonic() + EVENT
        while colour not in (seen := self.colours()) or without in seen:
            expect(time.monotonic() < until, f"not on the screen: {colour} without {without}")

    @contextlib.contextmanager
    def locked(self):
        program = self.start("swaylock", *COLOURS, stderr=subprocess.PIPE, text=True)
        try:
            self.shows(LOCKED, without=DESKTOP)
            yield program
        finally:
            program.kill()
            program.communicate(timeout=EVENT)


def stays_locked(desktop, lock, typed, pattern):
    """Refused, and the locker takes keys again."""
    log = Log()
    desktop.types(typed)
    expect(log.wait(pattern, seconds=EVENT), f"{typed}: {log.text()}")
    while "pam_authenticate failed" not in (said := lock.stderr.readline()):
        expect(said, f"{typed}: swaylock ended: {lock.poll()}")
    desktop.shows(LOCKED, without=LOOKS)
    expect(lock.poll() is None and DESKTOP not in desktop.colours(), f"{typed}: not locked")


@suite.case("swaylock, one field and no text: password and code behind each other unlock; each alone, or wrong, does not")
def _():
    person = account("admin1")
    shutil.copy(f"{EXAMPLES}/i3lock.example", "/etc/pam.d/swaylock")
    with configured(ASK_ALL), Desktop("admin1") as desktop:
        desktop.shows(DESKTOP, without=LOCKED)
        with desktop.locked() as lock:
            stays_locked(desktop, lock, PASSWORD, r"denied user=admin1 .*no code behind the password")
            stays_locked(desktop, lock, PASSWORD + person.apps["app-1"].wrong(), r"(denied|wrong) user=admin1 .*wrong answer")
            stays_locked(desktop, lock, "wrong horse" + person.code(), "authentication failure.*admin1")
            log = Log()
            desktop.types(PASSWORD + person.code())
            expect(lock.wait(timeout=EVENT) == 0, "still locked")
            expect(log.audit("granted", "admin1"), log.text())
        desktop.shows(DESKTOP, without=LOCKED)
    settle("admin1")


@suite.case("swaylock of somebody who need not give a code: the password, as ever")
def _():
    shutil.copy(f"{EXAMPLES}/i3lock.example", "/etc/pam.d/swaylock")
    with configured(ASK_ALL), Desktop("deploy") as desktop, desktop.locked() as lock:
        stays_locked(desktop, lock, "wrong horse", "authentication failure.*deploy")
        desktop.types(PASSWORD)
        expect(lock.wait(timeout=EVENT) == 0, "still locked")
