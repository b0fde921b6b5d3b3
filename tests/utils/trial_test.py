# SPDX-License-Identifier: Apache-2.0
"""The guided steps and utmfa-enroll test on a terminal, with the real module, the real libpam and the real verifier.
Ctrl-C at every question: what was finished stays, nothing else, and the next run goes on there. Runs as root in a mount
namespace of its own, in which this machine's list of users has two more; 77 (skipped) where that cannot be."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
    print("needs root and mount namespaces")
    sys.exit(77)
if "--inside" not in sys.argv:
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv, "--inside"])

import pexpect  # noqa: E402

from programs import Place, build, check, done, totp, wrong  # noqa: E402

NAME, CODE, NUMBER = "Name of the device.*: ", "Code that the app shows now: ", r"Number \[1\]: "
WRITTEN, APPLY = r"written down\? \[no\]: ", r"Apply now\? \[yes\]: "
SIGN_IN = r"(Code from iPhone|Verification code) \(\? for another method\): "
RECOVERY = r"Recovery code \(\? for another method\): "


def more_people(place):
    for name, lines in (("passwd", "utmfa:x:990:990::/nonexistent:/usr/sbin/nologin\ntaro:x:30001:30001::/tmp:/bin/sh\n"),
                        ("group", "utmfa:x:990:\ntaro:x:30001:\n")):
        with open(f"/etc/{name}", encoding="utf-8") as file:
            rest = "".join(line for line in file if not re.match("(utmfa|taro):", line))
        subprocess.run(["mount", "--bind", place.write(f"etc/{name}", rest + lines), f"/etc/{name}"], check=True)


class World(Place):
    def __init__(self):
        super().__init__(setup=False, config="version: 1\n")
        os.chmod(self.path, 0o755)
        more_people(self)
        self.admin("setup")
        self.stack("auth required %s/pam_utmfa/pam_utmfa.so run-dir=%s verifier=none\n" % (build, self.at("run")))
        self.options += ["--pam-dir", self.at("pam.d")]
        self.start()

    def stack(self, auth):
        self.write("pam.d/utmfa-test", auth + "account required pam_permit.so\n")

    def start(self):
        where = self.at("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(where)
            ready.settimeout(30)
            self.verifier = subprocess.Popen([f"{build}/utmfad/utmfad", *self.options[:8]],
                                             env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": where})
            check(b"READY=1" in ready.recv(4096), "ready")
        os.unlink(where)

    def stop(self):
        self.verifier.terminate()
        self.verifier.wait(timeout=20)

    def terminal(self, *words, user="taro"):
        child = pexpect.spawn(f"{build}/utils/utmfa-enroll", [*self.options, "--user", user, *words], encoding="utf-8",
                              timeout=60, dimensions=(60, 200),
                              env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color"})
        child.delaybeforesend = None
        return child

    def state(self):
        return {name: (each["confirmed"], each["tested"] is not None) for name, each in self.methods("taro").items()}

    def status(self):
        return self.json("utmfa-enroll", "--user", "taro", "list")["status"]


def ends(child, status):
    child.expect(pexpect.EOF)
    said = child.before
    child.close()
    check(child.exitstatus == status, "exit", child.exitstatus, "signal", child.signalstatus, said)
    return said


def interrupted(child, step):
    child.send("\x03")
    said = ends(child, 1)
    check(f"Stopped in step {step} of 4" in said and "utmfa-enroll --user taro" in said, said)


def scanned(picture):
    """What a scanner reads in the half blocks."""
    if not shutil.which("zbarimg"):
        return None
    rows = []
    for line in re.findall("\033\\[38;5;16;48;5;231m(.*?)\033\\[0m", picture):
        rows.append("".join("1" if c in "█▀" else "0" for c in line))
        rows.append("".join("1" if c in "█▄" else "0" for c in line))
    scale = 6
    wide = [" ".join(c for c in row for _ in range(scale)) for row in rows for _ in range(scale)]
    file = os.path.join(world.path, "qr.pbm")
    with open(file, "w", encoding="ascii") as out:
        out.write(f"P1\n{len(rows[0]) * scale} {len(wide)}\n" + "\n".join(wide) + "\n")
    return subprocess.run(["zbarimg", "-q", "--raw", file], capture_output=True, text=True, check=False).stdout.strip()


def first_step(child):
    """Up to the question for the code; the secret."""
    child.expect(NAME)
    child.sendline("iPhone")
    child.expect(CODE)
    secret = re.search(r"secret=([A-Z2-7]+)", child.before)[1]
    check(" ".join(secret[i:i + 4] for i in range(0, 32, 4)) in child.before, "in groups of four")
    uri = re.search(r"otpauth://\S+", child.before)[0]
    check(scanned(child.before) in (None, uri), "scanned", scanned(child.before), uri)
    return secret


def stop_at_the_first_method():
    child = world.terminal()
    child.expect(NAME)
    interrupted(child, 1)
    check(world.state() == {} and world.status() == "none", world.state())
    child = world.terminal()
    first_step(child)
    interrupted(child, 1)
    check(world.state() == {} and world.status() == "none", world.state())
    child = world.terminal()
    first_step(child)
    child.kill(signal.SIGTERM)
    check("Stopped in step 1" in ends(child, 1), "SIGTERM")
    check(world.state() == {}, world.state())


def killed_and_cleared():
    child = world.terminal()
    first_step(child)
    child.kill(signal.SIGKILL)
    child.wait()
    check(world.state() == {"app-1": (False, False)}, world.state())
    child = world.terminal()
    child.expect("Code that it shows now")
    child.sendline("")
    child.expect(r"Remove it and go on\? \[no\]: ")
    child.sendline("yes")
    child.expect(NAME)
    check(world.state() == {}, world.state())
    interrupted(child, 1)


def first_method_and_stop_at_the_backup():
    child = world.terminal()
    child.expect(re.escape("Step 1 of 4"))
    secret = first_step(child)
    child.sendline("")
    child.expect(CODE)
    child.sendline(wrong(secret))
    child.expect("That code is not right.")
    child.expect(CODE)
    child.sendline(totp(secret, -1))
    child.expect(re.escape("Step 2 of 4"))
    child.expect(NUMBER)
    interrupted(child, 2)
    check(world.state() == {"app-1": (True, False)}, world.state())
    return secret


def sheet():
    child = world.terminal()
    child.expect(NUMBER)
    child.sendline("")
    child.expect(WRITTEN)
    interrupted(child, 2)
    check(world.state() == {"app-1": (True, False)}, "a sheet that nobody has", world.state())
    child = world.terminal()
    child.expect(NUMBER)
    child.sendline("1")
    child.expect(WRITTEN)
    codes = re.findall(r"\b[a-z0-9]{5}-[a-z0-9]{5}\b", child.before)
    check(len(set(codes)) == 10, codes)
    child.sendline("no")
    child.expect(WRITTEN)
    child.sendline("yes")
    child.expect(re.escape("Step 3 of 4"))
    child.expect(SIGN_IN)
    interrupted(child, 3)
    check(world.state() == {"app-1": (True, False), "recovery": (True, False)}, world.state())
    return codes


def trials(secret, codes):
    child = world.terminal()
    child.expect(SIGN_IN)
    child.sendline(totp(secret))
    child.expect("app-1 works.")
    child.expect(RECOVERY)
    interrupted(child, 3)
    check(world.state() == {"app-1": (True, True), "recovery": (True, False)}, world.state())
    child = world.terminal()
    child.expect(RECOVERY)
    child.sendline(codes.pop())
    child.expect("recovery works.")
    child.expect(re.escape("Step 4 of 4"))
    child.expect(APPLY)
    interrupted(child, 4)
    check(world.status() == "setting-up", world.status())


def applied():
    child = world.terminal()
    child.expect("You cannot undo this yourself")
    child.expect(APPLY)
    child.sendline("no")
    check("not applied" in ends(child, 1), "no")
    child = world.terminal()
    child.expect(APPLY)
    child.sendline("")
    said = ends(child, 0)
    check("Applied." in said and "Before a phone is replaced" in said, said)
    check(world.status() == "active", world.status())
    check("has applied already" in ends(world.terminal(), 0), "again")


def test_verb(codes):
    child = world.terminal("test", "recovery")
    child.expect(RECOVERY)
    child.sendline(codes.pop())
    check("recovery works." in ends(child, 0), "right code")
    child = world.terminal("test", "recovery")
    for _ in range(3):
        child.expect(RECOVERY)
        child.sendline("aaaaa-aaaaa")
    check("refused" in ends(child, 1), "wrong codes")
    world.admin("unlock", "taro")
    world.enroll("taro", "test", "app-9", expect=1)
    world.enroll("taro", "test", "app-1", expect=1)  # no answer: standard input is empty
    child = world.terminal("test", "app-1")
    child.expect(SIGN_IN)
    child.sendline("?")
    child.expect("Number of the method: ")
    child.sendline("Recovery")
    child.expect(RECOVERY)
    child.sendline(codes.pop())
    said = ends(child, 0)
    check("recovery works." in said and "app-1, which is still to be tried" in said, said)
    world.stack("auth required pam_permit.so\n")
    said = world.enroll("taro", "test", "app-1", expect=1)
    check("no method was asked" in said.stderr, said.stderr)
    world.stack("auth required pam_utmfa_missing.so\n")
    world.enroll("taro", "test", "app-1", expect=3)


def another_app_without_trials():
    world.write("utmfa.yaml", "version: 1\nregistration: {test: optional}\n")
    child = world.terminal(user="root")
    for label, last in (("iPhone", False), ("Tablet", True)):
        child.expect(NAME)
        child.sendline("a\x16\x01b" if not last else label)  # a control character is no name
        if not last:
            child.expect("without control characters")
            child.expect(NAME)
            child.sendline(label)
        child.expect(CODE)
        child.sendline(totp(re.search(r"secret=([A-Z2-7]+)", child.before)[1]))
        child.expect(APPLY if last else NUMBER)
        child.sendline("yes" if last else "2")
    check("Applied." in ends(child, 0), "applied")
    methods = world.methods("root")
    check([(each["id"], each["label"]) for each in methods.values()] == [("app-1", "iPhone"), ("app-2", "Tablet")], methods)
    world.admin("terminate", "root", "--reason", "test", "--yes")
    check("has ended" in ends(world.terminal(user="root"), 1), "ended")


def without_a_verifier():
    world.stack("auth required %s/pam_utmfa/pam_utmfa.so run-dir=%s verifier=none\n" % (build, world.at("run")))
    check(world.json("utmfa-admin", "status")["verifier"] == "reachable", "status")
    world.stop()
    check(world.json("utmfa-admin", "status")["verifier"] == "unreachable", "status")
    started = time.monotonic()
    said = world.enroll("taro", "test", "app-1", expect=3)
    check("doctor" in said.stderr and time.monotonic() - started < 20, said.stderr)


world = World()
try:
    stop_at_the_first_method()
    killed_and_cleared()
    key = first_method_and_stop_at_the_backup()
    sheet_codes = sheet()
    trials(key, sheet_codes)
    applied()
    test_verb(sheet_codes)
    another_app_without_trials()
    without_a_verifier()
finally:
    if world.verifier.poll() is None:
        world.stop()
done()
