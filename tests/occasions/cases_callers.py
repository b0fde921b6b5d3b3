# SPDX-License-Identifier: Apache-2.0
# Programs that cannot ask, and programs that are not root: refused at once where something must be asked, and as ever
# where nothing must. A screen locker or any other program of a person's speaks for him only.
import os
import re
import shutil
import subprocess

from cases_sudo import ASK_ALL, account, as_person
from client import PASSWORD, Log, write
from libpam import AUTH_ERR, AUTHINFO_UNAVAIL, CONV_ERR, SUCCESS
from stage import configured, settle, suite
from suite import expect

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = "auth required pam_utmfa.so\nauth required pam_permit.so\naccount required pam_utmfa.so\naccount required pam_permit.so\n"


def calls(service, user, how, *names, by=None):
    """{call: (code, seconds)} and what was said."""
    words = ["/usr/bin/python3", "/usr/local/lib/pam_caller.py", service, user, how, *names]
    done = subprocess.run(as_person(by, *words) if by else words, capture_output=True, text=True, timeout=60, check=False)
    found = {call: (int(code), float(seconds)) for call, code, seconds in
             re.findall(r"^(authenticate|account|setcred|open|close) (\d+) ([\d.]+)$", done.stdout, re.M)}
    expect(set(found) == set(names), done.stdout + done.stderr)
    return found, done.stdout


def prepared():
    for name in ("occasions/pam_caller.py", "support/libpam.py"):
        shutil.copy(f"{TESTS}/{name}", "/usr/local/lib/")
    write("/etc/pam.d/script", OURS)


@suite.case("a caller without a conversation, with a broken one, or that wants silence: refused at once, and not counted")
def _():
    account("admin1")
    prepared()
    with configured(ASK_ALL):
        for how in ("none", "error", "silent"):
            log = Log()
            found, _ = calls("script", "admin1", how, "authenticate")
            code, seconds = found["authenticate"]
            expect(code == CONV_ERR and seconds < 3, f"{how}: {found}")
            expect(log.audit("aborted", "admin1") and "wrong user" not in log.text(), log.text())
            found, _ = calls("script", "deploy", how, "authenticate", "account")
            expect(found["authenticate"][0] == SUCCESS and found["account"][0] == SUCCESS, f"{how}, exempt: {found}")


@suite.case("cron, at and systemd's user sessions of everybody: nothing is asked, whatever default says")
def _():
    account("admin1")
    prepared()
    always = ASK_ALL.replace("not-enrolled: deny", "not-enrolled: deny, account: enforce")
    with configured(always):
        for service in ("cron", "crond", "atd", "systemd-user"):
            write(f"/etc/pam.d/{service}", OURS + "session required pam_utmfa.so\nsession required pam_permit.so\n")
            for user in ("admin1", "newcomer"):
                found, said = calls(service, user, "none", "account", "setcred", "open", "close")
                expect(all(code == SUCCESS for code, _ in found.values()) and "said" not in said, f"{service}: {found}")
        write("/etc/pam.d/other-job", OURS)
        found, _ = calls("other-job", "admin1", "none", "account")
        expect(found["account"][0] != SUCCESS, f"a service that nobody knows: {found}")


@suite.case("a person's own program asks for him only; another's name is refused, however often, and costs him nothing")
def _():
    first, second = account("admin1"), account("admin2")
    prepared()
    with configured(ASK_ALL):
        found, said = calls("script", "admin1", first.code(), "authenticate", by="admin1")
        expect(found["authenticate"][0] == SUCCESS, said)
        log = Log()
        for _ in range(6):
            found, said = calls("script", "admin2", second.code(), "authenticate", by="admin1")
            expect(found["authenticate"][0] == AUTHINFO_UNAVAIL, said)
            expect("admin2" not in said and "said 1" not in said and "said 2" not in said, said)
        expect("wrong user=admin2" not in log.text(), log.text())
        found, said = calls("script", "admin2", second.code(), "authenticate", by="admin2")
        expect(found["authenticate"][0] == SUCCESS, said)


@suite.case("a program of a person's that guesses his codes: stopped after a few, and told until when")
def _():
    account("admin2")
    prepared()
    with configured(ASK_ALL, throttle="throttle: {free: 5, first-delay: 60s}\n"):
        wrong = account("admin2").apps["app-1"].wrong()
        said = "".join(calls("script", "admin2", wrong, "authenticate", by="admin2")[1] for _ in range(3))
        expect("Too many wrong codes. Try again after" in said, said)
        found, said = calls("script", "admin2", account("admin2").code(), "authenticate", by="admin2")
        expect(found["authenticate"][0] == AUTH_ERR and "said 1" not in said, said)
    settle("admin2")


@suite.case("a single hidden field: the code goes to the verifier, and the password to the next module only")
def _():
    person = account("admin1")
    prepared()
    write("/etc/pam.d/one", "auth required pam_utmfa.so\nauth required pam_unix.so\n")
    with configured(ASK_ALL.replace("exempt:", "  one: {field: one}\nexempt:")):
        for by in (None, "admin1"):
            log = Log()
            found, said = calls("one", "admin1", PASSWORD + person.code(), "authenticate", by=by)
            expect(found["authenticate"][0] == SUCCESS, said + log.text())
            expect(said.count("said 1") == 1 and "said 2" not in said, said)
            for answer in ("wrong horse" + person.code(), PASSWORD + person.apps["app-1"].wrong(), PASSWORD):
                found, said = calls("one", "admin1", answer, "authenticate", by=by)
                expect(found["authenticate"][0] == AUTH_ERR and said.count("said 1") == 1, said)
            expect("horse" not in log.text(), log.text())
        found, said = calls("one", "deploy", PASSWORD, "authenticate")
        expect(found["authenticate"][0] == SUCCESS, said)
    settle("admin1")
