# SPDX-License-Identifier: Apache-2.0
# The ways into a machine: which of them ask, which are closed, and who is exempt.
import json

from client import BLIND_PASSWORD, CODE_PROMPT, DEFAULT_CONFIG, FORGOTTEN, KEY, KEY_AND_CODE, PASSWORD, SignIn, run
from stage import asked, configured, granted, people, refused, settle, somebody, suite
from suite import expect


@suite.case("key and code: in; the password is not asked")
def _():
    done, _ = granted("taro", [(CODE_PROMPT, somebody("taro").code)], port=KEY_AND_CODE, key=True)
    expect("Password" not in done.screen and done.asked == 1, done.screen)


@suite.case("key and a wrong code: refused")
def _():
    wrong = somebody("taro").apps["app-1"].wrong()
    refused("taro", [(CODE_PROMPT, wrong)] * 3, port=KEY_AND_CODE, key=True)
    settle("taro")


@suite.case("no key where key and code are demanded: refused before a code is asked")
def _():
    done, _ = refused("taro", [(CODE_PROMPT, "000000")], outcome="", port=KEY_AND_CODE)
    expect(done.asked == 0, done.screen)


@suite.case("a key alone where sshd_config forgot the code: refused, and the log names the setting")
def _():
    refused("taro", [], reason="AuthenticationMethods", port=FORGOTTEN, key=True)


@suite.case("a key alone of somebody not enrolled where everybody must: refused")
def _():
    refused("newcomer", [], port=FORGOTTEN, key=True)


@suite.case("a key alone where the account door is off: in, as configured")
def _():
    with configured("services:\n  sshd: {require: always, not-enrolled: deny, account: off}\n"):
        done = SignIn("taro", [], port=FORGOTTEN, key=True)
        expect(done.granted, done.screen)


@suite.case("PasswordAuthentication only, where no code can be asked: refused")
def _():
    done, _ = refused("taro", [(r"password: $", PASSWORD)], outcome="", port=BLIND_PASSWORD)
    expect(done.asked == 1, f"{done.asked}: {done.screen}")
    settle("taro")


@suite.case("an exempt group signs in with password alone, or key alone, and the log says so")
def _():
    granted("robot", asked(), outcome="exempt")
    granted("robot", [], outcome="exempt", port=FORGOTTEN, key=True)


@suite.case("an exemption is for its group only: others of the same kind are asked")
def _():
    with configured("services:\n  sshd: {require: always, not-enrolled: deny}\nexempt:\n  - groups: [no-such-group]\n"):
        refused("robot", asked("0", "0", "0"))


@suite.case("scp and sftp of the exempt: the file arrives; of others with a key alone: refused")
def _():
    words = ["-F", "none", "-P", str(FORGOTTEN), "-i", KEY, "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
             "-o", "UserKnownHostsFile=/dev/null"]
    run("scp", *words, "/etc/hostname", "robot@127.0.0.1:/tmp/from-scp")
    run("sftp", *words, "-b", "-", "robot@127.0.0.1", stdin="put /etc/hostname /tmp/from-sftp\n")
    for path in ("/tmp/from-scp", "/tmp/from-sftp"):
        with open(path, encoding="ascii") as file:
            expect(file.read(), f"{path} is empty")
    expect(run("scp", *words, "/etc/hostname", "taro@127.0.0.1:/tmp/taro-scp", check=False).returncode != 0,
           "scp with a key alone was let in")


@suite.case("a network that is exempt: in; from elsewhere: asked")
def _():
    rule = "services:\n  sshd: {{require: always, not-enrolled: deny}}\nexempt:\n  - networks: [\"{}\"]\n"
    with configured(rule.format("127.0.0.0/8")):
        granted("taro", asked(), outcome="exempt")
    with configured(rule.format("192.0.2.0/24")):
        refused("taro", asked("0", "0", "0"))
    settle("taro")


@suite.case("require: off asks nobody; require: enrolled asks only who is")
def _():
    with configured("services:\n  sshd: {require: off}\n"):
        expect(SignIn("taro", asked()).granted, "asked although off")
    with configured("services:\n  sshd: {require: enrolled}\n"):
        expect(SignIn("newcomer", asked()).granted, "newcomer refused although enrolled only")
        granted("taro", asked(somebody("taro").code))
        refused("taro", asked("0", "0", "0"))
    settle("taro")


@suite.case("a kind that the service does not take is neither asked nor listed")
def _():
    with configured("services:\n  sshd: {require: always, not-enrolled: deny, methods: [recovery]}\n"):
        done, line = granted("taro", asked(somebody("taro").codes.pop(0)))
        expect("kind=recovery" in line and "iPhone" not in done.screen, done.screen)


@suite.case("a temporary pass of the administrator: in, once")
def _():
    issued = json.loads(run("utmfa-admin", "--json", "pass", "taro", "--valid", "1h", "--reason", "lost phone").stdout)
    granted("taro", asked("?", "temp", issued["pass"]))
    done = SignIn("taro", asked("?", "temp", issued["pass"]))
    expect(not done.granted, done.screen)
    settle("taro")


@suite.case("reset: no longer enrolled, refused where everybody must be")
def _():
    hanako = somebody("hanako")
    run("utmfa-admin", "reset", "hanako", "--reason", "lost everything", "--yes")
    refused("hanako", asked(hanako.code, "0", "0"))
    del people["hanako"]
    granted("hanako", asked(somebody("hanako").code))


@suite.case("five wrong answers lock, the lock says until when, unlock opens")
def _():
    person = somebody("0123456789")
    wrong = person.apps["app-1"].wrong()
    with configured(DEFAULT_CONFIG, throttle="throttle: {free: 5, first-delay: 60s}\n"):
        refused(person.name, asked(wrong, wrong, wrong))
        done, _ = refused(person.name, asked(wrong, wrong, wrong), outcome="locked")
        expect(done.asked == 3, f"{done.asked} questions: {done.screen}")
        done, _ = refused(person.name, asked(person.code), outcome="locked")
        expect("Too many wrong codes. Try again after " in done.screen and done.asked == 1, done.screen)
        expect("'s password:" not in done.screen, f"ssh asks for a password of its own: {done.screen}")
        settle(person.name)
        granted(person.name, asked(person.code))
