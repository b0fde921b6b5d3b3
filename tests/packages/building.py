# SPDX-License-Identifier: Apache-2.0
# Builds: the tarball of meson dist, and Debian packages from a copy of the tree. Nothing is installed on the machine and
# nothing is written outside of build/packages.
import contextlib
import glob
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "build", "packages")
sys.path.insert(0, os.path.join(TOP, "tests", "ssh"))
from suite import Skip, Suite, expect, main  # noqa: E402 pylint: disable=wrong-import-position,unused-import

# The tree may belong to somebody else than root, who runs this; it is only read.
GIT = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
suite = Suite("packages", longest=7200)  # everything is built in one of them
made = {}  # what a case leaves to those after it


def run(*words, check=True, timeout=1200, log=None, environment=None, cwd=None, stdin=None):
    """Runs a command; its output goes to the log, where one is named, and is in the result otherwise."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(open(log, "w", encoding="utf-8")) if log else subprocess.PIPE
        done = subprocess.run(words, stdout=out, stderr=subprocess.STDOUT, text=True, errors="replace", input=stdin,
                              timeout=timeout, check=False, cwd=cwd, env={**os.environ, **GIT, **(environment or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}: {tail(log) if log else done.stdout[-2000:]}")
    return done


def tail(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        return f"see {log}:\n" + "".join(file.readlines()[-15:])


def fresh(*parts):
    directory = os.path.join(OUT, *parts)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    return directory


def in_git():
    return run("git", "rev-parse", "--git-dir", check=False, cwd=TOP).returncode == 0


def names():
    """The files of the tree: what git knows or would take, or everything but what a build makes."""
    if in_git():
        listed = run("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=TOP).stdout.split("\0")
        return [name for name in listed if name and os.path.lexists(os.path.join(TOP, name))]
    found = []
    for directory, directories, files in os.walk(TOP):
        directories[:] = [d for d in directories if d not in (".git", "__pycache__") and not d.startswith("build")]
        found += [os.path.relpath(os.path.join(directory, name), TOP) for name in files]
    return found


def as_committed():
    return in_git() and not run("git", "status", "--porcelain", cwd=TOP).stdout


def copied(directory):
    """With the times of now, as a fresh checkout has them: packages must not depend on when a file was edited."""
    for name in names():
        target = os.path.join(directory, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(os.path.join(TOP, name), target, follow_symlinks=False)
    return directory


def version():
    return run("dpkg-parsechangelog", "-S", "Version", "-l", os.path.join(TOP, "debian", "changelog")).stdout.strip()


def upstream():
    return version().rsplit("-", 1)[0]


def debs(directory, kind="deb"):
    return sorted(glob.glob(os.path.join(directory, f"*.{kind}")))


def cached():
    """The compiler behind ccache, where there is one: what other builds have compiled in the same way is taken over."""
    if not os.path.isdir("/usr/lib/ccache"):
        return {}
    # debhelper gives each build a home of its own, where ccache would not find what it knows.
    kept = os.environ.get("CCACHE_DIR") or os.path.expanduser("~/.cache/ccache")
    # By the files that were read (depend): by what the preprocessor makes of them two sources are one that differ in their columns,
    # which are in the debug information. The language of messages is another in rpmbuild.
    return {"PATH": "/usr/lib/ccache:" + os.environ["PATH"], "CCACHE_BASEDIR": OUT, "CCACHE_NOHASHDIR": "1", "CCACHE_DIR": kept,
            "CCACHE_DEPEND": "1", "CCACHE_SLOPPINESS": "locale"}


# Without packages of debug symbols: minutes of packing, and what is in them is in the build-id of each program.
OPTIONS = "nocheck noautodbgsym"


def build(source, environment, *options, before=()):
    """Debian packages in the directory above the source."""
    log = os.path.join(OUT, os.path.basename(os.path.dirname(source)) + ".log")
    run(*before, "dpkg-buildpackage", "-us", "-uc", *(options or ("-b",)), cwd=source, log=log, timeout=6000,
        environment={"DEB_BUILD_OPTIONS": f"{OPTIONS} parallel={os.cpu_count()}", **environment})
    return os.path.dirname(source)
