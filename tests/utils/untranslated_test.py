# SPDX-License-Identifier: Apache-2.0
"""What the utilities say to people, in a language that does not exist (tests/support/brackets.py): outside of brackets there
is only what somebody gave, names of verbs and options, and what programs read."""

import json
import os
import re

from nowhere import a_gap_is_noticed, newcomer, person
from nowhere import says as said_by
from programs import Place, add_app, done, totp, wrong

CONFIG = ("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n"
          "registration: {minimum: 1, test: optional}\n")

# Of a gateway, which runs as a user of its own: it keeps what it is given.
KEEPER = """\
#!/usr/bin/python3 -I
import json, sys
with open(%r, "w") as file:
    file.write(sys.stdin.read())
print(json.dumps({"result": "sent"}))
"""
PHONES = """region: JP
gateways:
  sms: {command: [%s], user: nobody, time-limit: 10s}
  push: {command: [%s], user: nobody, time-limit: 10s}
"""


def helped(text):
    """Of a help text: the lines that describe, and the headings."""
    text = text.partition("utmfa-enroll --user taro")[0].partition("utmfa-admin doctor")[0]
    return re.sub(r"[A-Z]+:(?=\{)|^  [a-z][a-z-]* |\[?=?/[a-z/.]+\]?|\{[a-z0-9,-]+\}|:$|^  [A-Z]+ |=\d+", " ", text, flags=re.M)


place = Place(config=CONFIG)


def says(program, *words, **how):
    return said_by(place, program, *words, **how)


def of_a_person():
    made = add_app(place, person, "--label", "iPhone")
    says("utmfa-enroll", "--user", person, "list")
    says("utmfa-enroll", "--user", person, "add", "totp")
    says("utmfa-enroll", "--user", person, "add", "recovery")
    says("utmfa-enroll", "--user", person, "confirm", "app-2", "-", stdin=wrong(made["secret"]) + "\n", expect=1)
    says("utmfa-enroll", "--user", person, "apply", expect=1)
    says("utmfa-enroll", "--user", person, "remove", "app-2", "--yes")
    says("utmfa-enroll", "--user", person, "apply")
    says("utmfa-enroll", "--user", person, "list")
    says("utmfa-enroll", "--user", person, "default", "sheet", expect=1)
    says("utmfa-enroll", "--user", person, "confirm", made["id"], totp(made["secret"]), expect=1)
    says("utmfa-enroll", "--user", newcomer, stdin="\niPhone\n", expect=None)


def of_a_phone():
    """Only root's gateways can be started as somebody else."""
    if os.geteuid() != 0:
        return
    there = Place(config=CONFIG)
    os.chmod(there.path, 0o755)
    sent = there.write("sent", "", 0o666)
    keeper = there.write("keeper", KEEPER % sent, 0o755)
    there.write("utmfa.yaml", CONFIG + PHONES % (keeper, keeper))

    def enroll(*words, **how):
        return said_by(there, "utmfa-enroll", "--user", person, *words, given={"mobile", "pixel"}, **how)

    def code():
        with open(sent, encoding="utf-8") as file:
            return json.load(file)["code"]

    enroll("add", "phone", "frobnicate", expect=1)
    enroll("add", "phone", "090-1234-5678", "--label", "iPhone")
    enroll("confirm", "mobile", str(int(code()) + 1).zfill(6)[-6:], expect=1)
    enroll("confirm", "mobile", code())
    enroll("add", "phone", "090-1234-9999", expect=1)
    enroll("change-number", "mobile", "+81 90 8765 4321", stdin=wrong("A" * 32) + "\n", expect=1)
    enroll("add", "push", "pixel", expect=None)
    enroll("add", "fido", "--line", "frobnicate", expect=1)
    enroll("add", "fido", expect=1)
    enroll("list")


def of_an_administrator():
    for verb in (["list"], ["show", person], ["report"], ["keys", "list"], ["keys", "new"], ["token", "list"],
                 ["pass", person, "--reason", "x", "--yes"], ["contact", person], ["reset", person, "--reason", "x", "--yes"],
                 ["check", place.at("utmfa.yaml")]):
        says("utmfa-admin", *verb)
    says("utmfa-admin", "unlock", person, "--reason", "x", "--yes", expect=None)


def of_wrong_usage():
    for words in (["frobnicate"], ["--frobnicate"], ["add"], ["confirm"], ["confirm", "app-1"], ["add", "totp", "--digits", "9"],
                  ["add", "totp", "--label"]):
        says("utmfa-enroll", *words, expect=2)
    says("utmfa-admin", expect=2)


def of_help():
    for words in ([], ["add"], ["add", "totp"], ["list"]):
        says("utmfa-enroll", *words, "--help", of=helped)
    for words in ([], ["explain"], ["token"], ["contact"]):
        says("utmfa-admin", *words, "--help", of=helped)


a_gap_is_noticed()
of_a_person()
of_a_phone()
of_an_administrator()
of_wrong_usage()
of_help()
done()
