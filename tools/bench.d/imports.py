# SPDX-License-Identifier: Apache-2.0
# Registering a university at once: utmfa-admin import beside the tool of libpam-google-authenticator, which is run once
# for each person; 200 people are measured and the rest reckoned. Called by measure.py.
import base64
import os
import subprocess
import time

from datasets import DATA

PEOPLE, QUICK_PEOPLE, TOOL_PEOPLE = 60000, 6000, 200
PROGRAM = ["google-authenticator", "--time-based", "--disallow-reuse", "--force", "--quiet", "--no-confirm",
           "--window-size=3", "--rate-limit=3", "--rate-time=30"]
CONFIG = "version: 1\nregistration: {minimum: 1, test: optional}\n"


def timed(commands):
    began = time.monotonic()
    for each in commands:
        subprocess.run(each, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def tool(where, before=()):
    """Seconds a person. It writes one file for whom it runs as; `before` is what makes it run as that person."""
    os.makedirs(where, exist_ok=True)
    os.chmod(where, 0o777)
    return timed([*before, *PROGRAM, f"--secret={where}/{number}"] for number in range(TOOL_PEOPLE)) / TOOL_PEOPLE


def ours(build, where, people):
    """Seconds for all of them, from the file to the last sync."""
    options = [f"{build}/utils/utmfa-admin", "--data-dir", f"{where}/data", "--keys-dir", f"{where}/keys", "--config",
               f"{where}/utmfa.yaml"]
    os.makedirs(where, mode=0o700)
    with open(f"{where}/utmfa.yaml", "w", encoding="ascii") as file:
        file.write(CONFIG)
    with open(f"{where}/people.csv", "w", encoding="ascii") as file:
        file.write("user,secret,label,status\n")
        file.writelines(f"u{number:05d},{base64.b32encode(b'%020d' % number).decode()},iPhone,active\n"
                        for number in range(people))
    subprocess.run([*options, "setup"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = timed([[*options, "import", f"{where}/people.csv", "--names-as-written"]])
    made = len(os.listdir(f"{where}/data/methods"))
    if made != people:
        raise SystemExit(f"import: {made} of {people} people are registered")
    return took


def measure(build, quick):
    people = QUICK_PEOPLE if quick else PEOPLE
    alone = tool(f"{DATA}/tool")
    as_person = tool(f"{DATA}/tool-as-person", ["runuser", "-u", "nobody", "--"])
    return {"people": people, "seconds": ours(build, f"{DATA}/import", people), "tool": alone, "tool_as_person": as_person}
