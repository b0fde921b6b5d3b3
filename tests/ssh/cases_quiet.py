# SPDX-License-Identifier: Apache-2.0
# What must not be seen: no seed, code or password in the log, in the environment or command line of any process, or in
# a core; and that the hiding place of the test itself would be found.
import os

from client import CODE_PROMPT, METHODS, PASSWORD, Log, SignIn
from stage import asked, granted, refused, settle, somebody, suite, verifier
from suite import expect


def shown_of_processes():
    """Every environment and command line there is now, but for those of this test."""
    shown = b""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        for part in ("environ", "cmdline"):
            try:
                with open(f"/proc/{pid}/{part}", "rb") as file:
                    shown += file.read()
            except OSError:
                continue
    return shown


@suite.case("no seed, code, recovery code or password in the log or in any process, while asked and after")
def _():
    taro = somebody("taro")
    log = Log()
    secrets = {"seed": taro.apps["app-1"].secret, "password": PASSWORD, "recovery code": taro.codes[0]}
    one = SignIn("taro", asked(), start_only=True)
    one.wait_for(CODE_PROMPT)
    during = shown_of_processes()
    expect(b"/usr/sbin/sshd" in during or b"sshd:" in during, "the sign-in's own sshd was not seen")
    secrets["code"] = taro.code()
    one.answer([("", "?"), (r"method: $", "1"), (CODE_PROMPT, secrets["code"])])
    expect(one.finish().granted, one.screen)
    granted("taro", asked("?", "2", taro.codes.pop(0)))
    wrong = secrets["wrong code"] = taro.apps["app-1"].wrong() + "77"
    refused("taro", asked(wrong, PASSWORD, wrong, wrong))
    settle("taro")
    seen = {"the log": log.text().encode(), "a process": during + shown_of_processes()}
    for where, text in seen.items():
        for what, secret in secrets.items():
            expect(secret.encode() not in text, f"the {what} is in {where}")


@suite.case("the method file and the state file hold no seed or code in the clear")
def _():
    taro = somebody("taro")
    for path in (f"{METHODS}/taro.yaml", "/var/lib/utmfa/state/taro"):
        with open(path, "rb") as file:
            text = file.read()
        expect(taro.apps["app-1"].secret.encode() not in text, f"the seed is in {path}")
        for code in taro.codes:
            expect(code.encode() not in text and code.replace("-", "").encode() not in text, f"a code is in {path}")
        expect(os.stat(path).st_mode & 0o777 == 0o600, f"{path}: {os.stat(path).st_mode:o}")


@suite.case("the verifier and its processes leave no core and are not dumpable")
def _():
    pid = verifier.process.pid
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        core = next(line for line in file if line.startswith("Max core file size"))
    expect(core.split()[4:6] == ["0", "0"], core)


@suite.case("a name with control characters does not write its own lines into the log")
def _():
    log = Log()
    SignIn("x\nutmfa[1]: granted user=taro", [("assword: $", "x")], seconds=20)
    SignIn("\033[31mred", [("assword: $", "x")], seconds=20)
    lines = [line for line in log.text().splitlines() if line[20:].startswith("utmfa[1]")]
    expect(not lines and "\033" not in log.text(), log.text())
