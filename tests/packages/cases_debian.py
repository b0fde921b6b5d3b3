# SPDX-License-Identifier: Apache-2.0
# What Debian itself does with packages before it takes them: piuparts, and autopkgtest in a tree and on a booted machine.
import os
import shutil

import booted
from building import OUT, TOP, Skip, debs, expect, fresh, run, suite
from cases_build import FIRST, made
from machine import BIN, Machine, unpacked

KEY = os.path.join(OUT, "testbed-key")


def ours():
    expect("first" in made, "there are no packages")
    return [path for path in debs(FIRST) if "-dbgsym_" not in path]


def needs(command):
    if shutil.which(command) is None:
        raise Skip(f"{command} is not installed")


def autopkgtest(before, server, name):
    """What it says of each test."""
    needs("autopkgtest")
    out = fresh(name)
    shutil.rmtree(out)
    source = os.path.join(fresh("source"), "utmfa")
    shutil.copytree(os.path.join(TOP, "debian"), os.path.join(source, "debian"))
    # By this file it knows a tree that has been built, and wants no compiler.
    with open(os.path.join(source, "debian", "files"), "w", encoding="ascii"):
        pass
    # The tree is thrown away afterwards, whatever a test breaks. With the ssh of this machine, not with that of the booted one.
    path = os.environ["PATH"].replace(BIN + ":", "")
    done = run(*before, "autopkgtest", "--ignore-restrictions=breaks-testbed", "--output-dir", out, *ours(), source, "--",
               *server, check=False, timeout=1200, log=os.path.join(OUT, name + ".log"), environment={"PATH": path})
    with open(os.path.join(out, "summary"), encoding="utf-8") as file:
        results = dict(line.split()[:2] for line in file.read().splitlines() if len(line.split()) > 1)
    expect(done.returncode in (0, 2) and "FAIL" not in results.values(), f"{done.returncode}: {results}: see {out}")
    return results


@suite.case("debian: piuparts: installed, removed and purged, and nothing is left")
def piuparts():
    needs("piuparts")
    packages = ours()
    root = unpacked(FIRST, "testbed")
    # apt-utils of the tree makes it by itself, at the first package that asks questions.
    os.makedirs(os.path.join(root, "var/cache/debconf/tmp.ci"), exist_ok=True)
    run("piuparts", "--distribution", "bookworm", "--existing-chroot", root, "--keep-sources-list",
        "--no-upgrade-test", "--no-eatmydata", *packages, log=os.path.join(OUT, "piuparts.log"), timeout=1800)


@suite.case("debian: autopkgtest in a tree that is not booted: people sign in through libpam")
def in_a_tree():
    ours()
    root = unpacked(FIRST, "testbed")
    prepared = f"mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev; exec \"$@\""
    results = autopkgtest(("unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-euc", prepared, "sh"),
                          ("chroot", root), "autopkgtest-tree")
    expect(results == {"pam-sign-in": "PASS", "ssh-sign-in": "SKIP"}, f"{results}")


@suite.case("debian: autopkgtest on a booted machine: people sign in through libpam and by ssh")
def on_a_machine():
    ours()
    booted.after()
    root = unpacked(FIRST, "testbed")
    for path in (KEY, KEY + ".pub"):
        if os.path.exists(path):
            os.unlink(path)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    with open(KEY + ".pub", encoding="ascii") as file:
        public = file.read()
    box = booted.stage["testbed"] = Machine(root).boot()
    # Another sshd than the one that the tests change, on a port of its own, for autopkgtest itself.
    box.do("install", "-D", "-m", "600", "/dev/stdin", "/root/.ssh/authorized_keys", stdin=public)
    box.sh("ssh-keygen -A; systemctl start ssh; systemd-run -q --unit=testbed -p Type=notify /usr/sbin/sshd -D -f /dev/null "
           "-p 2222 -o PermitRootLogin=yes -o UsePAM=no -o PidFile=none -o Subsystem='sftp internal-sftp'")
    results = autopkgtest(("nsenter", "-t", box.leader, "-n"),
                          ("ssh", "-H", "127.0.0.1", "-p", "2222", "-l", "root", "-i", KEY, "--capability", "isolation-container",
                           "--options=-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"), "autopkgtest-machine")
    expect(results == {"pam-sign-in": "PASS", "ssh-sign-in": "PASS"}, f"{results}")
    booted.after()
