# SPDX-License-Identifier: Apache-2.0
"""utmfa-assert as a person runs it, on a terminal or in a script, and what is expected of it."""

import os

import paste_lines
import pexpect
from bench import expect
from paste_lines import Key, challenge
from tools_of_debian import run

PROGRAM = os.environ.get("UTMFA_ASSERT", "utmfa-assert")
LOCALE = os.environ.get("UTMFA_LOCALE", "")
LIMIT = 120


def command(*words, language="en"):
    return [PROGRAM, "--language", language, *(["--locale-dir", LOCALE] if LOCALE else []), *words]


def quietly(*words, stdin="", language="en"):
    """(status, standard output, standard error) where nobody sits at a terminal."""
    return run(*command(*words, language=language), stdin=stdin, limit=LIMIT)


def line_of(done):
    status, said, wrong = done
    expect(status == 0, f"status {status}: {wrong}")
    expect(said.count("\n") == 1 and len(said) < 1000, f"not one short line: {said!r}")
    return said.strip()


def refuses(done, words, status=1):
    got, said, wrong = done
    expect(got == status, f"status {got}, expected {status}: {said} {wrong}")
    expect(said == "", f"it printed {said!r}")
    expect(words in wrong, f"it does not say {words!r}: {wrong}")


def new_key(*words, **how):
    return Key(line_of(quietly("--register", *words, **how)))


def asked_of(*made, **how):
    return challenge([(each.rp, each.id) for each in made], **how)


def answers(key, asked, *words):
    """The flags of the answer."""
    return key.answered(line_of(quietly(asked, *words)), asked)[0]


class Terminal:
    """The program on a terminal, with its standard output in a file, as in $(utmfa-assert ...)."""

    def __init__(self, directory, *words, language="en", stdin=""):
        self.out = os.path.join(directory, "out")
        text = " ".join(f"'{word}'" for word in command(*words, language=language))
        piped = f"echo {stdin} |" if stdin else "exec"
        self.child = pexpect.spawn("/bin/sh", ["-c", f"{piped} {text} > {self.out}"], encoding="utf-8", timeout=LIMIT)

    def sees(self, words):
        self.child.expect_exact(words)
        return self

    def types(self, answer):
        self.child.sendline(answer)
        return self

    def interrupts(self):
        self.child.sendintr()
        return self

    def ends(self):
        """As quietly() answers."""
        screen = (self.child.before or "") + self.child.read()
        self.child.close()
        with open(self.out, encoding="utf-8") as file:
            return self.child.exitstatus, file.read(), screen


PIN_PROMPT = "PIN of the security key (utmfa tests Software key 0): "
TOUCH = "Touch the security key now (utmfa tests Software key 0)."
