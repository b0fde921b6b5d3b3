# SPDX-License-Identifier: Apache-2.0
# The units as they are installed, started by systemd: how strict they are, and which devices the program that talks to
# security keys can open in there. Of a key there is the node and no device behind it: the kernel of a test has none to plug in.
import re

from building import Skip, expect, suite
from booted import CONFIG, common, installed, machine, stage
from client import PASSWORD

UNITS = ("utmfad-root.socket", "utmfad-user.socket", "utmfad.service", "utmfa-deliver.path", "utmfa-deliver.service",
         "utmfa-service-revert.service", "utmfa-status.service", "utmfa-status.timer")
# What the strictest sandbox that works comes to, in tenths; the manual names the same figures.
EXPOSURE = {"utmfad.service": 26, "utmfa-deliver.service": 32}
CAPABILITIES = (0, 5, 6, 7)  # CHOWN, KILL, SETGID, SETUID
PLACES = ("/tmp", "/var/tmp", "/var/lib/utmfa", "/etc", "/etc/utmfa", "/usr", "/var", "/var/log", "/root", "/home", "/run", "/run/utmfa", "/boot", "/sys/fs/cgroup")
# A node of a key that udev has marked, one that it has not, and a device that everybody may open but in the sandbox.
KEY, OTHER, ANYBODY = "/dev/hidraw9", "/dev/hidraw8", "/dev/fuse"
POINT = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="  # a public key on P-256
PROBE = "/usr/local/sbin/probe"
SCRIPT = f"""#!/bin/sh
exec > /tmp/probe 2>&1
for node in {KEY} {OTHER} {ANYBODY}; do
  if (: <> $node) 2> /tmp/why; then echo "$node: open"; else echo "$node: $(cat /tmp/why)"; fi
done
for place in /etc /var/lib/utmfa /run/utmfa /usr; do (: > $place/probe) 2> /dev/null && echo "$place: written"; done
grep -E '^(Uid|NoNewPrivs|Seccomp|CapBnd|CapEff):' /proc/self/status
"""


def told(text):
    return dict(re.findall(r"(?m)^(\S+?):\s+(.*)$", text))


@suite.case("sandbox: systemd knows every line of the units, and rates them as the manual says")
def rated():
    box = machine()
    said = box.do("systemd-analyze", "verify", "--man=no", *UNITS, check=False)
    ours = [line for line in said.stdout.splitlines() if "utmfa" in line]
    expect(not ours, "\n".join(ours))
    manual = re.sub(r"\s+", " ", box.sh("zcat /usr/share/man/man8/utmfad.8.gz"))
    for unit, most in EXPOSURE.items():
        said = box.sh(f"systemd-analyze security --no-pager {unit}")
        level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
        print(f"# {unit}: exposure level {level[1]}")
        expect(round(float(level[1]) * 10) <= most, f"{unit}: {level[1]}, and {most / 10} is promised:\n" +
               "\n".join(line for line in said.splitlines() if "\u2717" in line))
        expect(f"{most / 10}" in manual, f"utmfad(8) does not say {most / 10}")


@suite.case("sandbox: the verifier as it runs has four capabilities, gains none, is filtered, and writes into one place")
def in_force():
    box = machine()
    pid = box.sh("systemctl start utmfad.service; systemctl show -P MainPID utmfad.service")
    status = told(box.sh(f"cat /proc/{pid}/status"))
    expect(int(status["CapBnd"], 16) == sum(1 << bit for bit in CAPABILITIES), status["CapBnd"])
    expect((status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), f"{status['NoNewPrivs']} {status['Seccomp']}")
    # As root, in its mounts: /tmp is its own.
    said = box.sh(f"for place in {' '.join(PLACES)}; do if nsenter -t {pid} -m sh -c \": > $place/probe\" 2> /dev/null; then "
                  f"echo $place; nsenter -t {pid} -m rm $place/probe; fi; done").split()
    expect(said == ["/tmp", "/var/tmp", "/var/lib/utmfa"], f"writes into {said}")


@suite.case("sandbox: the other services start in theirs")
def others():
    box = machine()
    box.sh("mkdir -p /var/lib/prometheus/node-exporter; systemctl start utmfa-status.service utmfa-service-revert.service")
    expect("utmfa" in box.read("/var/lib/prometheus/node-exporter/utmfa.prom"), "no numbers for monitoring")
    expect(box.sh("systemctl show -P Result utmfa-status.service utmfa-deliver.service").split() == ["success"] * 2, "one has failed")
    box.sh("rm -r /var/lib/prometheus")


def nodes():
    """A key in sight: its nodes, and what sysfs shows of it."""
    box = installed()
    major = box.sh("awk '$2 == \"hidraw\" { print $1 }' /proc/devices")
    if not major:
        raise Skip("this kernel knows no hidraw devices")
    box.sh(f"mknod -m 660 {KEY} c {major} 9; chgrp utmfa-key {KEY}; mknod -m 600 {OTHER} c {major} 8; "
           f"[ -e {ANYBODY} ] || mknod {ANYBODY} c 10 229; chmod 666 {ANYBODY}; "
           "mount -t tmpfs keys /sys/class/hidraw; mkdir -p /sys/class/hidraw/hidraw9/device; "
           "printf '\\006\\320\\361\\011\\001' > /sys/class/hidraw/hidraw9/device/report_descriptor")


def devices_are_kept():
    """Whether systemd can, on this kernel: a unit of three words is told by the same way."""
    said = installed().do("systemd-run", "-q", "--wait", "--pipe", "-p", "DevicePolicy=closed", "sh", "-c", f": <> {ANYBODY}", check=False)
    return "Operation not permitted" in said.stdout


def with_a_key():
    """taro has one registered, taken over from pam_u2f. Nobody has it; it is asked for all the same."""
    box = installed()
    box.write("/root/u2f", f"taro:aGFuZGxl,{POINT},es256,+presence\n")
    box.do("utmfa-admin", "import", "/root/u2f", "--from", "u2f", "--origin", "pam://lab1", "--apply", "--reason", "from pam_u2f")


def asked(key="", answer=""):
    """A sign-in at the machine that comes to the key: whether it let in, and the terminal."""
    box = installed()
    box.write("/etc/utmfa/utmfa.yaml", CONFIG + key)
    box.sh("systemctl restart utmfad.service")
    return common("taro", PASSWORD, "?", "2", answer, "")


@suite.case("sandbox: started by the unit, who talks to keys opens the node of a key, and no other device; and nothing is written")
def helper():
    box = installed()
    box.write("/etc/pam.d/common", "auth required pam_unix.so\nauth required pam_utmfa.so\naccount required pam_unix.so\n")
    box.write(PROBE, SCRIPT)
    box.sh(f"chmod 755 {PROBE}")
    nodes()
    with_a_key()
    # Outside of the unit the same person may open what everybody may.
    box.sh(f"setpriv --reuid utmfa-key --regid utmfa-key --init-groups {PROBE}")
    outside = told(box.sh("cat /tmp/probe; rm /tmp/probe"))
    expect(outside[ANYBODY] == "open" and "No such device" in outside[KEY] and "Permission denied" in outside[OTHER], f"{outside}")
    _, screen = asked(f"fido: {{program: {PROBE}}}\n")
    said = box.sh("cat /tmp/systemd-private-*-utmfad.service-*/tmp/probe || :")
    inside = told(said)
    expect(inside, f"not started: {screen}")
    expect("No such device" in inside[KEY], f"the unit does not let keys in: {said}")
    expect("Permission denied" in inside[OTHER], f"{said}")
    expect("written" not in said and (inside["NoNewPrivs"], inside["Seccomp"], int(inside["CapEff"], 16)) == ("1", "2", 0), f"{said}")
    expect(set(inside["Uid"].split()) == {box.sh("id -u utmfa-key")}, f"{inside['Uid']}")
    if not devices_are_kept():
        raise Skip("all but one thing was seen: systemd cannot keep devices from a unit on this kernel")
    expect("Operation not permitted" in inside[ANYBODY], f"{said}")


@suite.case("sandbox: utmfa-key itself runs under the unit and answers; a key that is not there is told, and the app signs in")
def answers():
    box = installed()
    ended = "grep -c 'utmfa-key has ended' /var/log/auth.log || :"
    before = box.sh(ended)
    let_in, screen = asked(answer=stage["taro"].code())
    expect(let_in and "No security key is plugged in." in screen, screen)
    expect(box.sh(ended) == before, "utmfa-key has died under the unit")
    box.sh(f"umount /sys/class/hidraw; rm -f {KEY} {OTHER} {PROBE} /etc/pam.d/common /root/u2f")
    box.do("utmfa-enroll", "--user", "taro", "remove", "key-1", stdin="yes\n")
