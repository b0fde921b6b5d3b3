# SPDX-License-Identifier: Apache-2.0
# Sign-ins that end badly at the greeter: why stays on the screen until it has been read.
from screen import ANY_DIGIT
from stage import ASKED, BACK, IPHONE, PASSWORD, configure, greeter, half_in, let_in, somebody, stage, suite

UNTIL = f"Too many wrong codes. Try again after {ANY_DIGIT}{{2}}.?{ANY_DIGIT}{{2}}"


@suite.case("locked after too many wrong codes: until when is told, and told again at once the next time")
def _():
    jiro = somebody("jiro", "app", "sheet")
    configure(free=2)
    try:
        with greeter("locked") as screen:
            half_in(screen, jiro)
            for _ in range(2):
                screen.wait_for(IPHONE)
                screen.type("000000")
                stage.journal.wait_for("wrong user=jiro")
                stage.journal.forget()
            screen.wait_for(UNTIL, BACK)
            screen.shot("until")
            screen.type("")
            screen.settled(ASKED, without=UNTIL)
            screen.shot("afterwards")
            screen.type(PASSWORD)
            screen.wait_for(UNTIL, BACK)
            screen.type("")
            stage.journal.wait_for("locked user=jiro")
    finally:
        configure()
        jiro.unlock()
    with greeter("unlocked") as screen:
        half_in(screen, jiro)
        screen.wait_for(IPHONE)
        screen.type(jiro.app.code())
        let_in(jiro)


@suite.case("a wrong password is GDM's own affair: no code is asked for and nothing is counted")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("password") as screen:
        screen.type(taro.name)
        screen.wait_for(ASKED)
        screen.type("wrong horse")
        screen.wait_for(ASKED, "(Sorry|didn.t work)")
        screen.shot("told")
        assert "iPhone" not in screen.text(), screen.text()
        assert "service=gdm-password" not in stage.journal.text(), stage.journal.text()
