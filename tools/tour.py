# SPDX-License-Identifier: Apache-2.0
# The sign-ins that tools/quickstart shows: enrols two people and signs in with the real ssh client, right and wrong.
# tour.py [--shell], run inside tools/world. Exit status 0 only if every case went as it must.
import os
import subprocess
import sys

import pexpect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "ssh"))
from client import (CODE_PROMPT, FORGOTTEN, KEY, KEY_AND_CODE, NUMBER_PROMPT, PASSWORD, PASSWORD_AND_CODE,
                    PASSWORD_PROMPT, SSHD_KEY, SSHD_PASSWORD, STACK, Log, Person, SignIn, Sshd, Verifier, prepare)

IN, REFUSED = "signed in", "refused"
FIRST = (PASSWORD_PROMPT, PASSWORD)


def say(text):
    print("   " + text, flush=True)


class Tour:
    def __init__(self):
        self.went, self.failed = 0, 0

    def case(self, title, user, expected, outcome, talk, reason="", **how):
        """One sign-in; `outcome` and `reason` are what the log line must say."""
        log = Log()
        done = SignIn(user, talk, **how)
        line = log.audit(outcome, user) or ""
        happened = IN if done.granted else REFUSED
        right = happened == expected and bool(line) and reason in line
        self.went, self.failed = self.went + right, self.failed + (not right)
        print(f"\n {'ok ' if right else 'NO '} {user}: {title}")
        say(f"  expected: {expected}    happened: {happened}")
        say(f"  log:      {line or 'no line ' + outcome + ' came; the log has: ' + log.text().strip()}")
        if not right:
            for text in done.screen.strip().splitlines():
                say("  screen:   " + text.rstrip())


def enrol(name, apps):
    person = Person(name, say=say)
    methods = [person.add_app(label) for label in apps] + [person.add_recovery()]
    for method in methods:
        person.test(method)
    person.apply()
    say(f"{name}: {', '.join(apps)} and a recovery sheet; each tried; applied")
    return person


def tour(taro, number):
    show = Tour()
    right = taro.code("app-1")
    wrong = taro.apps["app-1"].wrong()
    show.case("password and the right code", "taro", IN, "granted", [FIRST, (CODE_PROMPT, right)])
    show.case("the same code once more (replayed)", "taro", REFUSED, "denied",
              [FIRST] + [(CODE_PROMPT, right)] * 3)
    show.case("wrong code", "taro", REFUSED, "denied", [FIRST] + [(CODE_PROMPT, wrong)] * 3)
    show.case("another method: ? and 2, the tablet", "taro", IN, "granted",
              [FIRST, (CODE_PROMPT, "?"), (NUMBER_PROMPT, "2"), (CODE_PROMPT, lambda: taro.code("app-2"))],
              reason="method=app-2")
    show.case("another method: ? and 3, a recovery code", "taro", IN, "granted",
              [FIRST, (CODE_PROMPT, "?"), (NUMBER_PROMPT, "3"), (CODE_PROMPT, taro.codes[0])], reason="kind=recovery")
    show.case("the same recovery code once more", "taro", REFUSED, "denied",
              [FIRST, (CODE_PROMPT, "?"), (NUMBER_PROMPT, "3")] + [(CODE_PROMPT, taro.codes.pop(0))] * 3)
    show.case("password and the right code, a name of digits", "0123456789", IN, "granted",
              [FIRST, (CODE_PROMPT, number.code)])
    show.case("ssh key and code (AuthenticationMethods publickey,keyboard-interactive)", "0123456789", IN, "granted",
              [(CODE_PROMPT, number.code)], port=KEY_AND_CODE, key=True)
    show.case("ssh key alone, where sshd_config forgot to ask for more", "taro", REFUSED, "denied", [],
              reason="AuthenticationMethods", port=FORGOTTEN, key=True)
    show.case("ssh key alone, somebody who is exempt (group robots)", "robot", IN, "exempt", [], port=FORGOTTEN,
              key=True)
    return show


def leave_open(taro):
    uri = taro.uris["app-1"]
    subprocess.run(["qrencode", "-t", "ANSIUTF8"], input=uri, text=True, check=True)
    print(f"""{uri}

   The world is open. Scan this with an authenticator app, then sign in as taro:
     ssh -p {PASSWORD_AND_CODE} taro@localhost               password: {PASSWORD}; then the app's code
     ssh -p {KEY_AND_CODE} -i {KEY} taro@localhost   key, then the app's code
     ssh -p {FORGOTTEN} -i {KEY} taro@localhost   key alone: refused
   Recovery codes: {' '.join(taro.codes)}
   tail -f /var/log/auth.log; utmfa-admin explain taro sshd; utmfa-enroll --user jiro (enrol somebody yourself)
   exit ends it, and nothing of it is left.
""", flush=True)
    words = ["-o StrictHostKeyChecking=no", "-o UserKnownHostsFile=/dev/null", "-o LogLevel=ERROR"]
    shell = f"alias ssh='ssh -F none {' '.join(words)}'; PS1='utmfa world# '"
    with open("/root/world-shell", "w", encoding="ascii") as file:
        file.write(shell + "\n")
    subprocess.run(["script", "-qec", "bash --rcfile /root/world-shell -i", "/dev/null"], check=False)


def main():
    try:
        return guided()
    except (AssertionError, pexpect.ExceptionPexpect) as error:
        with open(Log.path, encoding="utf-8") as log:
            print(f"\n NO  it stopped: {str(error).strip()}\n     the log ends with: {log.read()[-2000:]}")
        return 1


def guided():
    prepare()
    with Verifier():
        servers = [Sshd("password", SSHD_PASSWORD, STACK["password"]), Sshd("key", SSHD_KEY, STACK["key"])]
        print("\n== Enrolling")
        taro, number = enrol("taro", ["iPhone", "Tablet"]), enrol("0123456789", ["Android"])
        print("\n== Signing in with ssh")
        show = tour(taro, number)
        print(f"\n{show.went} of {show.went + show.failed} sign-ins went as they must.\n", flush=True)
        if "--shell" in sys.argv[1:]:
            leave_open(taro)
        for server in servers:
            server.stop()
    return 1 if show.failed or not show.went else 0


if __name__ == "__main__":
    sys.exit(main())
