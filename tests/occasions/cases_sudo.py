# SPDX-License-Identifier: Apache-2.0
# sudo in every way in which it asks, with the example for its PAM file on Debian; su; login on a terminal; and a thousand
# calls by a script, which must neither get slower nor leave anything behind.
import contextlib
import os
import re
import shutil
import subprocess
import time

import pexpect
from client import CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, Log, children, write
from people import newcomer, uid_of
from stage import configured, people, settle, somebody, suite, verifier
from suite import expect

EXAMPLES = "/usr/share/doc/utmfa/pam.d"
ASK_ALL = "services:\n  default: {require: always, not-enrolled: deny}\nexempt:\n  - groups: [robots]\n"
CALLS = 1000
OWN_PROMPT = "for the machine: "
AGAIN = "try again"  # sudo asks for the password once more
SUDO_CODE = r"Code from iPhone[^\r\n]*: $"


def prepared():
    if os.path.exists("/etc/pam.d/sudo"):
        return
    shutil.copy(f"{EXAMPLES}/sudo.example", "/etc/pam.d/sudo")
    write("/etc/sudoers", "Defaults !lecture, timestamp_type=global\nALL ALL=(ALL:ALL) ALL\n"
                          "Defaults!/usr/bin/uptime timestamp_timeout=0\n", 0o440)
    for made in ("/run/sudo", "/var/lib/sudo"):
        os.makedirs(made, 0o711, exist_ok=True)


def deployer():
    """A user of the exempt group, whose uid the cases know."""
    newcomer("deploy")
    with open("/etc/group", encoding="ascii") as file:
        groups = re.sub(r"^(robots:.*)$", r"\1,deploy", file.read(), flags=re.M)
    write("/etc/group", groups)


deployer()


def account(name):
    """An enrolled person with an account and a uid that the cases know."""
    if name not in people:
        newcomer(name)
    return somebody(name)


def as_person(name, *words):
    """Without a terminal of his own, and without anything of ours."""
    uid = str(uid_of(name))
    return ["setpriv", "--reuid", uid, "--regid", uid, "--init-groups", "--reset-env", *words]


def sudo(name, *words, stdin="", environment=()):
    words = ["env", *environment, *words] if environment else words
    started = time.monotonic()
    done = subprocess.run(as_person(name, *words), input=stdin, text=True, capture_output=True, timeout=60, check=False,
                          start_new_session=True)
    return done, time.monotonic() - started


def on_terminal(name, words, talk):
    command = as_person(name, *words)
    child = pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=20, echo=False)
    child.delaybeforesend = None
    said = ""
    for prompt, answer in talk:
        if child.expect([prompt, pexpect.EOF, AGAIN]):
            break
        said += child.before + child.after
        child.sendline(answer() if callable(answer) else answer)
    child.expect([pexpect.EOF, AGAIN])
    said += child.before
    child.close(force=True)
    return said


@contextlib.contextmanager
def asked_for_all():
    prepared()
    with configured(ASK_ALL):
        yield


WHO = ("sudo", "-k", "id", "-un")


@suite.case("sudo on a terminal: password, code, root; a wrong code: not")
def _():
    person = account("admin1")
    with asked_for_all():
        said = on_terminal("admin1", WHO, [(r"admin1: $", PASSWORD), (SUDO_CODE, person.code)])
        expect(said.endswith("root\r\n"), said)
        wrong = person.apps["app-1"].wrong()
        said = on_terminal("admin1", WHO, [(r"admin1: $", PASSWORD)] + [(SUDO_CODE, wrong)] * 3)
        expect("root" not in said and "That code is not right" in said, said)
    settle("admin1")


@suite.case("sudo -S: both answers from standard input, a line each; a line too few: not, and at once")
def _():
    person = account("admin1")
    with asked_for_all():
        done, _ = sudo("admin1", "sudo", "-S", "-k", "id", "-un", stdin=f"{PASSWORD}\n{person.code()}\n")
        expect(done.stdout == "root\n", done.stderr)
        log = Log()
        done, seconds = sudo("admin1", "sudo", "-S", "-k", "id", "-un", stdin=f"{PASSWORD}\n")
        expect(done.returncode != 0 and "root" not in done.stdout, done.stdout)
        expect(seconds < 10 and log.audit("aborted", "admin1"), f"{seconds:.1f} s: {log.text()}")


@suite.case("sudo -A: a program that asks gets each question")
def _():
    person = account("admin1")
    write("/root/code", "", 0o644)
    write("/usr/local/bin/ask", "#!/bin/sh\necho \"$1\" >> /tmp/asked\ncase $1 in *iPhone*) cat /tmp/code;; "
                                f"*) echo '{PASSWORD}';; esac\n", 0o755)
    write("/tmp/code", person.code() + "\n", 0o644)
    with asked_for_all():
        done, _ = sudo("admin1", "sudo", "-A", "-k", "id", "-un", environment=["SUDO_ASKPASS=/usr/local/bin/ask"])
    with open("/tmp/asked", encoding="utf-8") as file:
        expect(done.stdout == "root\n" and "Code from iPhone" in file.read(), done.stderr)


@suite.case("sudo -n: refused at once, without a question, and nothing is counted")
def _():
    account("admin1")
    with asked_for_all():
        log = Log()
        done, seconds = sudo("admin1", "sudo", "-n", "-k", "id", "-un")
        expect(done.returncode == 1 and "password is required" in done.stderr and seconds < 5, done.stderr)
        expect("wrong user=admin1" not in log.text(), log.text())


@suite.case("sudo -p: sudo puts that prompt in the place of every question; the second one is for the code")
def _():
    person = account("admin1")
    with asked_for_all():
        said = on_terminal("admin1", ("sudo", "-k", "-p", OWN_PROMPT, "id", "-un"),
                           [(OWN_PROMPT, PASSWORD), (OWN_PROMPT, person.code)])
        expect(said.endswith("root\r\n"), said)


# Word for word what ansible-core 2.14 builds for `become: true` (plugins/become/sudo.py), around the module's own command.
BECOME = ("sudo", "-H", "-S", "-p", "[sudo via ansible, key=abcdef] password:", "-u", "root", "/bin/sh", "-c",
          "echo BECOME-SUCCESS-abcdef ; id -un")


@suite.case("Ansible's become: as ever for the exempt; others are refused at once instead of hanging")
def _():
    account("admin1")
    with asked_for_all():
        done, _ = sudo("deploy", *BECOME, stdin=PASSWORD + "\n")
        expect(done.stdout == "BECOME-SUCCESS-abcdef\nroot\n", done.stderr)
        expect(done.stderr.startswith("[sudo via ansible, key=abcdef] password:"), done.stderr)
        done, seconds = sudo("admin1", *BECOME, stdin=PASSWORD + "\n")
        expect(done.returncode != 0 and "BECOME" not in done.stdout and seconds < 10, f"{seconds:.1f} s {done.stderr}")


def ansible(name, password=PASSWORD):
    """What the real Ansible says that a command was, done as root; how it ended, and after how long."""
    given = ["-e", f"ansible_become_password='{password}'"] if password else []
    home = f"/tmp/ansible-{name}"
    words = ["env", f"HOME={home}", "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "ansible", "-i", "localhost,", "-c", "local", "-e",
             "ansible_python_interpreter=/usr/bin/python3", *given, "--become",
             "-m", "command", "-a", "id -un", "all"]
    started = time.monotonic()
    done = subprocess.run(as_person(name, *words), stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=120,
                          check=False)
    return done, time.monotonic() - started


@contextlib.contextmanager
def hurried():
    """sudo waits for an answer for twelve seconds."""
    with open("/etc/sudoers", encoding="ascii") as file:
        sudoers = file.read()
    write("/etc/sudoers", sudoers + "Defaults passwd_timeout=0.2\n", 0o440)  # minutes
    try:
        yield
    finally:
        write("/etc/sudoers", sudoers, 0o440)


@suite.case("the real Ansible with become: as ever for the exempt; others fail once sudo's passwd_timeout is over")
def _():
    account("admin1")
    with asked_for_all():
        done, _ = ansible("deploy")
        expect(done.returncode == 0 and "root" in done.stdout.splitlines(), done.stdout + done.stderr)
        with hurried():
            log = Log()
            done, seconds = ansible("admin1")  # its terminal stays open: nobody answers the question for the code
        expect(done.returncode != 0 and "root" not in done.stdout.splitlines(), done.stdout + done.stderr)
        expect("wrong user=admin1" not in log.text() and seconds < 90, f"{seconds:.1f} s: {log.text()}")


@suite.case("the real Ansible of a person whom sudo remembers on the whole machine: no password is given, and none is missed")
def _():
    person = account("admin1")
    with asked_for_all():
        done, _ = sudo("admin1", "sudo", "-S", "-v", stdin=f"{PASSWORD}\n{person.code()}\n")
        expect(done.returncode == 0, done.stderr)
        done, _ = ansible("admin1", password=None)
        expect(done.returncode == 0 and "root" in done.stdout.splitlines(), done.stdout + done.stderr)
        sudo("admin1", "sudo", "-K")
        done, _ = ansible("admin1", password=None)
        expect(done.returncode != 0 and "root" not in done.stdout.splitlines(), done.stdout + done.stderr)


@suite.case("the real Ansible with password and code as one answer (field: one): in, and remembered; a wrong code: not")
def _():
    person = account("admin1")
    prepared()
    with open("/etc/pam.d/sudo", encoding="ascii") as file:
        usual = file.read()
    ours = "auth     required  pam_utmfa.so\n"
    write("/etc/pam.d/sudo", usual.replace(ours, "").replace("@include common-auth\n", ours + "@include common-auth\n"))
    try:
        with configured(ASK_ALL.replace("exempt:", "  sudo: {field: one}\nexempt:")):
            sudo("admin1", "sudo", "-K")
            with hurried():  # for what is not answered a second time
                done, _ = ansible("admin1", PASSWORD + person.apps["app-1"].wrong())
            expect(done.returncode != 0 and "root" not in done.stdout.splitlines(), done.stdout + done.stderr)
            done, _ = ansible("admin1", PASSWORD + person.code())
            expect(done.returncode == 0 and "root" in done.stdout.splitlines(), done.stdout + done.stderr)
            done, _ = ansible("admin1", password=None)  # the second task
            expect(done.returncode == 0 and "root" in done.stdout.splitlines(), done.stdout + done.stderr)
            sudo("admin1", "sudo", "-K")
    finally:
        write("/etc/pam.d/sudo", usual)
    settle("admin1")


@suite.case("within sudo's own time limit, and by NOPASSWD, nobody is asked; account: enforce, which is warned of, refuses")
def _():
    person = account("admin1")
    with asked_for_all():
        done, _ = sudo("admin1", "sudo", "-S", "id", "-un", stdin=f"{PASSWORD}\n{person.code()}\n")
        expect(done.stdout == "root\n", done.stderr)
        done, _ = sudo("admin1", "sudo", "-n", "id", "-un")
        expect(done.stdout == "root\n", done.stderr)
    with configured(ASK_ALL.replace("exempt:", "  sudo: {account: enforce}\nexempt:")):
        done, _ = sudo("admin1", "sudo", "-n", "id", "-un")
        expect(done.returncode != 0 and "root" not in done.stdout, done.stdout)


def footprint():
    """What the verifier and its nursery hold: descriptors, memory in KiB, and their processes."""
    pids = [verifier.process.pid, verifier.nursery()]
    descriptors = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]
    memory = 0
    for pid in pids:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            memory += int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
    return descriptors, memory, len(children(verifier.nursery()))


def thousand(name, line):
    """Seconds of each tenth of a script's thousand calls, by its own clock."""
    tenth = CALLS // 10
    script = (f"for ten in 1 2 3 4 5 6 7 8 9 10; do from=$(date +%s%N); for i in $(seq {tenth}); do {line} || exit 3; done; "
              "echo $((($(date +%s%N) - from) / 1000000)); done")
    done = subprocess.run(as_person(name, "sh", "-c", script), text=True, capture_output=True, timeout=120, check=False,
                          start_new_session=True)
    expect(done.returncode == 0, f"exit {done.returncode}: {done.stderr[-500:]}")
    return [int(each) / 1000 for each in done.stdout.split()]


@suite.case("a script with 1,000 calls of sudo, of the exempt and of one whom sudo remembers: no slower, no leak")
def _():
    person = account("admin1")
    with asked_for_all():
        sudo("deploy", "sudo", "-S", "-k", "true", stdin=PASSWORD + "\n")
        before = footprint()
        exempt = thousand("deploy", f"echo '{PASSWORD}' | sudo -S -p '' uptime > /dev/null")
        done, _ = sudo("admin1", "sudo", "-S", "true", stdin=f"{PASSWORD}\n{person.code()}\n")
        expect(done.returncode == 0, done.stderr)
        remembered = thousand("admin1", "sudo -n true")
        after = footprint()
    for tenths in (exempt, remembered):
        expect(sum(tenths[5:]) < 2 * sum(tenths[:5]), f"slower and slower: {tenths}")
    more = [now - then for now, then in zip(after[0], before[0])]
    expect(max(more) <= 4 and after[2] <= before[2] + 1, f"left behind: {before} {after}")
    expect(after[1] < before[1] + 2048, f"grown: {before[1]} KiB, {after[1]} KiB")
    print(f"   {CALLS} calls: exempt {sum(exempt):.1f} s, remembered {sum(remembered):.1f} s; {before[1]} KiB, then "
          f"{after[1]} KiB", flush=True)


@suite.case("su to somebody: his password and his code; root's own su is not asked")
def _():
    person, _other = account("admin1"), account("admin2")
    write("/etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-auth\nauth required pam_utmfa.so\n"
                           "@include common-account\naccount required pam_utmfa.so\n@include common-session\n")
    with asked_for_all():
        said = on_terminal("admin2", ("su", "admin1", "-c", "id -un"),
                           [(PASSWORD_PROMPT, PASSWORD), (CODE_PROMPT, person.code)])
        expect(said.endswith("admin1\r\n"), said)
        said = on_terminal("admin2", ("su", "admin1", "-c", "id -un"), [(PASSWORD_PROMPT, PASSWORD)] +
                           [(CODE_PROMPT, person.apps["app-1"].wrong())] * 3)
        expect("admin1\r\n" not in said, said)
        done = subprocess.run(["su", "admin1", "-c", "id -un"], capture_output=True, text=True, timeout=20, check=False)
        expect(done.stdout == "admin1\n", done.stderr)
    settle("admin1")


@suite.case("login on a terminal: name, password, code, shell; a wrong code: not")
def _():
    person = account("admin1")
    write("/etc/pam.d/login", "@include common-auth\nauth required pam_utmfa.so\n@include common-account\n"
                              "account required pam_utmfa.so\n@include common-session\n")

    def login(*answers):
        child = pexpect.spawn("login", encoding="utf-8", timeout=20, echo=False)
        child.delaybeforesend = None
        for prompt, answer in zip((r"login: $", PASSWORD_PROMPT, CODE_PROMPT, CODE_PROMPT, CODE_PROMPT), answers):
            child.expect(prompt)
            child.sendline(answer)
        found = child.expect([r"\$ $", r"Login incorrect", pexpect.EOF])
        child.close(force=True)
        return found == 0

    with asked_for_all():
        expect(login("admin1", PASSWORD, person.code()), "not in")
        wrong = person.apps["app-1"].wrong()
        expect(not login("admin1", PASSWORD, wrong, wrong, wrong), "in with a wrong code")
    settle("admin1")
