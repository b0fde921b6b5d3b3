# SPDX-License-Identifier: Apache-2.0
# Codes that are sent and an app that asks, at the greeter; and a person who goes away.
import time

from screen import ANY_DIGIT, TICK, digits, field, found
from stage import (ASKED, EVENT, IPHONE, NAME, OTHER, PASSWORD, SMS, answer, greeter, half_in, let_in, sent, somebody, stage,
                   suite)

NUMBER = field(f"Enter {ANY_DIGIT}+ in the app")
APPROVED = '{"result": "approved", "entered": "%(code)s"}'


def midori():
    return somebody("midori", "phone", "app", "push")


@suite.case("a code by SMS is sent when the password was right, and asked for by the end of the number")
def _():
    person = midori()
    before = len(sent())
    with greeter("sms") as screen:
        half_in(screen, person)
        text = screen.wait_for(SMS, OTHER)
        screen.shot("prompt")
        assert "9012" not in text, text
        assert len(sent()) == before + 1, sent()
        screen.type(sent()[-1]["code"])
        let_in(person)


@suite.case("the list tells phone, call and app apart by their first letters; the same entry sends another code")
def _():
    person = midori()
    with greeter("sms-list") as screen:
        half_in(screen, person)
        screen.wait_for(SMS, OTHER)
        before = len(sent())
        screen.type("")
        screen.wait_for(digits("1") + " SMS", digits("2") + " iPhone", "3 Ask Pixel")
        screen.shot("drawn")
        screen.type("1")
        screen.wait_for(SMS, without="Confirm another way")
        assert len(sent()) == before + 1, sent()
        screen.type(sent()[-1]["code"])
        let_in(person)


def asked_in_the_app(screen, person):
    """What is read of the number that stands in the field."""
    half_in(screen, person)
    screen.wait_for(SMS, OTHER)
    screen.type("")
    screen.wait_for("3 Ask Pixel")
    screen.type("3")
    screen.wait_for(NUMBER, "Then press Enter here")
    number = field(f"Enter {digits(sent()[-1]['code'])} in the app")
    screen.wait_for(number, "Then press Enter here")
    return number


@suite.case("the number for the app stands in the field, with what to do; agreed to, Enter lets in")
def _():
    person = midori()
    with greeter("push") as screen:
        asked_in_the_app(screen, person)
        screen.shot("number")
        answer(APPROVED).wait(EVENT)
        screen.type("")
        let_in(person)


@suite.case("Enter before the app was answered: the number stays, and the sign-in goes on by itself")
def _():
    person = midori()
    with greeter("push-early") as screen:
        number = asked_in_the_app(screen, person)
        screen.type("")
        screen.wait_for(number, without="Then press Enter here")
        screen.shot("waiting")
        answer(APPROVED)
        let_in(person)


@suite.case("who goes back while the app is waited for leaves nothing that could be agreed to")
def _():
    person = midori()
    with greeter("cancel") as screen:
        number = asked_in_the_app(screen, person)
        screen.type("")
        screen.wait_for(number, without="Then press Enter here")
        screen.key("Escape")
        stage.journal.wait_for(r"aborted user=midori service=gdm-password")
        screen.wait_for(f"{NAME}|{ASKED}", without=number)
        screen.shot("back")
    until = time.monotonic() + EVENT
    while left := stage.machine.run("pgrep", "-a", "-u", "utmfa-gateway", check=False).stdout:
        assert time.monotonic() < until, left
        stage.journal.tick(TICK)


@suite.case("who goes back from a question has ended that sign-in as well")
def _():
    taro = somebody("taro", "app", "sheet")
    with greeter("escape") as screen:
        half_in(screen, taro)
        screen.wait_for(IPHONE)
        screen.key("Escape")
        stage.journal.wait_for(r"aborted user=taro service=gdm-password")
        if not found(ASKED, screen.settled(f"{NAME}|{ASKED}", without=IPHONE)):
            screen.type(taro.name)
            screen.wait_for(ASKED)
        screen.type(PASSWORD)
        screen.wait_for(IPHONE)
        screen.type(taro.app.code())
        let_in(taro)
