# SPDX-License-Identifier: Apache-2.0
# Registering at the first sign-in, led by the greeter itself: nothing but what stands on the screen is used.
import collections
import re
import time

from client import Totp
from screen import EVENT, TICK, bare, field
from stage import BACK, IPHONE, configure, greeter, half_in, let_in, stage, suite

DEVICE, CODE = field("Name of the device"), field("Code that the app shows now")
SECRET = r"Fortheapp:?((?:[A-Z2-7]{4}){8})"


class Newcomer:
    def __init__(self, name):
        self.name = name


def secret_on(screen):
    """What a person would type into the app: of several readings, what most of them say at each place."""
    screen.wait_for("For the app")
    until = time.monotonic() + EVENT
    while not (read := [found[1] for text in screen.readings() if (found := re.search(SECRET, likely(bare(text))))]):
        assert time.monotonic() < until, screen.text()
        screen.journal.tick(TICK)
    return "".join(collections.Counter(place).most_common(1)[0][0] for place in zip(*read))


def likely(text):
    """Capitals and 2 to 7 are meant where something else of that form is read."""
    return re.sub(r"(?<=Fortheapp).*", lambda part: part[0].translate(str.maketrans("l|0189", "IIOIBG")).upper(), text)


@suite.case("who has not registered is led through it: the secret is read from the screen, and the sign-in goes on")
def _():
    newcomer = Newcomer("newcomer")
    with greeter("set-up") as screen:
        half_in(screen, newcomer)
        screen.wait_for(DEVICE)
        screen.shot("device")
        screen.type("iPhone")
        screen.wait_for(CODE)
        screen.shot("secret")
        app = Totp(secret_on(screen))
        screen.type("000000")
        screen.wait_for("That code is not right", "For the app", CODE)
        screen.shot("wrong")
        screen.type(app.code())
        screen.wait_for(field("Apply now"))
        screen.shot("apply")
        screen.type("")
        let_in(newcomer)
    with greeter("set-up-next") as screen:
        half_in(screen, newcomer)
        screen.wait_for(IPHONE)
        screen.type(app.code())
        let_in(newcomer)


@suite.case("who goes away in the middle is not in, and nothing of him is left")
def _():
    person = Newcomer("hanako")
    with greeter("set-up-left") as screen:
        half_in(screen, person)
        screen.wait_for(DEVICE)
        screen.type("iPhone")
        screen.wait_for(CODE)
        screen.key("Escape")
        stage.journal.wait_for("withdrawn user=hanako")
    assert "session of hanako" not in stage.journal.text(), stage.journal.text()
    assert "app-1" not in stage.machine.run("utmfa-enroll", "--user", "hanako", "list").stdout


@suite.case("where people who have not registered are refused, that is told, and stays until it was read")
def _():
    configure(not_enrolled="deny")
    try:
        with greeter("denied") as screen:
            half_in(screen, Newcomer("hanako"))
            for _ in range(3):  # as everybody is asked
                screen.wait_for(field("Verification code"))
                screen.type("000000")
                stage.journal.wait_for("wrong user=hanako")
                stage.journal.forget()
            screen.wait_for("You have not registered a method", BACK)
            screen.shot("told")
            screen.type("")
            stage.journal.wait_for("denied user=hanako")
    finally:
        configure()
