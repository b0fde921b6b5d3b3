# SPDX-License-Identifier: Apache-2.0
# What the user socket says to somebody on this machine who writes frames by hand: about others, about doors that are not
# his, about frames that are none, and in great number. Nothing of another person is said, changed or held up.
import os
import subprocess
import sys

from cases_self import as_him, own, registered, rules
from client import METHODS, STATE, Log, run
from people import newcomer, uid_of
from stage import suite
from suite import expect

# argv: socket, then what to do: "KEY=VALUE" adds to a hello, which "send" sends, "raw:HEX" and "zeros:N" are packets of
# their own, "many:N" keeps so many lines open in silence, "hear" prints one answer, "wait" stays until standard input ends.
SPEAK = r"""
import socket, sys
def line():
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.settimeout(15)
    made.connect("/run/utmfa/" + sys.argv[1])
    return made
def hear():
    try:
        print(repr(first.recv(65536).decode(errors="replace")))
    except OSError as error:
        print(type(error).__name__)
def send(packet):
    try:
        first.send(packet)
    except OSError as error:
        print("unsent", type(error).__name__)
held = []
try:
    first = line()
except OSError as error:
    sys.exit(type(error).__name__)
hello = "1 hello\n"
for word in sys.argv[2:]:
    if word.startswith("raw:"):
        send(bytes.fromhex(word[4:]))
    elif word.startswith("zeros:"):
        send(b"1 hello\n" + b"x" * int(word[6:]))
    elif word.startswith("many:"):
        for _ in range(int(word[5:])):
            try:
                held.append(line())
            except OSError as error:
                print(type(error).__name__)
                break
    elif word == "send":
        send(hello.encode())
    elif word == "hear":
        hear()
    elif word == "wait":
        print("waiting", flush=True)
        sys.stdin.read()
    else:
        key, value = word.split("=", 1)
        hello += f"{key}={len(value.encode())}:{value}\n"
"""


def frame(verb, **fields):
    text = f"1 {verb}\n" + "".join(f"{key}={len(value)}:{value}\n" for key, value in fields.items())
    return "raw:" + text.encode().hex()


def speaker(user, *words, door="user.sock", **how):
    return subprocess.Popen(as_him(user, sys.executable, "-c", SPEAK, door, *words), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)


def says(user, *words, door="user.sock"):
    said, _ = speaker(user, *words, door=door).communicate(timeout=60)
    return said


def content(user):
    with open(f"{METHODS}/{user}.yaml", "rb") as methods, open(f"{STATE}/{user}", "rb") as state:
        return methods.read(), state.read()


@suite.case("by hand: every door and act in another's name is refused, and nothing of him is said or changed")
def _():
    with rules():
        user, stranger = newcomer("hand1"), newcomer("hand2")
        registered(user)
        before = content(user)
        for door in ("authenticate", "account", "set-up", "self"):
            for act in ("list", "guided", "apply", "confirm", "test", "add-recovery", "default", "order"):
                log = Log()
                said = says(stranger, f"door={door}", f"user={user}", "service=sshd", f"act={act}", "method=app-1",
                            "methods=recovery app-1", "first=proven", "form=json", "send", "hear", "hear")
                expect("4:code" not in said and "unavailable" in said, f"{door} {act}: {said}")
                expect("app-1" not in said and "prompt" not in said, f"{door} {act}: {said}")
                expect(log.wait(f"uid {uid_of(stranger)} may not"), log.text())
                if door != "self":
                    break
        for odd in (f"{user} ", f"{user}\n", f" {user}", f"../methods/{user}", user.upper(), "root", "", "x" * 300):
            said = says(stranger, "door=self", f"user={odd}", "act=list", "send", "hear")
            expect("unavailable" in said and "app-1" not in said, f"{odd!r}: {said}")
        expect(content(user) == before, "something of another person was changed")


@suite.case("by hand: a second hello, requests of the broker and frames out of turn end the line")
def _():
    with rules():
        user, other = newcomer("hand3"), newcomer("hand4")
        registered(other)
        before = content(other)
        hello = frame("hello", door="self", user=user, act="guided")
        for second in (frame("hello", door="self", user=other, act="list"), frame("load", at="0"),
                       frame("save", at="0", size="1", text="x"), frame("open", user=other, change="1"),
                       frame("taken"), frame("record", user=other), frame("result", code="done"),
                       frame("tried", granted="1"), frame("chosen", text="1"), "raw:" + "ff" * 64, "raw:00"):
            said = says(user, hello, "hear", "hear", second, *["hear"] * 8)
            expect("otpauth" not in said and "hand4" not in said, f"{second}: {said}")
            expect("1 result" in said, f"{second}: {said}")
        for none in ("raw:", frame("answer", text="x"), frame("goodbye", why="conversation"), "raw:" + b"2 hello\n".hex(),
                     "raw:" + b"1 hello\nuser=999999:x\n".hex(), "raw:" + b"1 hello\nuser=01:x\n".hex(), "zeros:16380",
                     "zeros:60000"):
            said = says(user, none, "hear")
            expect("prompt" not in said and "tell" not in said, f"{none[:40]}: {said}")
        expect(content(other) == before, "something of another person was changed")
        expect(not os.path.exists(f"{STATE}/{user}"), "a state is left")


@suite.case("by hand: a word that a sign-in was granted is not believed")
def _():
    with rules():
        user = newcomer("hand5")
        run("utmfa-enroll", "--user", user, "add", "recovery", "--json")
        said = says(user, "door=self", f"user={user}", "act=test", "method=recovery", "send", "hear",
                    frame("tried", granted="1"), "hear", "hear")
        expect("1 try" in said and "no method was asked" in said and "4:done" not in said, said)
        listed = run("utmfa-enroll", "--user", user, "list", "--json").stdout
        expect('"tested": null' in listed or '"tested":null' in listed, listed)


@suite.case("by hand: many silent lines of one user keep nobody else out")
def _():
    with rules():
        user, noisy = newcomer("hand6"), newcomer("hand7")
        crowd = speaker(noisy, "many:300", "wait")
        try:
            expect("waiting" in crowd.stdout.readline() or "waiting" in crowd.stdout.readline(), "not there")
            done = own(user, "list")
            expect(done.returncode == 0 and user in done.stdout, done.stdout + done.stderr)
        finally:
            crowd.communicate("")


@suite.case("by hand: only what is a token is registered as one")
def _():
    with rules():
        user = newcomer("hand8")
        wish = ("door=self", f"user={user}", "act=add-token", "secret=" + "x" * 20, "form=json")
        for kind in ("recovery", "pass", "phone", "push", "fido", "nothing", "x" * 300):
            said = says(user, *wish, f"kind={kind}", "send", "hear", "hear")
            expect("is no kind of hardware token" in said and "4:done" not in said, f"{kind}: {said}")
        expect(not os.path.exists(f"{METHODS}/{user}.yaml"), "something was registered")
        for kind, count in (("totp", 1), ("hotp", 2)):
            said = says(user, *wish, f"kind={kind}", "send", "hear", "hear")
            expect("4:done" in said, f"{kind}: {said}")
            listed = run("utmfa-enroll", "--user", user, "list", "--json").stdout
            expect(listed.count('"kind"') == count and f'"{kind}"' in listed, listed)
