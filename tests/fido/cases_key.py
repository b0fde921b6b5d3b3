# SPDX-License-Identifier: Apache-2.0
# What a key can: listed, registered, asserted, verified, with touch, PIN and fingerprint.
from bench import OTHER_PIN, PIN, asserted, case, expect, fails, keys, meanwhile, registered, set_pin
from tools_of_debian import Registration, on_terminal, run


@case("three keys are listed, and an unplugged one is not")
def _(_directory):
    expect(run("fido2-token", "-L")[1].count("/dev/hidraw") == 3, "not three")
    keys.unplug(1)
    listed = run("fido2-token", "-L")[1]
    expect("hidraw1" not in listed and "hidraw0" in listed and "hidraw2" in listed, listed)
    keys.plug(1)
    expect(run("fido2-token", "-L")[1].count("/dev/hidraw") == 3, "it did not come back")


@case("what a key says of itself: 2.1, 2.0 and U2F")
def _(_directory):
    said = run("fido2-token", "-I", "/dev/hidraw0")[1]
    for word in ("FIDO_2_1", "pin protocols: 2, 1", "noclientPin", "pinUvAuthToken", "pin retries: 8"):
        expect(word in said, said)
    keys.set(ctap="2.0")
    said = run("fido2-token", "-I", "/dev/hidraw0")[1]
    expect("FIDO_2_0" in said and "FIDO_2_1" not in said, said)
    keys.set(ctap="u2f")
    said = run("fido2-token", "-I", "/dev/hidraw0")[1]
    expect("caps: 0x01 (wink, nocbor, msg)" in said, said)


for kind in ("es256", "eddsa", "rs256"):
    for attestation in ("packed", "self"):
        @case(f"{kind}, attestation {attestation}: registered, asserted, verified")
        def _(directory, kind=kind, attestation=attestation):
            keys.set(attestation=attestation)
            made = registered(directory, kind)
            asserted(made)
            asserted(made, text="another")


@case("a key that does not know the algorithm says so")
def _(directory):
    keys.set(algorithms=["es256"])
    fails(Registration(directory, "eddsa").make(), "FIDO_ERR_UNSUPPORTED_ALGORITHM")


@case("resident: found without its id, and the newest of a person is kept")
def _(directory):
    registered(directory, "es256", "-r")
    made = registered(directory, "es256", "-r")
    asserted(made, resident=True)
    expect(keys.state()["kept"] == 1, keys.state())


@case("two residents: both are handed out, one after the other")
def _(directory):
    registered(directory, "es256", "-r", user="joe")
    made = registered(directory, "es256", "-r", user="ann")
    status, said = made.assertion(resident=True)
    expect(status == 0, said)
    expect(len(made.lines("answer")) == 10, made.lines("answer"))


@case("a credential of one key or of one place is unknown to another")
def _(directory):
    made = registered(directory)
    made.node = "/dev/hidraw1"
    fails(made.assertion(), "FIDO_ERR_NO_CREDENTIALS")
    made.node, made.rp = "/dev/hidraw0", "example.net"
    fails(made.assertion(), "FIDO_ERR_NO_CREDENTIALS")


for version in ("2.0", "2.1"):
    for protocol in (1, 2):
        @case(f"PIN by protocol {protocol} of CTAP {version}: set, right, wrong, counted")
        def _(directory, version=version, protocol=protocol):
            keys.set(ctap=version, pin_protocols=[protocol])
            set_pin()
            made = registered(directory, pin=PIN) if version == "2.0" else registered(directory)
            asserted(made, "-v", pin=PIN)
            status, said = made.verify("-v", "-p")
            expect(status == 0, said)
            fails(made.assertion("-v", pin=OTHER_PIN), "FIDO_ERR_PIN_INVALID")
            expect(keys.state()["retries"] == 7, keys.state())
            asserted(made, "-v", pin=PIN)
            expect(keys.state()["retries"] == 8, keys.state())


@case("PIN changed: the old one is wrong")
def _(directory):
    set_pin()
    status, said = on_terminal("fido2-token", "-C", "/dev/hidraw0", answers=[PIN, OTHER_PIN, OTHER_PIN])
    expect(status == 0, said)
    made = registered(directory)
    fails(made.assertion("-v", pin=PIN), "FIDO_ERR_PIN_INVALID")
    asserted(made, "-v", pin=OTHER_PIN)


@case("PIN too short, and none set where one is demanded")
def _(directory):
    fails(on_terminal("fido2-token", "-S", "/dev/hidraw0", answers=["abc", "abc"]))
    made = registered(directory)
    fails(made.assertion("-v", pin=PIN))


@case("PIN wrong three times: blocked until it is plugged in again; eight times: blocked for good")
def _(directory):
    set_pin()
    made = registered(directory)
    for left in range(7, -1, -1):
        status, said = made.assertion("-v", pin=OTHER_PIN)
        expect(status != 0 and keys.state()["retries"] == left, f"{left}: {said} {keys.state()}")
        if left == 5:
            expect("FIDO_ERR_PIN_AUTH_BLOCKED" in said, said)
            fails(made.assertion("-v", pin=PIN), "FIDO_ERR_PIN_AUTH_BLOCKED")
        if left in (5, 2):
            keys.power_cycle()
        if left == 0:
            expect("FIDO_ERR_PIN_BLOCKED" in said, said)
    keys.power_cycle()
    fails(made.assertion("-v", pin=PIN), "FIDO_ERR_PIN_BLOCKED")
    asserted(made)


@case("the key forgets everything when it is reset, but only soon after it was plugged in")
def _(directory):
    set_pin()
    made = registered(directory)
    status, said, wrong = run("fido2-token", "-R", "/dev/hidraw0")
    expect(status == 0, said + wrong)
    expect(not keys.state()["pin"], keys.state())
    fails(made.assertion(), "FIDO_ERR_NO_CREDENTIALS")


@case("fingerprint: right verifies, wrong does not, three times wrong blocks")
def _(directory):
    keys.set(fingerprint="right")
    made = registered(directory)
    status, said = made.assertion("-t", "uv=true")
    expect(status == 0, said)
    expect(made.verify("-v", "-p")[0] == 0, "not verified")
    keys.set(fingerprint="wrong")
    for words in ("FIDO_ERR_UV_INVALID", "FIDO_ERR_UV_INVALID", "FIDO_ERR_UV_BLOCKED"):
        fails(made.assertion("-t", "uv=true"), words)
    keys.set(fingerprint="right")
    fails(made.assertion("-t", "uv=true"), "FIDO_ERR_UV_BLOCKED")


@case("U2F only: registered, asserted, verified; another place is unknown")
def _(directory):
    keys.set(ctap="u2f")
    made = registered(directory, "es256", "-u")
    asserted(made, "-u")
    made.rp = "example.net"
    fails(made.assertion("-u"), "FIDO_ERR_NO_CREDENTIALS")


@case("U2F: who does not touch waits until he does")
def _(directory):
    keys.set(ctap="u2f")
    made = registered(directory, "es256", "-u")
    keys.set(touch="wait")

    def touch(there):
        there.await_touch()
        there.touch()

    with meanwhile(touch):
        asserted(made, "-u")
