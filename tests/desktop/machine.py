# SPDX-License-Identifier: Apache-2.0
# A booted Debian in a container, made of the tree of the distribution's packages and of what was built here: one for the
# whole suite. The tree is never written to: everything is above it, in memory, and gone at the end. It must be started in
# mount and process namespaces of its own, so that nothing outlives it.
import os
import re
import select
import signal
import socket
import subprocess
import time

BOOT = 180  # seconds, each of these for one event on a busy machine
EVENT = 120
PASSWORD = "correct horse"


class Machine:
    def __init__(self, tree, build, scratch):
        self.scratch, self.root = scratch, scratch + "/root"
        os.makedirs(scratch, exist_ok=True)
        mount("-t", "tmpfs", "-o", "mode=0755", "desktop", scratch)
        for name in ("upper", "work", "root"):
            os.mkdir(f"{scratch}/{name}", 0o755)
        mount("-t", "overlay", "-o", f"lowerdir={tree},upperdir={scratch}/upper,workdir={scratch}/work", "desktop",
              self.root)
        self.leader = self.guest = None
        with open(f"{scratch}/install.log", "wb") as log:
            subprocess.run(["meson", "install", "-C", build, "--no-rebuild"], check=True, stdout=log, stderr=log,
                           env={**os.environ, "DESTDIR": self.root})

    def write(self, path, text, mode=0o644):
        path = self.root + path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def read(self, path):
        with open(self.root + path, encoding="utf-8") as file:
            return file.read()

    def before_boot(self, *command):
        subprocess.run(["chroot", self.root, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def boot(self):
        """Waits for the guest's own word that it is up."""
        path = self.scratch + "/notify"
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(path)
        console = open(self.scratch + "/console.log", "wb")
        self.guest = subprocess.Popen(
            ["systemd-nspawn", "-q", "--keep-unit", "--register=no", "--private-network", "--capability=all",
             "--notify-ready=yes", "--hostname=lab1", "--console=pipe", "-b", "-D", self.root],
            stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": path})
        until = time.monotonic() + BOOT
        said = ""
        while "READY=1" not in said:
            ready.settimeout(max(until - time.monotonic(), 0.01))
            try:
                said = ready.recv(4096).decode()
            except TimeoutError:
                raise RuntimeError(f"the container did not boot within {BOOT} s; see {self.scratch}/console.log") from None
            found = re.search(r"X_NSPAWN_LEADER_PID=(\d+)", said)
            if found:
                self.leader = found[1]

    def command(self, *command):
        return ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-r", "-w", *command]

    def run(self, *command, stdin="", check=True):
        done = subprocess.run(self.command(*command), input=stdin, capture_output=True, text=True, timeout=EVENT,
                              env=self.environment(), check=False)
        if check and done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def start(self, *command, environment=None, **how):
        return subprocess.Popen(self.command(*command), env={**self.environment(), **(environment or {})}, **how)

    @staticmethod
    def environment():
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}

    def stop(self):
        if self.guest and self.guest.poll() is None:
            self.guest.send_signal(signal.SIGKILL)  # all of it is in memory
            self.guest.wait()


class Journal:
    """The lines of the journal from now on."""

    def __init__(self, machine):
        self.process = machine.start("journalctl", "-f", "--no-tail", "-o", "cat", stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.bytes = b""
        machine.run("logger", "-t", "desktop", "the journal is read from here")
        self.wait_for("the journal is read from here")
        self.forget()

    def tick(self, seconds):
        """Waits for a line, at most so long."""
        if select.select([self.process.stdout], [], [], seconds)[0]:
            self.bytes += self.process.stdout.read() or b""

    def text(self):
        self.tick(0)
        return self.bytes.decode(errors="replace")

    def forget(self):
        self.tick(0)
        self.bytes = b""

    def wait_for(self, pattern, seconds=EVENT):
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text())):
            left = until - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not in the journal after {seconds} s: {pattern}\n{self.text()[-3000:]}")
            self.tick(left)
        return found


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)
