# SPDX-License-Identifier: Apache-2.0
# Over ssh the key is at the client: the real ssh, a real sshd, ssh keys that live in the key, and utmfa-assert.
import os
import re

import pexpect
import tools_of_debian
from client import KEY, KEY_AND_CODE, PASSWORD, PASSWORD_PROMPT, Log, SignIn, run, write
from machine import CODE, case, expect, keys, owner, sighted

PASTE = r"paste its answer[^\r\n]*: $"
SK = "/root/world-sk"


def asserted(*words):
    status, said, wrong = tools_of_debian.run("utmfa-assert", *words)
    expect(status == 0, wrong)
    return said.strip()


def begun(user="taro"):
    """A sign-in that has shown its challenge."""
    sign_in = SignIn(user, [(PASSWORD_PROMPT, PASSWORD)], start_only=True, seconds=60)
    sign_in.wait_for(PASTE)
    found = re.findall(r"utmfa-assert (u1:[\w-]+)", sign_in.screen)
    expect(found, sign_in.screen)
    return sign_in, found[-1]


def ended(sign_in, answer):
    log = Log()
    sign_in.child.sendline(answer)
    again = sign_in.child.expect([pexpect.EOF, PASTE])
    sign_in.screen += sign_in.child.before
    if again:
        sign_in.give_up()
    else:
        sign_in.child.close()
        sign_in.status = sign_in.child.exitstatus
    return sign_in, log


@case("a key of another machine is registered by its line; its pasted answer signs in, once")
def _():
    keys.fresh(0)
    key = owner().add_key("blue key", "--line", asserted("--register"))
    sign_in, challenge = begun()
    answer = asserted(challenge)
    done, log = ended(sign_in, answer)
    expect(done.granted, f"{done.screen} {log.text()}")
    line = log.audit("granted", "taro")
    expect(line and f"method={key}" in line, line)
    sign_in, _ = begun()
    done, log = ended(sign_in, answer)
    expect(not done.granted and "not right" in done.screen, done.screen)
    expect("not signed by the registered key" in (log.audit("wrong", "taro") or ""), log.text())


@case("the answer to somebody else's challenge, and somebody else's key: refused")
def _():
    keys.fresh(0)
    owner().add_key("blue key", "--line", asserted("--register"))
    keys.unplug(0)
    keys.plug(1)
    owner("hanako").add_key("red key", "--line", asserted("--register"))
    keys.plug(0)
    hers, her_challenge = begun("hanako")
    his, _ = begun()
    her_answer = asserted(her_challenge)
    done, log = ended(his, her_answer)
    expect(not done.granted and "not right" in done.screen, done.screen)
    done, log = ended(hers, her_answer)
    expect(done.granted, f"{done.screen} {log.text()}")


@case("a credential is named to nobody of whom the password is not known to be right")
def _():
    keys.fresh(0)
    owner().add_key("blue key", "--line", asserted("--register"))
    sign_in = SignIn("taro", [(PASSWORD_PROMPT, "wrong password")], seconds=60)
    expect(not sign_in.granted and "u1:" not in sign_in.screen, sign_in.screen)


def ssh_key(kind, name):
    """An ssh key that lives in the key; it may sign in."""
    path = f"{SK}-{name}"
    for old in (path, path + ".pub"):
        if os.path.exists(old):
            os.unlink(old)
    with sighted():
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path)
    with open(path + ".pub", encoding="ascii") as file, open(KEY + ".pub", encoding="ascii") as usual:
        write("/etc/ssh/world_authorized_keys", usual.read() + file.read())
    return path


def by_ssh_key(path, *talk):
    with sighted():
        log = Log()
        return SignIn("taro", talk, port=KEY_AND_CODE, key=True, options=("-i", path), seconds=60), log


for kind in ("ed25519-sk", "ecdsa-sk"):
    @case(f"{kind}: registered, nothing is asked; merely authorised, the app is; another one registered does not help")
    def _(kind=kind):
        keys.fresh(0)
        path = ssh_key(kind, "first")
        done, log = by_ssh_key(path, (CODE, owner().code))
        expect(done.granted and done.asked == 1, f"{done.screen} {log.text()}")
        key = owner().add_ssh_key(path + ".pub")
        done, log = by_ssh_key(path)
        expect(done.granted and done.asked == 0, f"{done.screen} {log.text()}")
        expect(f"method={key}" in (log.audit("granted", "taro") or ""), log.text())
        other = ssh_key(kind, "second")
        done, log = by_ssh_key(other, (CODE, owner().code))
        expect(done.granted and done.asked == 1, f"{done.screen} {log.text()}")


@case("an ssh key that somebody else has registered does not count")
def _():
    keys.fresh(0)
    path = ssh_key("ed25519-sk", "hers")
    owner("hanako").add_ssh_key(path + ".pub")
    done, log = by_ssh_key(path, (CODE, owner().code))
    expect(done.granted and done.asked == 1, f"{done.screen} {log.text()}")
    expect(f"method={owner().token}" in (log.audit("granted", "taro") or ""), log.text())
