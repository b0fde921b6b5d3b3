# SPDX-License-Identifier: Apache-2.0
# The stage of the desktop cases: one machine on which GDM asks, people with methods, and the words in which cases are
# written. Each case opens a display of its own, on which a fresh greeter stands.
import contextlib
import json
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
import key
from client import Totp
from machine import EVENT, PASSWORD, Journal, Machine
from screen import LARGE, Screen, digits, field
from suite import Suite

suite = Suite("desktop", tries=2)
WINDOW = 10  # of totp: so that a case need not wait for the clock
CONFIG = "/etc/utmfa/utmfa.yaml"
USUAL = """\
version: 1
language: {language}
services:
  gdm-password: {{require: always, not-enrolled: {not_enrolled}, account: enforce{more}}}
{services}registration: {{minimum: 1, test: optional, default-kinds: [totp, phone, push, fido]}}
fido: {{program: {program}}}
delivery: {{cooldown: 0s, per-hour: 60, per-day: 60}}
throttle: {{free: {free}, first-delay: 1h, longest-delay: 1h}}
totp: {{window: 10}}
gateways:
  sms: {{command: [/usr/local/sbin/gateway], time-limit: 10s}}
  push: {{command: [/usr/local/sbin/gateway], time-limit: 60s}}
"""
# Keeps what it is given. What a person does in the app comes by a pipe.
GATEWAY = """\
#!/usr/bin/python3 -I
import json, sys
message = json.load(sys.stdin)
with open("/run/box/sent", "a") as file:
    file.write(json.dumps(message) + "\\n")
answer = open("/run/box/answer").read() if message["kind"] == "push" else '{"result": "sent"}'
print(answer % message, flush=True)
"""
DAEMON = """\
[daemon]
WaylandEnable=false
[security]
DisallowTCP=false
[xdmcp]
Enable=true
DisplaysPerHost=8
"""
# What a person gets who is let in: nothing but the word that he is in. It ends at once: GDM takes whoever has a session to
# that one, on whatever display it is. Who wants one to lock has a desktop of GNOME.
SESSION = """\
#!/bin/sh
logger -t desktop "session of $(id -un) is open"
[ ! -e ~/wants-a-desktop ] || exec gnome-session
"""
# Nothing moves on the screen, and a key that a busy machine sees late is no key held down.
SETTINGS = """\
[org.gnome.desktop.interface]
enable-animations=false
[org.gnome.desktop.peripherals.keyboard]
repeat=false
"""
ENTRY = "[Desktop Entry]\nName=Plain\nExec=/usr/local/bin/plain-session\nType=Application\n"


BOX = "/run/box"
OTHER = "Press Enter for another method"
NAME, ASKED, IPHONE, RECOVERY = field("Username"), field("Password"), field("Code from iPhone"), field("Recovery code")
IPHONE_ON_TERMINAL = r"Code from iPhone[^\r\n]*: $"
SMS, BACK = field("Code sent to .{1,6}" + digits("5678")), field("Press Enter to go back")
NAMES = ("taro", "midori", "hanako", "jiro", "saburo", "ichiro", "newcomer")


class Stage:
    machine = journal = pictures = key = None
    people = {}


stage = Stage()


@contextlib.contextmanager
def opened(tree, build, scratch, pictures):
    os.makedirs(pictures, exist_ok=True)
    Totp.window, Totp.reach = WINDOW, WINDOW * 3
    machine = stage.machine = Machine(tree, build, scratch)
    stage.pictures = pictures
    prepare(machine)
    try:
        machine.boot()
        machine.run("utmfa-admin", "setup")
        stage.journal = Journal(machine)
        stage.key = key.plugged(machine)
        yield
    finally:
        with contextlib.suppress(Exception), open(pictures + "/journal.txt", "w", encoding="utf-8") as file:
            file.write(machine.run("journalctl", "-o", "short-precise").stdout)
        machine.stop()


def prepare(machine):
    machine.write("/etc/gdm3/daemon.conf", DAEMON)
    machine.write("/etc/gdm3/greeter.dconf-defaults", "[org/gnome/login-screen]\ndisable-user-list=true\n")
    machine.write("/usr/share/glib-2.0/schemas/90_desktop.gschema.override", SETTINGS)
    machine.before_boot("glib-compile-schemas", "/usr/share/glib-2.0/schemas")
    machine.write("/usr/local/bin/plain-session", SESSION, 0o755)
    machine.write("/usr/local/sbin/gateway", GATEWAY, 0o755)
    for directory in ("/usr/share/xsessions", "/usr/share/wayland-sessions"):
        machine.before_boot("sh", "-c", f"rm -f {directory}/*")
    machine.write("/usr/share/xsessions/plain.desktop", ENTRY)
    machine.write("/etc/pam.d/gdm-password", machine.read("/usr/share/doc/utmfa/pam.d/gdm-password.example"))
    machine.write("/etc/tmpfiles.d/box.conf", f"d {BOX} 0777\nf {BOX}/sent 0666\np {BOX}/answer 0666\n")
    configure()
    key.prepare(machine)
    for unit in ("utmfad-root.socket", "utmfad-user.socket", "gdm.service"):
        machine.before_boot("systemctl", "enable", "-q", unit)
    machine.before_boot("systemd-sysusers")
    for name in NAMES:
        machine.before_boot("useradd", "-m", "-s", "/bin/bash", name)
        machine.before_boot("sh", "-c", f"echo '{name}:{PASSWORD}' | chpasswd")


def configure(more="", services="", free=20, language="auto", not_enrolled="set-up"):
    stage.machine.write(CONFIG, USUAL.format(more=more, services=services, free=free, language=language,
                                             not_enrolled=not_enrolled, program=key.PROGRAM))


@contextlib.contextmanager
def configured(**how):
    """So for a while."""
    configure(**how)
    try:
        yield
    finally:
        configure()


class Somebody:
    """A person who has registered and applied, by root's own utilities."""

    def __init__(self, name, *kinds):
        self.name, self.codes, self.app = name, [], None
        stage.people[name] = self
        for kind in kinds:
            getattr(self, "add_" + kind)()
        self.enroll("apply")

    def enroll(self, *words, stdin=""):
        return stage.machine.run("utmfa-enroll", "--user", self.name, *words, stdin=stdin).stdout

    def add_app(self):
        made = json.loads(self.enroll("add", "totp", "--label", "iPhone", "--json"))
        self.app = Totp(made["secret"])
        self.enroll("confirm", made["id"], "-", stdin=self.app.code() + "\n")

    def add_sheet(self):
        self.codes = json.loads(self.enroll("add", "recovery", "--json"))["codes"]

    def add_phone(self):
        self.enroll("add", "phone", "090-1234-5678", "--json")
        self.enroll("confirm", "mobile", "-", stdin=sent()[-1]["code"] + "\n")

    def add_key(self):
        stage.machine.run(*key.IN_SIGHT, "utmfa-enroll", "--user", self.name, "add", "fido", "--label", "blue key")
        self.enroll("default", "key-1")

    def add_push(self):
        in_the_app = answer('{"result": "approved", "entered": "%(code)s"}')
        self.enroll("add", "push", "device-7", "--label", "Pixel", "--json")
        in_the_app.wait(EVENT)

    def unlock(self):
        stage.machine.run("utmfa-admin", "unlock", self.name, "--reason", "end of a case")


def somebody(name, *kinds):
    return stage.people.get(name) or Somebody(name, *kinds)


def answer(text):
    """What the person does in the app, as soon as the gateway asks."""
    return stage.machine.start("sh", "-c", f'printf %s "$1" > {BOX}/answer', "sh", text)


def sent():
    return [json.loads(line) for line in stage.machine.run("cat", BOX + "/sent").stdout.splitlines()]


@contextlib.contextmanager
def greeter(name, language="eng", word=NAME, shape=LARGE):
    """A fresh greeter that asks for a name."""
    stage.journal.forget()
    screen = Screen(stage.machine, stage.journal, stage.pictures, name, language, shape)
    try:
        screen.wait_for(word)
        yield screen
    except Exception:
        screen.shot("failed")
        raise
    finally:
        screen.close()


def half_in(screen, person, password_word=ASKED):
    """Up to where the password was right."""
    screen.type(person.name)
    screen.wait_for(password_word)
    screen.type(PASSWORD)


def let_in(person):
    stage.journal.wait_for(f"session of {person.name} is open")
