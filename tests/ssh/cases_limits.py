# SPDX-License-Identifier: Apache-2.0
# What bounds codes that are sent, over a real sshd: sshd's own patience, the gateway's wish to be left alone, what a
# machine may send, and what an administrator must allow by name.
import contextlib
import os
import re
import select
import time

from cases_phone import (BOX, CONFIGURED, NEXT, SENT, caller, code, gateway, people, sent, settle)
from client import CODE_PROMPT, CONFIG, SSHD, STACK, Log, Person, SignIn, Sshd, run, write
from people import newcomer
from stage import FIRST, USUAL, granted, refused, suite
from suite import expect

SHORT, CALL = 2231, r"Press Enter to be called[^\r\n]*: $"
WAITS = ("#!/usr/bin/python3 -I\nimport json, os, signal, sys\nmessage = json.load(sys.stdin)\n"
         "open('/run/box/sent', 'a').write(json.dumps(message) + '\\n')\nsignal.pause()\n")
HOLDS = ("#!/usr/bin/python3 -I\nimport json, os, sys\nmessage = json.load(sys.stdin)\n"
         "open('/run/box/sent', 'a').write(json.dumps(message) + '\\n')\nopen('/run/box/hold').read()\n"
         "print('{\"result\": \"sent\"}')\n")


def until(holds, what, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        expect(time.monotonic() < end, f"waited in vain for {what}")
        select.select([], [], [], 0.02)


def also(text, instead_of=""):
    """More of the configuration, or another text in it, in a case that is inside of a gateway()."""
    with open(CONFIG, encoding="utf-8") as file:
        before = file.read()
    expect(instead_of in before, before)
    write(CONFIG, before.replace(instead_of, text) if instead_of else before + text)


@suite.case("limits: sshd's LoginGraceTime ends a sign-in that waits, its gateway and its code")
def _():
    with gateway():
        caller("patient")
        server = Sshd("short", f"Port {SHORT}\n{SSHD}AuthenticationMethods keyboard-interactive:pam\nLoginGraceTime 4\n",
                      STACK["password"])
        try:
            log = Log()
            waits = SignIn("patient", [FIRST], port=SHORT, start_only=True)
            waits.wait_for(SENT)
            left = code()
            expect(log.audit("aborted", "patient", 20), log.text())
            waits.give_up()
        finally:
            server.stop()
        refused("patient", [FIRST] + [(SENT, left)] * 3)
        settle("patient")
    with gateway(WAITS):
        server = Sshd("short", f"Port {SHORT}\n{SSHD}AuthenticationMethods keyboard-interactive:pam\nLoginGraceTime 12\n",
                      STACK["password"])
        try:
            log = Log()
            waits = SignIn("patient", [FIRST, (CALL, "")], port=SHORT, start_only=True)
            waits.wait_for(r"Calling \+81 ••••5678[^\r\n]*: $")
            handle = os.pidfd_open(int(run("pgrep", "-u", "utmfa-gateway").stdout))
            expect(select.select([handle], [], [], 20)[0], "the gateway outlives sshd's patience")
            os.close(handle)
            expect(log.audit("aborted", "patient", 20), log.text())
            waits.give_up()
        finally:
            server.stop()


@suite.case("limits: a gateway that wants to be left alone is, until the time that it said; other ways go on")
def _():
    with gateway():
        caller("retrier")
    with gateway(answer='{"id": "%(id)s", "result": "busy", "detail": "not now", "retry_after": 3600}'):
        first = SignIn("retrier", [FIRST], start_only=True)
        first.wait_for(CALL)
        first.give_up()
        expect([each["kind"] for each in sent()] == ["sms"], sent())
    with gateway():
        log = Log()
        second = SignIn("retrier", [FIRST, (CALL, "")], start_only=True)
        second.wait_for(r"Code from the call to[^\r\n]*: $")
        expect([each["kind"] for each in sent()] == ["voice"], sent())
        expect(re.search(r"Another one can be sent in 3\d\d\d seconds", second.screen), second.screen)
        expect(log.audit("not-sent", "retrier"), log.text())
        second.child.sendline(code())
        expect(second.finish().granted, second.screen)
    settle("retrier")


@suite.case("limits: a person and the machine get so many messages in an hour, and then the next method")
def _():
    with gateway():
        caller("talker")
        write(CONFIG, CONFIGURED.replace("per-hour: 60", "per-hour: 3") % {
            "tries": 3, "cooldown": "0s", "sms": "/usr/local/sbin/world-gateway"})
        one = SignIn("talker", [FIRST, (SENT, ""), (SENT, "")], start_only=True)
        one.wait_for(r"Nothing more is sent to you before[^\r\n]*: $")
        expect(len(sent()) <= 3, sent())
        one.child.sendline(code())
        expect(one.finish().granted, one.screen)
        settle("talker")
    with gateway():
        caller("machine")
        also("limits: {deliveries-per-hour: 1}\n")
        log = Log()
        one = SignIn("machine", [FIRST, (CALL, "?"), (r"Number of the method: $", "2")], start_only=True)
        one.wait_for(NEXT)
        expect("could not be sent" in one.screen and not sent(), one.screen)
        expect("limits.deliveries-per-hour" in log.audit("not-sent", "machine"), log.text())
        one.child.sendline(people["machine"].code())
        expect(one.finish().granted, one.screen)


@contextlib.contextmanager
def one_at_a_time():
    """The phones of early and late, and a gateway that holds each message until the pipe that is given has been opened."""
    with gateway():
        for name in ("early", "late"):
            caller(name)
    with gateway(HOLDS):
        also("limits: {deliveries: 1}\n")
        also("time-limit: 30s", instead_of="time-limit: 3s")
        hold = f"{BOX}/hold"
        if not os.path.exists(hold):
            os.mkfifo(hold)
        os.chmod(hold, 0o666)
        yield hold


@suite.case("limits: where as many gateways run as may, a message waits for its turn")
def _():
    with one_at_a_time() as hold:
        one = SignIn("early", [FIRST], start_only=True)
        opened = os.open(hold, os.O_WRONLY)  # when the gateway has opened its end
        two = SignIn("late", [FIRST], start_only=True)
        expect(not Log().wait("late", 1) and len(sent()) == 1, sent())
        os.close(opened)
        one.wait_for(SENT)
        os.close(os.open(hold, os.O_WRONLY))
        two.wait_for(SENT)
        expect([each["user"] for each in sent()] == ["early", "late"], sent())
        for each, at in ((two, 1), (one, 0)):
            each.child.sendline(sent()[at]["code"])
            expect(each.finish().granted, each.screen)


def state(user):
    with open(f"/var/lib/utmfa/state/{user}", "rb") as file:
        return file.read()


@suite.case("limits: who hangs up while his message waits for its turn gets none; and one that was on its way lets nobody in")
def _():
    with one_at_a_time() as hold:
        log, before = Log(), state("late")
        one = SignIn("early", [FIRST], start_only=True)
        opened = os.open(hold, os.O_WRONLY)  # when the gateway has opened its end
        two = SignIn("late", [FIRST], start_only=True)
        until(lambda: state("late") != before, "a code that is issued")
        # One that comes after him, and to whom nothing is sent, has been served: so his message is with the broker.
        SignIn("nobody-has-this", [FIRST, (CODE_PROMPT, "000000")])
        for each in (two, one):
            each.child.sendintr()
            each.give_up()
        os.close(opened)
        for name in ("early", "late"):
            expect(log.audit("aborted", name, 30), f"{name}: {log.text()}")
        expect([each["user"] for each in sent()] == ["early"], sent())
        left = code()
    with gateway():
        refused("early", [FIRST] + [(SENT, left)] * 3)
        settle("early")


@suite.case("limits: an app that only says yes is believed where the administrator says so, and doctor says what that is")
def _():
    begin = r"Press Enter to be asked on Pixel[^\r\n]*: $"
    with gateway(answer='{"id": "%(id)s", "result": "approved", "entered": "%(code)s"}'):
        newcomer("approver")
        run("utmfa-enroll", "--user", "approver", "add", "push", "topic/8", "--label", "Pixel", "--json")
        Person("approver").apply()
    with gateway(answer='{"id": "%(id)s", "result": "approved"}'):
        refused("approver", [FIRST, (begin, "")], reason="could not be sent")
        expect("matching is approval" not in run("utmfa-admin", "doctor", check=False).stdout, "doctor warns of nothing")
        also("time-limit: 5s, matching: approval}", instead_of="time-limit: 5s}")
        granted("approver", [FIRST, (begin, "")])
        said = run("utmfa-admin", "doctor", check=False).stdout
        expect("gateways.push.matching is approval" in said, said)


@suite.case("limits: three telephones at most, one for each slot, and the office has an extension")
def _():
    with gateway():
        newcomer("office")
        add = ("utmfa-enroll", "--user", "office", "add", "phone")
        run(*add, "090-1234-5678")
        run("utmfa-enroll", "--user", "office", "confirm", "mobile", "-", stdin=code() + "\n")
        run(*add, "03-1234-5678", "--slot", "office", "--extension", "1209")
        expect(sent()[-1]["kind"] == "voice" and sent()[-1]["extension"] == "1209" and sent()[-1]["to"] == "+81312345678",
               sent()[-1])
        run("utmfa-enroll", "--user", "office", "confirm", "office", "-", stdin=code() + "\n")
        for slot in ("mobile", "office"):
            before = len(sent())
            twice = run(*add, "080-1111-2222", "--slot", slot, check=False)
            expect(twice.returncode == 1 and len(sent()) == before, f"{slot}: {twice}")
        expect(run(*add, "080-1111-2222", "--extension", "12", check=False).returncode == 1, "an extension of a mobile")


@suite.case("limits: who reports fraud is told of it by mail, at once")
def _():
    with gateway():
        caller("reporter")
        also("  mail: {command: [/usr/local/sbin/world-gateway], time-limit: 5s}\n")
        run("utmfa-admin", "contact", "reporter", "reporter@example.ac.jp", "--unproven-by-desk")
    with gateway(answer='{"id": "%(id)s", "result": "denied", "entered": "0#"}'):
        also("  mail: {command: [/usr/local/sbin/world-gateway], time-limit: 5s}\n")
        refused("reporter", [FIRST, (CALL, "")], outcome="locked")
        waiting = [name for name in os.listdir("/var/lib/utmfa/outbox/new") if not name.startswith(".")]
        texts = "".join(open(f"/var/lib/utmfa/outbox/new/{name}", encoding="utf-8").read() for name in waiting)
        expect("fraud" in texts and "reporter" in texts, texts)
        settle("reporter")
    write(CONFIG, USUAL)
