# SPDX-License-Identifier: Apache-2.0
# What can be counted about a sign-in, whatever else the machine does: instructions (callgrind), system calls, syncs
# and bytes (strace), for the login process and for the verifier. Called by measure.py.
import glob
import os
import re
import signal
import subprocess
import tempfile

from datasets import CONFDIR, SIGNERS, totp

CALL = re.compile(r"^(?:\d+ +)?([a-z0-9_]+)\(")
RESULT = re.compile(r" = (-?\d+)")
WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2"}
SYNCS = {"fsync", "fdatasync", "sync", "syncfs", "msync", "sync_file_range"}


def login(row, login_program, turn, code=None, before=()):
    """One sign-in; the exit status is the PAM code."""
    user = row.signers[turn % len(row.signers)]
    if row.size < SIGNERS:
        row.refresh()
    return subprocess.run([*before, login_program, CONFDIR, row.name, user, code or totp(user)],
                          capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})


def instructions(row, login_program, turn):
    ran = login(row, login_program, turn, before=["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"])
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode or not found:
        raise SystemExit(f"{row.name} under callgrind: {ran.returncode}\n{ran.stderr}")
    return int(found[1])


def read_traces(directory):
    seen = {"syscalls": 0, "opened": 0, "syncs": 0, "written": 0, "calls": {}}
    for path in glob.glob(f"{directory}/t*"):
        with open(path, errors="replace") as file:
            for line in file:
                count_line(seen, line)
    return seen


def count_line(seen, line):
    call, result = CALL.match(line), RESULT.search(line)
    if not call:
        return
    name, value = call[1], int(result[1]) if result else -1
    seen["syscalls"] += 1
    seen["calls"][name] = seen["calls"].get(name, 0) + 1
    if name in ("open", "openat", "openat2") and value >= 0:
        seen["opened"] += 1
        seen["syncs"] += "O_DSYNC" in line or "O_SYNC" in line
    if name in SYNCS and value == 0:
        seen["syncs"] += 1
    # strace -y shows the path of a file's descriptor; sockets, pipes and devices are not the disk.
    if name in WRITES and value > 0 and re.search(r"\(\d+<(/(?!dev/)[^>]*)>", line):
        seen["written"] += value


def login_calls(row, login_program, turn):
    with tempfile.TemporaryDirectory(dir="/run") as directory:
        ran = login(row, login_program, turn, before=["strace", "-ff", "-y", "-o", f"{directory}/t"])
        if ran.returncode:
            raise SystemExit(f"{row.name} under strace: {ran.returncode}\n{ran.stderr}")
        return read_traces(directory)


def verifier_calls(row, login_program, turns):
    """Per sign-in, with the process that takes the place of the one used up. Nothing for a row without a verifier."""
    if not row.verifier:
        return read_traces("/nonexistent")
    row.verifier.settle()
    pids = row.verifier.pids()
    with tempfile.TemporaryDirectory(dir="/run") as directory:
        command = ["strace", "-ff", "-y", "-o", f"{directory}/t"]
        for pid in pids:
            command += ["-p", str(pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for _ in pids:
            if "attached" not in tracer.stderr.readline():
                raise SystemExit(f"strace could not attach to the verifier of {row.name}")
        for turn in turns:
            if login(row, login_program, turn).returncode:
                raise SystemExit(f"{row.name}: refused while its verifier was traced")
        row.verifier.settle()
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        return {key: each_of(value, len(turns)) for key, value in read_traces(directory).items()}


def each_of(value, count):
    if isinstance(value, dict):
        return {key: round(number / count, 2) for key, number in sorted(value.items(), key=lambda x: -x[1])}
    return round(value / count, 2)


def memory(verifier):
    """KiB of the broker and of the processes that wait, from smaps_rollup."""
    found = []
    for pid in verifier.pids():
        with open(f"/proc/{pid}/smaps_rollup") as file:
            numbers = {line.split()[0].rstrip(":"): int(line.split()[1]) for line in file if line.endswith("kB\n")}
        found.append({"broker": pid == verifier.process.pid, "pss": numbers["Pss"],
                      "private": numbers["Private_Clean"] + numbers["Private_Dirty"], "rss": numbers["Rss"],
                      "command": os.path.basename(os.readlink(f"/proc/{pid}/exe"))})
    return found
