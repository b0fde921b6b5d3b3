# SPDX-License-Identifier: Apache-2.0
# Root at the console switches a service off, whatever the disk and the records are like: no room, nothing that can be
# written but the PAM file, records of somebody else.
import contextlib
import json
import os

from machine import (ORIGINAL, PENDING, ROLLOUT, SERVICE, admin, asks, enabled, expect, run, signs_in, stranger_stays_out, suite,
                     text_of, untouched)

DATA = "/var/lib/utmfa"


@contextlib.contextmanager
def on_a_disk(place):
    """A small file system of its own with what was there; it is filled to the last byte by full()."""
    mode = f"{os.stat(place).st_mode & 0o777:o}"
    run("sh", "-ec", f"cp -a {place} /run/kept; mount -t tmpfs -o size=512k,mode={mode} small {place}; cp -a /run/kept/. {place};"
                     "rm -r /run/kept")
    try:
        yield
    finally:
        run("umount", place)


def full(place):
    run("sh", "-c", f"dd if=/dev/zero of={place}/filler bs=4k; echo x > {place}/proof; test ! -s {place}/proof")


def kept_on():
    """Switched on, as it is long after it was confirmed."""
    enabled()
    os.unlink(PENDING)


def off(*words):
    admin("service", *words)
    expect(not asks(), text_of(SERVICE))
    expect(signs_in("taro").granted, "as before")


@suite.case("full disks: disable takes the lines out, and says that no copy is kept")
def disable_on_full_disks():
    with on_a_disk("/etc/pam.d"), on_a_disk(ROLLOUT):
        kept_on()
        stranger_stays_out()
        for place in ("/etc/pam.d", ROLLOUT):
            full(place)
        done = admin("service", "disable", "sshd", "--yes")
        expect("No space left on device" in done.stderr and "is kept in" not in done.stdout, f"{done.stdout}{done.stderr}")
        expect(text_of(SERVICE) == ORIGINAL, text_of(SERVICE))
        expect(signs_in("taro").granted, "as before")


@suite.case("a data directory that can only be read: revert, what is due, and disable work, and status tells")
def read_only():
    for words in (("revert", "sshd"), ("disable", "sshd", "--yes")):
        with on_a_disk(ROLLOUT):
            enabled()
            run("mount", "-o", "remount,ro", ROLLOUT)
            done = admin("service", "status", "sshd")
            expect("waits" in done.stdout and not done.stderr, f"{done.stdout}{done.stderr}")
            expect(admin("service", "revert", "--due").stdout == "" and asks(), "it is not due yet")
            off(*words)
    untouched()


@suite.case("records that belong to somebody else are not believed: revert and disable go by the name of the service")
def of_somebody_else():
    for words in (("revert", "sshd"), ("disable", "sshd", "--yes")):
        enabled()
        run("chown", "-R", "taro", ROLLOUT)
        try:
            admin("service", "revert", "--due", expect_status=1)
            expect(asks(), "taken back by a record of somebody else")
            done = admin("service", "status", "sshd")
            expect("asks" in done.stdout and "is owned by uid" in done.stderr, f"{done.stdout}{done.stderr}")
            off(*words)
        finally:
            run("chown", "-R", "root", ROLLOUT)
            admin("service", "revert", "sshd", expect_status=0)
    untouched()


def ails():
    done = run("utmfa-admin", "doctor", "--json", check=False)
    return {each["check"]: each["remedy"] for each in json.loads(done.stdout) if each["level"] == "problem"}


@suite.case("doctor names a disk that is full, and one that can only be read, and its remedy mends that")
def doctor_names_the_disk():
    state = f"{DATA}/state"
    with on_a_disk(state):
        expect(not {"no-room", "read-only"} & set(ails()), f"{ails()}")
        full(state)
        expect("no-room" in ails(), f"{ails()}")
        os.unlink(f"{state}/filler")
        run("mount", "-o", "remount,ro", state)
        run("sh", "-ec", ails()["read-only"])
        expect(not {"no-room", "read-only"} & set(ails()), f"{ails()}")
