# SPDX-License-Identifier: Apache-2.0
# The machine of the roll-out cases: Debian's own PAM files and one real sshd that reads them, the verifier, and two
# people: toor, who is root by another name and administers over ssh, and taro, who is nobody in particular.
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from client import (CODE_PROMPT, CONFIG, PASSWORD, PASSWORD_PROMPT, SSHD, Log, Person, SignIn, Totp, Verifier, prepare,  # noqa: E402
                    run, write)
from suite import Suite, expect  # noqa: E402

SERVICE = "/etc/pam.d/sshd"
ROLLOUT = "/var/lib/utmfa/service"
PENDING = f"{ROLLOUT}/sshd.pending"
DEBIAN = """\
# PAM configuration for the Secure Shell service

@include common-auth
account    required     pam_nologin.so
@include common-account
session    required     pam_loginuid.so
@include common-session
@include common-password
"""
# pam_loginuid cannot write in a world of its own.
ORIGINAL = DEBIAN.replace("session    required     pam_loginuid.so\n", "")
SSHD_CONFIG = f"Port 22\n{SSHD}PermitRootLogin yes\nAuthenticationMethods keyboard-interactive:pam\n"
SETTINGS = "version: 1\nregistration: {minimum: 1}\ntotp: {window: 10}\n"
ALWAYS = SETTINGS + "services: {sshd: {require: always, not-enrolled: deny}}\n"
class Cases(Suite):
    """A case that failed leaves nothing to the next one."""

    def case(self, title):
        def keep(function):
            def mended():
                try:
                    function()
                except Exception:
                    run("utmfa-admin", "service", "revert", "sshd", check=False)
                    run("utmfa-admin", "service", "disable", "sshd", "--yes", check=False)
                    write(SERVICE, ORIGINAL)
                    raise
            return super(Cases, self).case(title)(mended)
        return keep


suite = Cases("rollout")
verifier = Verifier()
people = {}


class Server:
    """sshd as the machine would run it."""

    def __init__(self):
        log = Log()
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D"], stdin=subprocess.DEVNULL, start_new_session=True)
        expect(log.wait(r"sshd\[\d+\]: Server listening on 127.0.0.1 port 22\b"), log.text())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def people_of_the_machine():
    uid0 = text_of("/etc/shadow").split("taro:")[1].split(":")[0]
    for path, line in (("/etc/passwd", "toor:x:0:0::/root:/bin/sh\n"), ("/etc/shadow", f"toor:{uid0}:19000:0:99999:7:::\n")):
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)
    for part in ("auth", "account", "session", "password"):
        expect(os.path.exists(f"/etc/pam.d/common-{part}"), part)


def open_machine():
    Totp.window, Totp.reach = 10, 30
    people_of_the_machine()
    prepare(ALWAYS)
    write(SERVICE, ORIGINAL)
    write("/etc/ssh/sshd_config", SSHD_CONFIG)
    verifier.start()
    for name in ("toor", "taro"):
        people[name] = Person(name).enrol()
    return Server()


def admin(*words, expect_status=0, caller="toor", stdin=None):
    done = subprocess.run(["utmfa-admin", *words], input=stdin, text=True, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "SUDO_USER": caller, "LANG": "C.UTF-8"})
    expect(done.returncode == expect_status,
           f"utmfa-admin {' '.join(words)}: {done.returncode}: {done.stdout} {done.stderr}")
    return done


def enabled(*words, service="sshd"):
    done = json.loads(admin("service", "enable", service, "--yes", "--json", *words).stdout)
    expect(done["changed"] and done["waits"], done)
    return done


def untouched(path=SERVICE, text=ORIGINAL):
    """Nothing was changed, and nothing was left behind."""
    expect(text_of(path) == text, text_of(path))
    beside = [name for name in os.listdir(os.path.dirname(path)) if name.startswith(".")]
    expect(not beside, beside)
    expect(not os.path.exists(PENDING), "a change waits")


def refused(*words, status=1, says="", caller="toor"):
    done = admin("service", "enable", "sshd", "--yes", *words, expect_status=status, caller=caller)
    expect(says in done.stderr, f"{says!r} is not in {done.stderr}")
    untouched()


def signs_in(name, right=True, command=None):
    """A sign-in at sshd with the password, and with the code where it is asked; what was on the screen."""
    words = {"command": command} if command else {}
    code = people[name].code if right else "000000"
    talk = [(PASSWORD_PROMPT, PASSWORD)] + ([(CODE_PROMPT, code)] if asks() else [])
    return SignIn(name, talk, **words)


def asks():
    return "pam_utmfa.so" in text_of(SERVICE)


def stranger_stays_out():
    for talk in ([(PASSWORD_PROMPT, "wrong")], [(PASSWORD_PROMPT, PASSWORD), (CODE_PROMPT, "000000")]):
        expect(not SignIn("taro", talk).granted, "a stranger got in")
