# SPDX-License-Identifier: Apache-2.0
"""utmfa-admin doctor on machines laid out as file trees: a healthy one has no problem, and each fault is found when it
is made and gone when it is repaired."""

import json
import os
import shutil
import socket
import subprocess
import threading

from programs import Place, add_app, check, done, others, wrong

taro = others[0]
SSHD = "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\naccount required pam_utmfa.so\n"
SETTINGS = """usepam yes
kbdinteractiveauthentication yes
passwordauthentication no
pubkeyauthentication yes
authenticationmethods keyboard-interactive:pam
maxauthtries 6
logingracetime 180
maxstartups 100:30:300
"""
MODULE = "usr/lib/x86_64-linux-gnu/security/pam_utmfa.so"


def ends_what_it_accepts(listening):
    """As a verifier does with whoever says nothing; until the socket is shut down."""
    try:
        while True:
            listening.accept()[0].close()
    except OSError:
        listening.close()


class Machine(Place):
    def __init__(self):
        super().__init__(setup=False)
        self.options = []
        self.moved = ["--config", self.at("etc/utmfa/utmfa.yaml"), "--data-dir", self.at("var/lib/utmfa"),
                      "--keys-dir", self.at("etc/utmfa/keys"), "--run-dir", self.at("run/utmfa")]
        self.write("etc/utmfa/utmfa.yaml", "version: 1\nregistration: {test: optional}\n"
                   "services:\n  sshd: {require: always, not-enrolled: deny}\n")
        self.write("etc/pam.d/sshd", SSHD)
        self.write("etc/pam.d/utmfa-test", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nutmfa:x:990:990::/nonexistent:/usr/sbin/nologin\n")
        self.write(MODULE, "not really\n")
        self.write("sshd", SETTINGS)
        os.makedirs(self.at("var/lib"))
        os.makedirs(self.at("run/utmfa"))
        self.with_paths("utmfa-admin", "setup", expect=None)
        self.sockets = {}
        self.listen("root.sock", 0o600)
        self.listen("user.sock", 0o666)

    def with_paths(self, program, *words, **how):
        self.options = self.moved
        try:
            return self.run(program, *words, **how)
        finally:
            self.options = []

    def listen(self, name, mode, answering=True):
        path = self.at(f"run/utmfa/{name}")
        if os.path.exists(path):
            os.unlink(path)
        self.sockets[name] = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sockets[name].bind(path)
        self.sockets[name].listen(64)
        os.chmod(path, mode)
        if answering:
            threading.Thread(target=ends_what_it_accepts, args=(self.sockets[name],), daemon=True).start()

    def findings(self, *words):
        said = self.run("utmfa-admin", "doctor", "--json", "--root", self.path,
                        *(words or ("--sshd-settings", self.at("sshd"))), expect=None)
        return [{**each, "remedy": each["remedy"] or ""} for each in json.loads(said.stdout)]

    def found(self):
        """(level, check) of every finding that is not fine, but the clock, which is this machine's."""
        said = self.run("utmfa-admin", "doctor", "--json", "--root", self.path, "--sshd-settings", self.at("sshd"),
                        expect=None)
        findings = json.loads(said.stdout)
        problems = [each for each in findings if each["level"] == "problem"]
        check(said.returncode == (1 if problems else 0), said.returncode, said.stdout)
        check(all(bool(each["remedy"]) == (each["level"] != "fine") for each in findings), "a remedy for each")
        return sorted((each["level"], each["check"]) for each in findings
                      if each["level"] != "fine" and not each["check"].startswith("clock"))

    def expect(self, *findings):
        found = self.found()
        check(found == sorted(findings), "found", found, "expected", findings)


P, W = "problem", "warning"


def healthy():
    machine = Machine()
    machine.expect()
    text = machine.run("utmfa-admin", "doctor", "--root", machine.path, "--sshd-settings", machine.at("sshd")).stdout
    check("no problems" in text and "fine  owners and modes are right" in text, text)
    return machine


def owners_and_modes(machine):
    """Each is told once, with the chmod that mends it."""
    for name, mode in (("etc/utmfa", 0o777), ("etc/utmfa/utmfa.yaml", 0o666), ("etc/utmfa/keys", 0o755),
                       ("etc/utmfa/keys/k1.key", 0o444), ("etc/utmfa/keys/active", 0o644), ("var/lib/utmfa", 0o777),
                       ("var/lib/utmfa/methods", 0o755), ("var/lib/utmfa/state", 0o755),
                       ("var/lib/utmfa/decoy", 0o755)):
        before = os.stat(machine.at(name)).st_mode
        os.chmod(machine.at(name), mode)
        machine.expect((P, "mode"))
        remedy = [each["remedy"] for each in machine.findings() if each["check"] == "mode"][0]
        subprocess.run(["sh", "-c", remedy], check=True)
        machine.expect()
        os.chmod(machine.at(name), before & 0o7777)
    for name in ("etc/utmfa/keys", "var/lib/utmfa/methods", "var/lib/utmfa/state", "var/lib/utmfa/decoy",
                 "etc/utmfa/keys/active", "etc/utmfa/keys/k1.key"):
        os.rename(machine.at(name), machine.at("aside"))
        check((P, "missing") in machine.found(), name)
        os.symlink(machine.at("aside"), machine.at(name))
        check((P, "type") in machine.found(), name)
        os.unlink(machine.at(name))
        os.rename(machine.at("aside"), machine.at(name))
    if os.geteuid() == 0:
        for name in ("etc/utmfa/utmfa.yaml", "var/lib/utmfa/state"):
            os.chown(machine.at(name), 65534, 65534)
            check((P, "owner") in machine.found(), name)
            os.chown(machine.at(name), 0, 0)
    machine.expect()


def user_and_sockets(machine):
    machine.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nutmfa2:x:990:990::/:/bin/sh\n")
    machine.expect((P, "user-missing"))
    machine.write("etc/passwd", "utmfa:x:990:990::/nonexistent:/usr/sbin/nologin\n")
    os.chmod(machine.at("run/utmfa/root.sock"), 0o666)
    machine.expect((P, "socket-mode"))
    os.chmod(machine.at("run/utmfa/root.sock"), 0o600)
    machine.sockets["user.sock"].shutdown(socket.SHUT_RDWR)
    machine.expect((P, "socket-dead"))
    os.unlink(machine.at("run/utmfa/user.sock"))
    machine.expect((P, "socket-missing"))
    machine.write("run/utmfa/user.sock", "")
    machine.expect((P, "socket-type"))
    machine.listen("user.sock", 0o666, answering=False)  # as systemd does for a verifier that does not come up
    machine.expect((P, "socket-dead"))
    machine.listen("user.sock", 0o666)
    machine.expect()


def remedies(machine):
    """Commands of systemd only where it runs; one remedy of several faults is said once."""
    for name in ("root.sock", "user.sock"):
        os.unlink(machine.at(f"run/utmfa/{name}"))
    check(not any("systemctl" in each["remedy"] for each in machine.findings()), "no systemd here")
    os.makedirs(machine.at("run/systemd/system"))
    said = machine.run("utmfa-admin", "doctor", "--root", machine.path, "--sshd-settings", machine.at("sshd"),
                       expect=1).stdout
    check(said.count("remedy: systemctl unmask") == 1 and "restart utmfad-root.socket" in said, said)
    os.rmdir(machine.at("run/systemd/system"))
    for name, mode in (("root.sock", 0o600), ("user.sock", 0o666)):
        machine.listen(name, mode)
    machine.expect()


def module_and_services(machine):
    os.rename(machine.at(MODULE), machine.at("aside"))
    machine.expect((P, "module-missing"))
    os.rename(machine.at("aside"), machine.at(MODULE))
    os.chmod(machine.at(MODULE), 0o666)
    machine.expect((P, "module-writable"))
    os.chmod(machine.at(MODULE), 0o644)
    machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so", "auth optional pam_utmfa.so"))
    machine.expect((P, "pam-fail-open"))
    machine.write("etc/pam.d/sshd", SSHD)
    for line in ("auth required pam_utmfa.so debug", "auth required pam_utmfa.so timeout=0",
                 "auth required pam_utmfa.so service=a [run-dir=relative here]"):
        machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so", line))
        machine.expect((P, "pam-argument"))
    machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so", "auth required pam_utmfa.so timeout=60"))
    machine.expect()
    machine.write("etc/pam.d/sshd", SSHD + "password required pam_utmfa.so nullok\nsession required pam_utmfa.so x\n")
    machine.expect((P, "pam-argument"), (P, "pam-argument"))
    machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so", "auth required pam_utfma.so"))
    machine.expect((P, "pam-misspelt"))
    machine.write("etc/pam.d/sshd", SSHD.replace("pam_utmfa.so", "pam_utfma.so"))
    machine.expect((P, "pam-misspelt"), (P, "pam-misspelt"), (W, "pam-unused"))
    machine.write(MODULE.replace("utmfa", "utfma"), "another module of that name\n")
    machine.expect((W, "pam-unused"))
    os.unlink(machine.at(MODULE.replace("utmfa", "utfma")))
    machine.write("etc/pam.d/sshd", SSHD.replace("pam_utmfa.so", "/opt/security/pam_utmfa.so"))
    machine.expect((P, "module-missing"))
    machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so\n", ""))
    machine.expect((P, "pam-no-auth"))
    machine.write("etc/pam.d/sshd", SSHD)
    os.unlink(machine.at("etc/pam.d/utmfa-test"))
    machine.expect((P, "pam-test-service"))
    machine.write("etc/pam.d/utmfa-test", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
    for beside in ("sshd.dpkg-old", "sshd.dpkg-new", "sshd.rpmsave", "sshd~"):
        machine.write(f"etc/pam.d/{beside}", SSHD.replace("required", "optional"))
        machine.expect()
        machine.write("etc/pam.d/sshd", SSHD.replace("auth required pam_utmfa.so\n", "").replace("account required pam_utmfa.so\n", ""))
        machine.expect((P, "pam-replaced"), (W, "pam-unused"))  # whatever the file beside it says
        machine.write(f"etc/pam.d/{beside}", "auth required pam_unix.so\n# auth required pam_utmfa.so\n")
        machine.expect((W, "pam-unused"))
        machine.write("etc/pam.d/sshd", SSHD)
        os.unlink(machine.at(f"etc/pam.d/{beside}"))
    machine.write("sshd", SETTINGS.replace("keyboard-interactive:pam", "any"))
    machine.expect((W, "sshd-key-refused"))
    os.unlink(machine.at("sshd"))
    machine.expect((W, "sshd-unknown"))
    machine.write("sshd", SETTINGS)
    machine.expect()


def configuration(machine):
    good = open(machine.at("etc/utmfa/utmfa.yaml"), encoding="utf-8").read()
    machine.write("etc/utmfa/utmfa.yaml", good + "  shd: {require: always, not-enrolled: deny}\n")
    machine.expect((W, "config-service"))
    machine.write("etc/utmfa/utmfa.yaml", good + "colour: red\n")
    machine.expect((P, "config-broken"))
    machine.write("etc/utmfa/utmfa.yaml", good + "  sshd: {}\n")
    machine.expect((P, "config-broken"))
    machine.write("etc/utmfa/utmfa.yaml", good.replace("deny", "set-up").replace("always", "enrolled"))
    machine.expect((W, "config"), (W, "pam-no-password"), (W, "pam-no-session"))
    machine.write("etc/utmfa/utmfa.yaml", good.replace("deny", "set-up"))
    machine.expect((P, "pam-no-password"), (P, "pam-no-session"), (W, "sshd-gracetime-set-up"))
    machine.write("sshd", SETTINGS.replace("logingracetime 180", "logingracetime 900"))
    machine.write("etc/pam.d/sshd", SSHD + "password [success=done ignore=ignore default=die] pam_utmfa.so\n"
                  "password required pam_unix.so\nsession required pam_utmfa.so\n")
    machine.expect()
    machine.write("sshd", SETTINGS)
    machine.write("etc/pam.d/sshd", SSHD)
    machine.write("etc/utmfa/utmfa.yaml", good)
    machine.expect()


def keys_that_are_gone(machine):
    """Where people are registered, set-up makes no key, and is no remedy."""
    def remedy():
        return {each["remedy"] for each in machine.findings() if each["check"] == "missing"}
    os.rename(machine.at("etc/utmfa/keys"), machine.at("aside"))
    check(remedy() == {"utmfa-admin setup"}, remedy())
    machine.write("var/lib/utmfa/methods/taro.yaml", "version: 1\n")
    check(remedy() == {"put the copy of the keys back: " + machine.at("etc/utmfa/keys")}, remedy())
    os.unlink(machine.at("var/lib/utmfa/methods/taro.yaml"))
    os.rename(machine.at("aside"), machine.at("etc/utmfa/keys"))
    machine.expect()


def people(machine):
    machine.options = machine.moved
    add_app(machine, taro)
    machine.enroll(taro, "add", "recovery")
    machine.enroll(taro, "apply")
    machine.options = []
    machine.expect()
    machine.with_paths("utmfa-admin", "state", "rebuild", taro, "--reason", "test", "--yes")
    machine.expect((W, "person-single"))
    key = machine.at("etc/utmfa/keys/k1.key")
    os.rename(key, machine.at("aside"))
    with open(key, "wb") as other:
        other.write(bytes(32))
    os.chmod(key, 0o400)
    machine.with_paths("utmfa-admin", "state", "rebuild", taro, "--reason", "test", "--yes")
    check((P, "person-sealed") in machine.found(), "sealed by another key", machine.found())
    os.rename(machine.at("aside"), key)
    machine.with_paths("utmfa-admin", "state", "rebuild", taro, "--reason", "test", "--yes")
    machine.expect((W, "person-single"))
    file = machine.at(f"var/lib/utmfa/methods/{taro}.yaml")
    os.chmod(file, 0o644)
    machine.expect((P, "mode"))
    check(not any("reset" in each["remedy"] for each in machine.findings()), "nobody registers anew for a mode")
    os.chmod(file, 0o600)
    with open(file, "a", encoding="utf-8") as more:
        more.write("colour: red\n")
    machine.expect((P, "person-unreadable"))


def disabled():
    machine = Machine()
    machine.options = machine.moved
    machine.write("etc/utmfa/utmfa.yaml", "version: 1\nregistration: {test: optional}\nthrottle: {disable-after: 2}\n"
                  "services:\n  sshd: {require: always, not-enrolled: deny}\n")
    add_app(machine, taro)
    machine.enroll(taro, "add", "recovery")
    machine.enroll(taro, "apply")
    made = machine.json("utmfa-enroll", "--user", taro, "add", "totp")
    for _ in range(2):
        machine.enroll(taro, "confirm", "app-2", "-", stdin=wrong(made["secret"]) + "\n", expect=1)
    machine.options = []
    machine.expect()  # a method that waits is no method of an active person


def sshd_that_refuses():
    """What is no fault of the configuration is not told as one; what is keeps everybody out."""
    machine = Machine()

    def said(text):
        path = machine.write("usr/sbin/sshd", f"#!/bin/sh\necho '{text}' >&2\nexit 255\n", mode=0o755)
        findings = machine.findings("--language", "en")
        os.unlink(path)
        return [(each["level"], each["check"], each["remedy"]) for each in findings if each["check"].startswith("sshd")]

    check(said("Missing privilege separation directory: /run/sshd") == [(W, "sshd-directory", "mkdir -m 0755 /run/sshd")],
          "directory")
    os.makedirs(machine.at("run/systemd/system"))
    check(said("Missing privilege separation directory: /run/sshd")[0][2] == "systemctl start ssh.service", "systemd")
    broken = said("/etc/ssh/sshd_config: line 3: Bad configuration option: colour")
    check(len(broken) == 1 and broken[0][:2] == ((P, "sshd-broken") if os.geteuid() == 0 else (W, "sshd-unknown")), broken)
    machine.write("usr/sbin/sshd", "#!/bin/sh\ncat <<END\n" + SETTINGS + "END\n", mode=0o755)
    found = [each for each in machine.findings("--language", "en") if each["check"].startswith("sshd")]
    check([each["level"] for each in found] == ["fine"], found)


def real_sshd():
    """Match blocks open what the rest closes, for one person."""
    if not os.access("/usr/sbin/sshd", os.X_OK) or not shutil.which("ssh-keygen"):
        return
    machine = Machine()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", machine.at("key")], check=True)
    machine.options = machine.moved
    add_app(machine, taro)
    machine.enroll(taro, "add", "recovery")
    machine.enroll(taro, "apply")
    machine.options = []
    os.makedirs(machine.at("usr/sbin"))
    os.symlink("/usr/sbin/sshd", machine.at("usr/sbin/sshd"))
    settings = f"HostKey {machine.at('key')}\n" + SETTINGS

    def sshd_findings():
        said = machine.run("utmfa-admin", "doctor", "--json", "--root", machine.path, expect=None)
        return [(each["level"], each["check"], each["what"]) for each in json.loads(said.stdout)
                if each["check"].startswith("sshd") and each["level"] != "fine"]

    machine.write("etc/ssh/sshd_config", settings)
    if any(each[1] in ("sshd-unknown", "sshd-directory") for each in sshd_findings()):
        return  # it does not run here: not root, or /run/sshd is missing
    check(sshd_findings() == [], sshd_findings())
    machine.write("etc/ssh/sshd_config", settings + "Match LocalPort 2222\n  AuthenticationMethods publickey\n")
    check(sshd_findings() == [], sshd_findings())
    machine.write("etc/ssh/sshd_config", settings + "Colour red\n")
    check([each[:2] for each in sshd_findings()] == [(P, "sshd-broken")], sshd_findings())
    machine.write("etc/ssh/sshd_config", settings + f"Match User {taro}\n  AuthenticationMethods publickey\n")
    found = sshd_findings()
    check(len(found) == 1 and found[0][1] == "sshd-key-refused" and f"({taro})" in found[0][2], found)


one = healthy()
for each in (owners_and_modes, user_and_sockets, remedies, module_and_services, configuration,
             keys_that_are_gone, people):
    each(one)
disabled()
sshd_that_refuses()
real_sshd()
done()
