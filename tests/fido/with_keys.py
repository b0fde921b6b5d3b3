#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""with_keys.py [--keys N] -- COMMAND...

Runs a command in whose sight N security keys are plugged in: umockdev shows it /sys and /dev/hidraw0 and on, and keys in
software answer there. Programs are unmodified; they see the keys where LD_PRELOAD and UMOCKDEV_DIR reach them, which are
in the environment of the command. keys.py is how the command changes the keys meanwhile (UTMFA_TEST_KEYS).
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    from plugging import GLib, Port, testbed
except (ImportError, ValueError) as missing:
    print(f"{missing}: tools/packages says what this needs")
    sys.exit(77)
from authenticator.errors import CtapError, Code  # noqa: E402
from authenticator.settings import DEFAULTS  # noqa: E402
from keys import ADDRESS  # noqa: E402

PRELOAD = "libumockdev-preload.so.0"


class Desk:
    """Answers what keys.py asks, one line a question."""

    acts = ("state", "set", "touch", "refuse", "plug", "unplug", "fresh", "behave", "counter", "pin", "transcript",
            "await")

    def __init__(self, ports, path):
        self.ports = ports
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen()
        GLib.io_add_watch(self.listener.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN, self.visitor)

    def visitor(self, *_):
        connection, _ = self.listener.accept()
        GLib.io_add_watch(connection.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, self.line, connection,
                          bytearray())
        return True

    def line(self, _, condition, connection, held):
        data = connection.recv(65536)
        if not data:
            connection.close()
            return False
        held += data
        while b"\n" in held:
            text, _, rest = bytes(held).partition(b"\n")
            held[:] = rest
            self.answer(connection, json.loads(text))
        return True

    def answer(self, connection, question):
        try:
            act, port = question["act"], self.ports[question["key"]]
            if act not in self.acts:
                raise ValueError(f"no act {act}")
            if act == "await":
                self.wait(connection, port, question)
                return
            said = getattr(self, act)(port, question) or {}
        except Exception as wrong:  # whatever it is, the test must hear of it
            said = {"error": f"{type(wrong).__name__}: {wrong}"}
        self.say(connection, said)

    @staticmethod
    def say(connection, said):
        connection.setblocking(True)
        connection.sendall((json.dumps(said) + "\n").encode())

    def wait(self, connection, port, question):
        what, until = question["what"], time.monotonic() + question["seconds"]
        if what not in ("touch", "idle"):
            raise ValueError(f"nobody can await {what}")

        def look():
            if port.hid.wants_touch if what == "touch" else port.hid.idle:
                self.say(connection, {})
            elif time.monotonic() > until:
                self.say(connection, {"error": f"key {port.number}: no {what} within {question['seconds']} s"})
            else:
                return True
            return False

        if look():
            GLib.timeout_add(10, look)

    def state(self, port, _):
        key = port.key
        return {"count": len(self.ports), "plugged": port.plugged, "touch": port.hid.wants_touch, "settings": key.settings,
                "counter": key.counter, "pin": key.pin.is_set, "retries": key.pin.retries, "node": port.node,
                "kept": len(key.store.resident), "root": key.maker.root}

    def set(self, port, question):
        port.key.settings.change(question["values"])

    def behave(self, port, _):
        port.key.settings.change(DEFAULTS)
        port.plug()

    def counter(self, port, question):
        port.key.counter = question["value"]

    def pin(self, port, question):
        port.key.pin.set(question["value"].encode().ljust(64, b"\0"))

    def touch(self, port, _):
        port.hid.finger(None)

    def refuse(self, port, _):
        port.hid.finger(CtapError(Code.OPERATION_DENIED))

    def plug(self, port, _):
        port.plug()

    def unplug(self, port, _):
        port.unplug()

    def fresh(self, port, _):
        port.fresh()

    def transcript(self, port, _):
        packets, port.packets = port.packets, []
        return {"packets": packets}


def status_of(code):
    return 128 - code if code < 0 else code


def run(arguments):
    bed = testbed()
    root = bed.get_root_dir()
    ports = [Port(bed, number) for number in range(arguments.keys)]
    desk = Desk(ports, f"{root}/keys")
    environment = {**os.environ, "UMOCKDEV_DIR": root, ADDRESS: f"{root}/keys"}
    environment["LD_PRELOAD"] = f"{environment['LD_PRELOAD']}:{PRELOAD}" if environment.get("LD_PRELOAD") else PRELOAD
    command = subprocess.Popen(arguments.command, env=environment)
    loop, ended = GLib.MainLoop(), []

    def end(_, status):
        ended.append(os.waitstatus_to_exitcode(status))
        loop.quit()

    def hand_on(number):
        command.send_signal(number)
        return True

    GLib.child_watch_add(GLib.PRIORITY_DEFAULT, command.pid, end)
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, hand_on, number)
    loop.run()
    for port in ports:
        port.unplug()
    del desk
    return status_of(ended[0])


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--keys", type=int, default=1)
    parser.add_argument("command", nargs="+")
    sys.exit(run(parser.parse_args()))


if __name__ == "__main__":
    main()
