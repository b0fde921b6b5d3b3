# SPDX-License-Identifier: Apache-2.0
# What the tour of tools/quickstart and the system tests share: the world's log, verifier and SSH servers, an
# authenticator app played by oathtool, people who enrol, and sign-ins by the real ssh client on a terminal.
# Runs as root inside tools/world only. Never sleeps but for the next step of a one-time code, which it says.
import json
import os
import re
import select
import signal
import socket
import subprocess
import time

import pexpect
from suite import interruptible

PASSWORD = "correct horse"
KEY = "/root/world-key"
CONFIG = "/etc/utmfa/utmfa.yaml"
METHODS = "/var/lib/utmfa/methods"
STATE = "/var/lib/utmfa/state"
UTMFAD = "/usr/libexec/utmfa/utmfad"
PASSWORD_PROMPT = r"Password: $"
CODE_PROMPT = r"([Cc]ode|Temporary pass)[^\r\n]*: $"
NUMBER_PROMPT = r"Number of the method: $"
LOCAL_PROMPT = r"'s password: $"  # the ssh client's own, when the server takes no more answers
CODE_PROMPT_JA = r"（別の方法は \?）: ?$"

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


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def run(*words, stdin=None, check=True, timeout=60):
    done = subprocess.run(words, input=stdin, text=True, capture_output=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


class Log:
    """The system log of the world, read from a mark on."""

    path = "/var/log/auth.log"

    def __init__(self):
        self.at = os.path.getsize(self.path)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self.at)
            return file.read()

    def wait(self, pattern, seconds=10):
        """The first line since the mark that matches; None when none came in time."""
        follow = subprocess.Popen(["tail", "-c", f"+{self.at + 1}", "-f", self.path], stdout=subprocess.PIPE)
        try:
            return self._line(follow.stdout, re.compile(pattern), time.monotonic() + seconds)
        finally:
            follow.kill()
            follow.wait()

    @staticmethod
    def _line(stream, pattern, deadline):
        rest = b""
        while select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
            read = os.read(stream.fileno(), 65536)
            if not read:
                return None
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                if pattern.search(line.decode(errors="replace")):
                    return line.decode(errors="replace")
        return None

    def audit(self, outcome, user, seconds=10):
        name = re.escape(user.replace("\\", "\\\\"))
        return self.wait(rf'utmfa\[\d+\]: {outcome} user="?{name}"? ', seconds)


class Verifier:
    """utmfad, told ready by its own notification."""

    def __init__(self, *arguments, before=(), environment=None):
        self.command = [*before, UTMFAD, *arguments]
        self.environment = environment or {}
        self.process = None

    def start(self):
        where = "/run/notify"
        if os.path.exists(where):
            os.unlink(where)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(where)
            ready.settimeout(20)
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, start_new_session=True,
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


class Totp:
    """The authenticator app: gives every code once, the earliest that the verifier still takes.
    `window` is totp.window of the configuration; `reach` is how far ahead the verifier follows an app whose clock is
    more and more fast: a drift of twice the window, and the window."""

    window = reach = 1

    def __init__(self, secret, algorithm="sha1", digits=6, period=30, say=print):
        self.secret, self.algorithm, self.digits, self.period, self.say = secret, algorithm, digits, period, say
        self.last = None

    def at(self, step):
        return run("oathtool", f"--totp={self.algorithm}", f"--digits={self.digits}",
                   f"--time-step-size={self.period}s", "--base32", "--now", f"@{step * self.period}", "-",
                   stdin=self.secret).stdout.strip()

    def code(self):
        now = time.time()
        step = int(now // self.period)
        if self.last is None:
            late = now % self.period > self.period - 8
            self.last = step - self.window + late
        else:
            self.last = max(self.last + 1, step - self.window + 1)
        self._wait((self.last - self.reach) * self.period)
        return self.at(self.last)

    def _wait(self, moment):
        rest = moment - time.time()
        if rest > 0:
            self.say(f"(waiting {rest:.0f} s for the app's next code: each works once)")
            select.select([], [], [], rest + 0.1)

    def wrong(self):
        step = int(time.time() // self.period)
        near = {self.at(step + i) for i in range(-self.reach - 2, self.reach + 3)}
        return next(code for code in (f"{i:0{self.digits}d}" for i in range(1000)) if code not in near)


class Hotp:
    def __init__(self, secret, digits=6):
        self.secret, self.digits, self.counter = secret, digits, 0

    def at(self, counter):
        return run("oathtool", "--hotp", f"--digits={self.digits}", f"--counter={counter}", "--base32", "-",
                   stdin=self.secret).stdout.strip()

    def code(self):
        self.counter += 1
        return self.at(self.counter - 1)


def enroll(user, *words, stdin=None, check=True):
    return run("utmfa-enroll", "--user", user, *words, stdin=stdin, check=check)


class Person:
    """Somebody who enrols as the manual says: add, confirm, test, apply."""

    def __init__(self, name, say=print):
        self.name, self.say = name, say
        self.apps, self.codes, self.uris = {}, [], {}

    def add_app(self, label, *options):
        made = json.loads(enroll(self.name, "add", "totp", "--label", label, *options, "--json").stdout)
        chosen = dict(zip(options[::2], options[1::2]))
        app = Totp(made["secret"], chosen.get("--algorithm", "sha1"), int(chosen.get("--digits", 6)),
                   int(chosen.get("--period", 30)), say=self.say)
        self.apps[made["id"]], self.uris[made["id"]] = app, made["uri"]
        enroll(self.name, "confirm", made["id"], "-", stdin=app.code() + "\n")
        return made["id"]

    def add_token(self, secret):
        write("/root/token", secret + "\n", 0o600)
        made = json.loads(enroll(self.name, "add", "token", "--hotp", "--secret-file", "/root/token", "--json").stdout)
        token = Hotp(secret)
        self.apps[made["id"]] = token
        enroll(self.name, "confirm", made["id"], "-", stdin=token.code() + "\n")
        return made["id"]

    def add_recovery(self):
        self.codes = json.loads(enroll(self.name, "add", "recovery", "--json").stdout)["codes"]
        return "recovery"

    def code(self, method="app-1"):
        return self.codes.pop(0) if method == "recovery" else self.apps[method].code()

    def renew(self, least=4):
        """A new recovery sheet when few codes are left (needs registration.minimum: 1)."""
        if len(self.codes) < least:
            enroll(self.name, "remove", "recovery", "--yes")
            self.add_recovery()
        return self

    def test(self, method):
        child = pexpect.spawn("utmfa-enroll", ["--user", self.name, "test", method], encoding="utf-8", timeout=20,
                              env={**os.environ, "LANG": "C.UTF-8"})
        child.delaybeforesend = None
        child.expect([CODE_PROMPT, CODE_PROMPT_JA])
        child.sendline(self.code(method))
        child.expect(pexpect.EOF)
        child.close()
        if child.exitstatus != 0:
            raise AssertionError(f"utmfa-enroll test {method} of {self.name}: exit {child.exitstatus}: {child.before}")

    def apply(self):
        return enroll(self.name, "apply")

    def enrol(self):
        """The usual: an app and a recovery sheet, both tried."""
        for method in (self.add_app("iPhone"), self.add_recovery()):
            self.test(method)
        self.apply()
        return self


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
