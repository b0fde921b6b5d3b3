# SPDX-License-Identifier: Apache-2.0
# Codes by SMS and call, and an app that asks, over a real sshd, with gateways that are small programs: good ones, and all
# the ways in which one can be bad.
import contextlib
import json
import os
import re
import select
import signal
import time

import pexpect

from cases_self import Terminal, own
from client import CODE_PROMPT, CONFIG, PASSWORD, PASSWORD_PROMPT, Log, Person, SignIn, run, write
from people import newcomer
from stage import FIRST, USUAL, granted, refused, suite
from suite import expect

BOX = "/run/box"
SENT = r"Code sent by SMS to \+81 ••••5678 [^\r\n]*: $"
CALLED = r"(Calling|Code from the call to) \+81 ••••5678[^\r\n]*: $"
NEXT = r"Code from iPhone[^\r\n]*: $"
NUMBER = "+819012345678"
# Keeps every message; what it answers is a template in the file `answer`.
GATEWAY = """\
#!/usr/bin/python3 -I
import json, sys
message = json.load(sys.stdin)
with open("/run/box/sent", "a") as file:
    file.write(json.dumps(message) + "\\n")
print(open("/run/box/answer").read() % message, flush=True)
"""
CONFIGURED = """\
version: 1
services:
  sshd: {require: always, not-enrolled: deny, account: enforce, tries: %(tries)d}
registration: {minimum: 1, test: optional}
delivery: {cooldown: %(cooldown)s, per-hour: 60, per-day: 60}
throttle: {free: 20}
totp: {window: 10}
gateways:
  sms: {command: [%(sms)s], time-limit: 3s}
  voice: {command: [%(sms)s], time-limit: 60s}
  push: {command: [%(sms)s], time-limit: 5s}
"""
BAD = {
    "hangs": "#!/bin/sh\nexec sleep 1000\n",
    "hangs with a child": "#!/bin/sh\nsetsid sleep 1001 &\nsleep 1001\n",
    "floods": "#!/bin/sh\nexec yes\n",
    "ten megabytes": "#!/bin/sh\nhead -c 10000000 /dev/zero | tr '\\0' ' '\necho '{\"result\": \"sent\"}'\n",
    "crashes": "#!/bin/sh\nkill -SEGV $$\n",
    "fails after sent": "#!/bin/sh\necho '{\"result\": \"sent\"}'\nexit 3\n",
    "says nothing": "#!/bin/sh\ncat >/dev/null\n",
    "garbage": "#!/bin/sh\nprintf '\\033[2J\\377\\000;reboot'\n",
    "another id": "#!/bin/sh\necho '{\"result\": \"sent\", \"id\": \"00000000000000000000000000000000\"}'\n",
    "another kind": "#!/bin/sh\necho '{\"result\": \"sent\", \"kind\": \"mail\"}'\n",
    "deep": "#!/bin/sh\nprintf '{\"result\": \"sent\", \"x\": '\nhead -c 60000 /dev/zero | tr '\\0' '['\n",
    "NaN": "#!/bin/sh\necho '{\"result\": \"sent\", \"retry_after\": NaN}'\n",
    "twice": "#!/bin/sh\necho '{\"result\": \"sent\"}{\"result\": \"sent\"}'\n",
    "approves an SMS": "#!/bin/sh\necho '{\"result\": \"approved\", \"entered\": \"000000\"}'\n",
    "no interpreter": "#!/nowhere/sh\n",
}


@contextlib.contextmanager
def gateway(program=GATEWAY, tries=3, cooldown="0s", mode=0o755, answer='{"id": "%(id)s", "result": "sent"}'):
    path = "/usr/local/sbin/world-gateway"
    os.makedirs(BOX, exist_ok=True)
    os.chmod(BOX, 0o777)
    for name, text in (("sent", ""), ("answer", answer)):
        write(f"{BOX}/{name}", text, 0o666)
    if program is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    else:
        write(path, program, mode)
    write(CONFIG, CONFIGURED % {"tries": tries, "cooldown": cooldown, "sms": path})
    try:
        yield
    finally:
        write(CONFIG, USUAL)


def sent():
    with open(f"{BOX}/sent", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def code():
    return sent()[-1]["code"]


people = {}


def caller(name="caller"):
    """Somebody with a mobile before an app; made inside of a gateway()."""
    if name not in people:
        newcomer(name)
        person = people[name] = Person(name)
        made = json.loads(run("utmfa-enroll", "--user", name, "add", "phone", "090-1234-5678", "--json").stdout)
        expect(made["id"] == "mobile" and not made["confirmed"], made)
        expect(sent()[-1]["to"] == NUMBER and len(code()) == 6, sent())
        run("utmfa-enroll", "--user", name, "confirm", "mobile", "-", stdin=code() + "\n")
        person.add_app("iPhone")
        person.apply()
        write(f"{BOX}/sent", "", 0o666)
    return people[name]


def settle(name="caller"):
    run("utmfa-admin", "unlock", name, "--reason", "end of a case")


@suite.case("phone: an SMS is sent when the password was right, its code lets in, once")
def _():
    with gateway():
        caller()
        explained = run("utmfa-admin", "explain", "caller", "sshd").stdout
        expect("1  mobile offered first" in explained and NUMBER not in explained, explained)
        done, line = granted("caller", [FIRST, (SENT, code)])
        expect("method=mobile" in line and "kind=phone" in line, line)
        expect(NUMBER not in done.screen and "90123" not in done.screen, done.screen)
        messages = sent()
        expect(len(messages) == 1, messages)
        expect(messages[0]["to"] == NUMBER and messages[0]["kind"] == "sms" and messages[0]["user"] == "caller", messages)
        expect(messages[0]["service"] == "sshd" and messages[0]["from"] == "127.0.0.1", messages)
        expect(messages[0]["code"] in messages[0]["text"] and 0 < messages[0]["expires"] <= 600, messages)
        used = code()
        refused("caller", [FIRST, (SENT, used), (SENT, used), (SENT, used)])
        settle()


@suite.case("phone: nothing is sent for a wrong password, or for a name that nobody has")
def _():
    with gateway():
        caller()
        refused("caller", [(PASSWORD_PROMPT, "wrong")], outcome="")
        SignIn("nobody-has-this", [FIRST, (CODE_PROMPT, "000000")])
        expect(not sent(), sent())


@suite.case("phone: three wrong codes in one ssh command are one SMS, and the third process takes its code")
def _():
    with gateway(tries=1):
        caller()
        granted("caller", [FIRST, (SENT, "000000"), FIRST, (SENT, "000001"), FIRST, (SENT, code)], prompts=3)
        expect(len(sent()) == 1, sent())
        settle()


@suite.case("phone: two connections of one person have two codes, and neither takes the other's")
def _():
    with gateway():
        caller()
        one = SignIn("caller", [FIRST], start_only=True)
        one.wait_for(SENT)
        first = code()
        two = SignIn("caller", [FIRST], start_only=True)
        two.wait_for(SENT)
        second = code()
        expect(len(sent()) == 2, sent())
        one.child.sendline(second)
        two.child.sendline(first)
        if first != second:
            for each, right in ((one, first), (two, second)):
                each.wait_for(r"not right\. " + SENT)
                each.child.sendline(right)
        expect(one.finish().granted and two.finish().granted, one.screen + two.screen)
        settle()


@suite.case("phone: sent again by Enter, the code before it is worth nothing; with a cooldown it is not sent")
def _():
    with gateway():
        caller()
        one = SignIn("caller", [FIRST, (SENT, "")], start_only=True)
        one.wait_for(SENT)
        codes = [each["code"] for each in sent()]
        expect(len(codes) == 2, codes)
        if codes[0] != codes[1]:
            one.child.sendline(codes[0])
            one.wait_for(r"not right\. " + SENT)
        one.child.sendline(codes[1])
        expect(one.finish().granted, one.screen)
    with gateway(cooldown="60s"):
        done, _ = granted("caller", [FIRST, (SENT, ""), (SENT, code)])
        expect("Another one can be sent in" in done.screen and len(sent()) == 1, done.screen)
    settle()


@suite.case("phone: who leaves while a code is waited for leaves nothing that could be used")
def _():
    with gateway():
        caller()
        log = Log()
        gone = SignIn("caller", [FIRST], start_only=True)
        gone.wait_for(SENT)
        left = code()
        gone.child.sendintr()
        gone.give_up()
        expect(log.audit("aborted", "caller", 20), log.text())
        refused("caller", [FIRST, (SENT, left), (SENT, left), (SENT, left)])
        settle()


@suite.case("phone: every bad gateway is told, and the next method is offered by itself")
def _():
    with gateway():
        caller()
    for what, program in [*BAD.items(), ("missing", None), ("not executable", GATEWAY)]:
        with gateway(program, mode=0o644 if what == "not executable" else 0o755):
            begun = time.monotonic()
            log = Log()
            one = SignIn("caller", [FIRST, (r"Press Enter to be called[^\r\n]*: $", "?"),
                                    (r"Number of the method: $", "2")], start_only=True)
            one.wait_for(NEXT)
            took = time.monotonic() - begun
            expect("The SMS could not be sent." in one.screen, f"{what}: {one.screen}")
            expect("\x1b" not in one.screen and "reboot" not in one.screen, f"{what}: {one.screen!r}")
            expect(log.audit("not-sent", "caller"), f"{what}: {log.text()}")
            expect("\x1b" not in log.text(), f"{what}: {log.text()!r}")
            expect(took < 15, f"{what}: {took} s")
            if what in ("hangs", "garbage"):
                one.child.sendline(people["caller"].code())
                expect(one.finish().granted, f"{what}: {one.screen}")
            one.give_up()
            left = run("pgrep", "-u", "utmfa-gateway", check=False).stdout
            expect(not left, f"{what}: left running: {left}")


@suite.case("phone: a gateway sees its message and nothing else of ours")
def _():
    world = ("#!/usr/bin/python3 -I\nimport json, os, sys\nmessage = json.load(sys.stdin)\n"
             "json.dump({'env': dict(os.environ), 'uid': os.getresuid(), 'gid': os.getresgid(), 'groups': os.getgroups(),"
             " 'open': sorted(int(x) for x in os.listdir('/proc/self/fd')), 'code': message['code'], 'argv': sys.argv,"
             " 'cwd': os.getcwd()}, open('/run/box/world', 'w'))\n"
             "open('/run/box/sent', 'a').write(json.dumps(message) + '\\n')\nprint(json.dumps({'result': 'sent'}))\n")
    with gateway():
        caller()
    with gateway(world):
        granted("caller", [FIRST, (SENT, code)])
        with open(f"{BOX}/world", encoding="utf-8") as file:
            seen = json.load(file)
        expect(seen["env"] == {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"} or
               set(seen["env"]) <= {"PATH", "LANG", "LC_CTYPE"}, seen)
        expect(set(seen["uid"]) == {992} and set(seen["gid"]) == {992} and not seen["groups"], seen)
        expect([each for each in seen["open"] if each > 3] == [], seen)
        expect(seen["code"] not in json.dumps(seen["argv"]) and seen["cwd"] == "/", seen)


@suite.case("phone: a call that is agreed to by # lets in; 0# locks")
def _():
    with gateway():
        caller()
        granted("caller", [FIRST, (SENT, "?"), (r"Number of the method: $", "2"), (CALLED, code)])
    with gateway(answer='{"id": "%(id)s", "result": "approved"}'):
        # The SMS gateway is the same program: it may not approve, and so the call is next.
        done, line = granted("caller", [FIRST, (r"Press Enter to be called[^\r\n]*: $", "")])
        expect("could not be sent" in done.screen and "method=mobile" in line, line)
    with gateway(answer='{"id": "%(id)s", "result": "denied", "entered": "0#"}'):
        log = Log()
        done, _ = refused("caller", [FIRST, (r"Press Enter to be called[^\r\n]*: $", "")], outcome="locked")
        expect(log.audit("fraud", "caller"), log.text())
        settle()


@suite.case("phone: push: nothing before Enter; the number typed in the app lets in, another does not, refusing ends it")
def _():
    begin, number = r"Press Enter to be asked on Pixel[^\r\n]*: $", r"Enter (\d\d) in the app on Pixel[^\r\n]*: $"
    with gateway(answer='{"id": "%(id)s", "result": "approved", "entered": "%(code)s"}'):
        newcomer("pusher")
        run("utmfa-enroll", "--user", "pusher", "add", "push", "topic/7", "--label", "Pixel", "--json")
        Person("pusher").apply()
        write(f"{BOX}/sent", "", 0o666)
        waits = SignIn("pusher", [FIRST], start_only=True)
        waits.wait_for(begin)
        expect(not sent(), sent())
        waits.child.sendline("")
        expect(waits.finish().granted, waits.screen)
        expect(sent()[-1]["to"] == "topic/7" and sent()[-1]["code"] not in sent()[-1]["text"], sent())
    with gateway("#!/usr/bin/python3 -I\nimport json, sys, os, select\nm = json.load(sys.stdin)\n"
                 "open('/run/box/sent', 'a').write(json.dumps(m) + '\\n')\n"
                 "os.path.exists('/run/box/go') or os.mkfifo('/run/box/go', 0o666)\n"
                 "os.chmod('/run/box/go', 0o666)\n"
                 "print(open('/run/box/go').read() % m)\n"):
        one = SignIn("pusher", [FIRST, (begin, "")], start_only=True)
        one.wait_for(number)
        expect(re.search(number[:-1], one.screen)[1] == code(), one.screen)
        with open(f"{BOX}/go", "w", encoding="ascii") as app:
            app.write('{"result": "approved", "entered": "%(code)s"}')
        one.child.sendline("")
        expect(one.finish().granted, one.screen)
    for answer in ('{"result": "approved"}', '{"result": "sent"}', '{"result": "approved", "entered": ""}'):
        with gateway(answer=answer):
            refused("pusher", [FIRST, (begin, "")], reason="could not be sent")
    with gateway(answer='{"result": "approved", "entered": "999"}'):
        refused("pusher", [FIRST] + [(begin, "")] * 3)
        settle("pusher")
    with gateway(answer='{"result": "denied"}'):
        done, _ = refused("pusher", [FIRST, (begin, "")], reason="refused by the person")
        expect("It was refused." in done.screen, done.screen)
        before = len(sent())
        refused("pusher", [FIRST, (begin, "")], reason="refused by the person not long ago")
        expect(len(sent()) == before, sent())


@suite.case("phone: a person adds one himself, and changes its number by another method")
def _():
    with gateway():
        newcomer("mobiler")
        terminal = Terminal("mobiler", "add", "phone", "090 1234 5678")
        terminal.answer(r"Code sent by SMS to \+819012345678[^\r\n]*: $", lambda _: "000")
        terminal.answer(r"not right.*Code sent by SMS[^\r\n]*: $", lambda _: code())
        expect("is registered" in terminal.ends(), "registered")
        person = Person("mobiler")
        person.add_app("iPhone")
        own("mobiler", "apply")
        terminal = Terminal("mobiler", "change-number", "mobile", "080-8765-4321")
        terminal.answer(r"Code from iPhone: $", lambda _: person.code())
        terminal.answer(r"Code sent by SMS to \+818087654321[^\r\n]*: $", lambda _: code())
        expect("••••4321" in terminal.ends(), "the new number is in the list")
        expect(sent()[-1]["to"] == "+818087654321", sent()[-1])
        own("mobiler", "add", "phone", "12", expected=1)
        granted("mobiler", [FIRST, (r"Code sent by SMS to \+81 ••••4321[^\r\n]*: $", code)])


@suite.case("phone: whoever stops while registering leaves no method")
def _():
    with gateway():
        newcomer("stopper")
        terminal = Terminal("stopper", "add", "phone", NUMBER)
        terminal.child.expect(r"Code sent by SMS to [^\r\n]*: $")
        terminal.child.sendintr()
        terminal.ends(status=1)
        expect("mobile" not in run("utmfa-admin", "show", "stopper", check=False).stdout, "nothing is left")


@suite.case("phone: Ctrl-C and a closed terminal at every question of adding and of changing a number change nothing")
def _():
    by_app, to_new = r"Code from iPhone[^\r\n]*: $", r"(Code sent by SMS to|Calling|Code from the call to) [^\r\n]*: $"
    with gateway():
        person = caller("undecided")

        def held():
            listed = json.loads(run("utmfa-enroll", "--user", "undecided", "list", "--json").stdout)
            return [{**each, "last_used": None} for each in listed["methods"]]

        before = held()
        for words, prompts in ((["change-number", "mobile", "080-8765-4321"], [by_app, to_new]),
                               (["add", "phone", "080-8765-4321", "--slot", "office"], [SENT, to_new]),
                               (["add", "push", "topic/8"], [SENT])):
            for number, prompt in enumerate(prompts):
                for leaves in (lambda child: child.sendintr(), lambda child: child.kill(signal.SIGHUP)):
                    terminal = Terminal("undecided", *words)
                    if number:
                        terminal.answer(prompts[0], person.code() if prompts[0] == by_app else lambda _: code())
                    terminal.child.expect(prompt)
                    leaves(terminal.child)
                    terminal.child.expect(pexpect.EOF)
                    terminal.child.close()
                    expect(terminal.child.exitstatus != 0, f"{words} at {number}: exit 0")
                    expect(held() == before, f"{words} at {number}: {held()}")
        granted("undecided", [FIRST, (SENT, code)])


@suite.case("phone: the guided steps lead through a phone, typed with its country code")
def _():
    with gateway():
        newcomer("guided")
        terminal = Terminal("guided")
        terminal.answer(r"Number \[1\]: $", "2")
        terminal.answer(r"Number of the mobile phone[^\r\n]*: $", "090-1234-5678")
        terminal.answer(r"That is no number like[^\r\n]*\r\nNumber of the mobile phone[^\r\n]*: $", "+81 (90) 1234-5678")
        terminal.answer(r"Code sent by SMS to \+819012345678[^\r\n]*: $", lambda _: code())
        terminal.answer(r"Apply now\? \[yes\]: $", "yes")
        terminal.ends()
        granted("guided", [FIRST, (SENT, code)])


@suite.case("phone: a gateway that still runs goes with the person who left")
def _():
    waits = ("#!/usr/bin/python3 -I\nimport json, os, signal, sys\nmessage = json.load(sys.stdin)\n"
             "open('/run/box/sent', 'a').write(json.dumps(message) + '\\n')\nos.fork()\nsignal.pause()\n")
    with gateway():
        caller("leaver")
    with gateway(waits):
        one = SignIn("leaver", [FIRST, (r"Press Enter to be called[^\r\n]*: $", "")], start_only=True)
        one.wait_for(r"Calling \+81 ••••5678: press #[^\r\n]*: $")
        running = [int(pid) for pid in run("pgrep", "-u", "utmfa-gateway").stdout.split()]
        expect(len(running) == 2, running)
        handles = [os.pidfd_open(pid) for pid in running]
        one.child.sendintr()
        one.give_up()
        for handle in handles:
            expect(select.select([handle], [], [], 20)[0], "the gateway outlives the sign-in")
            os.close(handle)
