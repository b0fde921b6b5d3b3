# SPDX-License-Identifier: Apache-2.0
# What is switched on, tried by its own sign-in and confirmed stays; and goes by disable, to the last byte.
import json
import os
import subprocess

from machine import (CODE_PROMPT, CONFIG, ORIGINAL, PASSWORD, PASSWORD_PROMPT, PENDING, ROLLOUT, SERVICE, Log, SignIn, admin,
                     enabled, expect, people, run, signs_in, stranger_stays_out, suite, text_of, untouched, write)

CONFIRM = "/usr/sbin/utmfa-admin service confirm sshd && printf 'in as toor\\n'"


@suite.case("on, confirmed from a fresh sign-in, off")
def confirmed():
    os.chmod(SERVICE, 0o640)
    run("chgrp", "shadow", SERVICE)
    log = Log()
    done = enabled()
    expect("+auth     required  pam_utmfa.so" in done["difference"], done)
    about = os.stat(SERVICE)
    expect((about.st_mode & 0o777, about.st_gid) == (0o640, os.stat("/etc/shadow").st_gid), about)
    expect(log.wait("utmfa.*: service-enabled service=sshd by=toor "), log.text())
    expect(text_of(f"{ROLLOUT}/sshd.before") == ORIGINAL, "the copy")
    state = json.loads(admin("service", "status", "--json").stdout)
    expect([(each["service"], each["state"]) for each in state if each["service"] == "sshd"] == [("sshd", "waiting")], state)
    # Not from the shell that made the change, and not by anybody's sign-in elsewhere.
    said = admin("service", "confirm", "sshd", expect_status=1).stderr
    expect("no sign-in at sshd that began after the change" in said, said)
    stranger_stays_out()
    expect(signs_in("taro").granted, "taro")
    admin("service", "confirm", "sshd", expect_status=1)
    again = json.loads(admin("service", "enable", "sshd", "--yes", "--json").stdout)
    expect(not again["changed"] and again["waits"], again)
    here = signs_in("toor", command=CONFIRM)
    expect(here.granted and "confirmed" in here.screen, here.screen)
    expect(not os.path.exists(PENDING), "it waits still")
    expect(log.wait("utmfa.*: service-confirmed service=sshd .*by a sign-in of toor"), log.text())
    expect([name for name in os.listdir("/etc/pam.d") if name[0] == "."] == [], "left behind")
    expect(json.loads(admin("service", "status", "sshd", "--json").stdout)[0]["state"] == "asks", "status")
    expect(admin("service", "revert", "--due").stdout == "", "nothing is due")
    expect("pam_utmfa" in text_of(SERVICE), "it stays")
    admin("service", "confirm", "sshd", expect_status=1)
    admin("service", "revert", "sshd", expect_status=1)
    stranger_stays_out()
    admin("service", "disable", "sshd", "--yes")
    untouched()
    expect(os.stat(SERVICE).st_mode & 0o777 == 0o640, "mode")
    expect(not json.loads(admin("service", "disable", "sshd", "--yes", "--json").stdout)["changed"], "off twice")
    os.chmod(SERVICE, 0o644)


@suite.case("an old session does not confirm, however it goes on")
def old_session():
    old = SignIn("toor", [(PASSWORD_PROMPT, PASSWORD)], command="echo here; read x; " + CONFIRM, start_only=True)
    old.wait_for("here")
    enabled()
    expect(signs_in("taro").granted, "taro")
    old.child.sendline("")
    old.finish()
    expect(not old.granted and "began after the change" in old.screen, old.screen)
    admin("service", "revert", "sshd")
    untouched()


# As GDM's worker: it asks, opens the session when it is told to, and keeps it until its input ends.
WORKER = """
import sys
sys.path.insert(0, {support!r})
from libpam import ESTABLISH_CRED, Conversation, conversing, libpam, started
kept = Conversation(conversing(lambda style, said: {code!r} if "Code" in said else {password!r}), None)
handle = started("gdm-password", "toor", kept)
print(libpam.pam_authenticate(handle, 0), libpam.pam_acct_mgmt(handle, 0), libpam.pam_setcred(handle, ESTABLISH_CRED), flush=True)
sys.stdin.readline()
with open("/proc/self/loginuid", "w") as file:
    file.write("31000")
print(libpam.pam_open_session(handle, 0), flush=True)
sys.stdin.read()
"""
SUPPORT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support")


def confirms(login):
    """From a desktop of that login, which runs below nobody who was asked."""
    done = subprocess.run(["sh", "-c", f"echo {login} > /proc/self/loginuid; exec utmfa-admin service confirm gdm-password"],
                          capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "LANG": "C.UTF-8"})
    expect(done.returncode == 0 or "began after the change" in done.stderr, done.stderr)
    return done.returncode == 0


@suite.case("a greeter, whose desktop runs elsewhere: confirmed by its own login, while its session is open")
def greeter():
    if subprocess.run(["sh", "-c", "echo 31000 > /proc/self/loginuid"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("   the kernel keeps no logins here", flush=True)
        return
    write("/etc/pam.d/gdm-password", ORIGINAL)
    enabled(service="gdm-password")
    program = WORKER.format(support=SUPPORT, code=people["toor"].code(), password=PASSWORD)
    with subprocess.Popen(["/usr/bin/python3", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        expect(worker.stdout.readline() == "0 0 0\n", "not in")
        expect(not confirms(31000), "before there is a session")
        worker.stdin.write("\n")
        worker.stdin.flush()
        expect(worker.stdout.readline() == "0\n", "no session")
        expect(not confirms(31001), "the login of somebody else")
        expect(confirms(31000), "refused")
        worker.stdin.close()
    admin("service", "disable", "gdm-password", "--yes")
    untouched("/etc/pam.d/gdm-password")
    enabled(service="gdm-password")
    program = WORKER.format(support=SUPPORT, code=people["toor"].code(), password=PASSWORD)
    ended = subprocess.run(["/usr/bin/python3", "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                           check=False)
    expect(ended.stdout == "0 0 0\n0\n", ended.stdout + ended.stderr)
    expect(not confirms(31000), "after the session")
    admin("service", "revert", "gdm-password")
    untouched("/etc/pam.d/gdm-password")


@suite.case("two administrators at once: one change")
def at_once():
    both = [subprocess.Popen(["utmfa-admin", "service", "enable", "sshd", "--yes", "--json"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env={**os.environ, "SUDO_USER": "toor"}) for _ in range(2)]
    said = [each.communicate(timeout=60) for each in both]
    changed = [out for (out, _), each in zip(said, both) if each.returncode == 0 and json.loads(out)["changed"]]
    expect(len(changed) == 1, said)
    expect(text_of(SERVICE).count("auth     required  pam_utmfa.so") == 1, text_of(SERVICE))
    admin("service", "revert", "sshd")
    untouched()


@suite.case("tried out until a day: a failure lets in, is announced and written down")
def observed():
    enabled("--observe")
    part = os.path.dirname(CONFIG) + "/conf.d/90-observe-sshd.yaml"
    expect("observe-until: " in text_of(part), text_of(part))
    log = Log()
    talk = [(PASSWORD_PROMPT, PASSWORD)] + [(CODE_PROMPT, "000000")] * 3
    wrong = SignIn("taro", talk)
    expect(wrong.granted and "tried out until" in wrong.screen and "let in all the same" in wrong.screen, wrong.screen)
    expect(log.audit("observed", "taro"), log.text())
    admin("unlock", "taro", "--reason", "test")
    expect(not SignIn("taro", [(PASSWORD_PROMPT, "wrong")]).granted, "a wrong password")
    state = json.loads(admin("service", "status", "sshd", "--json").stdout)[0]
    expect(state["observed_until"], state)
    found = json.loads(subprocess.run(["utmfa-admin", "doctor", "--json"], capture_output=True, text=True,
                                      check=False).stdout)
    expect([each for each in found if each["check"] == "observed"], found)
    # A failure that lets in is no proof that people get in.
    proof = SignIn("toor", talk, command=CONFIRM)
    expect(not proof.granted and "began after the change" in proof.screen, proof.screen)
    admin("unlock", "toor", "--reason", "test")
    here = SignIn("toor", [(PASSWORD_PROMPT, PASSWORD), (CODE_PROMPT, people["toor"].code)], command=CONFIRM)
    expect(here.granted, here.screen)
    admin("service", "disable", "sshd", "--yes")
    expect(not os.path.exists(part), "the trial time")
    untouched()
