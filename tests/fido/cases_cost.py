# SPDX-License-Identifier: Apache-2.0
# What security keys cost those who have none here, and those who use something else: nothing is started, nothing loaded.
import contextlib
import os

from client import enroll, run, write
from machine import CODE, PROGRAM, SHOWN, case, expect, granted, keys, owner

STARTED = "/tmp/utmfa-key-was-started"


@contextlib.contextmanager
def noticed():
    """Whoever starts utmfa-key leaves a trace."""
    with open(SHOWN, encoding="ascii") as file:
        before = file.read()
    write(SHOWN, before.replace(f"exec {PROGRAM}", f"echo started > {STARTED}\nexec {PROGRAM}"), 0o755)
    try:
        yield
    finally:
        write(SHOWN, before, 0o755)
        if os.path.exists(STARTED):
            os.unlink(STARTED)


@case("none plugged in: that is known without starting anything; with one, utmfa-key is started")
def _():
    keys.fresh(0)
    key = owner().add_key()
    with noticed():
        keys.unplug(0)
        granted(owner().token, talk=[(CODE, owner().code)])
        expect(not os.path.exists(STARTED), "utmfa-key was started for nothing")
        keys.plug(0)
        granted(key)
        expect(os.path.exists(STARTED), "utmfa-key leaves no trace")


@case("who signs in by a code starts no utmfa-key, though his key is plugged in, and no process of utmfad has libfido2")
def _():
    keys.fresh(0)
    owner().add_key()
    enroll("taro", "default", owner().token)
    with noticed():
        granted(owner().token, talk=[(CODE, owner().code)])
        expect(not os.path.exists(STARTED), "utmfa-key was started for nothing")
    pids = run("pgrep", "-x", "utmfad").stdout.split()
    expect(len(pids) >= 3, f"broker, nursery, and who waits: {pids}")
    for pid in pids:
        with open(f"/proc/{pid}/maps", encoding="ascii") as file:
            loaded = file.read()
        expect("libc.so" in loaded and "fido" not in loaded and "libcbor" not in loaded, f"{pid}: {loaded}")
