# SPDX-License-Identifier: Apache-2.0
# sshd's own limits in the middle of our question, and a password that must be changed in the same conversation.
import re

from cases_clients import Server
from client import CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, SSHD, STACK, STACK_END, Log, SignIn
from people import newcomer
from stage import FIRST, asked, granted, settle, somebody, suite
from suite import expect

FEW, SHORT, AGED = 2411, 2412, 2413
ASKS = "AuthenticationMethods keyboard-interactive:pam\n"


@suite.case("MaxAuthTries: sshd hangs up after so many wrong sign-ins, and nothing stays behind")
def _():
    taro = somebody("taro")
    wrong = taro.apps["app-1"].wrong()
    with Server("few", f"Port {FEW}\n{SSHD}{ASKS}MaxAuthTries 2\n"):
        talk = [FIRST] + [(CODE_PROMPT, wrong)] * 3 + [FIRST] + [(CODE_PROMPT, wrong)] * 3 + [FIRST]
        done = SignIn("taro", talk, port=FEW, prompts=5, seconds=40)
        expect(not done.granted and "Too many authentication failures" in done.screen, done.screen)
        expect(done.screen.count("Password") == 2, done.screen)
        settle("taro")
        granted("taro", asked(taro.code), port=FEW)


@suite.case("LoginGraceTime: sshd hangs up on who thinks too long; the sign-in ends, and the next one is as if nothing was")
def _():
    taro = somebody("taro")
    with Server("short", f"Port {SHORT}\n{SSHD}{ASKS}LoginGraceTime 6\n"):
        log = Log()
        slow = SignIn("taro", asked(), port=SHORT, start_only=True)
        slow.wait_for(CODE_PROMPT)
        expect(log.audit("aborted", "taro", seconds=20), log.text())
        slow.child.sendline(taro.code())  # ssh notices nothing before
        expect(not slow.finish().granted, slow.screen)
        granted("taro", asked(taro.code), port=SHORT)


@suite.case("a password that must be changed: password, code, new password, in one conversation; not before the code")
def _():
    user = newcomer("aged")
    person = somebody(user)
    with open("/etc/shadow", encoding="ascii") as file:
        shadow = re.sub(rf"^({user}:[^:]*):\d+:", r"\1:0:", file.read(), flags=re.M)
    with open("/etc/shadow", "w", encoding="ascii") as file:
        file.write(shadow)
    end = STACK_END + ("session required pam_utmfa.so\n"
                       "password [success=done ignore=ignore default=die] pam_utmfa.so\npassword required pam_unix.so\n")
    new = "battery staple 9"
    with Server("aged", f"Port {AGED}\n{SSHD}{ASKS}", STACK["password"], end):
        wrong = person.apps["app-1"].wrong()
        done = SignIn(user, [FIRST] + [(CODE_PROMPT, wrong)] * 3, port=AGED)
        expect(not done.granted and "new password" not in done.screen.lower(), done.screen)
        settle(user)
        changed = [(r"[Cc]urrent password: $", PASSWORD), (r"[Nn]ew password: $", new), (r"new password: $", new)]
        granted(user, asked(person.code) + changed, port=AGED)
        granted(user, [(PASSWORD_PROMPT, new), (CODE_PROMPT, person.code)], port=AGED)
