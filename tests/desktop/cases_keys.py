# SPDX-License-Identifier: Apache-2.0
# Security keys at the greeter: what has to be done stands on the screen for as long as it is waited for.
import key
from screen import digits, field
from stage import IPHONE, OTHER, greeter, half_in, let_in, somebody, stage, suite

PIN_ASKED = field("PIN of blue key")
TOUCH = "Touch blue key"


def saburo():
    stage.key.set(touch="now")
    return somebody("saburo", "app", "key")


@suite.case("a security key: which one to touch stands there while it is waited for; touched, it lets in")
def _():
    person = saburo()
    with greeter("key") as screen:
        stage.key.set(touch="wait")
        half_in(screen, person)
        screen.wait_for(TOUCH)
        screen.shot("touch")
        stage.key.await_touch()
        assert "is open" not in stage.journal.text(), stage.journal.text()
        stage.key.touch()
        let_in(person)
    assert "method=key-1" in stage.journal.text(), stage.journal.text()


@suite.case("a key that is not plugged in: told, and the next method is asked for by itself")
def _():
    person = saburo()
    stage.key.unplug()
    try:
        with greeter("key-absent") as screen:
            half_in(screen, person)
            screen.wait_for("No security key is plugged in", IPHONE, OTHER)
            screen.shot("told")
            screen.type(person.app.code())
            let_in(person)
    finally:
        stage.key.plug()


@suite.case("not touched in time, or refused by the key: told, and the app lets in")
def _():
    person = saburo()
    with greeter("key-refused") as screen:
        stage.key.set(touch="refuse")
        half_in(screen, person)
        screen.wait_for("blue key refused", IPHONE, OTHER)
        screen.shot("told")
        screen.type(person.app.code())
        let_in(person)


@suite.case("a key with a PIN: asked for hidden; a wrong one is told with the tries left; the right one and a touch let in")
def _():
    person = saburo()
    stage.key.choose_pin(key.PIN)
    with greeter("pin") as screen:
        half_in(screen, person)
        screen.wait_for(PIN_ASKED, OTHER)
        screen.shot("asked")
        screen.type("secret-43")
        screen.wait_for("Wrong PIN. Tries left: " + digits("7"), PIN_ASKED)
        screen.shot("wrong")
        stage.key.set(touch="wait")
        screen.type(key.PIN, end=None)
        assert key.PIN not in screen.text(), screen.text()
        screen.shot("hidden")
        screen.type("")
        screen.wait_for(TOUCH)
        screen.shot("touch")
        stage.key.await_touch()
        stage.key.touch()
        let_in(person)
