# SPDX-License-Identifier: Apache-2.0
# Signing in at the greeter with each kind of method, with mistakes on the way.
from screen import digits
from stage import ASKED, IPHONE, OTHER, RECOVERY, greeter, half_in, let_in, somebody, stage, suite


@suite.case("the password comes first, then the default method with how to get another one below; its code lets in")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("code") as screen:
        screen.type("taro")
        text = screen.wait_for(ASKED)
        screen.shot("password")
        assert "iPhone" not in text, text
        screen.type("correct horse")
        screen.wait_for(IPHONE, OTHER)
        screen.shot("prompt")
        screen.type(taro.app.code())
        let_in(taro)
    assert "granted user=taro service=gdm-password" in stage.journal.text(), stage.journal.text()


@suite.case("a wrong code is told with how to go on, and the field is there again")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("wrong") as screen:
        half_in(screen, taro)
        screen.wait_for(IPHONE)
        screen.type("000000")
        screen.wait_for("That code is not right", OTHER)
        screen.shot("told")
        screen.type(taro.app.code())
        let_in(taro)


@suite.case("an empty answer opens GDM's own list; a click on the recovery sheet asks for a code of it")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("list") as screen:
        half_in(screen, taro)
        screen.wait_for(IPHONE, OTHER)
        screen.type("")
        screen.wait_for("Confirm another way", digits("1") + " iPhone", digits("2") + " Recovery sheet",
                        "Click, or type its number")
        screen.shot("drawn")
        screen.click("Recovery")
        screen.wait_for(RECOVERY, OTHER)
        screen.shot("recovery")
        screen.type(taro.codes.pop(0))
        let_in(taro)
    assert "method=recovery" in stage.journal.text(), stage.journal.text()


@suite.case("the list without a mouse: something else than an entry is asked again, a number chooses")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("keys") as screen:
        half_in(screen, taro)
        screen.wait_for(IPHONE, OTHER)
        screen.type("")
        screen.wait_for("Confirm another way")
        screen.type("7")
        screen.wait_for("That is not in the list", "Click, or type its number")
        screen.shot("again")
        screen.type("2")
        screen.wait_for(RECOVERY)
        screen.type(taro.codes.pop(0))
        let_in(taro)
