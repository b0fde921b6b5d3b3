# SPDX-License-Identifier: Apache-2.0
"""CTAPHID (CTAP 2.1, 11.2): packets, channels, one transaction at a time, keepalives while a touch is awaited. Knows no
device: it is handed packets, hands packets out, and asks for calls later."""

import os
import struct

from . import u2f
from .ctap2 import Ctap2
from .errors import CtapError, Code

PING, MSG, LOCK, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 0x01, 0x03, 0x04, 0x06, 0x08, 0x10, 0x11, 0x3B, 0x3F
BROADCAST, LARGEST, PACKET = 0xFFFFFFFF, 7609, 64
PROCESSING, UP_NEEDED = 1, 2
KEEPALIVE_MS, MESSAGE_MS = 100, 500


class Message:
    """One that comes in, packet by packet."""

    def __init__(self, channel, command, size):
        self.channel, self.command, self.size, self.data, self.sequence = channel, command, size, b"", 0

    def add(self, data):
        self.data = (self.data + data)[:self.size]

    @property
    def whole(self):
        return len(self.data) == self.size


class Hid:
    """send(packet of 64 bytes); later(milliseconds, function) gives a function that takes it back; unplug()."""

    def __init__(self, key, send, later, unplug):
        self.key, self.send, self.later, self.unplug = key, send, later, unplug
        self.ctap2 = Ctap2(key)
        self.power_cycle()

    def power_cycle(self):
        self.channels, self.coming, self.running, self.timers = set(), None, None, []
        self.owner = self.command = None

    # --- what the tests look at
    @property
    def wants_touch(self):
        return self.running is not None or self.key.asking_by_u2f

    @property
    def idle(self):
        return self.running is None and self.coming is None and not self.key.asking_by_u2f

    # --- packets in
    def packet(self, data):
        if len(data) != PACKET:
            return
        channel, first = struct.unpack(">IB", data[:5])
        if not first & 0x80:
            self.continuation(channel, first, data[5:])
            return
        command, size = first & 0x7F, struct.unpack(">H", data[5:7])[0]
        if command == INIT:
            self.initialise(channel, size, data[7:15])
        elif channel not in self.channels:
            self.error(channel, Code.INVALID_CHANNEL)
        elif command == CANCEL:
            if self.running and channel == self.owner:
                self.finger(CtapError(Code.KEEPALIVE_CANCEL))
        elif self.running or (self.coming and self.coming.channel != channel):
            self.error(channel, Code.CHANNEL_BUSY)
        elif self.coming:
            self.drop()
            self.error(channel, Code.INVALID_SEQ)
        elif size > LARGEST:
            self.error(channel, Code.INVALID_LENGTH)
        else:
            self.coming = Message(channel, command, size)
            self.timers.append(self.later(MESSAGE_MS, self.late))
            self.take(data[7:])

    def continuation(self, channel, sequence, data):
        if not self.coming or channel != self.coming.channel:
            return
        if sequence != self.coming.sequence:
            self.drop()
            self.error(channel, Code.INVALID_SEQ)
            return
        self.coming.sequence += 1
        self.take(data)

    def take(self, data):
        self.coming.add(data)
        if self.coming.whole:
            message = self.coming
            self.drop()
            self.start(message)

    def drop(self):
        self.coming = None
        self.stop_timers()

    def late(self):
        channel = self.coming.channel
        self.drop()
        self.error(channel, Code.TIMEOUT)

    def initialise(self, channel, size, nonce):
        if size != 8 or channel == 0:
            self.error(channel, Code.INVALID_LENGTH if channel else Code.INVALID_CHANNEL)
            return
        given = channel
        if channel == BROADCAST:
            given = struct.unpack(">I", os.urandom(4))[0] % (BROADCAST - 1) + 1
            self.channels.add(given)
        elif channel not in self.channels:
            self.error(channel, Code.INVALID_CHANNEL)
            return
        elif channel == self.owner or (self.coming and self.coming.channel == channel):
            self.drop()
            self.running = self.owner = None
        can = 1 | (0 if self.key.settings["ctap"] == "u2f" else 4)
        self.frame(channel, INIT, nonce + struct.pack(">IBBBBB", given, 2, 5, 4, 0, can))

    # --- a command
    def start(self, message):
        self.owner, self.command = message.channel, message.command
        if message.command == PING:
            self.finish(message.data)
        elif message.command == WINK:
            self.finish(b"")
        elif message.command == MSG:
            self.u2f(message.data)
        elif message.command == CBOR and self.key.settings["ctap"] != "u2f":
            self.running = self.guarded(self.ctap2.handle(message.data))
            self.go_on(None)
        else:
            self.owner = None
            self.error(message.channel, Code.INVALID_COMMAND)

    def guarded(self, work):
        """The replies of a command, with what the settings put in the place of an answer."""
        try:
            step = next(work)
            while True:
                self.interfere("request")
                step = work.send((yield step))
        except StopIteration as done:
            self.interfere("request")
            return done.value
        except CtapError as wrong:
            return bytes([wrong.code])

    def interfere(self, when):
        if self.key.now not in self.key.settings["fault_in"]:
            return
        if self.key.settings["error"]:
            raise CtapError(self.key.settings["error"])
        if self.key.settings["unplug"] == when:
            self.unplug()

    def u2f(self, data):
        status = u2f.handle(self.key, data)
        if status != u2f.UNTOUCHED and "u2f" in self.key.settings["fault_in"] and self.key.settings["unplug"] == "request":
            self.unplug()
        if status == u2f.UNTOUCHED and self.key.settings["unplug"] == "touch":
            self.unplug()
        self.finish(status)

    def go_on(self, error):
        """To the next touch, or to the end."""
        self.stop_timers()
        try:
            work = self.running
            _ = work.throw(error) if error else work.send(None)
        except StopIteration as done:
            self.running = None
            self.finish(done.value)
            return
        except CtapError as wrong:
            self.running = None
            self.finish(bytes([wrong.code]))
            return
        if self.running:
            self.await_touch()

    def await_touch(self):
        settings = self.key.settings
        if settings["unplug"] == "touch":
            self.unplug()
            return
        how = settings["touch"]
        if how == "refuse":
            self.finger(CtapError(Code.OPERATION_DENIED))
        elif how == "now" and not settings["touch_ms"]:
            self.go_on(None)
        else:
            if how == "now":
                self.timers.append(self.later(settings["touch_ms"], lambda: self.finger(None)))
            self.timers.append(self.later(settings["touch_limit_ms"] if how != "time-out" else 300,
                                          lambda: self.finger(CtapError(Code.USER_ACTION_TIMEOUT))))
            self.alive()

    def alive(self):
        self.frame(self.owner, KEEPALIVE, bytes([UP_NEEDED]))
        self.timers.append(self.later(KEEPALIVE_MS, self.alive))

    def finger(self, error):
        """The person touched (nothing) or something else became of it."""
        if self.running:
            self.go_on(error)
        elif error is None:
            self.key.given = True
        else:
            self.key.refused = True

    def stop_timers(self):
        for stop in self.timers:
            stop()
        self.timers = []

    # --- packets out
    def finish(self, reply):
        channel, command, self.owner = self.owner, self.command, None
        if channel is None:  # unplugged meanwhile
            return
        fault = self.key.settings.fault(self.key.now) if command in (CBOR, MSG) else "none"
        if fault == "silent":
            return
        if fault == "busy":
            self.error(channel, Code.CHANNEL_BUSY)
            return
        self.reply(channel, command, garbled(reply, fault), fault)

    def reply(self, channel, command, data, fault):
        packets = list(framed(channel if fault != "other-channel" else channel ^ 1, command, data))
        if fault == "overlong":
            packets[0] = packets[0][:5] + b"\xff\xff" + packets[0][7:]
        if fault == "bad-sequence":
            packets = packets[:1] + packets[:0:-1] if len(packets) > 2 else [struct.pack(">IB", channel, 5) + bytes(59)] + packets
        if self.key.settings["unplug"] == "reply" and self.key.now in self.key.settings["fault_in"]:
            self.send(packets[0])
            self.unplug()
            return
        for packet in packets:
            self.send(packet)

    def frame(self, channel, command, data):
        for packet in framed(channel, command, data):
            self.send(packet)

    def error(self, channel, code):
        self.frame(channel, ERROR, bytes([code]))


def framed(channel, command, data):
    """The packets of a message."""
    first, rest = data[:PACKET - 7], data[PACKET - 7:]
    yield (struct.pack(">IBH", channel, 0x80 | command, len(data)) + first).ljust(PACKET, b"\0")
    for number, at in enumerate(range(0, len(rest), PACKET - 5)):
        yield (struct.pack(">IB", channel, number) + rest[at:at + PACKET - 5]).ljust(PACKET, b"\0")


def garbled(reply, fault):
    made = {
        "malformed-cbor": b"\0\xff\xfe" + reply[3:], "truncated-cbor": reply[:max(2, len(reply) // 2)],
        "deep-cbor": b"\0" + b"\x81" * 1000 + b"\0", "wrong-types": b"\0\xa3\x01\x01\x02\x02\x03\x03",
        "empty": b"\0", "nothing": b"", "oversize": (b"\0\x59\x1d\xb3" + bytes(LARGEST))[:LARGEST],
    }
    if fault == "noise":  # by chance it would say something now and then: refused, no such credential
        return b"\x9c" + os.urandom(197) + b"\xde\xad"
    return made.get(fault, reply)
