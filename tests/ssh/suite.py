# SPDX-License-Identifier: Apache-2.0
# A table of cases and its runner, for the suites that run inside tools/world: one line a case, "ok - NAME",
# "not ok - NAME: WHY" or "skip - NAME: WHY", which tools/test counts. A suite without a case is a failure.
import glob
import os
import signal
import subprocess
import sys
import time
import traceback


class Skip(Exception):
    """The case cannot be tried here; its text says what is missing."""


class Suite:
    def __init__(self, name, longest=1200, tries=1):
        """`longest`: seconds of one case on a busy machine, after which it has failed and the next one is tried. `tries`: twice
        where pictures of a screen are read, which fails now and then of what a person would have read."""
        self.name, self.longest, self.tries, self.cases = name, longest, tries, []

    def case(self, title):
        def keep(function):
            self.cases.append((title, function))
            return function
        return keep

    def run(self, arguments):
        """Cases whose title contains the first argument, or all; the exit status."""
        wanted = arguments[0] if arguments else ""
        failed = went = 0
        signal.signal(signal.SIGALRM, self.no_end)
        # Whoever started us may ignore them (nohup), and ssh at a terminal that is closed would send an empty answer and go on.
        for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            if signal.getsignal(each) == signal.SIG_IGN:
                signal.signal(each, signal.SIG_DFL)
        for title, function in self.cases:
            if wanted not in title:
                continue
            started = time.monotonic()
            result, why = self.tried(function)
            for _ in range(1, self.tries):
                if result == "not ok":
                    print(f"# once more: {title}{why}", flush=True)
                    result, why = self.tried(function)
            went, failed = went + (result == "ok"), failed + (result == "not ok")
            print(f"{result} - {self.name}: {title}{why} ({time.monotonic() - started:.1f} s)", flush=True)
        return 1 if failed or not went else 0

    def tried(self, function):
        """What came of a case, and why."""
        signal.alarm(self.longest)
        try:
            function()
            return "ok", ""
        except Skip as missing:
            return "skip", f": {missing}"
        except Exception as error:  # whatever it is, the case failed and the next one is tried
            if not isinstance(error, AssertionError):
                traceback.print_exc()
            return "not ok", f": {str(error) or type(error).__name__}".replace("\n", "\n    ")
        finally:
            signal.alarm(0)

    def no_end(self, *_):
        raise AssertionError(f"no end within {self.longest} s")


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def interruptible():
    """A shell starts what goes to the background with Ctrl-C ignored, and children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main(suite):
    sys.exit(suite.run(sys.argv[1:]))


def unpack(debs):
    """Into the world: the packages that tools/common.sh fetched for one suite."""
    for deb in glob.glob(os.path.join(debs, "*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as tar:
            subprocess.run(["tar", "-x", "-C", "/", "--keep-directory-symlink", "--no-overwrite-dir", "./usr"], check=True,
                           stdin=tar.stdout)
    subprocess.run(["ldconfig"], check=True)
