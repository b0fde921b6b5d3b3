# SPDX-License-Identifier: Apache-2.0
"""What the utilities say to people, in a language that does not exist (tests/support/brackets.py): outside of brackets there
is only what somebody gave, names of verbs and options, and what programs read."""

import os
import re
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from brackets import bracketed, compiled, outside  # noqa: E402
from programs import Place, add_app, check, done, others, source, totp, wrong  # noqa: E402

CONFIG = ("version: 1\nservices:\n  sshd: {require: always, not-enrolled: deny}\n"
          "registration: {minimum: 1, test: optional}\n")
person, newcomer = others[0], others[1]
# Commands to be typed, ids and kinds of methods, and the program's own name in front of what was refused.
PROGRAMS = r"utmfa-(enroll|admin|assert)( --?[a-z-]+| [a-z0-9-]+| [A-Z]+)*:?"
DATA = r"otpauth:\S+|[A-Z2-7]{4}( [A-Z2-7]{4}){7}|\b[0-9a-z]{4,6}(-[0-9a-z]{4,5}){1,2}\b|\S*/\S+|--?[a-z][a-z-]*|\bapp-\d\b|\b(recovery|pass)\b"
ARGUMENTS = {"METHOD", "CODE", "USER", "SERVICE", "ADDRESS"}  # as the manuals name them
GIVEN = {person, newcomer, "iPhone", "utmfa", "sshd", "sheet", "frobnicate", "UTC", *ARGUMENTS}
# Of the log daemon: what a part of the system said is not ours.
LOG = r"audit: .*"


def left(text):
    """Words that nobody translated."""
    for known in (LOG, PROGRAMS, DATA):
        text = re.sub(known, " ", outside(text))
    return sorted(set(re.findall(r"[A-Za-z]{2,}", text)) - GIVEN)


def helped(text):
    """Of a help text: the lines that describe, and the headings."""
    text = text.partition("utmfa-enroll --user taro")[0].partition("utmfa-admin doctor")[0]
    return re.sub(r"[A-Z]+:(?=\{)|^  [a-z][a-z-]* |\[?=?/[a-z/.]+\]?|\{[a-z0-9,-]+\}|:$|^  [A-Z]+ |=\d+", " ", text, flags=re.M)


with open(os.path.join(source, "po/utmfa.pot"), encoding="utf-8") as file:
    template = file.read()
catalogue = tempfile.TemporaryDirectory()
compiled(bracketed(template), catalogue.name)
place = Place(config=CONFIG)


def says(program, *words, expect=0, stdin="", of=lambda text: text):
    said = place.run(program, "--locale-dir", catalogue.name, "--language", "ja", *words, expect=expect, stdin=stdin)
    both = said.stdout + said.stderr
    check("\u27e6" in both, program, *words, "says nothing that is translated:", both)
    check(not left(of(both)), program, *words, "says, and nobody can translate it:", left(of(both)), both)


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


def a_gap_is_noticed():
    check(left("nothing registered") == ["nothing", "registered"], "a text without brackets")
    check(not left("\u27e6nothing registered\u27e7 iPhone  /etc/utmfa --json"), "what is no text")


a_gap_is_noticed()
of_a_person()
of_an_administrator()
of_wrong_usage()
of_help()
done()
