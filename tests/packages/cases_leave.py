# SPDX-License-Identifier: Apache-2.0
# The life of the packages on a booted machine ends: an upgrade and a restart while somebody signs in, a removal, and a purge
# that leaves nothing.
import os

from building import expect, suite
from cases_build import FIRST
from client import CODE_PROMPT, SignIn
from machine import higher
from booted import (CONFIG, FIRST_FACTOR, MODULE, SSHD, VERIFIER, granted, installed, refused, stage, with_code,
                    with_wrong_code)


@suite.case("machine: an upgrade while somebody signs in: he is not let in by it, nor locked out; all is kept")
def upgrade():
    box = installed()
    box.sh("cp /usr/share/doc/utmfa/pam.d/sshd.example /etc/pam.d/sshd")
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


@suite.case("machine: installed anew while the configuration is broken, the verifier that runs goes on, and it is said; mended, it is replaced")
def installed_when_broken():
    box = installed()
    pid = box.sh("systemctl show -P MainPID utmfad.service")
    box.write("/etc/utmfa/utmfa.yaml", "nonsense\n")
    said = box.install(higher(FIRST, "higher"), "--reinstall")
    expect("utmfa.yaml:1" in said and "systemctl restart utmfad.service" in said, said)
    expect(box.sh("systemctl show -P MainPID utmfad.service") == pid, "started under a configuration that is broken")
    granted(with_code())
    refused(with_wrong_code())
    box.write("/etc/utmfa/utmfa.yaml", CONFIG)
    said = box.install(higher(FIRST, "higher"), "--reinstall")
    expect("is broken" not in said and box.sh("systemctl show -P MainPID utmfad.service") != pid, f"not replaced: {said}")
    granted(with_code())
    box.do("utmfa-admin", "unlock", "taro", "--reason", "end of a case")


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
    box.sh("mkdir -p /etc/utmfa/conf.d; echo 'services: {sshd: {require: always}}' > /etc/utmfa/conf.d/50-site.yaml")
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
