# SPDX-License-Identifier: Apache-2.0
# Measures every row of tools/bench in one run: counts first, then shuffled rounds of single sign-ins, then throughput,
# then memory; writes figures.json and the reports. Started by world.sh as root, in the private world.
import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time

import counts
import datasets
import imports
import report
from datasets import CONFDIR, DATA, SIGNERS, make_rows, totp

LEVELS = (1, 8, 32, 128)


def say(text):
    print(f"   {text}", flush=True)


def run(out, jobs, parallel):
    command = [f"{out}/bin/runner", f"{out}/bin/login", CONFDIR, str(parallel)]
    ran = subprocess.run(command, input="\n".join(jobs) + "\n", capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"runner: {ran.returncode}: {ran.stderr}")
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    return lines[:-1], lines[-1]


def check(out, rows):
    """A wrong code must be refused and the right one accepted, or the figures mean nothing."""
    for row in rows:
        user = row.signers[0]
        wrong = f"{(int(totp(user)) + 1) % 1000000:06d}"
        refused = counts.login(row, f"{out}/bin/login", 0, wrong)
        row.refresh()
        granted = counts.login(row, f"{out}/bin/login", 0)
        if granted.returncode != 0 or (row.asks and refused.returncode == 0):
            codes = f"right code {granted.returncode}, wrong code {refused.returncode}"
            with open("/run/bench.log", errors="replace") as log:
                raise SystemExit(f"{row.name}: {codes} (PAM codes); the log ends:\n{log.read()[-2000:]}")
        row.refresh()


def count(out, row, quick):
    program = f"{out}/bin/login"
    ran = [counts.instructions(row, program, turn) for turn in range(1 if quick else 3)]
    figures = {"instructions": statistics.median(ran), "login_calls": counts.login_calls(row, program, 3)}
    row.refresh()
    figures["verifier_calls"] = counts.verifier_calls(row, program, range(4, 8 if row.size < SIGNERS else 20))
    row.refresh()
    return figures


def rounds(out, rows, number):
    order, jobs = list(rows), []
    for turn in range(-3, number):  # the first three warm the caches and are thrown away
        random.shuffle(order)
        jobs += [row.job(turn % SIGNERS) for row in order]
    lines, _ = run(out, jobs, 1)
    return {row.name: round_figures(row, [line for line in lines if line[0] == row.name]) for row in rows}


def round_figures(row, lines):
    if row.verifier:
        row.verifier.settle()
    used = [int(line[8]) for line in lines] + [row.verifier.used() if row.verifier else 0]
    kept = range(3, len(lines))
    return {"failed": sum(line[2] != "0" for line in lines), "wall": [float(lines[i][3]) for i in kept],
            "cpu": [int(lines[i][4]) for i in kept], "prompt": [float(lines[i][5]) for i in kept],
            "rss": max(int(line[6]) for line in lines), "verifier": [used[i + 1] - used[i] for i in kept]}


def throughput(out, rows, quick):
    able = [row for row in rows if len(row.signers) == SIGNERS]
    found = {row.name: {} for row in able}
    for level in (1, 32) if quick else LEVELS:
        for _ in range(1 if quick else 3):
            random.shuffle(able)
            for row in able:
                big_file = row.name.startswith("oath") and row.size >= 10000
                size = 32 if big_file else 128 if quick else SIGNERS
                row.refresh()
                _, total = run(out, [row.job(turn) for turn in range(size)], level)
                found[row.name].setdefault(level, []).append(
                    {"good": (size - int(total[2])) / float(total[3]) * 1e6, "rejected": int(total[2]), "of": size})
                if row.verifier:
                    row.verifier.settle()
    for row in able:
        row.refresh()
    return found


def machine(rows, rounds_number):
    mounts = [line.split() for line in open("/proc/mounts")]
    disk = [mount[2] for mount in mounts if mount[1] == DATA][-1]
    models = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    pressure = open("/proc/pressure/cpu").readline().split()[1:3] if os.path.exists("/proc/pressure/cpu") else []
    return {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "kernel": platform.release(),
            "cpus": os.cpu_count(), "model": models[0] if models else platform.machine(), "disk": disk,
            "rounds": rounds_number, "pressure": pressure,
            "sizes": {row.name: row.size for row in rows}}


def measure(arguments, rows):
    quick, out, figures = arguments.quick == "yes", arguments.out, {"rows": {}}
    for row in rows:
        began = time.monotonic()
        row.make()
        row.start()
        say(f"{row.name}: {row.size} users in {time.monotonic() - began:.1f} s")
    os.sync()
    check(out, rows)
    say("every row grants the right code; all but permit refuse a wrong one")
    for row in rows:
        figures["rows"][row.name] = count(out, row, quick)
    say("counted instructions and system calls")
    for name, found in rounds(out, rows, arguments.rounds).items():
        figures["rows"][name].update(found)
    figures["machine"] = machine(rows, arguments.rounds)
    say(f"timed {arguments.rounds} shuffled rounds")
    for row in rows:
        row.refresh()
    for name, found in throughput(out, rows, quick).items():
        figures["rows"][name]["throughput"] = found
    say("measured throughput")
    if arguments.imports == "yes":
        figures["import"] = imports.measure(arguments.build, quick)
        say(f"imported {figures['import']['people']:,} people")
    for row in rows:
        if row.verifier:
            row.verifier.settle()
            figures["rows"][row.name]["memory"] = counts.memory(row.verifier)
    return figures


def main():
    parser = argparse.ArgumentParser()
    for each in ("out", "rows", "quick", "build", "groups", "imports"):
        parser.add_argument(f"--{each}", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    arguments = parser.parse_args()
    datasets.groups = arguments.groups
    rows = make_rows(list(dict.fromkeys(arguments.rows.split(","))), f"{arguments.out}/bin", arguments.build)
    try:
        figures = measure(arguments, rows)
    finally:
        for row in rows:
            row.stop()
    with open(f"{arguments.out}/figures.json", "w") as file:
        json.dump(figures, file, indent=1)
    report.write(figures, arguments.out)
    return 0


sys.exit(main())
