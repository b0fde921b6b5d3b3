# SPDX-License-Identifier: Apache-2.0
"""What a person is told of his own sign-ins: the real verifier leaves a notice when wrong codes lock him out and when a
temporary pass is used, and signs people in all the same where it cannot. Runs as root in a mount namespace of its own,
in which this machine's list of users has two more; 77 (skipped) where that cannot be."""

import atexit
import os
import re
import socket
import subprocess
import sys

if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
    print("needs root and mount namespaces")
    sys.exit(77)
if "--inside" not in sys.argv:
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv, "--inside"])

import pexpect  # noqa: E402

from programs import Place, add_app, build, check, done, totp, wrong  # noqa: E402

CONFIG = """\
registration: {minimum: 1, test: optional}
throttle: {free: 2}
gateways: {mail: {command: [/no/such/gateway]}}
"""
CODE = r"(Code from|Verification code|Temporary pass)[^\n:]*: "


class World(Place):
    def __init__(self, config):
        super().__init__(setup=False, config=config)
        os.chmod(self.path, 0o755)
        for name, lines in (("passwd", "utmfa:x:990:990::/nonexistent:/usr/sbin/nologin\n"
                                       "taro:x:30001:30001::/tmp:/bin/sh\n"), ("group", "utmfa:x:990:\ntaro:x:30001:\n")):
            with open(f"/etc/{name}", encoding="utf-8") as file:
                rest = "".join(line for line in file if not re.match("(utmfa|taro):", line))
            subprocess.run(["mount", "--bind", self.write(f"etc/{name}", rest + lines), f"/etc/{name}"], check=True)
        self.admin("setup")
        self.write("pam.d/utmfa-test", f"auth required {build}/pam_utmfa/pam_utmfa.so run-dir={self.at('run')} "
                                       "verifier=none\naccount required pam_permit.so\n")
        self.options += ["--pam-dir", self.at("pam.d")]
        where = self.at("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(where)
            ready.settimeout(30)
            self.verifier = subprocess.Popen([f"{build}/utmfad/utmfad", *self.options[:8]],  # pylint: disable=R1732
                                             env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": where})
            atexit.register(self.verifier.kill)
            check(b"READY=1" in ready.recv(4096), "ready")

    def stop(self):
        self.verifier.terminate()
        check(self.verifier.wait(timeout=20) == 0, "the verifier did not end")

    def sign_in(self, *codes):
        """One sign-in with these answers, on a terminal; what was said after the last."""
        child = pexpect.spawn(f"{build}/utils/utmfa-enroll", [*self.options, "--user", "taro", "test"], timeout=15,
                              encoding="utf-8", dimensions=(60, 200), env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        child.delaybeforesend = None
        for code in codes:
            child.expect([CODE, "Number of the method: "])
            child.sendline(code)
        if child.expect([pexpect.EOF, CODE]) == 1:
            child.sendintr()
            child.expect(pexpect.EOF)
        child.close()
        return child.before

    def waiting(self):
        """What waits, as what=value lines, newest last; taken away."""
        found = []
        below = self.at("data/outbox/new")
        for name in sorted(os.listdir(below)) if os.path.isdir(below) else []:
            path = os.path.join(below, name)
            with open(path, encoding="utf-8") as file:
                found.append(dict(line.rstrip("\n").split("=", 1) for line in list(file)[1:]))
            check(os.stat(path).st_mode & 0o777 == 0o600, path)
            os.unlink(path)
        return found


def locks_and_passes():
    world = World(CONFIG)
    made = add_app(world, "taro")
    world.enroll("taro", "apply")
    check(world.waiting() == [], "root's changes wait without an address")
    world.sign_in(wrong(made["secret"]))
    check(world.waiting() == [], "one wrong code is no lock")
    said = world.sign_in(wrong(made["secret"]))
    check("Too many wrong codes" in said, said)
    told = world.waiting()
    check([each["what"] for each in told] == ["lock"], told)
    check(told[0]["user"] == "taro" and told[0]["service"] == "utmfa-test" and "to" not in told[0], told)
    world.sign_in()  # locked: nothing new
    check(world.waiting() == [], "told while locked")
    world.admin("unlock", "taro")
    for _ in range(2):
        world.sign_in(wrong(made["secret"]))
    check(world.waiting() == [], "a second lock within the hour is told")
    world.admin("unlock", "taro")
    given = world.json("utmfa-admin", "pass", "taro")["pass"]
    world.waiting()
    said = world.sign_in("?", "2", given)
    told = world.waiting()
    check([(each["what"], each["kind"]) for each in told] == [("pass-used", "pass")], said, told)
    check(given not in str(told) and made["secret"] not in str(told), "a secret in a notice")
    # A queue that cannot be written keeps nobody out.
    os.chmod(world.at("data/outbox"), 0o777)
    world.admin("unlock", "taro", expect=None)
    said = world.sign_in(totp(made["secret"], 1))
    check("right" in said or "work" in said or "tested" in said.lower(), said)
    os.chmod(world.at("data/outbox"), 0o700)
    world.stop()


def no_gateway_no_queue():
    world = World("registration: {minimum: 1, test: optional}\nthrottle: {free: 2}\n")
    made = add_app(world, "taro")
    world.enroll("taro", "apply")
    for _ in range(2):
        world.sign_in(wrong(made["secret"]))
    check(world.waiting() == [], "queued without a gateway")
    world.stop()


for each in (locks_and_passes, no_gateway_no_queue):
    each()
done()
