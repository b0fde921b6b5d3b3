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
from client import PASSWORD, Log, Verifier, children, prepare, run, write
from people import newcomer
from suite import Skip, Suite, expect

MANY, SEVERAL, BOX = 200, 40, "/run/box"
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


def waited_for(users):
    """Sign-ins held while their codes are waited for; the memory of each process that waits."""
    process = subprocess.Popen([drive, "phones"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    process.stdin.write("".join(line(user) for user in users) + "\n")
    process.stdin.flush()
    expect(process.stderr.readline() == "all at the gate\n", "not all at the gate")
    # Whatever nursery they are from: one is replaced when the configuration changes.
    memory = [private_memory(pid) for nursery in children(verifier.process.pid) for pid in children(nursery)]
    process.stdin.close()
    rows = [row.rstrip("\n").split("\t") for row in process.stdout]
    process.wait()
    return rows, memory


@suite.case(f"{MANY} people wait for codes at once, with 8 gateways at a time: a message each, and each code lets in")
def _():
    write(CONFIG_FILE, CONFIG % 8)
    forget()
    rows, memory = waited_for(everybody)
    refused = [row for row in rows if row[2] != "0"]
    expect(len(rows) == MANY and not refused, f"{len(refused)} of {len(rows)} refused: {refused[:3]}")
    expect(sorted(sent()) == sorted(everybody), f"{len(sent())} messages")
    waiting = sorted(memory)[-MANY:]  # the others wait for somebody
    print(f"# a sign-in that waits for a code: {sum(waiting) // MANY} KiB, at most {waiting[-1]} KiB")
    expect(len(waiting) == MANY and 0 < waiting[0] and waiting[-1] <= MOST_MEMORY, waiting)


@suite.case("a code that is waited for is nobody else's: every second person types the code of his neighbour, in vain")
def _():
    write(CONFIG_FILE, CONFIG % 64)
    users = everybody[:SEVERAL]
    lines = [line(user) if at % 2 else line(user).replace(f"{BOX}/{user}", f"{BOX}/{users[at + 1]}")
             for at, user in enumerate(users)]
    done = run(drive, "phones", stdin="".join(lines), timeout=180)
    rows = sorted((int(row[0]), row[2]) for row in (each.split("\t") for each in done.stdout.splitlines()))
    same = sum(open(f"{BOX}/{users[at]}", encoding="ascii").read() == open(f"{BOX}/{users[at + 1]}", encoding="ascii").read()
               for at in range(0, SEVERAL, 2))
    expect([code for at, code in rows if at % 2 and code != "0"] == [], rows)
    expect(sum(code == "0" for at, code in rows if not at % 2) == same, rows)


def begun(user):
    process = subprocess.Popen([drive, "phones"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    process.stdin.write(line(user))
    process.stdin.close()
    process.stdin = None
    return process


@suite.case("who leaves while his message waits for its turn gets none, and the next one does")
def _():
    write(CONFIG_FILE, CONFIG % 1)
    forget()
    os.mkfifo(f"{BOX}/hold")
    os.chmod(f"{BOX}/hold", 0o666)
    log, (one, other, third) = Log(), everybody[:3]
    stays = begun(one)
    gateway = os.open(f"{BOX}/hold", os.O_WRONLY)  # it has opened its end
    leaves = begun(other)
    expect(not log.wait(other, 1) and sent() == [one], f"{sent()} {log.text()}")
    leaves.kill()
    leaves.communicate()
    expect(log.audit("aborted", other), log.text())
    os.unlink(f"{BOX}/hold")
    os.close(gateway)
    rows = stays.communicate(timeout=60)[0].split("\t")
    expect(rows[2] == "0", rows)
    sign_in(third)
    expect(sent() == [one, third], sent())


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
    for user in everybody[-SEVERAL:]:
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
    write(CONFIG_FILE, CONFIG % 64)
    cost(sign_in)
    each, gateway = cost(sign_in), cost(lambda _: start_in_group("exec /usr/local/sbin/world-gateway"))
    shell = cost(lambda _: start_in_group("exit"))
    beyond = [each[i] - (gateway[i] - shell[i]) for i in (0, 1)]
    print(f"# CPU for a sign-in by SMS beyond its gateway: {beyond[0]:.1f} ms, median {beyond[1]:.1f} ms")
    expect(0 < beyond[0] <= MOST_CPU, f"{beyond[0]:.1f} ms")


def make_everybody():
    for at in range(MANY):
        user = newcomer(f"phone{at:03}")
        run("utmfa-enroll", "--user", user, "add", "phone", f"+819012{at:06}")
        with open(f"{BOX}/{user}", encoding="ascii") as code:
            run("utmfa-enroll", "--user", user, "confirm", "mobile", "-", stdin=code.read())
        run("utmfa-enroll", "--user", user, "apply")
        everybody.append(user)


if __name__ == "__main__":
    CONFIG_FILE = "/etc/utmfa/utmfa.yaml"
    os.makedirs(BOX)
    os.chmod(BOX, 0o777)
    forget()
    write("/usr/local/sbin/world-gateway", GATEWAY, 0o755)
    write("/etc/pam.d/phones", "auth requisite pam_unix.so\nauth required pam_utmfa.so\naccount required pam_permit.so\n")
    prepare(CONFIG % 64)
    started = time.monotonic()
    make_everybody()
    print(f"# {MANY} people registered in {time.monotonic() - started:.0f} s", flush=True)
    group = Group()
    counted = ["sh", "-c", f'{group.enter}; exec "$@"', "sh"] if group.there else []
    with Verifier(before=counted) as verifier:
        status = suite.run(sys.argv[2:])
    group.end()
    sys.exit(status)
