# SPDX-License-Identifier: Apache-2.0
# At the machine: the built module in the real libpam, the real verifier, utmfa-key, and keys in software.
import os
import pwd
import re
import signal
import subprocess

from bench import meanwhile
from machine import (CODE, NOTHING, SEEN, SHOWN, SUCCESS, Console, case, expect, granted, keys, owner, refused, run, write)
from tools_of_debian import on_terminal

PIN, OTHER_PIN = "secret-42", "secret-43"
PIN_PROMPT = r"PIN of blue key"


def set_pin(number=0):
    status, said = on_terminal("fido2-token", "-S", f"/dev/hidraw{number}", answers=[PIN, PIN])
    expect(status == 0, said)


def by_code(words, service="console", user="taro", talk=(), told=None):
    """The key does not do it, that is told, and the app signs in; without the app nobody is in."""
    refused(words, user, talk, service, told=told)
    return granted(owner(user).token, user, [*talk, (CODE, owner(user).code)], service, told=told)


for version in ("2.1", "2.0", "u2f"):
    @case(f"CTAP {version}: registered, and signed in by touch")
    def _(version=version):
        keys.fresh(0)
        keys.set(ctap=version)
        key = owner().add_key()
        granted(key)
        done = granted(key)
        expect("Touch blue key." in done.screen, done.screen)


@case("what is told comes before the touch is awaited, and the key is not held before")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.set(touch="wait")
    seen = []

    def told():
        seen.append(keys.state()["touch"])
        keys.set(touch="now", touch_ms=300)

    granted(key, told={"Touch blue key": told})
    expect(seen == [False], seen)


@case("PIN: asked hidden where the key has one, right, wrong with the tries left, empty, broken off")
def _():
    keys.fresh(0)
    key = owner().add_key()
    set_pin()
    granted(key, talk=[(PIN_PROMPT, PIN)])
    done = granted(key, talk=[(PIN_PROMPT, OTHER_PIN), (r"Wrong PIN. Tries left: 7. PIN of blue key", PIN)])
    expect(all(style == 1 for style, text in done.sign_in.heard if "PIN" in text), done.sign_in.heard)
    for nothing in (None, NOTHING):
        refused("PIN of blue key", talk=[(PIN_PROMPT, nothing)])
    refused("Other methods", talk=[(PIN_PROMPT, "")])
    expect(keys.state()["retries"] == 8, "an empty PIN was tried")


@case("PIN: not asked where a touch will do; demanded where the service says so, and told where none is set")
def _():
    keys.fresh(0)
    key = owner().add_key()
    by_code("has no PIN yet", "strict")
    set_pin()
    granted(key, service="light")
    granted(key, talk=[(PIN_PROMPT, PIN)], service="strict")


@case("PIN wrong three times: to be plugged in again; eight times: blocked; each time the app signs in")
def _():
    keys.fresh(0)
    owner().add_key()
    set_pin()
    wrong = [(PIN_PROMPT, OTHER_PIN)] * 3
    by = refused("unplug blue key and plug it in again", talk=wrong)
    expect(CODE in by.screen, by.screen)
    for _ in range(2):
        keys.power_cycle()
        run("utmfa-admin", "unlock", "taro", "--reason", "wrong PINs on purpose")
        refused("PIN", talk=wrong)
    expect(keys.state()["retries"] == 0, keys.state())
    run("utmfa-admin", "unlock", "taro", "--reason", "wrong PINs on purpose")
    keys.power_cycle()
    granted(owner().token, talk=[(PIN_PROMPT, PIN), (CODE, owner().code)])


@case("fingerprint: right, and after a wrong one the PIN")
def _():
    keys.fresh(0)
    keys.set(fingerprint="right")
    key = owner().add_key()
    set_pin()
    granted(key, service="strict")
    keys.set(fingerprint="wrong")
    granted(key, talk=[(r"not recognised.*PIN of blue key", PIN)], service="strict")


@case("two registered: whichever is plugged in is found; both plugged in, one touch is enough")
def _():
    keys.fresh(0)
    first = owner().add_key("red key")
    keys.unplug(0)
    keys.plug(1)
    second = owner().add_key("blue key")
    granted(second)
    keys.unplug(1)
    keys.plug(0)
    granted(first)
    keys.plug(1)
    done = Console()
    expect(done.code == SUCCESS, done.screen)


@case("none plugged in: no question of a touch, and the app signs in")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.unplug(0)
    done = Console(talk=[(CODE, owner().code)])
    expect("Touch" not in done.screen and done.code == SUCCESS, done.screen)
    keys.plug(0)
    granted(key)


@case("somebody else's key is plugged in: told, and the app signs in")
def _():
    keys.fresh(0)
    owner().add_key()
    keys.unplug(0)
    keys.plug(1)
    key = owner("hanako").add_key()
    by_code("not registered for you")
    granted(key, "hanako")


for what, words, settings in (
        ("refused at the key", "blue key refused", {"touch": "refuse"}),
        ("not touched in time", "blue key was not touched in time", {"touch": "wait"}),
        ("timed out by the key", "blue key was not touched in time", {"touch": "time-out"}),
        ("unplugged at the touch", "was unplugged", {"unplug": "touch"}),
        ("unplugged in an answer", "was unplugged", {"unplug": "reply"})):
    @case(f"{what}: told, and the app signs in")
    def _(words=words, settings=settings):
        keys.fresh(0)
        key = owner().add_key()
        keys.set(**settings)
        refused(words)
        keys.plug(0)
        granted(owner().token, talk=[(CODE, owner().code)])
        keys.behave()
        keys.plug(0)
        granted(key)


for fault in ("bad-signature", "short-signature", "other-key", "no-presence", "wrong-rp", "malformed-cbor",
              "truncated-cbor", "deep-cbor", "wrong-types", "empty", "nothing", "noise", "oversize", "overlong",
              "bad-sequence", "silent", "other-channel", "busy"):
    @case(f"{fault}: nobody is in by it, and the app signs in")
    def _(fault=fault):
        keys.fresh(0)
        key = owner().add_key()
        keys.set(fault=fault)
        refused(CODE)
        granted(owner().token, talk=[(CODE, owner().code)])
        keys.behave()
        granted(key)


for fault, words in (("busy", "in use by another program"), ("silent", "does not work here now"),
                     ("noise", "does not work here now")):
    @case(f"{fault}: told as what it is, not as a key of somebody else; with a stranger's key beside it as well")
    def _(fault=fault, words=words):
        keys.fresh(0)
        owner().add_key()
        keys.set(fault=fault)
        by_code(words)
        keys.plug(1)
        by_code(words)


@case("a key that may not be opened here: told, with the device in the log, and the app signs in")
def _():
    keys.fresh(0)
    key = owner().add_key()
    node = os.path.realpath(SEEN["UMOCKDEV_DIR"] + "/dev/hidraw0")
    os.chmod(node, 0o600)
    done = refused("does not work here now")
    expect("may not be opened" in done.log.text(), done.log.text())
    by_code("does not work here now")
    os.chmod(node, 0o666)
    granted(key)


@case("verification demanded, and the key did not verify, or only says so: refused, and in the log")
def _():
    keys.fresh(0)
    key = owner().add_key()
    set_pin()
    for fault in ("no-verification", "bad-signature"):
        keys.set(fault=fault)
        done = refused("not right", talk=[(PIN_PROMPT, PIN)], service="strict")
        expect(done.log.audit("wrong", "taro"), done.log.text())
    keys.set(fault="lied-verification")
    refused("not right", service="light")
    keys.behave()
    granted(key, talk=[(PIN_PROMPT, PIN)], service="strict")


@case("a counter that goes back: refused, told, and in the log; one that goes on is taken")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.counter(1000)
    granted(key)
    keys.counter(500)
    done = refused("may have been copied")
    line = done.log.audit("wrong", "taro")
    expect(line and f"method={key}" in line, done.log.text())
    keys.counter(2000)
    granted(key)


@case("the key is in use by another program: told at once, and the app signs in")
def _():
    keys.fresh(0)
    owner().add_key()
    node = os.path.realpath(SEEN["UMOCKDEV_DIR"] + "/dev/hidraw0")
    with subprocess.Popen(["flock", "-x", node, "cat"], stdin=subprocess.PIPE) as holder:
        run("sh", "-c", f"until ! flock -n {node} true; do :; done")
        by_code("in use by another program")
        holder.stdin.close()


def kill_program(*names):
    """Whoever has such a name and runs as utmfa-key in this world, once the key waits."""
    def kill(there):
        there.await_touch()
        for name in names:
            pids = run("pgrep", "-u", "utmfa-key", "-x", name).stdout.split()
            expect(len(pids) == 1, f"{name}: {pids}")
            os.kill(int(pids[0]), signal.SIGKILL)
    return kill


@case("utmfa-key killed while it waits: told, the app signs in, and the key waits for nobody")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.set(touch="wait")
    with meanwhile(kill_program("utmfa-key")):
        refused("does not work here now")
    keys.await_idle()
    keys.behave()
    granted(key)


@case("killed together with its guard: the key goes on waiting, the next sign-in is told so, and the app signs in")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.set(touch="wait")
    with meanwhile(kill_program("utmfa-key-guard", "utmfa-key")):
        refused("does not work here now")
    by_code("in use by another program")
    keys.power_cycle(0)
    keys.behave()
    granted(key)


@case("the guard alone killed: nothing is lost")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.set(touch="wait")

    def kill_and_touch(there):
        kill_program("utmfa-key-guard")(there)
        there.touch()

    with meanwhile(kill_and_touch):
        granted(key)


@case("utmfa-key and its guard are nobody: their own user, no capability, no way to get one, no file, no core")
def _():
    keys.fresh(0)
    key = owner().add_key()
    keys.set(touch="wait")
    uid = str(pwd.getpwnam("utmfa-key").pw_uid)

    def looked_at(there):
        there.await_touch()
        for name in ("utmfa-key", "utmfa-key-guard"):
            pid = run("pgrep", "-u", "utmfa-key", "-x", name).stdout.strip()
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                limits = file.read()
            expect(status["Uid"].split() == [uid] * 4 and status["NoNewPrivs"] == "1", status)
            expect(all(int(status[each], 16) == 0 for each in ("CapPrm", "CapEff", "CapInh", "CapAmb")), status)
            for limit in ("file size", "core file size"):
                expect(re.search(rf"Max {limit} +0 +0 ", limits), limits)
        there.touch()

    with meanwhile(looked_at):
        granted(key)


@case("utmfa-key not able to start: told, and the app signs in")
def _():
    keys.fresh(0)
    key = owner().add_key()
    with open(SHOWN, encoding="ascii") as file:
        before = file.read()
    write(SHOWN, "#!/bin/sh\nexit 1\n", 0o755)
    try:
        by_code("does not work here now")
    finally:
        write(SHOWN, before, 0o755)
    granted(key)


@case("libfido2 missing: told, and the app signs in; and all is well when it is back")
def _():
    keys.fresh(0)
    key = owner().add_key()
    library = os.path.realpath("/usr/lib/x86_64-linux-gnu/libfido2.so.1")
    run("mount", "--bind", "/dev/null", library)
    try:
        by_code("does not work here now")
    finally:
        run("umount", library)
    granted(key)


@case("from another machine the key that is plugged in here is not asked")
def _():
    keys.fresh(0)
    owner().add_key()
    keys.set(touch="wait")
    done = Console(items=[(4, "192.0.2.7")], talk=[])
    expect(done.code != SUCCESS and "Touch" not in done.screen and not keys.state()["touch"], done.screen)
    expect("utmfa-assert u1:" in done.screen, done.screen)
