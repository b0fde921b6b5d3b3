# SPDX-License-Identifier: Apache-2.0
# A security key in software, plugged into the machine of the suite: that of tests/fido, which umockdev shows to programs in
# there. utmfad sees it in /sys, and utmfa-key, started in its sight, at its device; nothing else does.
import os
import shutil
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(TESTS + "/fido")
from keys import Keys

PLACE, PLUGGED = "/usr/local/lib/keys", "/run/keys"
PROGRAM = "/usr/local/sbin/utmfa-key-shown"
PIN = "secret-42"
SERVICE = f"""\
[Service]
Type=notify
NotifyAccess=all
RuntimeDirectory=keys
Environment=TMPDIR={PLUGGED}
ExecStart=/usr/bin/python3 -B {PLACE}/with_keys.py --keys 1 -- sh -c 'ln -s "$${{UMOCKDEV_DIR##*/}}" {PLUGGED}/shown && systemd-notify --ready && exec tail -f /dev/null'
[Install]
WantedBy=multi-user.target
"""
SEEN = f"""\
[Unit]
Requires=security-key.service
After=security-key.service
[Service]
BindReadOnlyPaths={PLUGGED}/shown/sys/class:/sys/class
DeviceAllow=char-pts rw
# Where the gateway of the suite leaves what it sent.
ReadWritePaths=/run/box
"""
# What looks itself whether there is a key: root's utilities.
IN_SIGHT = ["unshare", "-m", "sh", "-c", f'mount --bind {PLUGGED}/shown/sys/class /sys/class && exec "$0" "$@"']
STARTED = f"""\
#!/bin/sh
cd -P {PLUGGED}/shown  # the preloaded library knows its directory by its own name only
export LD_PRELOAD=libumockdev-preload.so.0 UMOCKDEV_DIR="$PWD"
exec /usr/libexec/utmfa/utmfa-key
"""


def prepare(machine):
    os.makedirs(machine.root + PLACE)
    for name in ("with_keys.py", "plugging.py", "keys.py"):
        shutil.copy(f"{TESTS}/fido/{name}", machine.root + PLACE)
    shutil.copytree(f"{TESTS}/fido/authenticator", f"{machine.root}{PLACE}/authenticator",
                    ignore=shutil.ignore_patterns("__pycache__"))
    machine.write("/etc/systemd/system/security-key.service", SERVICE)
    machine.write("/etc/systemd/system/utmfad.service.d/security-key.conf", SEEN)
    machine.write(PROGRAM, STARTED, 0o755)
    machine.before_boot("systemctl", "enable", "-q", "security-key.service")


def plugged(machine):
    """What a person does with it."""
    return Keys(f"/proc/{machine.leader}/root{PLUGGED}/shown/keys")
