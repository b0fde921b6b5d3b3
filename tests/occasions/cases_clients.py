# SPDX-License-Identifier: Apache-2.0
# SSH clients other than OpenSSH's, and what people do over a connection: each is asked once, or not at all where it was
# not before. Addresses of version 6, names instead of addresses, a host on the way.
import os
import re
import subprocess

import paramiko
import pexpect
from client import (BLIND_PASSWORD, CODE_PROMPT, FORGOTTEN, KEY, PASSWORD, PASSWORD_AND_CODE, SSHD, STACK, STACK_END, Log,
                    SignIn, Sshd, run, write)
from stage import asked, configured, granted, refused, settle, somebody, suite
from suite import expect

DROP_IN = "/usr/share/doc/utmfa/sshd_config.d/utmfa.conf"
OPEN = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
SHELL = " ".join(["ssh", *OPEN, "-p", str(FORGOTTEN), "-i", KEY, "-o", "BatchMode=yes"])
BY_NAME, DROPPED_IN, ONE_FIELD = 2401, 2402, 2403


class Server:
    """An sshd for the time of a case."""

    def __init__(self, name, config, stack=STACK["password"], end=STACK_END):
        self.made = (name, config, stack, end)

    def __enter__(self):
        self.server = Sshd(*self.made)

    def __exit__(self, *_):
        self.server.stop()


def talked(program, words, talk):
    """A client on a terminal; every prompt gets its answer, until it is in, asked again, or over."""
    child = pexpect.spawn(program, words, encoding="utf-8", timeout=20, echo=False, dimensions=(40, 200))
    child.delaybeforesend = None
    said = ""
    for prompt, answer in talk:
        child.expect(prompt)
        said += child.before + child.after
        child.sendline(answer)
    child.expect(["in as taro", "That code is not right", pexpect.EOF])
    said += child.before + (child.after if isinstance(child.after, str) else "")
    child.close(force=True)
    return said


def host_key():
    return re.search(r"SHA256:\S+", run("ssh-keygen", "-lf", "/etc/ssh/world_host_key.pub").stdout)[0]


COMMAND = "printf 'in as %s\\n' \"$(id -un)\""


def dropbear(*answers):
    prompts = [r"Password: ?$"] + [CODE_PROMPT] * (len(answers) - 1)
    return talked("dbclient", ["-y", "-y", "-p", str(PASSWORD_AND_CODE), "taro@127.0.0.1", COMMAND],
                  list(zip(prompts, answers)))


def putty(*answers):
    prompts = [r"Password: ?$"] + [CODE_PROMPT] * (len(answers) - 1)
    return talked("plink", ["-ssh", "-no-antispoof", "-P", str(PASSWORD_AND_CODE), "-hostkey", host_key(), "taro@127.0.0.1", COMMAND],
                  list(zip(prompts, answers)))


@suite.case("dropbear's client and PuTTY's plink: the question is seen and answered; a wrong answer is refused")
def _():
    taro = somebody("taro")
    for client in (dropbear, putty):
        said = client(PASSWORD, taro.code())
        expect("in as taro" in said and "Code from iPhone" in said, f"{client.__name__}: {said}")
        log = Log()
        said = client(PASSWORD, taro.apps["app-1"].wrong())
        expect("in as" not in said and "not right" in said, f"{client.__name__}: {said}")
        expect(log.wait(r"utmfa\[\d+\]: wrong user=taro "), log.text())
        settle("taro")


def by_paramiko(user, *answers):
    left, prompts = list(answers), []

    def handler(_title, _text, asked_now):
        prompts.extend(prompt for prompt, _ in asked_now)
        return [left.pop(0) for _ in asked_now]

    transport = paramiko.Transport(("127.0.0.1", PASSWORD_AND_CODE))
    try:
        transport.start_client(timeout=20)
        try:
            transport.auth_interactive(user, handler)
        except (paramiko.SSHException, IndexError):
            return False, prompts
        return transport.is_authenticated(), prompts
    finally:
        transport.close()


@suite.case("a script of paramiko: in with password and code; refused with a wrong code")
def _():
    taro = somebody("taro")
    in_, prompts = by_paramiko("taro", PASSWORD, taro.code())
    expect(in_ and "Code from iPhone" in prompts[1], prompts)
    in_, prompts = by_paramiko("taro", PASSWORD, *[taro.apps["app-1"].wrong()] * 3)
    expect(not in_ and len(prompts) == 4, prompts)
    settle("taro")


def by_libssh2(user):
    return run("curl", "-s", "-S", "-k", "-u", f"{user}:{PASSWORD}", f"sftp://127.0.0.1:{PASSWORD_AND_CODE}/etc/hostname",
               check=False, timeout=40)


@suite.case("curl (libssh2) answers every question with the password: exempt in as ever, others refused at once")
def _():
    expect(by_libssh2("robot").returncode == 0, "the exempt is kept out")
    somebody("taro")
    log = Log()
    expect(by_libssh2("taro").returncode != 0, "let in without a code")
    line = log.audit("denied", "taro")
    expect(line and "PasswordAuthentication no" in line, log.text())
    expect(log.text().count("denied user=taro") == 1 and "wrong user=taro" not in log.text(), log.text())


@suite.case("PasswordAuthentication: refused at once, nothing is counted, and the log says what to set")
def _():
    somebody("taro")
    log = Log()
    done, _ = refused("taro", [(r"password: $", PASSWORD)], "aborted", "PasswordAuthentication no", port=BLIND_PASSWORD)
    expect(done.asked == 1 and "wrong user=taro" not in log.text(), log.text())
    with configured("services:\n  sshd: {require: always, not-enrolled: deny, methods: [recovery]}\n"):
        refused("taro", [(r"password: $", PASSWORD)], "aborted", "PasswordAuthentication no", port=BLIND_PASSWORD)


@suite.case("PasswordAuthentication with field: one: password and code behind each other, judged both")
def _():
    taro = somebody("taro")
    stack = "auth required pam_utmfa.so\nauth required pam_unix.so\n"
    config = (f"Port {ONE_FIELD}\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\n{SSHD}"
              "AuthenticationMethods password\n")
    with Server("one_field", config, stack), configured(
            "services:\n  sshd: {require: always, not-enrolled: deny, field: one}\nexempt:\n  - groups: [robots]\n"):
        granted("taro", [(r"password: $", PASSWORD + taro.code())], port=ONE_FIELD)
        granted("robot", [(r"password: $", PASSWORD)], port=ONE_FIELD, outcome="exempt")
        refused("taro", [(r"password: $", PASSWORD)], port=ONE_FIELD, reason="no code behind the password")
        refused("taro", [(r"password: $", PASSWORD + taro.apps["app-1"].wrong())], port=ONE_FIELD, reason="wrong answer")
        log = Log()
        done = SignIn("taro", [(r"password: $", "wrong horse" + taro.code())], port=ONE_FIELD)
        expect(not done.granted and log.wait("authentication failure.*taro"), log.text())
        expect("horse" not in log.text(), "a password in the log")
    settle("taro")


@suite.case("the drop-in for sshd_config.d is what sshd needs: password and code, key and code, nothing less")
def _():
    taro = somebody("taro")
    config = f"Include {DROP_IN}\nPort {DROPPED_IN}\n" + SSHD.replace("KbdInteractiveAuthentication yes\n", "").replace(
        "PasswordAuthentication no\n", "").replace("UsePAM yes\n", "").replace("MaxStartups 200\n", "")
    with Server("dropped_in", config):
        granted("taro", asked(taro.code), port=DROPPED_IN)
        refused("taro", [], outcome="", port=DROPPED_IN, key=True, options=["-o", "PreferredAuthentications=publickey"])
        granted("taro", asked(taro.code), port=DROPPED_IN, key=True)
    tested = run("/usr/sbin/sshd", "-T", "-f", "/etc/ssh/world_dropped_in", "-C",
                 "user=taro,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22").stdout
    for line in ("passwordauthentication no", "kbdinteractiveauthentication yes", "usepam yes"):
        expect(line in tested, tested)


@suite.case("the exempt: scp, sftp, rsync and git as they always were")
def _():
    write("/root/sent/a file", "text\n")
    run("rsync", "-a", "-e", SHELL, "/root/sent/", "robot@127.0.0.1:/tmp/by-rsync/")
    run("rsync", "-a", "-e", SHELL, "robot@127.0.0.1:/tmp/by-rsync/", "/root/back/")
    expect(os.path.exists("/root/back/a file"), "rsync brought nothing back")
    copied = ["-P", str(FORGOTTEN), "-i", KEY, "-o", "BatchMode=yes"]
    run("scp", *OPEN, *copied, "-O", "/root/sent/a file", "robot@127.0.0.1:/tmp/by-old-scp")
    run("sftp", *OPEN, *copied, "-b", "-", "robot@127.0.0.1", stdin="get /tmp/by-old-scp /root/by-sftp\n")
    expect(os.path.exists("/root/by-sftp"), "sftp brought nothing")
    git = {**os.environ, "GIT_SSH_COMMAND": SHELL, "HOME": "/root"}
    remote = "robot@127.0.0.1:/tmp/by-git"
    run(*SHELL.split(), "robot@127.0.0.1", "git init -q --bare /tmp/by-git")
    done = subprocess.run("git init -q /root/tree && cd /root/tree && git -c user.name=r -c user.email=r@x commit -q "
                          f"--allow-empty -m one && git push -q {remote} HEAD && git clone -q {remote} /root/cloned",
                          shell=True, env=git, capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 0, done.stderr)


@suite.case("one connection for many (ControlMaster): asked once, then scp, rsync and sftp without a question")
def _():
    taro = somebody("taro")
    path = "/root/master"
    first = SignIn("taro", asked(taro.code), options=["-M", "-S", path], command="echo in as taro; cat",
                   start_only=True)
    first.wait_for("in as taro")
    log = Log()
    shared = [*OPEN, "-o", f"ControlPath={path}", "-o", "ControlMaster=no", "-o", "BatchMode=yes"]
    write("/root/sent/a file", "text\n")
    run("scp", *shared, "/root/sent/a file", "taro@127.0.0.1:/tmp/shared-scp")
    run("rsync", "-a", "-e", " ".join(["ssh", *shared]), "/root/sent/", "taro@127.0.0.1:/tmp/shared-rsync/")
    expect(run("ssh", *shared, "taro@127.0.0.1", "id -un").stdout == "taro\n", "no shell over the connection")
    expect("utmfa[" not in log.text(), f"asked again: {log.text()}")
    first.give_up()


@suite.case("by way of another host (ProxyJump): each asks for itself")
def _():
    taro = somebody("taro")
    write("/root/jump", "Host *\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n"
                        f"Host jump\n HostName 127.0.0.1\n User robot\n Port {FORGOTTEN}\n IdentityFile {KEY}\n")
    granted("taro", asked(taro.code), options=["-F", "/root/jump", "-J", "jump"])
    refused("taro", asked("0", "0", "0"), options=["-F", "/root/jump", "-J", "jump"])
    settle("taro")


@suite.case("addresses of version 6, and a name for an address: asked, and exempt only by an address that is known")
def _():
    taro = somebody("taro")
    rule = "services:\n  sshd: {require: always, not-enrolled: deny}\nexempt:\n  - networks: [\"::1\", 127.0.0.0/8]\n"
    config = f"Port {BY_NAME}\n{SSHD}AuthenticationMethods keyboard-interactive:pam\n".replace(
        "ListenAddress 127.0.0.1", "ListenAddress ::1\nListenAddress 127.0.0.1")
    six = ["-o", "HostName=::1"]
    with Server("six", config):
        _, line = granted("taro", asked(taro.code), port=BY_NAME, options=six)
        expect("from=::1" in line, line)
        with configured(rule):
            granted("taro", asked(), port=BY_NAME, options=six, outcome="exempt")
    with Server("named", config.replace("UseDNS no", "UseDNS yes")), configured(rule):
        _, line = granted("taro", asked(taro.code), port=BY_NAME)
        expect("from=localhost" in line, line)
