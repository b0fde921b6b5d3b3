# SPDX-License-Identifier: Apache-2.0
# utmfa-assert at the person's computer: what it asks and says, and that its line is what docs/assertion.md says, as another
# reading of it checks.
import os

import paste_lines
from assert_program import (PIN_PROMPT, TOUCH, Terminal, answers, asked_of, line_of, new_key, quietly, refuses)
from bench import PIN, case, expect, keys, set_pin
from paste_lines import PRESENT, VERIFIED, Key, challenge
from tools_of_debian import Registration, run

for kind in ("es256", "eddsa", "rs256"):
    for version in ("2.0", "2.1"):
        @case(f"{kind} of CTAP {version}: a key is made for registering, and answers")
        def _(_directory, kind=kind, version=version):
            keys.fresh(0)
            keys.set(ctap=version)
            made = new_key("--type", kind)
            expect(made.rp == "utmfa" and made.flags == PRESENT, vars(made))
            asked = asked_of(made)
            expect(answers(made, asked) == PRESENT, "not touched alone")
            for other in (asked_of(made), asked_of(made, user="hanako", nonce=paste_lines.nonce_of(asked))):
                try:
                    made.answered(line_of(quietly(asked)), other)
                    raise AssertionError("an answer is good for another challenge")
                except ValueError as wrong:
                    expect("not signed" in str(wrong), wrong)


@case("U2F: a key is made for registering, and answers, among credentials of other keys")
def _(_directory):
    keys.fresh(0)
    keys.set(ctap="u2f")
    made = new_key()
    asked = challenge([("pam://lab1", os.urandom(64)), ("utmfa", os.urandom(64)), ("utmfa", made.id)])
    expect(answers(made, asked) == PRESENT, "not touched alone")


@case("another relying party, for the key that is made and in the challenge")
def _(_directory):
    keys.fresh(0)
    made = new_key("--rp", "pam://lab1")
    expect(made.rp == "pam://lab1", made.rp)
    answers(made, challenge([("utmfa", os.urandom(32)), (made.rp, made.id)]))


@case("one that the key has kept itself is asked for without its id")
def _(directory):
    keys.fresh(0)
    kept = Registration(directory, rp="utmfa")
    expect(kept.make("-r")[0] == 0 and kept.check()[0] == 0, "not registered")
    asked = challenge([("utmfa", b"")])
    kind, fields = paste_lines.fields_of(line_of(quietly(asked)))
    expect(kind == "A" and dict(fields)["c"] == paste_lines.mark(kept.raw_id()), fields)


@case("the challenge comes by argument, in pieces, or by standard input with broken lines")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    made.answered(line_of(quietly(asked[:70], asked[70:])), asked)
    broken = "\n".join(asked[at:at + 60] for at in range(0, len(asked), 60)) + "\n"
    made.answered(line_of(quietly(stdin=broken)), asked)


@case("only the line goes to standard output; who signs in where is told, and the touch when it is time")
def _(directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made, host="lab7.example.ac.jp", user="hanako", service="sshd")
    keys.set(touch="wait")
    there = Terminal(directory, asked)
    there.sees("Sign-in to lab7.example.ac.jp as hanako (sshd). If you did not begin it, press Ctrl-C.").sees(TOUCH)
    keys.await_touch()
    keys.touch()
    made.answered(line_of(there.ends()), asked)


@case("asked at a terminal for the challenge")
def _(directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    made.answered(line_of(Terminal(directory).sees("Challenge: ").types(asked).ends()), asked)


@case("the challenge comes by standard input, the PIN from the terminal")
def _(directory):
    keys.fresh(0)
    made = new_key()
    set_pin()
    asked = asked_of(made, verification="r")
    line = line_of(Terminal(directory, stdin=asked).sees(PIN_PROMPT).types(PIN).ends())
    expect(made.answered(line, asked)[0] == PRESENT | VERIFIED, "not verified")


@case("PIN: asked hidden where the key has one and the challenge wants it, at most once for both steps of registering")
def _(directory):
    keys.fresh(0)
    set_pin()
    there = Terminal(directory, "--register").sees(PIN_PROMPT).types(PIN)
    done = there.ends()
    expect(PIN not in done[2], "the PIN is on the screen")
    made = Key(line_of(done))
    expect(made.flags == PRESENT | VERIFIED, made.flags)
    for verification in ("p", "r"):
        asked = asked_of(made, verification=verification)
        line = line_of(Terminal(directory, asked).sees(PIN_PROMPT).types(PIN).ends())
        expect(made.answered(line, asked)[0] == PRESENT | VERIFIED, "not verified")
    expect(answers(made, asked_of(made, verification="d")) == PRESENT, "verified")


@case("a key that wants its PIN for everything is given it where the challenge does not ask")
def _(directory):
    keys.fresh(0)
    made = new_key()
    set_pin()
    keys.set(always_verify=True)
    asked = asked_of(made, verification="d")
    line = line_of(Terminal(directory, asked).sees(PIN_PROMPT).types(PIN).ends())
    expect(made.answered(line, asked)[0] == PRESENT | VERIFIED, "not verified")


@case("fingerprint: right; three times wrong, then the PIN")
def _(directory):
    keys.fresh(0)
    keys.set(fingerprint="right")
    made = new_key()
    expect(made.flags == PRESENT | VERIFIED, made.flags)
    asked = asked_of(made, verification="r")
    expect(answers(made, asked) == PRESENT | VERIFIED, "not verified")
    set_pin()
    keys.set(fingerprint="wrong")
    there = Terminal(directory, asked).sees("the fingerprint was not known").sees("the fingerprint was not known")
    line = line_of(there.sees("its fingerprint reader is blocked").sees(PIN_PROMPT).types(PIN).ends())
    expect(made.answered(line, asked)[0] == PRESENT | VERIFIED, "not verified")


@case("three keys plugged in, one registered: it alone is asked")
def _(directory):
    keys.fresh(2)
    made = new_key()
    keys.plug(0)
    keys.plug(1)
    for number in range(3):
        keys.set(number, touch="wait")
    there = Terminal(directory, asked_of(made)).sees("Touch the security key now (utmfa tests Software key 2).")
    keys.await_touch(2)
    expect(not keys.state(0)["touch"] and not keys.state(1)["touch"], "another one waits as well")
    keys.touch(2)
    line_of(there.ends())


@case("two registered keys plugged in: the person chooses by touch, and the other one is let go")
def _(directory):
    keys.fresh(0)
    first = new_key()
    keys.unplug(0)
    keys.plug(1)
    second = new_key()
    keys.plug(0)
    asked = asked_of(first, second)
    for number in range(2):
        keys.set(number, touch="wait")
    there = Terminal(directory, asked).sees("Touch the one of the 2 security keys that is to be used.")
    keys.await_touch(0)
    keys.await_touch(1)
    keys.touch(1)
    there.sees("Touch the security key now (utmfa tests Software key 1).")
    keys.await_idle(0)
    keys.await_touch(1)
    keys.touch(1)
    second.answered(line_of(there.ends()), asked)


@case("--fido2: what it prints is taken by fido2-assert, whose answer is good for the challenge")
def _(directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    status, said, wrong = quietly("--fido2", asked)
    expect(status == 0, wrong)
    status, answer, wrong = run("fido2-assert", "-G", "/dev/hidraw0", stdin=said)
    expect(status == 0, wrong)
    words = answer.split()
    data, signature = (paste_lines.from_base64(words[at]) for at in (2, 3))
    made.verify(data[2:], signature, paste_lines.hash_of(asked))
    status, said, _ = quietly("--fido2", asked_of(made, made))
    expect(said.count("\n\n") == 1 and len(said.split()) == 6, said)


@case("in Japanese")
def _(directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    keys.set(touch="wait")
    there = Terminal(directory, asked, language="ja").sees("セキュリティキーに触れてください")
    keys.await_touch()
    keys.touch()
    made.answered(line_of(there.ends()), asked)
    keys.unplug(0)
    refuses(quietly(asked, language="ja"), "セキュリティキーが差し込まれていません", status=3)
