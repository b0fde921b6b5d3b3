# SPDX-License-Identifier: Apache-2.0
# polkit: pkexec, with the agent that asks on a terminal; its helper calls PAM, and tells nothing of where the person is.
import pexpect
from stage import EVENT, IPHONE_ON_TERMINAL, PASSWORD, configured, somebody, stage, suite

STACK = """\
@include common-auth
auth required pam_utmfa.so
@include common-account
account required pam_utmfa.so
"""


# The agent asks for what its parent starts. It closes its end of the pipe once polkit knows it.
SCRIPT = """\
pipe=$(mktemp -d)/ready; mkfifo "$pipe"
pkttyagent --process $$ --notify-fd 3 3> "$pipe" &
cat "$pipe"
pkexec --disable-internal-agent id -un
status=$?
kill $!
exit $status
"""


def prepared():
    stage.machine.write("/etc/pam.d/polkit-1", STACK)
    stage.machine.run("usermod", "-a", "-G", "sudo", "taro")


def pkexec(name, talk):
    """What was said on the terminal, and the exit status."""
    command = stage.machine.command("runuser", "-u", name, "--", "sh", "-c", SCRIPT)
    child = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=EVENT, env=stage.machine.environment(), echo=False)
    child.delaybeforesend = None
    said = ""
    for prompt, answer in talk:
        if child.expect([prompt, pexpect.EOF]):
            break
        said += child.before + child.after
        child.sendline(answer)
    child.expect(pexpect.EOF)
    said += child.before
    child.close()
    return said, child.exitstatus


@suite.case("pkexec: password, then the code; a wrong code does not")
def _():
    taro = somebody("taro", "app", "sheet")
    prepared()
    with configured(services="  polkit-1: {require: always, not-enrolled: deny}\n"):
        said, status = pkexec("taro", [("Password: $", PASSWORD), (IPHONE_ON_TERMINAL, taro.app.code())])
        assert status == 0 and said.rstrip().endswith("root"), said
        stage.journal.wait_for("granted user=taro service=polkit-1")
        said, status = pkexec("taro", [("Password: $", PASSWORD)] + [(IPHONE_ON_TERMINAL, "000000")] * 3)
        assert status != 0 and "root" not in said.splitlines() and "That code is not right" in said, said


@suite.case("pkexec of somebody who need not give a code: the password, as ever")
def _():
    prepared()
    stage.journal.forget()
    with configured(services="  polkit-1: {require: off}\n"):
        said, status = pkexec("taro", [("Password: $", PASSWORD)])
        assert status == 0 and said.rstrip().endswith("root"), said
        assert "granted user=taro service=polkit-1" not in stage.journal.text(), stage.journal.text()
