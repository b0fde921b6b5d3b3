# SPDX-License-Identifier: Apache-2.0
# The rows of tools/bench and the files that each needs: PAM services, enrolled users, verifiers. A row is one module
# with one number of enrolled users. Called by measure.py, inside the private world only.
import hashlib
import hmac
import os
import signal
import socket
import struct
import subprocess
import time

DATA = "/var/lib/bench"
CONFDIR = "/run/bench-pam.d"
SIGNERS = 256  # the users of a set who sign in, spread evenly over it


def name_of(number):
    return f"u{number:06d}"


def secret_of(name):
    return hashlib.sha1(b"utmfa bench " + name.encode()).digest()


def totp(name, when=None):
    step = int(time.time() if when is None else when) // 30
    digest = hmac.new(secret_of(name), struct.pack(">Q", step), "sha1").digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def signers_of(size):
    count = min(size, SIGNERS)
    return [name_of(i * size // count) for i in range(count)]


class Row:
    """One module with one number of users. `fresh` maps a file to its first content, to undo what sign-ins did."""

    def __init__(self, name, size, line):
        self.name, self.size, self.line = name, size, line
        self.signers = signers_of(size)
        self.fresh = {}
        self.verifier = None
        self.asks = name != "permit"

    def file_of(self, user):
        return "-"

    def job(self, turn):
        user = self.signers[turn % len(self.signers)]
        where = self.file_of(user) if self.size < SIGNERS else "-"
        copy = self.copy_of(user, where)
        secret = secret_of(user).hex() if self.asks else "-"
        usage = self.verifier.usage if self.verifier else "-"
        return "\t".join([self.name, self.name, user, secret, usage, where, copy])

    def copy_of(self, user, where):
        if where == "-":
            return "-"
        copy = f"{DATA}/copies/{self.name}-{user}"
        if not os.path.exists(copy):
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            write(copy, self.fresh[where])
        return copy

    def refresh(self):
        for where, content in self.fresh.items():
            with open(where, "r+b") as file:
                file.write(content)
                if os.fstat(file.fileno()).st_size > len(content):  # cutting nothing would still give up reserved room
                    file.truncate(len(content))

    def remember(self, paths):
        for path in paths:
            with open(path, "rb") as file:
                self.fresh[path] = file.read()

    def make(self):
        pass

    def start(self):
        pass

    def stop(self):
        if self.verifier:
            self.verifier.stop()


def write(path, content, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
        file.write(content)


class GoogleAuthenticator(Row):
    directory = f"{DATA}/ga"

    def __init__(self, size):
        super().__init__("ga", size, f"pam_google_authenticator.so secret={self.directory}/${{USER}} user=root")

    def file_of(self, user):
        return f"{self.directory}/{user}"

    def make(self):
        import base64
        os.mkdir(self.directory, 0o700)
        for i in range(self.size):
            secret = base64.b32encode(secret_of(name_of(i))).decode()
            write(self.file_of(name_of(i)), f'{secret}\n" DISALLOW_REUSE\n" TOTP_AUTH\n'.encode())
        self.remember(map(self.file_of, self.signers))


class Oath(Row):
    def __init__(self, name, size):
        self.path = f"{DATA}/{name}/users.oath"
        super().__init__(name, size, f"pam_oath.so usersfile={self.path} window=1 digits=6")

    def file_of(self, user):
        return self.path

    def make(self):
        os.mkdir(os.path.dirname(self.path), 0o700)
        names = map(name_of, range(self.size))
        write(self.path, "".join(f"HOTP/T30/6\t{each}\t-\t{secret_of(each).hex()}\n" for each in names).encode())
        self.remember([self.path])


class All(Row):
    directory = f"{DATA}/all"

    def __init__(self, size, binaries):
        super().__init__("all", size, f"{binaries}/pam_all.so {self.directory}")

    def file_of(self, user):
        return f"{self.directory}/{user}.state"

    def make(self):
        os.mkdir(self.directory, 0o700)
        for user in self.signers:
            text = (f"version: 1\nuser: {user}\nstatus: active\nmethods:\n  - id: app-1\n    kind: totp\n"
                    f"    label: phone\n    secret: {secret_of(user).hex()}\n    digits: 6\n    period: 30\n"
                    f"    algorithm: sha1\n  - id: recovery\n    kind: recovery\n    label: sheet\n"
                    f"    codes: {'A' * 600}\n    count: 10\n")
            write(f"{self.directory}/{user}.yaml", text.encode())
            write(self.file_of(user), bytes(64))
        self.remember(map(self.file_of, self.signers))


class Utmfa(Row):
    def __init__(self, name, size, binaries, build):
        self.binaries, self.build = binaries, build
        self.directory, self.run = f"{DATA}/{name}", f"/run/{name}"
        super().__init__(name, size, f"{build}/pam_utmfa/pam_utmfa.so run-dir={self.run} verifier=none")

    def file_of(self, user):
        return f"{self.directory}/state/{user}"

    def make(self):
        os.mkdir(self.directory, 0o755)
        write(f"{self.directory}/utmfa.yaml", b"version: 1\n", 0o644)
        people = "".join(f"{name_of(i)} {secret_of(name_of(i)).hex()}\n" for i in range(self.size))
        subprocess.run([f"{self.binaries}/make_users", self.directory, f"{self.directory}/keys"], input=people.encode(),
                       check=True)
        self.remember(map(self.file_of, self.signers))

    def command(self):
        return [f"{self.build}/utmfad/utmfad", "--config", f"{self.directory}/utmfa.yaml", "--run-dir", self.run,
                "--data-dir", self.directory, "--keys-dir", f"{self.directory}/keys"]

    def start(self):
        os.makedirs(self.run, 0o755, exist_ok=True)
        self.verifier = Verifier(self.name, self.command())


class Verifier:
    """In a control group of its own, so that its CPU, with all that it forks, can be read to the microsecond."""

    def __init__(self, name, command):
        self.group = control_group(name)
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        where = f"/run/notify-{name}"
        ready.bind(where)
        ready.settimeout(30)
        self.log = open(f"/run/{name}.log", "w+")
        environment = {"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": where}
        self.process = subprocess.Popen(command, preexec_fn=self.enter, env=environment, stderr=self.log)
        self.usage = self.usage_file()
        try:
            while b"READY=1" not in ready.recv(4096):
                pass
        except TimeoutError:
            raise SystemExit(f"{command[0]} did not become ready: {open(self.log.name).read()}")
        ready.close()

    def enter(self):
        if self.group:
            with open(f"{self.group}/cgroup.procs", "w") as file:
                file.write("0")

    def usage_file(self):
        for each in ("cpu.stat", "cpuacct.usage"):
            if self.group and os.path.exists(f"{self.group}/{each}"):
                return f"{self.group}/{each}"
        return f"/proc/{self.process.pid}/stat"

    def used(self):
        with open(self.usage) as file:
            text = file.read()
        if text.startswith("usage_usec"):
            return int(text.split()[1])
        if ")" not in text:
            return int(text) // 1000
        return sum(map(int, text.rpartition(")")[2].split()[11:15])) * 1000000 // os.sysconf("SC_CLK_TCK")

    def settle(self):
        """Waits until what follows a sign-in (a new process that waits) is done."""
        before, still = self.used(), 0
        while still < 5:
            time.sleep(0.01)
            now = self.used()
            before, still = now, still + 1 if now == before else 0

    def pids(self):
        if self.group:
            with open(f"{self.group}/cgroup.procs") as file:
                return sorted(map(int, file.read().split()))
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [self.process.pid] + sorted(map(int, listed.stdout.split()))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if not self.group:
            return
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        while self.pids():
            time.sleep(0.01)
        os.rmdir(self.group)


groups = "utmfa-bench"  # how the names of our control groups begin; one of a run


def control_group(name):
    """A new directory in the hierarchy that counts CPU, or "" where none can be written."""
    with open("/proc/mounts") as file:
        mounts = [line.split() for line in file]
    places = [mount[1] for mount in mounts if mount[2] == "cgroup2"]
    places += [mount[1] for mount in mounts if mount[2] == "cgroup" and "cpuacct" in mount[3]]
    for place in places:
        path = f"{place}/{groups}-{name}"
        try:
            os.mkdir(path)
            return path
        except OSError:
            continue
    return ""


def make_rows(names, binaries, build):
    sizes = [int(name.split("-")[1]) for name in names if "-" in name]
    most = max(sizes + [SIGNERS])
    rows = []
    for name in names:
        kind, _, size = name.partition("-")
        if kind == "permit":
            rows.append(Row(name, SIGNERS, "pam_permit.so"))
        elif kind == "ga":
            rows.append(GoogleAuthenticator(most))
        elif kind == "all":
            rows.append(All(most, binaries))
        elif kind == "oath":
            rows.append(Oath(name, int(size)))
        else:
            rows.append(Utmfa(name, int(size), binaries, build))
    os.makedirs(CONFDIR)
    write(f"{CONFDIR}/other", b"auth required pam_deny.so\n", 0o644)
    for row in rows:
        write(f"{CONFDIR}/{row.name}", f"auth required {row.line}\n".encode(), 0o644)
    # Only those who sign in are in passwd: a search through 60,000 lines is the name service's cost, not a module's.
    people = sorted({each for row in rows if not isinstance(row, Oath) for each in row.signers})
    with open("/etc/passwd", "a") as file:
        file.writelines(f"{each}:x:{200000 + int(each[1:])}:100::/nonexistent:/bin/sh\n" for each in people)
    return rows
