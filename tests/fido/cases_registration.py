# SPDX-License-Identifier: Apache-2.0
# Keys are registered: by a person himself, and where it matters who made them.
import contextlib
import json
import pwd
import re

import pexpect
from client import CONFIG, enroll, write
from cases_over_ssh import asserted, ssh_key
import tools_of_debian
from machine import CODE, CONFIGURATION, case, expect, granted, keys, owner, refused, run

MAKERS = "/etc/utmfa/makers.pem"
IN_SSH = "SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22"


def himself(user, *words, environment=()):
    """utmfa-enroll on a terminal, as that person; he is asked as at a sign-in first."""
    person, uid = owner(user), str(pwd.getpwnam(user).pw_uid)
    child = pexpect.spawn("setpriv", ["--reuid", uid, "--regid", uid, "--clear-groups", "--reset-env", "env",
                                      "LANG=C.UTF-8", "TERM=xterm", *environment, "utmfa-enroll", *words],
                          encoding="utf-8", timeout=60, dimensions=(60, 1000))
    child.delaybeforesend = None
    child.expect(CODE)
    child.sendline(person.code())
    return child


def ends(child, status=0):
    child.expect(pexpect.EOF)
    child.close()
    expect(child.exitstatus == status, f"exit {child.exitstatus}: {child.before}")
    return child.before


@case("a person registers the key that is plugged in by himself, names it, and signs in with it")
def _():
    keys.fresh(0)
    person = owner()
    child = himself("taro", "add", "fido")
    child.expect("Touch the security key that is to be registered.")
    child.expect("Touch it once more")
    child.expect("Name of this key")
    child.sendline("blue key")
    said = ends(child)
    person.keys.append(re.search(r"(key-\d+)", said)[1])
    enroll("taro", "default", person.keys[0])
    done = granted(person.keys[0])
    expect("Touch blue key." in done.screen, done.screen)


@case("a person's own registration: none plugged in, not touched, refused, registered already: told, and nothing is changed")
def _():
    keys.fresh(0)
    owner().add_key()
    enroll("taro", "default", owner().token)
    for words, settings in (("registered already", {}), ("not touched in time", {"touch": "time-out"}),
                            ("refused", {"touch": "refuse"}), ("No security key is plugged in", None)):
        if settings is None:
            keys.unplug(0)
        else:
            keys.set(**settings)
        said = ends(himself("taro", "add", "fido", "--label", "second"), 1)
        expect(words in said, f"{words}: {said}")
    expect("second" not in enroll("taro", "list").stdout, "it is registered")


@case("in his ssh session a person is asked for the line of his own computer, and the key that is here is left alone")
def _():
    keys.fresh(0)
    keys.set(touch="wait")
    child = himself("taro", "add", "fido", "--label", "laptop key", environment=[IN_SSH])
    child.expect("utmfa-assert --register   and paste its line: ")
    expect(not keys.state()["touch"], "the key here is asked")
    keys.set(touch="now")
    child.sendline(asserted("--register"))
    said = ends(child)
    owner().keys.append(re.search(r"(key-\d+)", said)[1])


@contextlib.contextmanager
def makers(text):
    """Only the keys of these makers may be registered."""
    write(MAKERS, text)
    write(CONFIG, CONFIGURATION.replace("touch: 5s}", f"touch: 5s, attestation: {MAKERS}}}"))
    try:
        yield
    finally:
        write(CONFIG, CONFIGURATION)


def not_taken(words, *options):
    done = enroll("taro", "add", "fido", "--label", "blue key", *options, check=False)
    expect(done.returncode == 1 and words in done.stderr + done.stdout, f"{words}: {done.stdout}{done.stderr}")
    expect("blue key" not in enroll("taro", "list").stdout, "it is registered all the same")


for version in ("2.1", "2.0", "u2f"):
    @case(f"CTAP {version}: a key of a maker that is taken, registered by root and by the person, signs in")
    def _(version=version):
        keys.fresh(0)
        keys.set(ctap=version)
        with makers(keys.state()["root"]):
            granted(owner().add_key())
        owner().forget_keys()
        keys.fresh(0)
        keys.set(ctap=version)
        with makers(keys.state()["root"]):
            said = ends(himself("taro", "add", "fido", "--label", "blue key"))
            owner().keys.append(re.search(r"(key-\d+)", said)[1])


@case("keys that do not prove who made them, or somebody else: each refused with its reason, and taken where nobody asks")
def _():
    keys.fresh(0)
    owner()
    with makers(keys.state()["root"]):
        for how, words in (("none", "does not prove who made it"), ("self", "does not prove who made it"),
                           ("other-maker", "made by nobody whose keys are taken"),
                           ("expired", "made by nobody whose keys are taken"), ("other-model", "of another model"),
                           ("authority", "is not right"), ("nameless", "is not right")):
            keys.set(attestation=how)
            not_taken(words)
        keys.set(attestation="packed", fault="bad-signature", fault_in=["make"])
        not_taken("is not right")
        keys.behave()
        keys.set(ctap="u2f", attestation="other-maker")
        not_taken("made by nobody whose keys are taken")
    keys.behave()
    keys.set(attestation="none")
    granted(owner().add_key())


@case("where makers matter, a line and an ssh key are refused; a file without certificates lets nobody register")
def _():
    keys.fresh(0)
    owner()
    line, path = asserted("--register"), ssh_key("ed25519-sk", "makers")
    with makers(keys.state()["root"]):
        not_taken("must prove who made it", "--line", line)
        not_taken("must prove who made it", "--ssh-key", path + ".pub")
    with makers("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        not_taken("holds no certificates, or damaged ones")
    granted(owner().add_key("blue key", "--line", line))


for kept, options in (("found by its handle", []), ("kept in the key, which finds it by itself", ["-r"])):
    @case(f"a key of pam_u2f, {kept}: taken over, signs in, and another key does not")
    def _(options=options):
        keys.fresh(0, 1)
        keys.unplug(1)
        status, said, wrong = tools_of_debian.run("pamu2fcfg", "-u", "taro", "-o", "pam://lab1", *options)
        expect(status == 0, wrong)
        mapping = said.strip().splitlines()[-1]
        expect(("*" in mapping) == bool(options), mapping)
        write("/root/mappings", mapping + "\n", 0o600)
        person = owner()
        made = json.loads(run("utmfa-admin", "import", "--from", "u2f", "--origin", "pam://lab1", "--apply", "--json",
                              "/root/mappings").stdout)
        expect(made["added"] == 1 and not made["rejected"], made)
        listed = json.loads(enroll("taro", "list", "--json").stdout)["methods"]
        key = next(each["id"] for each in listed if each["kind"] == "fido")
        person.keys.append(key)
        enroll("taro", "default", key)
        granted(key)
        keys.unplug(0)
        keys.plug(1)
        refused("not registered for you|No security key")
