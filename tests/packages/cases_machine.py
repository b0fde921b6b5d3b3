# SPDX-License-Identifier: Apache-2.0
# The life of the packages on a booted machine begins: installed, a sign-in by ssh as README says, mails, logs, faults, the
# profile of pam-auth-update.
import os
import re
import stat

from building import Skip, expect, suite
from cases_build import FIRST
from client import CODE_PROMPT, PASSWORD, Person
from booted import (CONFIG, MODULE, SSHD, VERIFIER, common, gone, granted, installed, machine, refused, stage, with_code,
                    with_wrong_code)

UNITS = ("utmfad-root.socket", "utmfad-user.socket", "utmfad.service", "utmfa-deliver.path")
MODES = {"/etc/utmfa": 0o755, "/etc/utmfa/keys": 0o700, "/etc/utmfa/utmfa.yaml": 0o644, "/var/lib/utmfa": 0o700,
         "/var/lib/utmfa/methods": 0o700, "/var/lib/utmfa/state": 0o700, "/var/lib/utmfa/decoy": 0o700,
         "/var/lib/utmfa/kept": 0o700, "/var/lib/utmfa/tokens": 0o700, "/var/lib/utmfa/outbox": 0o700,
         "/run/utmfa": 0o755, "/run/utmfa/root.sock": 0o600, "/run/utmfa/user.sock": 0o666}


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


@suite.case("machine: udev takes our rule, and security keys are open to the user of utmfa-key and to nobody else of ours")
def devices():
    box = machine()
    read = box.sh("udevadm test /sys/class/mem/null 2>&1 | grep 70-utmfa-key || :").splitlines()
    expect(len(read) == 1 and read[0].startswith("Reading rules file: "), f"{read}")
    major = box.sh("awk '$2 == \"hidraw\" { print $1 }' /proc/devices")
    if not major:
        raise Skip("this kernel knows no hidraw devices")
    # Behind the node there is no device, which is told only to who may open it.
    box.sh(f"mknod -m 660 /dev/hidraw9 c {major} 9; chgrp utmfa-key /dev/hidraw9")
    for user, says in (("utmfa-key", "No such device"), ("utmfa", "Permission denied"), ("utmfa-gateway", "Permission denied")):
        said = box.sh(f"setpriv --reuid {user} --regid {user} --clear-groups sh -c ': <> /dev/hidraw9' 2>&1 || :")
        expect(says in said, f"{user}: {said}")
    box.sh("rm /dev/hidraw9")
    expect("char-hidraw rw" in box.sh("systemctl show -P DeviceAllow utmfad.service"), "the unit does not let keys in")


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
