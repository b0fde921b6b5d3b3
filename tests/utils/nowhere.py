# SPDX-License-Identifier: Apache-2.0
"""What the tests of untranslated words share: the programs in a language that does not exist (tests/support/brackets.py).
Outside of brackets there is only what somebody gave, names of verbs, options and settings, and what programs read."""

import os
import re
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from brackets import bracketed, compiled, outside  # noqa: E402
from programs import check, others, source  # noqa: E402

person, newcomer = others[0], others[1]
# Commands to be typed, ids and kinds of methods, and the program's own name in front of what was refused.
PROGRAMS = r"utmfa-(enroll|admin|assert)( --?[a-z-]+| [a-z0-9-]+| [A-Z]+)*:?|(chmod|chown|systemctl|useradd|userdel) [^\n]*"
DATA = (r"otpauth:\S+|[A-Z2-7]{4}( [A-Z2-7]{4}){7}|\b[0-9a-z]{4,6}(-[0-9a-z]{4,5}){1,2}\b|\S*/\S+|--?[a-z][a-z-]*|\bapp-\d\b|"
        r"\b(recovery|pass|totp|hotp)\b|'[^']*'|\"[^\"]*\"|\b[a-z0-9-]+(, [a-z0-9-]+){2,}")  # a list of keys
# Settings as utmfa.yaml, sshd_config and PAM files spell them.
SETTINGS = (r"\b[a-z-]+(\.[a-z-]+)+( = (\[[a-z, ]*\]|[a-z0-9-]+))?|\bpam_\w+\.so\b|\([^()\u27e6]*:\d+\)|"
            r"\b[A-Z][a-z]+[A-Z]\w+( [\w:,.-]+)*|^  [+-]? *(auth|account|password|session) .*$")
ARGUMENTS = {"METHOD", "CODE", "USER", "SERVICE", "ADDRESS"}  # as the manuals name them
GIVEN = {person, newcomer, "iPhone", "utmfa", "sshd", "sheet", "frobnicate", "UTC", *ARGUMENTS}
# Of the log daemon: what a part of the system said is not ours.
LOG = r"audit: .*"

with open(os.path.join(source, "po/utmfa.pot"), encoding="utf-8") as file:
    template = file.read()
catalogue = tempfile.TemporaryDirectory()
# What has been translated has no blanks, so that it cannot be taken for English once more.
compiled(re.sub("\u27e6.*?\u27e7", lambda found: found[0].replace(" ", "\u00a0"), bracketed(template)), catalogue.name)


def left(text, given=()):
    """Words that nobody translated."""
    for known in (LOG, PROGRAMS, SETTINGS, DATA):
        text = re.sub(known, " ", outside(text), flags=re.M)
    return sorted(set(re.findall(r"[A-Za-z]{2,}", text)) - GIVEN - set(given))


def says(place, program, *words, expect=0, stdin="", of=lambda text: text, given=()):
    """What it said, all of it translated but for the names that the test itself gave."""
    said = place.run(program, "--locale-dir", catalogue.name, "--language", "ja", *words, expect=expect, stdin=stdin)
    both = said.stdout + said.stderr
    check("\u27e6" in both, program, *words, "says nothing that is translated:", both)
    check(not left(of(both), given), program, *words, "says, and nobody can translate it:", left(of(both), given), both)
    return both


def a_gap_is_noticed():
    check(left("nothing registered") == ["nothing", "registered"], "a text without brackets")
    check(left("/etc/utmfa/utmfa.yaml:3:1: frob is quite new") == ["frob", "is", "new", "quite"], "an error")
    check(not left("\u27e6nothing registered\u27e7 iPhone  /etc/utmfa --json services.sshd.require = always"), "what is no text")
