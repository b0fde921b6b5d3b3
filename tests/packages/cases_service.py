# SPDX-License-Identifier: Apache-2.0
# A service is switched on as README says, on a booted machine: confirmed by a fresh sign-in, taken back by a timer of
# systemd, by a restart, and by a cut of the power.
import re

from building import expect, suite
from client import CODE_PROMPT, PASSWORD, SignIn
from booted import CONFIG, FIRST_FACTOR, VERIFIER, gone, granted, installed, refused, stage, with_code

SERVICE = "/etc/pam.d/sshd"
CONFIRM = (f"echo '{PASSWORD}' | sudo -S -p '' utmfa-admin service confirm sshd && printf 'in as taro\\n'")


def admin(*words, check=True):
    """As taro's sudo would start it."""
    return installed().do("env", "SUDO_USER=taro", "utmfa-admin", "service", *words, check=check)


def as_it_was():
    """Debian's own file, on which the package changed nothing, and taro may become root."""
    box = installed()
    if box.read(SERVICE) != stage["sshd"]:
        box.write(SERVICE, stage["sshd"])
    box.sh("adduser --quiet taro sudo")
    return stage["sshd"]


def asks():
    return "pam_utmfa.so" in installed().read(SERVICE)


def taken_back():
    box = installed()
    expect(box.read(SERVICE) == stage["sshd"], box.read(SERVICE))
    expect(box.sh("ls -A /etc/pam.d | grep '^[.]' || :") == "", "something was left beside it")
    expect(box.sh("ls /var/lib/utmfa/service | grep pending || :") == "", "a change waits still")
    granted()


def started_anew(how):
    box = installed()
    how()
    box.boot()
    box.sh("systemctl start ssh")
    return box


def refuses(says, caller="taro"):
    box = installed()
    done = box.do("env", f"SUDO_USER={caller}", "utmfa-admin", "service", "enable", "sshd", "--yes", check=False)
    expect(done.returncode != 0 and says in done.stdout, done.stdout)
    taken_back()


@suite.case("service: enable is refused to whom it would lock out, and where nothing could be decided; root's console gets in")
def locked_out():
    box = installed()
    as_it_was()
    box.write("/etc/utmfa/utmfa.yaml", CONFIG.replace("sshd: {", "sshd: {require: always, not-enrolled: deny, "))
    refuses("hanako must give a code there, and has not registered", caller="hanako")
    box.write("/etc/utmfa/utmfa.yaml", "nonsense\n")
    refuses("utmfa.yaml:1")
    box.write("/etc/utmfa/utmfa.yaml", CONFIG)
    box.sh("systemctl stop utmfad.service utmfad-root.socket utmfad-user.socket")
    refuses("the verifier does not answer")
    box.sh("systemctl start utmfad-root.socket utmfad-user.socket utmfad.service")
    # Everything is broken after it was switched on: the console, which has no line of ours, lets root in; the way back works.
    admin("enable", "sshd", "--yes")
    with gone(VERIFIER):
        box.sh("systemctl stop utmfad.service utmfad-root.socket utmfad-user.socket")
        box.write("/etc/utmfa/utmfa.yaml", "nonsense\n")
        refused((CODE_PROMPT, "000000"))
        console = box.do("pamtester", "-v", "login", "root", "authenticate", "acct_mgmt", stdin=f"{PASSWORD}\n", check=False)
        expect("successfully authenticated" in console.stdout, console.stdout)
        admin("revert", "sshd")
        taken_back()
    box.write("/etc/utmfa/utmfa.yaml", CONFIG)
    box.sh("systemctl start utmfad-root.socket utmfad-user.socket utmfad.service")


@suite.case("service: on, signed in with a code, confirmed by sudo from there, off to the last byte")
def confirmed():
    as_it_was()
    admin("enable", "sshd", "--yes")
    expect(asks(), "not switched on")
    refused((CODE_PROMPT, "000000"))
    done = SignIn("taro", [FIRST_FACTOR, with_code()], command=CONFIRM)
    expect(done.granted, done.screen)
    timers = installed().sh("systemctl list-timers --all --no-legend 'utmfa-service-*'")
    expect(asks(), f"taken back after it was confirmed: {timers}")
    granted(with_code())
    admin("disable", "sshd", "--yes")
    taken_back()


@suite.case("service: what nobody confirms is taken back by a timer of systemd")
def timer():
    box = installed()
    as_it_was()
    admin("enable", "sshd", "--yes", "--confirm-within", "30s")
    expect("utmfa-service-sshd-" in box.sh("systemctl list-timers --no-legend"), "there is no timer")
    expect(asks(), "not switched on")
    expect(box.wait_for_line("/var/log/auth.log", "service-reverted service=sshd .*not confirmed in time", 90), "not taken back")
    taken_back()


@suite.case("service: what nobody confirms is taken back when the machine is started anew, before anybody signs in")
def restarted():
    box = installed()
    as_it_was()
    admin("enable", "sshd", "--yes", "--confirm-within", "1h")
    expect(asks(), "not switched on")
    started_anew(box.stop)
    expect(not asks(), "still on after a restart")
    order = box.sh("journalctl -b -o short-monotonic --no-pager")
    unit = re.search(r"\[ *([\d.]+)\].*Finished utmfa-service-revert\.service", order)
    ssh = re.search(r"\[ *([\d.]+)\].*(?:Starting|Started) ssh\.service", order)
    expect(unit and ssh and float(unit[1]) <= float(ssh[1]), f"the unit did not run before ssh: {unit} {ssh}")
    taken_back()


@suite.case("service: the same when the power was cut right after the change")
def power_cut():
    box = installed()
    as_it_was()
    admin("enable", "sshd", "--yes", "--confirm-within", "1h")
    started_anew(box.cut)
    taken_back()
    admin("enable", "sshd", "--yes")
    done = SignIn("taro", [FIRST_FACTOR, with_code()], command=CONFIRM)
    expect(done.granted, done.screen)
    started_anew(box.cut)
    expect(asks(), "a confirmed change is taken back by a restart")
    refused((CODE_PROMPT, "000000"))
    granted(with_code())
    installed().do("utmfa-admin", "unlock", "taro", "--reason", "end of a case")
    admin("disable", "sshd", "--yes")
    taken_back()
