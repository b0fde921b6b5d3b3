# SPDX-License-Identifier: Apache-2.0
# What the tour of tools/quickstart and the system tests share: the verifier and SSH servers of the world, and sign-ins by
# the real ssh client on a terminal. What lies below (ground) and who signs in (apps) is had from here as well.
# Runs as root inside tools/world only.
import os
import re
import signal
import socket
import subprocess

import pexpect
from apps import Hotp, Person, Totp, enroll  # noqa: F401 pylint: disable=unused-import
from ground import (CODE_PROMPT, CODE_PROMPT_JA, CONFIG, KEY, LOCAL_PROMPT, METHODS,  # noqa: F401 pylint: disable=unused-import
                    NUMBER_PROMPT, PASSWORD, PASSWORD_PROMPT, STATE, UTMFAD, Log, run, write)
from suite import interruptible

# Ports of the two servers: the first asks for password and code, the second (own PAM stack) for key and code.
PASSWORD_AND_CODE, FORGOTTEN, BLIND_PASSWORD, KEY_AND_CODE, ALL_ASKED = 22, 2022, 2023, 2222, 2224

DEFAULT_CONFIG = """\
version: 1
services:
  sshd: {require: always, not-enrolled: deny, account: enforce}
exempt:
  - groups: [robots]
"""
STACK = {
    "password": "auth requisite pam_unix.so\nauth required pam_utmfa.so\n",
    "key": "auth required pam_utmfa.so\nauth required pam_permit.so\n",
    "all": "auth required pam_unix.so nodelay\nauth required pam_utmfa.so\n",
}
STACK_END = "account required pam_unix.so\naccount required pam_utmfa.so\nsession required pam_unix.so\n"

SSHD = """\
ListenAddress 127.0.0.1
HostKey /etc/ssh/world_host_key
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthorizedKeysFile /etc/ssh/world_authorized_keys
StrictModes no
PidFile none
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
Subsystem sftp internal-sftp
"""
SSHD_PASSWORD = f"""\
Port {PASSWORD_AND_CODE}
Port {FORGOTTEN}
Port {BLIND_PASSWORD}
{SSHD}
Match LocalPort {PASSWORD_AND_CODE}
  AuthenticationMethods keyboard-interactive:pam
Match LocalPort {BLIND_PASSWORD}
  AuthenticationMethods password
  PasswordAuthentication yes
  KbdInteractiveAuthentication no
"""
SSHD_KEY = f"Port {KEY_AND_CODE}\n{SSHD}AuthenticationMethods publickey,keyboard-interactive:pam\n"
SSHD_ALL = f"Port {ALL_ASKED}\n{SSHD}AuthenticationMethods keyboard-interactive:pam\n"


class Verifier:
    """utmfad, told ready by its own notification."""

    def __init__(self, *arguments, before=(), environment=None):
        self.command = [*before, UTMFAD, *arguments]
        self.environment = environment or {}
        self.process = None

    def start(self, error=None):
        where = "/run/notify"
        if os.path.exists(where):
            os.unlink(where)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(where)
            ready.settimeout(20)
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=error,
                                            start_new_session=True,
                                            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                                                 "NOTIFY_SOCKET": where, **self.environment})
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except TimeoutError:
                raise AssertionError(f"{' '.join(self.command)} did not say that it is ready") from None
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
        return self.process.returncode if self.process else None

    def nursery(self):
        """The process that forks the sign-in processes."""
        return next(pid for pid in children(self.process.pid) if "--nursery" in words_of(pid))

    def runner(self):
        """The process that forks one for each message; None before the first one."""
        return next((pid for pid in children(self.process.pid) if "--deliver" in words_of(pid)), None)

    def family(self):
        """The verifier and all its processes."""
        return [self.process.pid, *(pid for child in children(self.process.pid) for pid in (child, *children(child)))]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def children(pid):
    """Its children; none where it has ended meanwhile, as a process of one sign-in may at any moment."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def words_of(pid):
    """What it was started as; nothing where it has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


class Sshd:
    """One real server. Its PAM stack is its own: /etc/pam.d/sshd is another file in its own mount namespace."""

    def __init__(self, name, config, stack, end=STACK_END):
        write(f"/etc/ssh/world_{name}", config)
        write(f"/etc/pam.d.world/{name}", stack + end)
        log = Log()
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-ec",
             f"mount --bind /etc/pam.d.world/{name} /etc/pam.d/sshd; exec /usr/sbin/sshd -D -f /etc/ssh/world_{name}"],
            stdin=subprocess.DEVNULL, start_new_session=True)
        ports = re.findall(r"^Port (\d+)", config, re.M)
        for port in ports:
            if not log.wait(rf"sshd\[\d+\]: Server listening on 127.0.0.1 port {port}\b"):
                raise AssertionError(f"sshd {name} does not listen on port {port}: {log.text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def prepare(config=DEFAULT_CONFIG):
    """A machine on which utmfa is set up and PAM asks it; nobody is enrolled and nothing runs yet."""
    for path in ("/etc/ssh/world_host_key", KEY):
        if not os.path.exists(path):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    with open(KEY + ".pub", encoding="ascii") as file:
        write("/etc/ssh/world_authorized_keys", file.read())
    write("/etc/pam.d/sshd", STACK["password"] + STACK_END)
    write("/etc/pam.d/utmfa-test", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
    write("/etc/ssh/sshd_config", SSHD_PASSWORD)  # what utmfa-admin doctor looks at
    write(CONFIG, config)
    run("utmfa-admin", "setup")


class SignIn:
    """One ssh command on a terminal. `talk` is (prompt, answer) in order; answers may be functions."""

    def __init__(self, user, talk, port=PASSWORD_AND_CODE, key=False, prompts=1, options=(), start_only=False,
                 command="printf 'in as %s\\n' \"$(id -un)\"", seconds=20):
        self.user, self.screen, self.asked, self.status = user, "", 0, None
        words = ["-F", "none", "-p", str(port), "-l", user, "-o", "StrictHostKeyChecking=no",
                 "-o", "UserKnownHostsFile=/dev/null", "-o", f"NumberOfPasswordPrompts={prompts}",
                 "-o", "IdentitiesOnly=yes", *options]
        words += ["-i", KEY] if key else ["-o", "PubkeyAuthentication=no"]
        self.child = pexpect.spawn("ssh", [*words, "127.0.0.1", command], encoding="utf-8", codec_errors="replace",
                                   timeout=seconds, echo=False, env={**os.environ, "LANG": "C.UTF-8"}, preexec_fn=interruptible)
        self.child.delaybeforesend = None
        self.answer(talk)
        if not start_only:
            self.finish()

    def answer(self, talk):
        for prompt, answer in talk:
            found = self.child.expect([prompt, pexpect.EOF] + ([] if "assword" in prompt else [LOCAL_PROMPT]))
            self.screen += self.child.before + ("" if found == 1 else self.child.after)
            if found:
                if found == 2:
                    self.give_up()
                break
            self.asked += 1
            self.child.sendline(answer() if callable(answer) else answer)

    def wait_for(self, prompt):
        self.child.expect(prompt)
        self.screen += self.child.before + self.child.after

    def give_up(self):
        self.child.close(force=True)
        self.status = 255

    def finish(self):
        if self.status is None:
            end = self.child.expect([pexpect.EOF, CODE_PROMPT, PASSWORD_PROMPT, NUMBER_PROMPT, LOCAL_PROMPT])
            self.screen += self.child.before
            if end:
                self.screen += self.child.after + "(asked again; gave up)"
                self.give_up()
            else:
                self.child.close()
                self.status = self.child.exitstatus
        return self

    @property
    def granted(self):
        return self.status == 0 and f"in as {self.user}" in self.screen
