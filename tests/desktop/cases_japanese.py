# SPDX-License-Identifier: Apache-2.0
# The same in Japanese: a greeter that speaks it, and what we say on it.
import contextlib

from screen import field
from stage import configure, greeter, half_in, let_in, somebody, stage, suite

NAME, ASKED = "ーザー", "スワード"
CODE, OTHER = "コード", "別の方法は.?Enter"


@contextlib.contextmanager
def japanese():
    speak("ja_JP.UTF-8")
    configure(language="ja")
    try:
        yield
    finally:
        configure()
        speak("C.UTF-8")


def speak(locale):
    stage.machine.run("sh", "-c", f"echo LANG={locale} > /etc/default/locale")
    stage.machine.run("systemctl", "restart", "gdm.service")


@suite.case("Japanese: prompt, mistake, list and recovery code fit and are read")
def _():
    taro = somebody("taro", "app", "sheet")
    with japanese(), greeter("japanese", "jpn+eng", NAME) as screen:
        half_in(screen, taro, ASKED)
        screen.wait_for("iPhone", CODE, OTHER)
        screen.shot("prompt")
        screen.type("000000")
        screen.wait_for("コードが違います", OTHER)
        screen.shot("wrong")
        screen.type("")
        screen.wait_for("方法を選", "iPhone", "リカ.リ", "番号を")
        screen.shot("list")
        screen.type("2")
        screen.wait_for("カ.リーコード", OTHER)  # what stands over the letter is small
        screen.shot("recovery")
        screen.type(taro.codes.pop(0))
        let_in(taro)
