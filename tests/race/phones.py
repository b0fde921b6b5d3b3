# SPDX-License-Identifier: Apache-2.0
# People who wait for codes at the same time: everybody gets his own message and is let in by his own code, whatever the
# number of gateways that may run at once; and what waiting and sending cost. Run inside tools/world: phones.py DRIVE [CASE].
import contextlib
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from client import PASSWORD, Log, Verifier, children, prepare, run, words_of, write
from people import newcomer
from suite import Skip, Suite, expect

MANY, SEVERAL, ANSWERS, BOX = 200, 40, 50, "/run/box"
MOST_MEMORY = 1024  # KiB of a sign-in process that waits, beyond what all of them share
MOST_CPU = 10  # milliseconds of a sign-in by SMS beyond the gateway's own
CONFIG = """\
version: 1
services:
  default: {require: always, not-enrolled: deny}
registration: {minimum: 1, test: optional}
limits: {waiting: 16, deliveries: %d}
delivery: {cooldown: 0s, per-hour: 60, per-day: 60}
gateways:
  sms: {command: [/usr/local/sbin/world-gateway], time-limit: 60s}
"""
# As cheap as one can be: no interpreter but the shell, no process.
GATEWAY = """\
#!/bin/sh
read -r message
user=${message#*'"user":"'}
code=${message#*'"code":"'}
echo "${code%%'"'*}" > "/run/box/${user%%'"'*}"
echo "${user%%'"'*}" >> /run/box/sent
[ ! -p /run/box/hold ] || read -r go < /run/box/hold
echo '{"result":"sent"}'
"""
drive = sys.argv[1]
suite = Suite("phones")
everybody = []


def people(count):
    """So many, made when they are first needed."""
    while len(everybody) < count:
        user = newcomer(f"phone{len(everybody):03}")
        run("utmfa-enroll", "--user", user, "add", "phone", f"+819012{len(everybody):06}")
        with open(f"{BOX}/{user}", encoding="ascii") as code:
            run("utmfa-enroll", "--user", user, "confirm", "mobile", "-", stdin=code.read())
        run("utmfa-enroll", "--user", user, "apply")
        everybody.append(user)
    return everybody[:count]


def line(user):
    return "\t".join((user, PASSWORD, "|", f"<{BOX}/{user}")) + "\n"


def sent():
    with open(f"{BOX}/sent", encoding="ascii") as file:
        return file.read().split()


def forget():
    write(f"{BOX}/sent", "", 0o666)


def private_memory(pid):
    """KiB that this process alone has: what ends with it. 0 where it has ended meanwhile (it waited for nobody)."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(row.split()[1]) for row in file if row.startswith(("Private_Clean", "Private_Dirty")))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def begun(users, held=False):
    """Sign-ins of all of them; held: until its standard input is closed."""
    process = subprocess.Popen([drive, "phones"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    process.stdin.write("".join(line(user) for user in users) + ("\n" if held else ""))
    process.stdin.flush()
    if not held:
        process.stdin.close()
        process.stdin = None  # or communicate() would close it again
    return process


def waited_for(users):
    """Sign-ins held while their codes are waited for; the memory of each process that waits."""
    with begun(users, held=True) as process:
        expect(process.stderr.readline() == "all at the gate\n", "not all at the gate")
        # Whatever nursery they are from: one is replaced when the configuration changes.
        memory = [private_memory(pid) for child in children(verifier.process.pid) if "--nursery" in words_of(child)
                  for pid in children(child)]
        process.stdin.close()
        rows = [row.rstrip("\n").split("\t") for row in process.stdout]
    return rows, memory


def configure(text):
    """For whoever comes from now on: one that comes for nothing makes the verifier read it, and is not counted."""
    write(CONFIG_FILE, text)
    run(drive, "phones", stdin="nobody-here\twrong\n", check=False)


def until(holds, what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := holds()):
        expect(time.monotonic() < end, f"waited in vain for {what}")
        select.select([], [], [], 0.02)
    return found


@contextlib.contextmanager
def held_gateway():
    """What a gateway that has been started waits for, until the caller lets go."""
    os.mkfifo(f"{BOX}/hold")
    os.chmod(f"{BOX}/hold", 0o666)
    held = []

    def opened():
        with contextlib.suppress(OSError):  # nobody reads yet
            held.append(os.open(f"{BOX}/hold", os.O_WRONLY | os.O_NONBLOCK))
        return held

    def let_go():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{BOX}/hold")
        while held:
            os.close(held.pop())

    try:
        yield lambda: until(opened, "a gateway"), let_go
    finally:
        let_go()


def state(user):
    with open(f"/var/lib/utmfa/state/{user}", "rb") as file:
        return file.read()


@suite.case(f"{MANY} people wait for codes at once, with 8 gateways at a time: a message each, and each code lets in")
def _():
    users = people(MANY)
    configure(CONFIG % 8)
    forget()
    rows, memory = waited_for(users)
    refused = [row for row in rows if row[2] != "0"]
    expect(len(rows) == MANY and not refused, f"{len(refused)} of {len(rows)} refused: {refused[:3]}")
    expect(sorted(sent()) == sorted(users), f"{len(sent())} messages")
    waiting = sorted(memory)[-MANY:]  # the others wait for somebody
    print(f"# a sign-in that waits for a code: {sum(waiting) // MANY} KiB, at most {waiting[-1]} KiB")
    expect(len(waiting) == MANY and 0 < waiting[0] and waiting[-1] <= MOST_MEMORY, waiting)


@suite.case("a code that is waited for is nobody else's: every second person types the code of his neighbour, in vain")
def _():
    users = people(SEVERAL)
    configure(CONFIG % 64)
    lines = [line(user) if at % 2 else line(user).replace(f"{BOX}/{user}", f"{BOX}/{users[at + 1]}")
             for at, user in enumerate(users)]
    done = run(drive, "phones", stdin="".join(lines), timeout=180)
    rows = sorted((int(row[0]), row[2]) for row in (each.split("\t") for each in done.stdout.splitlines()))
    same = sum(open(f"{BOX}/{users[at]}", encoding="ascii").read() == open(f"{BOX}/{users[at + 1]}", encoding="ascii").read()
               for at in range(0, SEVERAL, 2))
    expect(len(rows) == SEVERAL and [code for at, code in rows if at % 2 and code != "0"] == [], rows)
    expect(sum(code == "0" for at, code in rows if not at % 2) == same, rows)


@suite.case(f"{ANSWERS} answers at once on one connection with one code: one message, and one is let in")
def _():
    user = people(SEVERAL + 1)[-1]  # nobody else's: what is wrong about the others counts
    configure(CONFIG % 64)
    forget()
    done = subprocess.run([drive, "phones"], input=line(user) * ANSWERS, text=True, capture_output=True, timeout=180,
                          check=False, env={**os.environ, "DRIVE_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"})
    codes = [row.split("\t")[2] for row in done.stdout.splitlines()]
    expect(len(codes) == ANSWERS and codes.count("0") == 1, codes)
    expect(sent() == [user], sent())


@suite.case("who leaves while his message waits for its turn gets none, even if it is his turn at once; the next one does")
def _():
    one, other, third = people(3)
    configure(CONFIG % 1)
    forget()
    log = Log()
    with held_gateway() as (wait_for_gateway, let_go):
        stays = begun([one])
        wait_for_gateway()
        before = state(other)
        leaves = begun([other])
        until(lambda: state(other) != before, "a code that is issued")
        # One that comes after him, and to whom nothing is sent, has been served: so his message is with the broker.
        run(drive, "phones", stdin="nobody-here\twrong\n", check=False)
        expect(sent() == [one], sent())
        gone = [os.pidfd_open(pid) for pid in children(leaves.pid)]
        leaves.kill()
        leaves.communicate()
        expect(gone and all(select.select([each], [], [], 20)[0] for each in gone), "he did not leave")
        let_go()
        rows = stays.communicate(timeout=60)[0].split("\t")
    expect(rows[2] == "0", rows)
    sign_in(third)
    expect(sent() == [one, third], sent())
    expect(log.audit("aborted", other), log.text())
    for each in gone:
        os.close(each)


@suite.case("what runs gateways is killed: whose message it had is told, and the next one is sent by another")
def _():
    one, other = people(2)
    configure(CONFIG % 64)
    log = Log()
    with held_gateway() as (wait_for_gateway, let_go):
        stays = begun([one])
        wait_for_gateway()
        runner = verifier.runner()
        os.kill(runner, signal.SIGKILL)
        rows = stays.communicate(timeout=60)[0].split("\t")
        let_go()
    expect(rows[2] != "0" and log.audit("not-sent", one), f"{rows} {log.text()}")
    forget()
    sign_in(other)
    expect(sent() == [other] and verifier.runner() not in (None, runner), f"{sent()}, {verifier.runner()}, {runner}")


@suite.case("another gateway in the configuration is the one that the next message goes by, and a broken file changes nothing")
def _():
    user, = people(1)
    write("/usr/local/sbin/other-gateway", GATEWAY.replace("/run/box/sent", "/run/box/other"), 0o755)
    write(f"{BOX}/other", "", 0o666)
    sign_in(user)
    forget()
    write(CONFIG_FILE, (CONFIG % 64).replace("world-gateway", "other-gateway"))
    sign_in(user)
    write(CONFIG_FILE, "version: nothing\n")
    sign_in(user)
    with open(f"{BOX}/other", encoding="ascii") as file:
        expect(file.read().split() == [user, user] and not sent(), sent())
    configure(CONFIG % 64)


class Group:
    """A group of processes whose CPU the kernel counts: of cgroup 2, or of cgroup 1's cpuacct."""

    def __init__(self):
        new = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        self.path = f"/sys/fs/cgroup/{'' if new else 'cpuacct/'}utmfa-phones-{os.getpid()}-{time.time_ns()}"
        self.enter = f"echo 0 > {self.path}/{'cgroup.procs' if new else 'tasks'}"
        self.there = False
        with contextlib.suppress(OSError):
            os.mkdir(self.path)
            self.there = True

    def used(self):
        """Milliseconds."""
        if os.path.exists(f"{self.path}/cpuacct.usage"):
            with open(f"{self.path}/cpuacct.usage", encoding="ascii") as file:
                return int(file.read()) / 1e6
        with open(f"{self.path}/cpu.stat", encoding="ascii") as file:
            return int(next(row for row in file if row.startswith("usage_usec")).split()[1]) / 1e3

    def end(self):
        """Once the last process of the verifier is gone."""
        end = time.monotonic() + 20
        while self.there:
            try:
                os.rmdir(self.path)
                self.there = False
            except OSError:
                expect(time.monotonic() < end, "something outlives the verifier")
                select.select([], [], [], 0.05)


def cost(act):
    """Milliseconds of CPU: the least and the median. What disturbs it can only make it more."""
    costs = []
    for user in people(SEVERAL):
        before = group.used()
        act(user)
        costs.append(group.used() - before)
    costs.sort()
    return costs[SEVERAL // 10], costs[SEVERAL // 2]


def sign_in(user):
    expect(run(drive, "phones", stdin=line(user)).stdout.split("\t")[2] == "0", user)


def start_in_group(program):
    subprocess.run(["sh", "-c", f"{group.enter}; {program}"], input='{"user":"nobody","code":"123456"}\n', text=True,
                   check=True, stdout=subprocess.DEVNULL)


@suite.case(f"a sign-in by SMS costs at most {MOST_CPU} ms of CPU more than its gateway")
def _():
    if not group.there:
        raise Skip("no control group can be made to count in")
    people(SEVERAL)
    configure(CONFIG % 64)
    cost(sign_in)
    each, gateway = cost(sign_in), cost(lambda _: start_in_group("exec /usr/local/sbin/world-gateway"))
    shell = cost(lambda _: start_in_group("exit"))
    beyond = [each[i] - (gateway[i] - shell[i]) for i in (0, 1)]
    print(f"# CPU for a sign-in by SMS beyond its gateway: {beyond[0]:.1f} ms, median {beyond[1]:.1f} ms")
    expect(0 < beyond[0] <= MOST_CPU, f"{beyond[0]:.1f} ms")


if __name__ == "__main__":
    CONFIG_FILE = "/etc/utmfa/utmfa.yaml"
    os.makedirs(BOX)
    os.chmod(BOX, 0o777)
    forget()
    write("/usr/local/sbin/world-gateway", GATEWAY, 0o755)
    write("/etc/pam.d/phones", "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_permit.so\n")
    prepare(CONFIG % 64)
    group = Group()
    counted = ["sh", "-c", f'{group.enter}; exec "$@"', "sh"] if group.there else []
    with Verifier(before=counted) as verifier:
        status = suite.run(sys.argv[2:])
    group.end()
    sys.exit(status)
