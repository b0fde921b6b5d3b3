# SPDX-License-Identifier: Apache-2.0
# What a person sees and may answer.
import re

from client import (ALL_ASKED, CODE_PROMPT, CODE_PROMPT_JA, KEY_AND_CODE, METHODS, PASSWORD, PASSWORD_PROMPT,
                    Log, Person, SignIn, enroll, run)
from stage import FIRST, asked, granted, people, refused, settle, somebody, suite
from suite import expect


@suite.case("password and the right code: in")
def _():
    done, line = granted("taro", asked(somebody("taro").code))
    expect("method=app-1" in line and "kind=totp" in line and "service=sshd" in line, line)
    expect("from=127.0.0.1" in line, line)
    expect(done.asked == 2, f"{done.asked} questions")


@suite.case("the same code once more: refused, and said to be used")
def _():
    code = somebody("taro").code()
    granted("taro", asked(code))
    done, _ = refused("taro", asked(code, code, code))
    expect("already used" in done.screen, done.screen)
    settle("taro")


@suite.case("a wrong password: refused before a code is asked")
def _():
    done, _ = refused("taro", [(PASSWORD_PROMPT, "wrong"), (CODE_PROMPT, "000000")], outcome="")
    expect("another method" not in done.screen, done.screen)


@suite.case("three wrong codes: refused after three tries, each asked again; then the right one works")
def _():
    wrong = somebody("taro").apps["app-1"].wrong()
    done, line = refused("taro", asked(wrong, wrong, wrong, wrong))
    expect(done.asked == 4, f"{done.asked} questions: {done.screen}")
    expect(done.screen.count("That code is not right.") >= 2, done.screen)
    expect("failures=3" in line, line)
    settle("taro")


@suite.case("a wrong code, then the right one in the same sign-in: in")
def _():
    granted("taro", asked(somebody("taro").apps["app-1"].wrong(), somebody("taro").code))


@suite.case("? lists the methods with the codes left; a number picks")
def _():
    taro = somebody("taro")
    done, line = granted("taro", asked("?", "2", taro.codes.pop(0)))
    expect("Other methods:" in done.screen and re.search(r"1  iPhone", done.screen), done.screen)
    expect(re.search(r"\(\d codes left\)", done.screen), done.screen)
    expect("kind=recovery" in line, line)


@suite.case("? and the first letters pick, whatever their case")
def _():
    granted("taro", asked("?", "reC", somebody("taro").codes.pop(0)))


@suite.case("? and back to the default method: in")
def _():
    granted("taro", asked("?", "1", somebody("taro").code))


@suite.case("? and a number that is not there: not in, and the right way stays open")
def _():
    for odd in ("9", "0", "-1", "99999999999999999999", "zz"):
        done = SignIn("taro", asked("?", odd))
        expect(not done.granted and "another method" in done.screen, done.screen)
    granted("taro", asked(somebody("taro").code))


@suite.case("an empty answer lists the others; it costs no try")
def _():
    done, line = granted("taro", asked("", "2", somebody("taro").codes.pop(0)))
    expect("Other methods:" in done.screen and "failures=0" in line, f"{done.screen} {line}")


@suite.case("a used recovery code: refused")
def _():
    code = somebody("taro").codes.pop(0)
    granted("taro", asked("?", "2", code))
    refused("taro", asked("?", "2", code, code, code))
    settle("taro")


@suite.case("the password typed in place of the code: told, and not counted")
def _():
    done, line = granted("taro", asked(PASSWORD, somebody("taro").code))
    expect("That was your password." in done.screen, done.screen)
    expect("failures=0" in line, line)


@suite.case("odd answers are refused: control characters, 1,023 and more characters, UTF-8, a code with a tail")
def _():
    app = somebody("taro").apps["app-1"]
    for odd in ("\\b\\n\\r\\177INCORRECT", "9" * 1023, "9" * 3000, "あ" * 300, "%n%n%s", "' OR 1=1", app.wrong() + "0"):
        done, _ = refused("taro", asked(odd, odd, odd))
        expect("That code is not right." in done.screen, done.screen)
        settle("taro")
    granted("taro", asked(somebody("taro").code))


@suite.case("spaces around a right code: in")
def _():
    granted("taro", asked(lambda: f" {somebody('taro').code()} "))


@suite.case("a numeric name is a name: in, and its own record")
def _():
    granted("0123456789", asked(somebody("0123456789").code))
    refused("0123456789", asked(*[somebody("taro").apps["app-1"].at(1)] * 3))
    settle("0123456789")


@suite.case("one person's code at another person's sign-in: refused, and not spent")
def _():
    taro, code = somebody("taro"), somebody("taro").code()
    somebody("hanako")
    refused("hanako", asked(code, code, code))
    granted("taro", asked(code))
    settle("hanako")
    expect(taro.codes, "no codes left")


for name in ("taro.yamada", "taro@example.ac.jp", "EXAMPLE\\taro"):
    suite.case(f"the name {name}: enrols, signs in, and is not taro")(lambda who=name: odd_name(who))


def odd_name(name):
    granted(name, asked(somebody(name).code))
    refused(name, asked(*[somebody("taro").code()] * 3))
    settle(name)


@suite.case("a person whose language is Japanese is asked in Japanese")
def _():
    jiro = somebody("jiro")
    path = f"{METHODS}/jiro.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("status: active\n", "status: active\nlanguage: ja\n"))
    done = SignIn("jiro", [FIRST, (CODE_PROMPT_JA, jiro.code)])
    expect(done.granted and "確認コード" in done.screen, done.screen)


@suite.case("who is not enrolled is asked like who does not exist, and both are refused")
def _():
    screens = []
    for user in ("newcomer", "nobody-of-this-name"):
        done, _ = refused(user, [(PASSWORD_PROMPT, "x")] + [(CODE_PROMPT, "123456")] * 3, port=ALL_ASKED)
        screens.append(done.screen.replace(user, "USER").strip())
    expect(screens[0] == screens[1] and "another method" in screens[0], str(screens))


@suite.case("who is not enrolled and types the right password: refused, as the policy says")
def _():
    refused("newcomer", asked("123456", "123456", "123456"))


@suite.case("the label stays hidden where the first factor is not known to have succeeded")
def _():
    done, _ = refused("taro", [(PASSWORD_PROMPT, "wrong")] + [(CODE_PROMPT, "000000")] * 3, port=ALL_ASKED)
    expect("iPhone" not in done.screen, done.screen)
    settle("taro")
    done, _ = granted("taro", [(CODE_PROMPT, somebody("taro").code)], port=KEY_AND_CODE, key=True)
    expect("Code from iPhone" in done.screen, done.screen)


@suite.case("a second app as a backup: picked from the list, in")
def _():
    ichiro = Person("ichiro")
    for method in (ichiro.add_app("iPhone"), ichiro.add_app("Tablet", "--digits", "8", "--algorithm", "sha256")):
        ichiro.test(method)
    ichiro.apply()
    _, line = granted("ichiro", asked("?", "2", lambda: ichiro.code("app-2")))
    expect("method=app-2" in line, line)
    run("utmfa-admin", "show", "ichiro")
    enroll("ichiro", "list")


@suite.case("20 sign-ins of four people held at the question, then all answered: all in")
def _():
    users = ["taro", "hanako", "0123456789", "taro.yamada"]
    codes = {user: somebody(user).renew(5).codes[:5] for user in users}
    for user in users:
        del people[user].codes[:5]
    log = Log()
    many = [SignIn(user, asked("?", "2"), start_only=True) for _ in range(5) for user in users]
    for one in many:
        one.answer([(CODE_PROMPT, codes[one.user].pop(0))])
    inside = [one.user for one in many if one.finish().granted]
    expect(len(inside) == 20, f"{len(inside)} of 20: {log.text()}")
