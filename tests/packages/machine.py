# SPDX-License-Identifier: Apache-2.0
# A Debian 12 machine in a container of systemd-nspawn: a tree made once by mmdebstrap from this machine's own package
# sources (kept in build/packages), unpacked, booted with its own systemd, without a network. What the ssh suite knows
# (people who enrol, the ssh client on a terminal) works here unchanged: commands of the machine lie on the PATH.
import contextlib
import glob
import hashlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

from building import OUT, Skip, debs, expect, fresh, run

# What a machine has that people sign in to, and what debian/tests asks for.
BASE = ("systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "openssh-client", "sudo", "passwd", "procps",
        "python3-minimal", "pamtester", "libpam-runtime", "rsyslog", "exim4-daemon-light",
        "oathtool", "python3-pexpect", "apt-utils")
ROOT = os.path.join(OUT, "machine")
BIN = os.path.join(OUT, "bin")
COMMANDS = ("utmfa-enroll", "utmfa-admin", "ssh")


def sources():
    """The package sources of this machine that are Debian's."""
    found = []
    for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]:
        if not path.endswith((".list", ".sources")) or not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            if re.search(r"^(deb |URIs:).*/debian", file.read(), re.M):
                found.append(path)
    return found


def dependencies(directory):
    """The packages of Debian that ours depend on, the first of each choice."""
    needed = set()
    for path in debs(directory):
        for field in run("dpkg-deb", "-f", path, "Depends", "Pre-Depends").stdout.splitlines():
            for each in field.partition(": ")[2].split(","):
                name = re.match(r"\s*([a-z0-9.+-]+)", each)
                if name and "utmfa" not in name[1]:
                    needed.add(name[1])
    return needed


def may_boot():
    """Why not, or nothing."""
    if os.geteuid() != 0:
        return "only root can start a container"
    if subprocess.run(["unshare", "-m", "-n", "-p", "-i", "-u", "-f", "--mount-proc", "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        return "this machine does not let root make namespaces (in a container: start it with --privileged)"
    for command in ("mmdebstrap", "systemd-nspawn"):
        if shutil.which(command) is None:
            return f"{command} is not installed"
    return ""


def tree(directory):
    """The archive of the machine without our packages; made where it is missing or something else is needed now."""
    if missing := may_boot():
        raise Skip(missing)
    wanted = sorted({*BASE, *dependencies(directory)})
    name = hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    path = os.path.join(OUT, f"tree-{name}.tar")
    if not os.path.exists(path):
        for old in glob.glob(os.path.join(OUT, "tree-*.tar")):
            os.unlink(old)
        run("mmdebstrap", "--variant=minbase", "--include=" + ",".join(wanted), "bookworm", path + ".part.tar", *sources(),
            log=os.path.join(OUT, "tree.log"))
        os.rename(path + ".part.tar", path)
    return path


def unpacked(directory, name="machine"):
    archive = tree(directory)
    root = fresh(name)
    run("tar", "-xf", archive, "-C", root, "--numeric-owner", "--xattrs", "--exclude=./dev/*")
    with open(os.path.join(root, "etc", "hostname"), "w", encoding="ascii") as file:
        file.write("lab1\n")
    with open(os.path.join(root, "etc", "hosts"), "w", encoding="ascii") as file:
        file.write("127.0.0.1 localhost lab1\n")
    return root


def one_hierarchy():
    """Control groups as Debian 12 has them, on a machine that still has the old ones too: there systemd keeps devices away from a
    unit, by programs of its own (bpf)."""
    return {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"} if os.path.exists("/sys/fs/cgroup/unified/cgroup.procs") else {}


class Machine:
    def __init__(self, root):
        self.root, self.leader, self.process = root, None, None

    def boot(self):
        """Until its systemd says that it has started."""
        where = self.root + ".notify"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(where)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(where)
            ready.settimeout(120)
            log = self.root + ".boot.log"
            with open(log, "w", encoding="utf-8") as out:
                self.process = subprocess.Popen(
                    ["systemd-nspawn", "-q", "--keep-unit", "--register=no", "--private-network", "--capability=all",
                     "--system-call-filter=bpf", "--notify-ready=yes", "--resolv-conf=off", "--timezone=off", "--console=pipe", "-b",
                     "-D", self.root],
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                    env={**os.environ, **one_hierarchy(), "NOTIFY_SOCKET": where})
            said = ""
            try:
                while "READY=1" not in said.split("\n"):
                    said += ready.recv(4096).decode() + "\n"
            except TimeoutError:
                self.process.kill()
                raise AssertionError(f"the machine did not start: see {log}; it said {said!r}") from None
        self.leader = re.search(r"X_NSPAWN_LEADER_PID=(\d+)", said)[1]
        self.shims()
        return self

    def shims(self):
        """Commands of the machine as commands of ours."""
        shutil.rmtree(BIN, ignore_errors=True)
        os.makedirs(BIN)
        for name in COMMANDS:
            path = os.path.join(BIN, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nexec {" ".join(self.inside(name))} "$@"\n')
            os.chmod(path, 0o755)
        os.environ["PATH"] = BIN + ":" + os.environ["PATH"].replace(BIN + ":", "")

    def inside(self, *words):
        return ["nsenter", "-t", self.leader, "-a", "-r", "-w", "env", "-i", "LANG=C.UTF-8", "TERM=xterm", "HOME=/root",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *words]

    def do(self, *words, check=True, stdin=None, timeout=300):
        return run(*self.inside(*words), check=check, stdin=stdin, timeout=timeout)

    def sh(self, script, check=True):
        return self.do("sh", "-euc", script, check=check).stdout.strip()

    def wait_for_line(self, path, pattern, seconds=60):
        """The first line of a file, which may not be there yet, that matches; None when none came in time."""
        follow = subprocess.Popen(self.inside("tail", "-n", "+1", "-F", path), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        deadline, rest = time.monotonic() + seconds, b""
        try:
            while select.select([follow.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                read = os.read(follow.stdout.fileno(), 65536)
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    if re.search(pattern, line.decode(errors="replace")):
                        return line.decode(errors="replace")
            return None
        finally:
            follow.kill()
            follow.wait()

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def install(self, directory, *options):
        """Our packages, as apt installs files; nothing is fetched. What apt said."""
        shutil.rmtree(self.path("/var/tmp/debs"), ignore_errors=True)
        os.makedirs(self.path("/var/tmp/debs"))
        for path in debs(directory):
            if "-dbgsym_" not in path:
                shutil.copy(path, self.path("/var/tmp/debs"))
        said = self.sh(f"apt-get install -y -q --no-install-recommends {' '.join(options)} /var/tmp/debs/*.deb")
        shutil.rmtree(self.path("/var/tmp/debs"))
        return said

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # systemd-nspawn asks the machine to shut down
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cut(self):
        """The power goes: no process ends by itself, and nothing is written any more."""
        os.kill(int(self.leader), signal.SIGKILL)
        self.process.wait(timeout=60)

    def files(self):
        """Every path of the tree with what matters of it; directories by their mode, files by their content too."""
        found = {}
        for directory, directories, names in os.walk(self.root):
            here = os.path.relpath(directory, self.root)
            directories[:] = [d for d in directories
                              if os.path.normpath(os.path.join(here, d)) not in ("proc", "sys", "dev", "run", "tmp")]
            for name in directories + names:
                path = os.path.join(directory, name)
                about = os.lstat(path)
                content = ""
                if os.path.islink(path):
                    content = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        content = hashlib.sha256(file.read()).hexdigest()
                found[os.path.normpath(os.path.join("/", here, name))] = (about.st_mode, about.st_uid, about.st_gid, content)
        return found


def higher(directory, to):
    """The same packages under a higher version, as a new release would come."""
    target = fresh(to)
    for path in debs(directory):
        if "-dbgsym_" in path:
            continue
        old = run("dpkg-deb", "-f", path, "Version").stdout.strip()
        work = fresh(to + "-work")
        run("dpkg-deb", "-R", path, work)
        control = os.path.join(work, "DEBIAN", "control")
        with open(control, encoding="utf-8") as file:
            text = file.read()
        expect(f"Version: {old}\n" in text, f"{path}: no version")
        with open(control, "w", encoding="utf-8") as file:
            file.write(text.replace(old, old + "+1"))
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", work, target)
    shutil.rmtree(os.path.join(OUT, to + "-work"))
    return target
