# SPDX-License-Identifier: Apache-2.0
# Sign-ins at the same moment: real PAM, real verifier, many processes held at their question and let go together. One
# code is worth one sign-in, every wrong answer counts, nobody is refused for being one of many, and a kill takes nothing
# back. Run inside tools/world: race.py DRIVE [TRIALS [CASE]].
import json
import os
import random
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from client import Person, Verifier, children, prepare, run, write
from suite import Suite, expect

SUCCESS = 0
CLASS = 256
CONFIG = """\
version: 1
services:
  default: {require: always, not-enrolled: deny}
registration: {minimum: 1, test: optional}
throttle: {free: 20, first-delay: 60s}
hotp: {window: 100}
"""
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
METHOD = {"TOTP": "app-1", "HOTP": "token-1", "recovery": "recovery"}
CHOICE = {"TOTP": (), "HOTP": ("?", "2"), "recovery": ("?", "3")}
drive, trials = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
suite = Suite("race")


def quiet(_):
    pass


def released(lines):
    """The results of all these sign-ins, (authenticate, last text), in the order of the lines."""
    done = run(drive, "race", stdin="".join("\t".join(line) + "\n" for line in lines), timeout=180)
    rows = sorted((int(row[0]), row[2], row[4]) for row in (line.split("\t") for line in done.stdout.splitlines()))
    expect(len(rows) == len(lines), f"{len(lines)} sign-ins, {len(rows)} results")
    return [(int(code), text) for _, code, text in rows]


def granted(results):
    return sum(code == SUCCESS for code, _ in results)


def streak(user):
    return json.loads(run("utmfa-admin", "--json", "state", "show", user).stdout)["streak"]


def once(kind, people):
    """In every trial another person's fresh code, offered by that many sign-ins at once, is granted once."""
    for trial in range(trials):
        racer, choose = racers[trial], CHOICE[kind]
        results = released([(racer.name, *choose, racer.code(METHOD[kind]))] * people)
        expect(granted(results) == 1, f"trial {trial + 1}: {granted(results)} of {people} granted: {results}")


def signed_in(user, *answers, choose=()):
    return released([(user, *choose, *answers)])[0][0] == SUCCESS


def accounts(names, first):
    with open("/etc/passwd", "a", encoding="ascii") as passwd:
        passwd.writelines(f"{name}:x:{first + i}:{first + i}::/:/bin/sh\n" for i, name in enumerate(names))
    return names


def racer(name):
    person = Person(name, say=quiet)
    person.add_app("app")
    person.add_token(SECRET)
    person.add_recovery()
    person.apply()
    return person


for count in (24, 50):
    for each in METHOD:
        suite.case(f"{count} sign-ins of one person with one {each} code: 1 granted, in {trials} trials")(
            lambda kind=each, people=count: once(kind, people))


def wrong_at_once(people):
    """(counted, told that it is locked); the right code works before, and after the lock is taken away."""
    expect(signed_in(first.name, first.code("token-1"), choose=CHOICE["HOTP"]), "the right code was refused before")
    results = released([(first.name, first.apps["app-1"].wrong())] * people)
    expect(granted(results) == 0, f"{granted(results)} wrong codes granted")
    counted, locked = streak(first.name), sum("Try again after" in text for _, text in results)
    run("utmfa-admin", "unlock", first.name, "--reason", "end of a case")
    expect(signed_in(first.name, first.code("token-1"), choose=CHOICE["HOTP"]), "the right code was refused after")
    expect(streak(first.name) == 0, f"success did not settle: {streak(first.name)}")
    return counted, locked


@suite.case("19 wrong answers at once, one below the lock: 19 counted, none granted")
def _():
    expect(wrong_at_once(19) == (19, 0), "counted wrongly")


@suite.case("24 wrong answers at once: 20 are judged and counted, the last of them and the other four are told of the lock")
def _():
    counted, locked = wrong_at_once(24)
    expect(counted == 20 and locked == 5, f"counted {counted}, locked {locked}")


@suite.case(f"{CLASS} different people at once with right codes: all granted")
def _():
    lines = [(person.name, person.code("token-1")) for person in classroom]
    results = released(lines)
    expect(granted(results) == CLASS, f"{granted(results)} of {CLASS}: {[r for r in results if r[0] != SUCCESS][:5]}")
    again = released(lines)
    expect(granted(again) == 0, f"{granted(again)} of the same codes granted again")


def killed(victims):
    """A right code under a kill at a random moment: granted or not, it is never granted twice, the next one is."""
    for trial in range(trials):
        code = second.code("token-1")
        process = subprocess.Popen([drive, "race"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE)
        process.stdin.write(f"{second.name}\t?\t2\t{code}\n" * 4)
        process.stdin.close()
        process.stderr.readline()
        for _ in range(random.randrange(60000)):
            pass
        for pid in victims():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        results = [line.split("\t")[2] for line in process.stdout.read().splitlines()]
        process.wait()
        times = results.count("0")
        expect(times <= 1, f"trial {trial + 1}: granted {times} times")
        if verifier.process.poll() is not None:
            verifier.start()
        expect(not (signed_in(second.name, "?", "2", code) and times), f"trial {trial + 1}: granted again after the kill")
        expect(signed_in(second.name, "?", "2", second.code("token-1")),
               f"trial {trial + 1}: the next code was refused")


@suite.case("sign-in processes killed at a random moment: nothing twice, the next sign-in works")
def _():
    killed(lambda: children(verifier.nursery()))


@suite.case("the nursery of sign-in processes killed: nothing twice, the next sign-in works")
def _():
    killed(lambda: [verifier.nursery()])


@suite.case("the broker killed alone: nothing twice, the next sign-in works after its start")
def _():
    killed(lambda: [verifier.process.pid])


@suite.case("the verifier and all its processes killed: nothing twice, the next sign-in works after its start")
def _():
    killed(verifier.family)


def make_classroom():
    """Everybody has a token with the secret of the RFC and has proven its first code."""
    everybody = []
    for user in accounts([f"class{i:03}" for i in range(CLASS)], 41000):
        person = Person(user, say=quiet)
        person.add_token(SECRET)
        person.apply()
        everybody.append(person)
    return everybody


if __name__ == "__main__":
    write("/etc/pam.d/race", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
    prepare(CONFIG)
    with Verifier() as verifier:
        racers = [racer(name) for name in accounts([f"racer{i:03}" for i in range(max(trials, 2))], 40000)]
        first, second = racers[:2]
        classroom = make_classroom()
        status = suite.run(sys.argv[3:])
    sys.exit(status)
