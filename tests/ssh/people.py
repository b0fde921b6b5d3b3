# SPDX-License-Identifier: Apache-2.0
# Accounts that the cases make for themselves, with the password of everybody in the world.
import os

from client import run

made = {}


def newcomer(name):
    """The name of a fresh account."""
    if name in made:
        raise AssertionError(f"{name} is no newcomer")
    uid = made[name] = 31001 + len(made)
    with open("/etc/shadow", encoding="ascii") as file:
        known = next(line.split(":")[1] for line in file if line.startswith("newcomer:"))
    for path, line in (("/etc/passwd", f"{name}:x:{uid}:{uid}::/home/u{uid}:/bin/sh\n"),
                       ("/etc/group", f"{name}:x:{uid}:\n"), ("/etc/shadow", f"{name}:{known}:19000:0:99999:7:::\n")):
        with open(path, "a", encoding="ascii") as file:
            file.write(line)
    os.mkdir(f"/home/u{uid}", 0o700)
    os.chown(f"/home/u{uid}", uid, uid)
    run("id", name)
    return name


def uid_of(name):
    return made[name]
