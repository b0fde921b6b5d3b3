# SPDX-License-Identifier: Apache-2.0
# utmfa-assert where something is in the way: each is told in its own words, nothing is printed, and the key is free again.
import os
import subprocess
import time

import paste_lines
from assert_program import (PIN_PROMPT, TOUCH, Terminal, answers, asked_of, command, line_of, new_key, quietly, refuses)
from bench import OTHER_PIN, PIN, case, expect, keys, set_pin
from paste_lines import PRESENT, VERIFIED, challenge
from tools_of_debian import run


@case("PIN wrong: the tries that are left are told, nobody is told to touch, and it is asked again")
def _(directory):
    keys.fresh(0)
    made = new_key()
    set_pin()
    asked = asked_of(made, verification="r")
    there = Terminal(directory, asked).sees(PIN_PROMPT).types(OTHER_PIN).sees("Wrong PIN. 7 tries are left.")
    expect("Touch" not in there.child.before, there.child.before)
    expect(made.answered(line_of(there.sees(PIN_PROMPT).types(PIN).ends()), asked)[0] == PRESENT | VERIFIED, "not verified")


@case("PIN wrong too often: unplugging is advised; blocked for good: that is told, and before it the last try")
def _(directory):
    keys.fresh(0)
    made = new_key()
    set_pin()
    asked = asked_of(made, verification="r")
    for _ in range(2):
        there = Terminal(directory, asked)
        for _ in range(3):
            there.sees(PIN_PROMPT).types(OTHER_PIN)
        refuses(there.ends(), "unplug the key, plug it in again")
        keys.power_cycle()
    there = Terminal(directory, asked).sees(PIN_PROMPT).types(OTHER_PIN).sees("One try is left")
    refuses(there.sees(PIN_PROMPT).types(OTHER_PIN).ends(), "its PIN is blocked for good")
    refuses(Terminal(directory, asked).sees(PIN_PROMPT).types(PIN).ends(), "its PIN is blocked for good")


@case("PIN empty, or none because nobody is there: refused")
def _(directory):
    keys.fresh(0)
    made = new_key()
    set_pin()
    asked = asked_of(made, verification="r")
    refuses(Terminal(directory, asked).sees(PIN_PROMPT).types("").ends(), "no PIN was given")
    refuses(quietly(asked), "there is no terminal to ask for it")
    refuses(Terminal(directory, asked).sees(PIN_PROMPT).interrupts().ends(), "stopped")


@case("verification demanded of a key without PIN, or of U2F: told, and nothing signed")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    refuses(quietly(asked_of(made, verification="r")), "it has no PIN yet")
    keys.fresh(0)
    keys.set(ctap="u2f")
    made = new_key()
    refuses(quietly(asked_of(made, verification="r")), "it knows no PIN")


@case("fingerprint wrong and no PIN: refused")
def _(_directory):
    keys.fresh(0)
    keys.set(fingerprint="right")
    made = new_key()
    keys.set(fingerprint="wrong")
    refuses(quietly(asked_of(made, verification="r")), "its fingerprint reader is blocked")


@case("no key, a key that is not registered, several of which none is")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    keys.unplug(0)
    refuses(quietly(asked), "no security key is plugged in", status=3)
    refuses(quietly("--register"), "no security key is plugged in", status=3)
    keys.plug(1)
    refuses(quietly(asked), "utmfa tests Software key 1: it is not registered for this sign-in")
    keys.plug(2)
    refuses(quietly(asked), "none of the security keys that are plugged in is registered")
    keys.plug(0)
    answers(made, asked)


for version in ("2.1", "u2f"):
    @case(f"Ctrl-C while {version} waits: it ends at once, and the key is free for the next one")
    def _(directory, version=version):
        keys.fresh(0)
        keys.set(ctap=version)
        made = new_key()
        keys.set(touch="wait")
        there = Terminal(directory, asked_of(made)).sees(TOUCH)
        keys.await_touch()
        started = time.monotonic()
        refuses(there.interrupts().ends(), "stopped")
        expect(time.monotonic() - started < 5, "it did not end at once")
        keys.await_idle()
        keys.set(touch="now")
        answers(made, asked_of(made))

    @case(f"nobody touches {version} in time: told, and the key is free for the next one")
    def _(_directory, version=version):
        keys.fresh(0)
        keys.set(ctap=version)
        made = new_key()
        keys.set(touch="wait")
        refuses(quietly("--wait", "1", asked_of(made)), "nobody touched it in time")
        keys.await_idle()
        keys.set(touch="now")
        answers(made, asked_of(made))


@case("refused at the key, and a touch that the key itself does not wait longer for")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    for touch, words in (("refuse", "it was refused at the key"), ("time-out", "nobody touched it in time")):
        keys.set(touch=touch)
        refuses(quietly(asked_of(made)), words)


@case("unplugged in the middle: told at once")
def _(_directory):
    for moment in ("request", "touch", "reply"):
        keys.fresh(0)
        made = new_key()
        keys.set(unplug=moment)
        refuses(quietly(asked_of(made)), "it has been unplugged, or does not answer", status=3)


@case("another program has the key: told at once, not after half a minute")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    keys.set(touch="wait")
    holder = subprocess.Popen(command(asked_of(made)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    keys.await_touch()
    started = time.monotonic()
    refuses(quietly(asked_of(made)), "another program is using it")
    expect(time.monotonic() - started < 10, "it waited")
    holder.terminate()
    expect(holder.wait(10) == 1, "the one that waited did not end")
    keys.await_idle()


@case("a key that may not be opened: which file is told")
def _(_directory):
    if os.geteuid() != 0:
        return
    keys.fresh(0)
    terminal = os.readlink(os.environ["UMOCKDEV_DIR"] + "/dev/hidraw0")
    os.chmod(terminal, 0o600)
    done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command("--register"))
    refuses(done, "a security key is there, but you may not open it: ask for access to /dev/hidraw0", status=3)


# Signatures are judged elsewhere; what is no signature at all must not be printed.
for fault in ("malformed-cbor", "truncated-cbor", "deep-cbor", "wrong-types", "empty", "nothing", "noise", "oversize",
              "overlong", "bad-sequence"):
    @case(f"{fault}: told, and nothing printed")
    def _(_directory, fault=fault):
        keys.fresh(0)
        made = new_key()
        keys.set(fault=fault)
        for words in ([asked_of(made)], ["--register"]):
            status, said, wrong = quietly(*words)
            expect(status in (1, 3) and said == "" and "utmfa tests Software key 0" in wrong, (status, said, wrong))
        keys.set(fault="none")
        answers(made, asked_of(made))


@case("what is no challenge: told what it is, and nobody touches anything")
def _(_directory):
    keys.fresh(0)
    made = new_key()
    asked = asked_of(made)
    keys.set(touch="wait")
    for text in ("", "u1:", "u2:" + asked[3:], asked[:-3], asked + "AAAA", "x" * 70000, "u1:QQ", "hello",
                 challenge([("utmfa", os.urandom(32))] * 17), challenge([("utmfa", b"x")], host="lab\n1")):
        refuses(quietly(stdin=text + "\n"), "")
    answer_line = paste_lines.written("A", [("c", bytes(8)), ("a", bytes(37)), ("s", bytes(64))])
    refuses(quietly(answer_line), "it is an answer to a challenge")


@case("usage: two tasks at once, an unknown type, a new key's option without a new key")
def _(_directory):
    for words in (["--register", "--fido2"], ["--register", "--type", "dsa"], ["--type", "es256", "u1:QQ"], ["--wait", "0"],
                  ["--nope"]):
        expect(quietly(*words)[0] == 2, words)
    status, said, _ = quietly("--help")
    expect(status == 0 and "--register" in said, said)
    expect(quietly("--version")[1].startswith("utmfa "), "no version")


@case("a line that would be too long for ssh is not printed")
def _(_directory):
    keys.fresh(0)
    keys.set(long_ids=True)
    refuses(quietly("--register", "--type", "rs256"), "its line is too long to be pasted: try --type es256")
