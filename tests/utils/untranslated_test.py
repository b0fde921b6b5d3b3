# SPDX-License-Identifier: Apache-2.0
"""What the utilities say to people, in a language that does not exist (tests/support/brackets.py): outside of brackets there
is only what somebody gave, names of verbs and options, and what programs read."""

import re

from nowhere import a_gap_is_noticed, newcomer, person
from nowhere import says as said_by
from programs import Place, add_app, done, totp, wrong

CONFIG = ("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n"
          "registration: {minimum: 1, test: optional}\n")


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
of_an_administrator()
of_wrong_usage()
of_help()
done()
