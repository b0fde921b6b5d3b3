# SPDX-License-Identifier: Apache-2.0
# pam_u2f of Debian, unmodified, through the real libpam: a module that is not ours takes our key, and notices its lies.
import os

from bench import OTHER_PIN, PIN, case, expect, keys, set_pin
from pam_caller import SignIn
from libpam import AUTH_ERR, SUCCESS
from tools_of_debian import run


def u2f_stack(directory, options=""):
    module = "/lib/x86_64-linux-gnu/security/pam_u2f.so"
    arguments = f"authfile={directory}/keys origin=pam://lab1 appid=pam://lab1 cue"
    with open(os.path.join(directory, "console"), "w", encoding="ascii") as file:
        file.write(f"auth required {module} {arguments} {options}\n")


def sign_in(directory, *answers, options=""):
    u2f_stack(directory, options)
    caller = SignIn(directory, "console", "root", answers)
    code = caller.authenticate()
    caller.end()
    return code, caller.texts


def enrol_u2f(directory, *options):
    status, said, wrong = run("pamu2fcfg", "-u", "root", "-o", "pam://lab1", *options)
    expect(status == 0, wrong)
    with open(os.path.join(directory, "keys"), "w", encoding="ascii") as file:
        file.write(said.strip().splitlines()[-1] + "\n")


for version in ("2.0", "2.1", "u2f"):
    @case(f"pam_u2f with a key of {version}: in by touch, not when refused, forged or another key")
    def _(directory, version=version):
        keys.fresh(0, 1)
        for number in (0, 1):
            keys.set(number, ctap=version)
        keys.unplug(1)
        enrol_u2f(directory)
        expect(sign_in(directory)[0] == SUCCESS, "refused")
        if version != "u2f":
            with keys.but(touch="refuse"):
                expect(sign_in(directory)[0] == AUTH_ERR, "in without a touch")
        with keys.but(fault="bad-signature", fault_in=["assert", "u2f"]):
            expect(sign_in(directory)[0] == AUTH_ERR, "in with a forged signature")
        keys.unplug(0)
        expect(sign_in(directory)[0] != SUCCESS, "in without a key")
        keys.plug(1)
        expect(sign_in(directory)[0] != SUCCESS, "in with another key")


@case("pam_u2f with a PIN: in by the right one, not by a wrong one, an empty one or none")
def _(directory):
    keys.fresh(0)
    set_pin()
    enrol_u2f(directory, "-N")
    code, said = sign_in(directory, PIN, options="pinverification=1")
    expect(code == SUCCESS, said)
    for answers in ([OTHER_PIN], [""], [None]):
        code, said = sign_in(directory, *answers, options="pinverification=1")
        expect(code != SUCCESS, f"in with {answers}: {said}")
