# SPDX-License-Identifier: Apache-2.0
# Every outside call fails in turn, and every one is a moment to be killed at: nobody is granted by it, nothing is usable
# twice, and the next sign-in works without a hand. The module starts the verifier through a program of ours that puts
# strace, limits or nothing around it. Run inside tools/world: fault.py DRIVE [CASE].
import collections
import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from client import METHODS, UTMFAD, Log, Person, enroll, prepare, run, write
from suite import Skip, Suite, expect

SUCCESS, AUTH_ERR, UNAVAILABLE, IGNORE = 0, 7, 9, 25
DATA = "/var/lib/utmfa"
CONFIG = """\
version: 1
services:
  default: {require: always, not-enrolled: deny}
throttle: {free: 20}
hotp: {window: 100}
registration: {minimum: 1, test: optional}
"""
FAULTY = "/root/faulty-verifier"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
# Calls that read, write, wait, speak or take something; a missing one in the trace is no case.
CALLS = ("openat", "read", "pread64", "pwrite64", "fdatasync", "fsync", "flock", "fcntl", "newfstatat", "fstat", "socket",
         "connect", "socketpair", "sendto", "sendmsg", "recvmsg", "recvfrom", "poll", "epoll_wait", "epoll_ctl",
         "epoll_create1", "signalfd4", "clone", "mmap", "getrandom", "landlock_create_ruleset", "landlock_restrict_self",
         "seccomp", "prctl", "setresuid", "setresgid", "setgroups", "capset", "close_range", "dup3", "getsockopt")
drive = sys.argv[1]
suite = Suite("fault")


def verifier_is(*words):
    write(FAULTY, f"#!/bin/sh\nexec {' '.join(words)} {UTMFAD} --session\n", 0o755)


def sign_in(service, *answers):
    """(PAM code, last text) of one sign-in of the person."""
    line = run(drive, service, stdin="\t".join([person.name, *answers]) + "\n").stdout.rstrip("\n").split("\t")
    return int(line[2]), line[4]


def right(service):
    """(PAM code, the code that was typed)"""
    code = person.code("token-1")
    return sign_in(service, code)[0], code


def clean_again(where, code, result):
    """What must hold after every fault."""
    expect(result != IGNORE, f"{where}: PAM_IGNORE")
    replay, _ = sign_in("clean", code)
    expect(not (result == SUCCESS and replay == SUCCESS), f"{where}: one code was granted twice")
    after, _ = right("clean")
    expect(after == SUCCESS, f"{where}: the next sign-in was refused ({after})")


def counted(path, calls):
    """How often each call is made by each process of one sign-in, from a trace: the most of any process."""
    by_process = collections.Counter()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            made = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed)", line)
            if made and made[3] == "(" and made[2] in calls:
                by_process[made[1], made[2]] += 1
    most = collections.Counter()
    for (_, call), times in by_process.items():
        most[call] = max(most[call], times)
    return most


def traced_counts():
    verifier_is("strace -f -qq -o /root/trace")
    result, _ = right("faulty")
    expect(result == SUCCESS, f"not granted under strace: {result}")
    most = counted("/root/trace", CALLS)
    for call in ("pwrite64", "fdatasync", "openat", "recvmsg"):
        expect(most[call], f"{call} was not seen: is the trace right? {dict(most)}")
    return most


def numbers(times):
    """Every one of a few; of many the first and the last, since those between are the same for each decoy."""
    return [number for number in range(1, times + 1) if number <= 24 or number > times - 12]


def walk(effect, calls=CALLS):
    granted = refused = 0
    for call, times in traced_counts().items():
        if call not in calls:
            continue
        for number in numbers(times):
            verifier_is(f"strace -f -qq -o /dev/null -e trace={call} -e inject={call}:{effect}:when={number}")
            result, code = right("faulty")
            granted, refused = granted + (result == SUCCESS), refused + (result != SUCCESS)
            clean_again(f"{call} number {number}", code, result)
    expect(refused > 10, f"only {refused} faults were felt: did they reach the verifier?")
    print(f"   {granted + refused} faults: {refused} refused, {granted} granted and then worth nothing any more")


@suite.case("control: without a fault the right code is granted, a wrong one and a used one are not")
def _():
    verifier_is()
    result, code = right("faulty")
    expect(result == SUCCESS, str(result))
    expect(sign_in("faulty", code, code, code)[0] == AUTH_ERR, "a used code was granted")
    expect(sign_in("faulty", "abc", "0", "")[0] not in (SUCCESS, IGNORE), "a wrong code was granted")
    expect(right("faulty")[0] == SUCCESS, "the next one was refused")


@suite.case("every call of the verifier fails once with EIO: none granted twice, the next sign-in works")
def _():
    walk("error=EIO")


@suite.case("the verifier is killed before every call that writes, syncs or speaks: none granted twice")
def _():
    walk("signal=KILL", ("pwrite64", "fdatasync", "sendto", "sendmsg", "recvmsg", "flock", "openat", "poll"))


@suite.case("a sync that fails or writing that fails: refused, with a log line")
def _():
    for call in ("fdatasync", "pwrite64"):
        log = Log()
        verifier_is(f"strace -f -qq -o /dev/null -e trace={call} -e inject={call}:error=ENOSPC")
        result, code = right("faulty")
        expect(result == UNAVAILABLE, f"{call}: {result}")
        expect(log.wait(r"utmfa\[\d+\]: unavailable", 5), f"{call}: {log.text()}")
        clean_again(call, code, result)


@suite.case("a wrong code under every failing call: never granted")
def _():
    for call, times in traced_counts().items():
        for number in range(1, min(times, 6) + 1):
            verifier_is(f"strace -f -qq -o /dev/null -e trace={call} -e inject={call}:error=EIO:when={number}")
            result, _ = sign_in("faulty", "000", "000", "000")
            expect(result not in (SUCCESS, IGNORE), f"{call} number {number}: {result}")
            run("utmfa-admin", "unlock", person.name, "--reason", "next fault")
    expect(right("clean")[0] == SUCCESS, "the next one was refused")


@suite.case("no memory, no descriptors, no processes, no file size: refused or granted once, the next sign-in works")
def _():
    limits = [f"--as={size << 20}" for size in (1, 4, 8, 10, 12, 14, 16, 20, 24, 32)]
    limits += [f"--nofile={count}" for count in range(3, 16)] + ["--fsize=0", "--fsize=4096", "--data=65536", "--stack=16384"]
    refused = 0
    for limit in limits:
        verifier_is("prlimit", limit)
        result, code = right("faulty")
        refused += result != SUCCESS
        clean_again(limit, code, result)
    expect(refused > 3, f"only {refused} limits were felt")


@suite.case("the disk is full: a sign-in is decided as ever, and enrolling says so and leaves what was")
def _():
    before = enroll(person.name, "list", "--json").stdout
    with Filled():
        result, code = right("clean")
        expect(result != IGNORE and sign_in("clean", code)[0] != SUCCESS, "a used code was granted")
        done = enroll(person.name, "add", "recovery", "--json", check=False)
        expect(done.returncode != 0 and done.stderr.strip(), f"exit {done.returncode}, {done.stderr!r}")
    now = json.loads(enroll(person.name, "list", "--json").stdout)
    expect([m["id"] for m in now["methods"]] == [m["id"] for m in json.loads(before)["methods"]], str(now))
    expect(right("clean")[0] == SUCCESS, "the next one was refused")


class Filled:
    def __enter__(self):
        with open(f"{DATA}/filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass

    def __exit__(self, *_):
        os.unlink(f"{DATA}/filler")


def make_read_only():
    """Busy as long as somebody has a file of it that is gone: the process of the last sign-in ends after its answer."""
    end = time.monotonic() + 20
    while run("mount", "-o", "remount,ro", DATA, check=time.monotonic() > end).returncode:
        pass


@suite.case("the disk is read-only: refused, logged; writable again: in")
def _():
    make_read_only()
    try:
        log = Log()
        result, _ = right("clean")
        expect(result == UNAVAILABLE, str(result))
        expect(log.wait("Read-only", 5), log.text())
    finally:
        run("mount", "-o", "remount,rw", DATA)
    expect(right("clean")[0] == SUCCESS, "the next one was refused")


def change_walk(effect):
    """utmfa-enroll under every fault: the old list or the new one, and the old code works."""
    words = ["utmfa-enroll", "--user", person.name, "rename", "token-1"]
    run("strace", "-f", "-qq", "-o", "/root/trace", *words, "counted")
    calls = ("openat", "write", "pwrite64", "fsync", "fdatasync", "renameat", "rename", "renameat2", "flock", "fallocate")
    felt = 0
    for call, times in counted("/root/trace", calls).items():
        for number in range(1, times + 1):
            label = f"{call}-{number}"
            done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                       f"inject={call}:{effect}:when={number}", *words, label, check=False)
            felt += done.returncode != 0
            listed = json.loads(enroll(person.name, "list", "--json").stdout)
            expect([m["id"] for m in listed["methods"]][0] == "token-1", f"{label}: {listed}")
            expect(done.returncode != 0 or listed["methods"][0]["label"] == label, f"{label}: exit 0, yet {listed}")
            expect(right("clean")[0] == SUCCESS, f"{label}: the next sign-in was refused")
    expect(felt > 5, f"only {felt} faults were felt")
    left = [name for name in os.listdir(METHODS) if name != person.name + ".yaml"]
    run("utmfa-enroll", "--user", person.name, "rename", "token-1", "last")
    expect(len(left) < 5, f"left behind: {left}")


@suite.case("a change of methods under every failing call: the old list or the new one, and codes go on working")
def _():
    change_walk("error=EIO")


@suite.case("a change of methods killed at every call: the old list or the new one, and codes go on working")
def _():
    change_walk("signal=KILL")


@suite.case("no core is written where cores are allowed")
def _():
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        if file.read().startswith("|"):
            raise Skip("cores go to a program of the machine")
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    verifier_is("strace -f -qq -o /dev/null -e trace=fdatasync -e inject=fdatasync:signal=SEGV:when=1")
    before = set(os.listdir("/"))
    result, code = right("faulty")
    expect(result not in (SUCCESS, IGNORE), str(result))
    expect(set(os.listdir("/")) == before, f"new in /: {set(os.listdir('/')) - before}")
    clean_again("SEGV", code, result)


if __name__ == "__main__":
    os.makedirs(DATA, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700,size=8m", "faults", DATA], check=True)
    module = "auth required pam_utmfa.so run-dir=/run/nowhere timeout=10"
    write("/etc/pam.d/clean", f"{module}\naccount required pam_permit.so\n")
    write("/etc/pam.d/faulty", f"{module} verifier={FAULTY}\naccount required pam_permit.so\n")
    prepare(CONFIG)
    person = Person("taro")
    person.add_token(SECRET)
    person.apply()
    sys.exit(suite.run(sys.argv[2:]))
