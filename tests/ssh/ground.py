# SPDX-License-Identifier: Apache-2.0
# The ground of every system test: where utmfa has its files, what its prompts look like, a file written, a command run,
# and the world's log. Runs as root inside tools/world only.
import os
import re
import select
import subprocess
import time

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
