# SPDX-License-Identifier: Apache-2.0
"""What a test says to the keys of with_keys.py that it runs under. Each call is answered when it is done; await_touch and
await_idle are answered when it is so, so that nobody sleeps."""

import contextlib
import json
import os
import socket

ADDRESS = "UTMFA_TEST_KEYS"


class Keys:
    def __init__(self, address=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(address or os.environ[ADDRESS])
        self.stream = self.socket.makefile("r", encoding="ascii")

    def ask(self, act, key=0, **more):
        self.socket.sendall((json.dumps({"act": act, "key": key, **more}) + "\n").encode())
        answer = json.loads(self.stream.readline() or '{"error": "the keys have gone"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def fresh(self, *plugged):
        """All as they left the factory; those plugged in, or all."""
        for number in range(self.count()):
            self.ask("fresh", number)
            if plugged and number not in plugged:
                self.unplug(number)

    def count(self):
        return self.ask("state")["count"]

    def set(self, key=0, **values):
        self.ask("set", key, values=values)

    @contextlib.contextmanager
    def but(self, key=0, **values):
        """So for a while."""
        before = self.state(key)["settings"]
        self.set(key, **values)
        try:
            yield
        finally:
            self.set(key, **before)

    def behave(self, key=0):
        """What it holds stays; it is plugged in, and does as it should."""
        self.ask("behave", key)

    def state(self, key=0):
        return self.ask("state", key)

    def touch(self, key=0):
        self.ask("touch", key)

    def refuse(self, key=0):
        self.ask("refuse", key)

    def plug(self, key=0):
        self.ask("plug", key)

    def unplug(self, key=0):
        self.ask("unplug", key)

    def power_cycle(self, key=0):
        self.unplug(key)
        self.plug(key)

    def counter(self, value, key=0):
        self.ask("counter", key, value=value)

    def choose_pin(self, text, key=0):
        self.ask("pin", key, value=text)

    def await_touch(self, key=0, seconds=60):
        self.ask("await", key, what="touch", seconds=seconds)

    def await_idle(self, key=0, seconds=60):
        self.ask("await", key, what="idle", seconds=seconds)

    def transcript(self, key=0):
        """What went over the wire since the last call: (direction, packet)."""
        return [(way, bytes.fromhex(packet)) for way, packet in self.ask("transcript", key)["packets"]]
