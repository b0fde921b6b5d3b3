# SPDX-License-Identifier: Apache-2.0
# A sign-in process that was taken over: while somebody is asked for a code, a debugger makes the process that will judge
# him open other people's records, files, sockets, programs. None may succeed, and the broker must live on. Run inside
# tools/world: confined.py CAPTIVE DRIVE [CASE].
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from client import CONFIG, DEFAULT_CONFIG, METHODS, STATE, Log, Person, Verifier, children, prepare, run, words_of, write
from suite import Suite, expect

REFUSED = {"-1", "-11", "-13", "-24", "-38"}  # EPERM, EAGAIN (no process), EACCES, EMFILE (no descriptor), ENOSYS
UNAVAILABLE = 9
WAITING = 4  # limits.waiting
WIDE = "version: 1\nservices:\n  confined: {require: enrolled}\n"
captive, drive = sys.argv[1:3]
suite = Suite("confined")


def judges():
    """The sign-in processes that hold taro's record."""
    return [pid for pid in children(verifier.nursery()) if f"{STATE}/taro" in held(pid)]


def held(pid):
    """What the descriptors of a process are; of one that is ending, nothing."""
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    except FileNotFoundError:
        return []


def shown(pid, name):
    with open(f"/proc/{pid}/{name}", encoding="ascii") as file:
        return file.read()


class Asked:
    """taro, held at the question for his code; `judge` is the process that will judge his answer."""

    def __enter__(self):
        self.process = subprocess.Popen([drive, "confined"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.process.stdin.write("taro\t000000\n\n")
        self.process.stdin.flush()
        self.process.stderr.readline()
        found = judges()
        if len(found) != 1:
            self.process.kill()
            raise AssertionError(f"{len(found)} processes hold taro's record")
        self.judge = found[0]
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=30)

    def outcome(self):
        return int(self.process.communicate(timeout=30)[0].split("\t")[2])


def attempt(name, *descriptor):
    with Asked() as asked:
        done = run(captive, str(asked.judge), name, *descriptor).stdout.split()
        expect(asked.outcome() != 0, "the sign-in of the captive was granted")
    return done[1:]


def forbidden(name):
    result = attempt(name)
    expect(result[0] == "killed" or result[1] in REFUSED, f"the captive could: {' '.join(result)}")


@suite.case("the judge runs as utmfa, without capabilities, filtered, without new privileges, not dumpable")
def _():
    with Asked() as asked:
        status = dict(line.split(":\t", 1) for line in shown(asked.judge, "status").splitlines() if ":\t" in line)
        expect(set(status["Uid"].split()) == {"990"} and set(status["Gid"].split()) == {"990"}, status["Uid"])
        expect(status["Groups"].strip() in ("", "990"), status["Groups"])
        for key in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            expect(int(status[key], 16) == 0, f"{key} {status[key]}")
        expect(status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", str(status))
        expect(os.stat(f"/proc/{asked.judge}/mem").st_uid == 0, "dumpable: its memory belongs to user utmfa")


@suite.case("the judge holds the socket, the channel and two files of taro, nothing else")
def _():
    with Asked() as asked:
        mine = [name for name in held(asked.judge) if name not in held(verifier.process.pid)]
        files = sorted(name for name in mine if not name.startswith("socket:"))
        expect(files == [f"{METHODS}/taro.yaml", f"{STATE}/taro"], str(mine))
        expect(len(mine) == 4, str(mine))


@suite.case("a program without a sandbox can do what the judge must not: the method of this test finds it")
def _():
    # head waits in read(2) for a line that does not come
    with subprocess.Popen(["head", "-n", "1"], stdin=subprocess.PIPE) as free:
        follow = subprocess.run(["timeout", "10", "sh", "-c", f"until grep -q '^0 ' /proc/{free.pid}/syscall; do :; done"],
                                check=False)
        expect(follow.returncode == 0, "head does not read")
        result = run(captive, str(free.pid), "public-file").stdout.split()
        expect(result[1] == "did" and int(result[2]) >= 0, str(result))


@suite.case("made to ask the broker for another record: cut off, and logged")
def _():
    log = Log()
    with Asked() as asked:
        sockets = [fd for fd in os.listdir(f"/proc/{asked.judge}/fd")
                   if os.readlink(f"/proc/{asked.judge}/fd/{fd}").startswith("socket:")]
    for fd in sockets:  # one of them is the channel
        attempt("ask-broker-for-another", fd)
    expect(log.wait("asked twice"), log.text())


listed = subprocess.run([captive], capture_output=True, text=True, check=False)
if listed.returncode == 77:
    print("skip - confined: system calls are put into a process on x86-64 only")
    sys.exit(0)
for title, rule in (line.split() for line in listed.stdout.splitlines()):
    if rule == "forbidden":
        suite.case(f"made to do: {title}: it cannot")(lambda name=title: forbidden(name))


for each in ("own-record-lookup", "other-record", "other-state-write", "sealing-key", "new-file", "program",
             "program-by-descriptor", "be-root", "trace-broker", "mount", "namespace", "program-filter"):
    suite.case(f"the nursery made to do: {each}: it cannot, and another one takes its place")(
        lambda name=each: nursery_forbidden(name))


def nursery_forbidden(name):
    old = verifier.nursery()
    gone = [os.pidfd_open(pid) for pid in (old, *children(old))]
    log = Log()
    result = run(captive, str(old), name).stdout.split()[1:]
    expect(result[0] == "killed" or result[1] in REFUSED, f"the nursery could: {' '.join(result)}")
    expect(log.wait("nursery", 10), log.text())
    for fd in gone:
        expect(select.select([fd], [], [], 10)[0], "a process of the old nursery lives on")
        os.close(fd)
    with Asked() as asked:
        expect(verifier.nursery() != old and asked.judge, "the nursery is the old one")


def shown_file(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def outcome(user, *answers):
    """The PAM code of a sign-in, and what was said last."""
    line = run(drive, "confined", stdin="\t".join([user, *answers]) + "\n").stdout.rstrip("\n").split("\t")
    return int(line[2]), line[4]


class Unanswered:
    """A person of whom only the directory knows, which does not answer (hesiod without its configuration: UNAVAIL, and
    ENOENT, as others say whose daemon is not there)."""

    def __init__(self, person):
        self.person = person

    def __enter__(self):
        self.before = {path: shown_file(path) for path in ("/etc/passwd", CONFIG)}
        names = self.before["/etc/passwd"].splitlines(keepends=True)
        write("/etc/passwd", "".join(each for each in names if not each.startswith(self.person + ":")))

    def __exit__(self, *_):
        for path, text in self.before.items():
            write(path, text)


@suite.case("a directory that does not answer makes nobody an unregistered one: refused where these are let in")
def _():
    run("utmfa-admin", "unlock", "taro", "--reason", "end of a case")
    for config in (WIDE, WIDE.replace("enrolled", "always, not-enrolled: allow")):
        with Unanswered("taro"):
            write(CONFIG, config)
            log = Log()
            expect(outcome("taro", "000000")[0] == UNAVAILABLE, log.text())
            expect("name service" in log.audit("unavailable", "taro"), log.text())
            write(CONFIG, WIDE.replace("enrolled", "off"))
            log = Log()
            outcome("taro", "000000")
            expect(log.audit("exempt", "taro"), log.text())
            write(CONFIG, config)
            log = Log()
            outcome("jiro")
            expect(log.audit("not-needed", "jiro"), log.text())
    with Unanswered("taro"):
        write(CONFIG, WIDE.replace("enrolled", "always, not-enrolled: deny"))
        asked = [outcome(name, "000000", "000000", "000000") for name in ("taro", "no-such-name")]
        expect(asked[0] == asked[1] and asked[0][0] not in (0, UNAVAILABLE), asked)
    expect("code" in outcome("taro", "000000")[1], "taro, who is found again, was not asked")


class SilentServer:
    """A directory that takes questions and never answers: hesiod, whose name server is ours."""

    files = {"/etc/hesiod.conf": "lhs=.ns\nrhs=.example\n",
             "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:10 attempts:1\n"}

    def __enter__(self):
        self.before = {path: shown_file(path) if os.path.exists(path) else None for path in self.files}
        for path, text in self.files.items():
            write(path, text)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.socket.settimeout(20)
        return self

    def asked(self):
        return self.socket.recv(4096)

    def __exit__(self, *_):
        self.socket.close()
        for path, text in self.before.items():
            if text is None:
                os.unlink(path)
            else:
                write(path, text)


@suite.case("a directory that takes its time keeps nobody waiting who is known without it")
def _():
    names = "".join(f"somebody-{number}\n" for number in range(WAITING * 2))
    with SilentServer() as directory:
        with subprocess.Popen([drive, "confined"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as slow:
            slow.stdin.write(names)
            slow.stdin.close()
            for _ in range(WAITING * 2):
                directory.asked()
            began = time.monotonic()
            expect("code" in outcome("taro", "000000")[1], "taro was not asked")
            took = time.monotonic() - began
            expect(slow.poll() is None, "nobody waited for the directory any more")
    expect(took < 5, f"taro was let in after {took:.1f} s")


def known_to_be_nobody():
    """After how many sign-ins the processes that wait know that nobody has a name, and by what nursery."""
    old = verifier.nursery()
    for count in range(4 * WAITING):
        if outcome("no-such-name")[0] != UNAVAILABLE:
            return count
        if verifier.nursery() == old:
            nursery_of(verifier, old)
    raise AssertionError("a name that nobody has is in doubt for ever")


@suite.case("a name is in doubt as long as processes look it up that began under another nsswitch.conf, and no longer")
def _():
    before = {path: shown_file(path) for path in (CONFIG, "/etc/nsswitch.conf")}
    write(CONFIG, WIDE)
    try:
        log = Log()
        write("/etc/nsswitch.conf", before["/etc/nsswitch.conf"].replace("files hesiod", "files"))
        expect(known_to_be_nobody() > 0, "not in doubt")
        expect("nsswitch.conf: changed meanwhile" in log.audit("unavailable", "no-such-name"), log.text())
    finally:
        for path, text in before.items():
            write(path, text)


def nursery_of(other, than):
    """The process that forks sign-in processes, as soon as it is another one than that; none where the verifier has ended."""
    end = time.monotonic() + 20
    while other.process.poll() is None:
        for pid in children(other.process.pid):
            if pid != than and "--nursery" in words_of(pid):
                return pid
        expect(time.monotonic() < end, "the configuration was not read again")
        select.select([], [], [], 0.02)
    return None


@suite.case("nobody reads the log nor standard error: the verifier lives on")
def _():
    reading, writing = os.pipe()
    os.close(reading)
    os.rename("/dev/log", "/dev/log-away")
    other = Verifier("--run-dir", "/run/other")
    try:
        other.start(error=writing)
        os.close(writing)
        first = nursery_of(other, None)
        other.process.send_signal(signal.SIGHUP)
        nursery_of(other, first)
        expect(other.process.poll() is None, f"the verifier has ended: {other.process.returncode}")
    finally:
        os.rename("/dev/log-away", "/dev/log")
        other.stop()


@suite.case("after all this the verifier serves on, and the right code is granted")
def _():
    run("utmfa-admin", "unlock", "taro", "--reason", "end of a case")
    done = run(drive, "confined", stdin=f"taro\t{taro.code()}\n").stdout
    expect(done.split("\t")[2] == "0", done)


if __name__ == "__main__":
    write("/etc/pam.d/confined", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
    write("/etc/nsswitch.conf", re.sub(r"(?m)^passwd:.*$", "passwd: files hesiod", shown_file("/etc/nsswitch.conf")))
    prepare(DEFAULT_CONFIG + "throttle: {free: 20}\n")
    with Verifier() as verifier:
        taro, hanako = Person("taro").enrol(), Person("hanako").enrol()
        result = suite.run(sys.argv[3:])
    sys.exit(result)
