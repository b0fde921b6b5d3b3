# SPDX-License-Identifier: Apache-2.0
# What a key can be told to do wrong is noticed by fido2-tools; and afterwards it is well again.
import tempfile

from bench import PIN, asserted, case, expect, fails, keys, meanwhile, registered, set_pin
from tools_of_debian import Registration, run


for version in ("2.0", "2.1"):
    @case(f"touch of CTAP {version}: awaited and given; refused; timed out")
    def _(directory, version=version):
        keys.set(ctap=version)
        made = registered(directory)
        keys.set(touch="wait")
        for act, words in (("touch", ""), ("refuse", "FIDO_ERR_OPERATION_DENIED")):
            def finger(there, act=act):
                there.await_touch()
                getattr(there, act)()

            with meanwhile(finger):
                done = made.assertion()
            if words:
                fails(done, words)
            else:
                expect(done[0] == 0, done)
        keys.set(touch="time-out")
        fails(made.assertion(), "FIDO_ERR_USER_ACTION_TIMEOUT")
        keys.set(touch="refuse")
        fails(made.assertion(), "FIDO_ERR_OPERATION_DENIED")
        keys.set(touch="now")
        asserted(made)


for moment in ("request", "touch", "reply"):
    @case(f"unplugged at the {moment}: told at once, and well again when it is back")
    def _(directory, moment=moment):
        made = registered(directory)
        keys.set(unplug=moment)
        fails(made.assertion(), "FIDO_ERR_")
        expect(not keys.state()["plugged"], "it is still there")
        keys.set(unplug="never")
        keys.plug()
        asserted(made)


@case("unplugged by hand while it waits for a touch")
def _(directory):
    made = registered(directory)
    keys.set(touch="wait")

    def pull(there):
        there.await_touch()
        there.unplug()

    with meanwhile(pull):
        fails(made.assertion(), "FIDO_ERR_")


# What is wrong with the signature, and with what it signs, is for the verifier to find.
for fault in ("bad-signature", "short-signature", "other-key", "lied-verification", "no-presence", "wrong-rp"):
    @case(f"{fault}: fido2-assert does not verify it")
    def _(directory, fault=fault):
        made = registered(directory)
        keys.set(fault=fault)
        status, said = made.assertion()
        if status == 0:
            fails(made.verify("-p"))
        else:
            expect("FIDO_ERR" in said, said)
        keys.set(fault="none")
        asserted(made)


@case("no-verification: fido2-assert does not take it for verified")
def _(directory):
    set_pin()
    made = registered(directory)
    keys.set(fault="no-verification")
    status, said = made.assertion("-v", pin=PIN)
    if status == 0:
        fails(made.verify("-p", "-v"))
    keys.set(fault="none")
    asserted(made, "-v", pin=PIN)


for fault in ("malformed-cbor", "truncated-cbor", "deep-cbor", "wrong-types", "empty", "nothing", "noise", "oversize",
              "overlong", "bad-sequence", "busy", "other-credential"):
    @case(f"{fault}: an error, to one who registers and to one who signs in")
    def _(directory, fault=fault):
        made = registered(directory)
        keys.set(fault=fault)
        if fault != "other-credential":
            fails(Registration(tempfile.mkdtemp(dir=directory)).make(), "FIDO_ERR_")
        status, said = made.assertion()
        expect(status != 0 or fault == "other-credential", f"it went well: {said}")
        keys.set(fault="none")
        asserted(made)


@case("silent, or answering on another channel: nothing ever comes")
def _(directory):
    made = registered(directory)
    for fault in ("silent", "other-channel"):
        keys.set(fault=fault)
        made.ask()
        done = run("timeout", "1", "fido2-assert", "-G", "-i", made.at("asked"), "/dev/hidraw0")
        expect(done[0] == 124, f"it ended: {done}")
        keys.set(fault="none")
        asserted(made)


@case("a status byte at will")
def _(directory):
    made = registered(directory)
    keys.set(error=0x28)
    fails(made.assertion(), "FIDO_ERR_KEY_STORE_FULL")
    fails(Registration(directory).make(), "FIDO_ERR_KEY_STORE_FULL")


@case("the counter steps as it is told")
def _(directory):
    made = registered(directory)
    asserted(made)
    before = keys.state()["counter"]
    keys.set(counter_step=-1)
    asserted(made)
    expect(keys.state()["counter"] == before - 1, keys.state())
    keys.counter(1000)
    asserted(made)
    expect(keys.state()["counter"] == 999, keys.state())


@case("settings that do not exist are refused")
def _(_directory):
    for values in ({"tuch": "now"}, {"touch": "never"}, {"fault": "bad"}, {"touch_ms": "1"}, {"fault_in": ["sign"]}):
        try:
            keys.set(**values)
        except RuntimeError:
            continue
        raise AssertionError(f"{values} was taken")
