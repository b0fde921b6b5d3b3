# SPDX-License-Identifier: Apache-2.0
"""The few words in which the cases of the software key are written. Each begins with keys as from the factory."""

import contextlib
import os
import sys
import tempfile
import threading

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ssh"))
from keys import Keys  # noqa: E402
from suite import Suite, expect  # noqa: E402
from tools_of_debian import Registration, on_terminal  # noqa: E402

suite, keys = Suite("key"), Keys()
PIN, OTHER_PIN = "secret-42", "secret-43"


def case(title):
    """A function that is given a directory of its own."""
    def keep(function):
        def fresh():
            keys.fresh()
            with tempfile.TemporaryDirectory(prefix="utmfa-fido-") as directory:
                function(directory)
        return suite.case(title)(fresh)
    return keep


def registered(directory, kind="es256", *options, pin=None, **how):
    made = Registration(directory, kind, **how)
    status, said = made.make(*options, pin=pin)
    expect(status == 0, f"fido2-cred -M: {said}")
    status, said = made.check()
    expect(status == 0, f"fido2-cred -V: {said}")
    return made


def asserted(made, *options, **how):
    status, said = made.assertion(*options, **how)
    expect(status == 0, f"fido2-assert -G: {said}")
    status, said = made.verify("-p")
    expect(status == 0, f"fido2-assert -V: {said}")


def fails(done, *words):
    status, said = done
    expect(status != 0, f"it went well: {said}")
    for word in words:
        expect(word in said, f"it does not say {word!r}: {said}")


def set_pin(pin=PIN, node="/dev/hidraw0"):
    status, said = on_terminal("fido2-token", "-S", node, answers=[pin, pin])
    expect(status == 0, f"fido2-token -S: {said}")


@contextlib.contextmanager
def meanwhile(act):
    """Another thread does something to the key while a program waits for it."""
    trouble = []

    def guarded():
        try:
            act(Keys())
        except Exception as wrong:  # told below, in the thread that counts
            trouble.append(wrong)

    thread = threading.Thread(target=guarded)
    thread.start()
    yield
    thread.join()
    expect(not trouble, f"meanwhile: {trouble}")
