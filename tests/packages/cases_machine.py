# SPDX-License-Identifier: Apache-2.0
# The life of the packages on a booted machine, in order: installed, a sign-in by ssh as README says, faults, the profile
# of pam-auth-update, an upgrade while somebody signs in, a removal, and a purge that leaves nothing.
import contextlib
import os
import re
import stat

from building import Skip, expect, suite
from cases_build import FIRST, made
from client import CODE_PROMPT, PASSWORD, Person, SignIn, Totp
from machine import Machine, higher, unpacked

FIRST_FACTOR = (r"[Pp]assword: $", PASSWORD)
CONFIG = """version: 1
totp: {window: 10}
services:
  sshd: {account: enforce}
gateways:
  mail: {command: [/usr/libexec/utmfa/gateways/mail-sendmail, --from, utmfa@lab1]}
"""
SSHD = """UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
"""
MODULE = "/lib/x86_64-linux-gnu/security/pam_utmfa.so"
VERIFIER = "/usr/libexec/utmfa/utmfad"
UNITS = ("utmfad-root.socket", "utmfad-user.socket", "utmfad.service", "utmfa-deliver.path")
MODES = {"/etc/utmfa": 0o755, "/etc/utmfa/keys": 0o700, "/etc/utmfa/utmfa.yaml": 0o644, "/var/lib/utmfa": 0o700,
         "/var/lib/utmfa/methods": 0o700, "/var/lib/utmfa/state": 0o700, "/var/lib/utmfa/decoy": 0o700,
         "/var/lib/utmfa/kept": 0o700, "/var/lib/utmfa/tokens": 0o700, "/var/lib/utmfa/outbox": 0o700,
         "/run/utmfa": 0o755, "/run/utmfa/root.sock": 0o600, "/run/utmfa/user.sock": 0o666}
# What the strictest sandbox that works comes to, in tenths: utmfad(8) names the figures.
EXPOSURE = {"utmfad.service": 24, "utmfa-deliver.service": 32}
stage = {}


def machine():
    if "machine" not in stage:
        expect("first" in made, "there are no packages")
        root = unpacked(FIRST)
        stage["machine"] = Machine(root)
        stage["before"] = stage["machine"].files()
        stage["machine"].boot()
        box = stage["machine"]
        for name in ("taro", "hanako"):
            box.do("useradd", "-m", "-s", "/bin/sh", name)
            box.do("chpasswd", stdin=f"{name}:{PASSWORD}\n")
        box.sh("ssh-keygen -A >/dev/null; systemctl start ssh")
        # So that no case waits for the clock.
        Totp.window, Totp.reach = 10, 30
    return stage["machine"]


def installed():
    expect("taro" in stage, "nobody is registered")
    return stage["machine"]


def after():
    if "machine" in stage:
        stage["machine"].stop()


def granted(*talk, user="taro"):
    done = SignIn(user, [FIRST_FACTOR, *talk])
    expect(done.granted, f"refused: {done.screen!r}")
    return done


def refused(*talk, user="taro"):
    done = SignIn(user, [FIRST_FACTOR, *talk])
    expect(not done.granted and "in as" not in done.screen, f"granted: {done.screen!r}")
    return done


def with_code():
    return (CODE_PROMPT, stage["taro"].code())


def with_wrong_code():
    return (CODE_PROMPT, stage["taro"].apps["app-1"].wrong())


@contextlib.contextmanager
def gone(path):
    box = installed()
    os.rename(box.path(path), box.path(path) + ".aside")
    try:
        yield
    finally:
        os.rename(box.path(path) + ".aside", box.path(path))


@suite.case("machine: apt installs the packages; nobody's sign-in changes, and everything is ready")
def install():
    box = machine()
    pam = box.sh("cd /etc/pam.d && sha256sum *")
    box.install(FIRST)
    expect(box.sh("cd /etc/pam.d && sha256sum $(ls | grep -v utmfa-test)") == pam, "a PAM file has changed")
    for unit in UNITS:
        expect(box.sh(f"systemctl is-active {unit}") == "active", f"{unit} does not run")
    expect(box.sh("systemctl --failed --no-legend") == "", box.sh("systemctl --failed"))
    keys = sorted(os.listdir(box.path("/etc/utmfa/keys")))
    expect(len(keys) == 2 and keys[1] == "active" or "active" in keys and len(keys) == 2, f"keys: {keys}")
    stage["keys"] = keys
    granted()  # the password alone, as before


@suite.case("machine: owners and modes of what the installation makes")
def modes():
    box = machine()
    for path, mode in MODES.items():
        about = os.lstat(box.path(path)) if not path.startswith("/run") else None
        found = box.sh(f"stat -c '%a %u %g' {path}")
        expect(found == f"{mode:o} 0 0", f"{path}: {found}")
        expect(about is None or not stat.S_ISLNK(about.st_mode), f"{path} is a link")
    for key in stage["keys"]:
        found = box.sh(f"stat -c '%a %u %g' /etc/utmfa/keys/{key}")
        expect(found == "400 0 0", f"{key}: {found}")
    for user in ("utmfa", "utmfa-gateway"):
        entry = box.sh(f"getent passwd {user}").split(":")
        expect(entry[6] == "/usr/sbin/nologin" and 0 < int(entry[2]) < 1000, f"{entry}")


@suite.case("machine: the units verify, and their sandbox is as strict as the manual says")
def sandbox():
    box = machine()
    said = box.do("systemd-analyze", "verify", "--man=no", *UNITS, "utmfa-deliver.service", check=False)
    ours = [line for line in said.stdout.splitlines() if "utmfa" in line]
    expect(not ours, "\n".join(ours))
    for unit, most in EXPOSURE.items():
        said = box.sh(f"systemd-analyze security --no-pager {unit}")
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
        print(f"# {unit}: exposure level {level[1]}")
        expect(round(float(level[1]) * 10) <= most, f"{unit}: {level[1]}, and {most / 10} is promised:\n{said}")


@suite.case("machine: registering, PAM and sshd as README says; a code lets in, a wrong one does not")
def sign_in():
    box = machine()
    box.write("/etc/utmfa/utmfa.yaml", CONFIG)
    stage["taro"] = Person("taro").enrol()
    box.sh("cp /usr/share/doc/utmfa/pam.d/sshd.example /etc/pam.d/sshd")
    box.write("/etc/ssh/sshd_config.d/00-utmfa.conf", SSHD)
    box.sh("sshd -t && systemctl reload ssh")
    granted(with_code())
    refused(with_wrong_code())
    refused((CODE_PROMPT, ""))
    granted(user="hanako")  # has not applied
    refused((CODE_PROMPT, "123456"), user="root")
    doctor = box.do("utmfa-admin", "doctor", check=False)
    expect(doctor.returncode == 0, doctor.stdout)
    expect("granted user=taro" in box.sh("utmfa-admin log --user taro"), "no line in the log")
    box.do("utmfa-admin", "unlock", "taro", "--reason", "end of a case")


@suite.case("machine: a notice arrives by the mail server of Debian, through the sandbox of both units")
def notice():
    box = installed()
    box.do("utmfa-admin", "contact", "taro", "taro@localhost", "--unproven-by-desk", "--reason", "known at the desk")
    box.do("utmfa-admin", "pass", "taro", "--reason", "phone forgotten")
    expect(box.wait_for_line("/var/mail/taro", "^Auto-Submitted: auto-generated"), "no mail came")
    expect("utmfa@lab1" in box.sh("cat /var/mail/taro"), "the mail is not ours")


@suite.case("machine: logcheck passes over what is usual and over nothing else; the example for rsyslog is right")
def logs():
    box = installed()
    rules = "/etc/logcheck/ignore.d.server/utmfa-utils"
    ours = box.sh("grep -E 'utmfa\\[[0-9]+\\]: ' /var/log/auth.log").splitlines()
    left = box.sh(f"grep -E 'utmfa\\[[0-9]+\\]: ' /var/log/auth.log | grep -Evf {rules} || :").splitlines()
    usual = [line for line in ours if re.search(r"\]: (granted|not-needed|started) ", line)]
    unusual = [line for line in ours if re.search(r"\]: (denied|wrong|lock|locked|unavailable|pass-made) ", line)]
    expect(usual and not set(usual) & set(left), f"reported: {sorted(set(usual) & set(left))}")
    expect(unusual and set(unusual) <= set(left), f"passed over: {sorted(set(unusual) - set(left))}")
    box.sh("cp /usr/share/doc/utmfa/rsyslog.d/utmfa.conf.example /etc/rsyslog.d/utmfa.conf; rsyslogd -N1")
    box.sh("systemctl restart rsyslog")
    granted(with_code())
    expect(box.wait_for_line("/var/log/utmfa.log", "granted user=taro"), "no line in the file of its own")
    box.sh("rm /etc/rsyslog.d/utmfa.conf /var/log/utmfa.log; systemctl restart rsyslog")


@suite.case("machine: a verifier that is stopped is started by the socket; one that is not there lets nobody in")
def verifier_gone():
    box = installed()
    box.sh("systemctl stop utmfad.service")
    granted(with_code())
    expect(box.sh("systemctl is-active utmfad.service") == "active", "not started by its socket")
    with gone(VERIFIER):
        box.sh("systemctl stop utmfad.service utmfad-root.socket utmfad-user.socket")
        refused(with_code())
    box.sh("systemctl start utmfad-root.socket utmfad-user.socket utmfad.service")
    with gone(MODULE):
        refused(with_code())
    granted(with_code())


def common(user, *answers):
    """A sign-in through the common files alone."""
    box = installed()
    done = box.do("pamtester", "-v", "common", user, "authenticate", "acct_mgmt", check=False,
                  stdin="".join(f"{answer}\n" for answer in answers))
    return done.returncode == 0 and "successfully authenticated" in done.stdout, done.stdout


@suite.case("machine: the profile of pam-auth-update is off; where it is on it asks, and never fails open")
def profile():
    box = installed()
    before = box.sh("cd /etc/pam.d && sha256sum common-*")
    expect("pam_utmfa" not in box.sh("cat /etc/pam.d/common-*"), "on without being asked for")
    box.write("/etc/pam.d/common", "@include common-auth\n@include common-account\n")
    box.sh("pam-auth-update --enable utmfa")
    lines = [line.split() for line in box.read("/etc/pam.d/common-auth").splitlines() if line and line[0] != "#"]
    names = [line[-1] if line[-1].endswith(".so") else line[2] for line in lines]
    expect(["auth", "required", "pam_utmfa.so"] in lines, f"{lines}")
    expect(names.index("pam_utmfa.so") > names.index("pam_permit.so") > names.index("pam_deny.so"), f"{names}")
    let_in = common("taro", PASSWORD, stage["taro"].code())
    expect(let_in[0], f"a right code is refused: {let_in[1]}")
    for answers in [(PASSWORD, stage["taro"].apps["app-1"].wrong()), ("wrong", stage["taro"].code()), (PASSWORD, "")]:
        expect(not common("taro", *answers)[0], f"granted with {answers}")
    box.do("utmfa-admin", "unlock", "taro", "--reason", "end of a case")
    for path in (MODULE, VERIFIER):
        with gone(path):
            box.sh("systemctl stop utmfad.service utmfad-root.socket utmfad-user.socket")
            expect(not common("taro", PASSWORD, stage["taro"].code())[0], f"granted without {path}")
        box.sh("systemctl start utmfad-root.socket utmfad-user.socket utmfad.service")
    let_in = common("taro", PASSWORD, stage["taro"].code())
    expect(let_in[0], f"afterwards a right code is refused: {let_in[1]}")
    box.sh("pam-auth-update --disable utmfa")
    expect(box.sh("cd /etc/pam.d && sha256sum common-*") == before, "the common files are not as before")


@suite.case("machine: an upgrade while somebody signs in: he is not let in by it, nor locked out; all is kept")
def upgrade():
    box = installed()
    waiting = SignIn("taro", [FIRST_FACTOR], start_only=True, seconds=60)
    waiting.wait_for(CODE_PROMPT)
    pid = box.sh("systemctl show -P MainPID utmfad.service")
    box.install(higher(FIRST, "higher"))
    expect("+1" in box.sh("dpkg-query -W -f '${Version}' utmfad"), "not upgraded")
    expect(box.sh("systemctl show -P MainPID utmfad.service") != pid, "the old verifier still runs")
    waiting.child.sendline(stage["taro"].code())
    waiting.finish()
    expect(not waiting.granted, f"granted by a verifier that was replaced: {waiting.screen!r}")
    granted(with_code())
    refused(with_wrong_code())
    box.do("utmfa-admin", "unlock", "taro", "--reason", "end of a case")
    expect(box.read("/etc/utmfa/utmfa.yaml") == CONFIG, "the configuration was written over")
    expect(sorted(os.listdir(box.path("/etc/utmfa/keys"))) == stage["keys"], "the keys have changed")


@suite.case("machine: a restart while somebody signs in does not let in and does not lock out")
def restart():
    box = installed()
    waiting = SignIn("taro", [FIRST_FACTOR], start_only=True, seconds=60)
    waiting.wait_for(CODE_PROMPT)
    box.sh("systemctl restart utmfad.service")
    waiting.child.sendline(stage["taro"].code())
    waiting.finish()
    expect(not waiting.granted, f"granted: {waiting.screen!r}")
    granted(with_code())


@suite.case("machine: a removal is refused while a PAM file asks; then it goes, and registrations stay")
def remove():
    box = installed()
    done = box.do("apt-get", "remove", "-y", "-q", "utmfad", check=False)
    expect(done.returncode != 0 and "/etc/pam.d/sshd" in done.stdout, f"removed under a PAM file: {done.stdout}")
    expect(os.path.exists(box.path(MODULE)) and os.path.exists(box.path(VERIFIER)), "the files are gone all the same")
    box.sh("dpkg --configure -a")
    granted(with_code())
    box.sh("pam-auth-update --enable utmfa")
    box.sh("sed -i /pam_utmfa/d /etc/pam.d/sshd; rm /etc/ssh/sshd_config.d/00-utmfa.conf; systemctl reload ssh")
    box.sh("apt-get remove -y -q libpam-utmfa utmfad 'utmfa-*'")
    expect("pam_utmfa" not in box.sh("cat /etc/pam.d/common-*"), "the common files still ask")
    expect(not os.path.exists(box.path(MODULE)), "the module is still there")
    granted(user="taro")
    for path in ("/etc/utmfa/utmfa.yaml", "/etc/utmfa/keys/active", "/var/lib/utmfa/methods/taro.yaml"):
        expect(os.path.exists(box.path(path)), f"{path} is gone")
    expect(box.sh("systemctl --failed --no-legend") == "", box.sh("systemctl --failed"))


@suite.case("machine: installed again, the registrations count; a purge leaves nothing")
def purge():
    box = installed()
    box.install(FIRST)
    expect(sorted(os.listdir(box.path("/etc/utmfa/keys"))) == stage["keys"], "other keys than before")
    box.sh("cp /usr/share/doc/utmfa/pam.d/sshd.example /etc/pam.d/sshd")
    box.write("/etc/ssh/sshd_config.d/00-utmfa.conf", SSHD)
    box.sh("systemctl reload ssh")
    granted(with_code())
    box.sh("sed -i /pam_utmfa/d /etc/pam.d/sshd; rm /etc/ssh/sshd_config.d/00-utmfa.conf; systemctl reload ssh")
    box.sh("apt-get purge -y -q libpam-utmfa utmfad 'utmfa-*'")
    now, before = box.files(), stage["before"]
    left = sorted(path for path in now.keys() - before.keys() if "utmfa" in path)
    expect(not left, f"left behind: {left}")
    for path in before.keys() & now.keys():
        if path.startswith(("/etc/pam.d", "/etc/systemd", "/usr", "/lib")) and path != "/etc/pam.d/sshd":
            expect(now[path] == before[path] or path in touched, f"{path}: {before[path]} became {now[path]}")
    granted(user="taro")


# What the first start of a machine, or any package, changes.
touched = {"/etc/systemd/system", "/etc/pam.d"}
assert Skip
