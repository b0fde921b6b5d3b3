# SPDX-License-Identifier: Apache-2.0
# CTAPHID packet by packet, without a device: channels, framing, busy, cancel, keepalive, time-outs. A clock that the test
# moves stands in for the main loop.
import os
import struct
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "ssh")]
import cbor2  # noqa: E402
from authenticator import hid  # noqa: E402
from authenticator.errors import Code  # noqa: E402
from authenticator.key import Key  # noqa: E402
from suite import Suite, expect, main  # noqa: E402

suite = Suite("packets")
GET_INFO = b"\x04"
SELECT = b"\x0b"


class Bench:
    """A key on a bench: packets in by hand, packets out in a list, time by hand."""

    def __init__(self, **settings):
        self.key, self.out, self.timers, self.now, self.unplugged = Key(), [], [], 0, False
        self.key.settings.change(settings)
        self.hid = hid.Hid(self.key, self.out.append, self.later, self.pull)

    def later(self, milliseconds, function):
        timer = [self.now + milliseconds, function]
        self.timers.append(timer)
        return lambda: timer in self.timers and self.timers.remove(timer)

    def pull(self):
        self.unplugged = True

    def wait(self, milliseconds):
        until = self.now + milliseconds
        while due := sorted((each for each in self.timers if each[0] <= until), key=lambda each: each[0]):
            self.now = due[0][0]
            self.timers.remove(due[0])
            due[0][1]()
        self.now = until

    def send(self, channel, command, data=b""):
        for packet in hid.framed(channel, command, data):
            self.hid.packet(packet)

    def answers(self):
        """(channel, command, data) of each message that came out since the last call."""
        packets, self.out[:], messages = list(self.out), [], []
        for packet in packets:
            channel, first = struct.unpack(">IB", packet[:5])
            if first & 0x80:
                messages.append([channel, first & 0x7F, struct.unpack(">H", packet[5:7])[0], packet[7:]])
            else:
                messages[-1][3] += packet[5:]
        return [(channel, command, data[:size]) for channel, command, size, data in messages]

    def answer(self):
        said = self.answers()
        expect(len(said) == 1, f"{len(said)} answers: {said}")
        return said[0]

    def channel(self):
        self.send(hid.BROADCAST, hid.INIT, b"8 bytes!")
        channel, command, data = self.answer()
        expect((channel, command, data[:8], len(data)) == (hid.BROADCAST, hid.INIT, b"8 bytes!", 17), data)
        return struct.unpack(">I", data[8:12])[0]


def error(bench, channel, code):
    said = bench.answer()
    expect(said == (channel, hid.ERROR, bytes([code])), f"{said}, expected {code!r}")


@suite.case("each who asks gets a channel of his own, and the key says what it can")
def _():
    bench = Bench()
    expect(len({bench.channel() for _ in range(50)}) == 50, "a channel twice")
    bench.send(hid.BROADCAST, hid.INIT, b"8 bytes!")
    expect(bench.answer()[2][16] == 5, "not CBOR and wink")
    bench = Bench(ctap="u2f")
    bench.send(hid.BROADCAST, hid.INIT, b"8 bytes!")
    expect(bench.answer()[2][16] == 1, "not wink alone")


@suite.case("a ping comes back as it was: empty, one packet, many, the longest")
def _():
    bench = Bench()
    channel = bench.channel()
    for size in (0, 1, 57, 58, 116, 117, hid.LARGEST):
        sent = os.urandom(size)
        bench.send(channel, hid.PING, sent)
        expect(bench.answer() == (channel, hid.PING, sent), f"{size} bytes")


@suite.case("too long, out of order, of nobody, unknown: each its error")
def _():
    bench = Bench()
    channel = bench.channel()
    bench.hid.packet(struct.pack(">IBH", channel, 0x80 | hid.PING, hid.LARGEST + 1).ljust(64, b"\0"))
    error(bench, channel, Code.INVALID_LENGTH)
    first, second, third = hid.framed(channel, hid.PING, bytes(150))
    bench.hid.packet(first)
    bench.hid.packet(third)
    error(bench, channel, Code.INVALID_SEQ)
    bench.hid.packet(second)
    expect(not bench.answers(), "a packet of a message that was given up is answered")
    bench.send(channel ^ 1, hid.PING, b"x")
    error(bench, channel ^ 1, Code.INVALID_CHANNEL)
    bench.send(0, hid.INIT, b"8 bytes!")
    error(bench, 0, Code.INVALID_CHANNEL)
    bench.send(channel, 0x33, b"x")
    error(bench, channel, Code.INVALID_COMMAND)
    bench.send(hid.BROADCAST, hid.INIT, b"short")
    error(bench, hid.BROADCAST, Code.INVALID_LENGTH)
    bench.hid.packet(b"short")
    expect(not bench.answers(), "half a packet is answered")


@suite.case("a message that does not go on is given up, and the next one is heard")
def _():
    bench = Bench()
    channel, other = bench.channel(), bench.channel()
    bench.hid.packet(next(iter(hid.framed(channel, hid.PING, bytes(100)))))
    bench.send(other, hid.PING, b"x")
    error(bench, other, Code.CHANNEL_BUSY)
    bench.wait(hid.MESSAGE_MS)
    error(bench, channel, Code.TIMEOUT)
    bench.send(other, hid.PING, b"x")
    expect(bench.answer()[2] == b"x", "deaf")


@suite.case("while a touch is awaited: keepalives, and busy for everybody else")
def _():
    bench = Bench(touch="wait")
    channel, other = bench.channel(), bench.channel()
    bench.send(channel, hid.CBOR, SELECT)
    bench.wait(500)
    said = bench.answers()
    expect(len(said) == 6 and set(said) == {(channel, hid.KEEPALIVE, bytes([hid.UP_NEEDED]))}, said)
    for command, data in ((hid.PING, b"x"), (hid.CBOR, GET_INFO), (hid.MSG, b"\0\3\0\0")):
        bench.send(other, command, data)
        error(bench, other, Code.CHANNEL_BUSY)
    expect(bench.hid.wants_touch and not bench.hid.idle, "it does not say that it waits")
    bench.hid.finger(None)
    expect(bench.answer() == (channel, hid.CBOR, b"\0"), "no success")
    expect(bench.hid.idle, "it is not idle")
    bench.wait(1000)
    expect(not bench.answers(), "keepalives of nothing")


@suite.case("cancelled by its own channel only; silent where nothing runs")
def _():
    bench = Bench(touch="wait")
    channel, other = bench.channel(), bench.channel()
    bench.send(channel, hid.CANCEL)
    expect(not bench.answers(), "a cancel of nothing is answered")
    bench.send(channel, hid.CBOR, SELECT)
    bench.send(other, hid.CANCEL)
    expect({command for _, command, _ in bench.answers()} == {hid.KEEPALIVE}, "cancelled by a stranger")
    bench.send(channel, hid.CANCEL)
    expect(bench.answer() == (channel, hid.CBOR, bytes([Code.KEEPALIVE_CANCEL])), "not cancelled")


@suite.case("nobody touches: it ends by itself")
def _():
    bench = Bench(touch="wait", touch_limit_ms=2000)
    channel = bench.channel()
    bench.send(channel, hid.CBOR, SELECT)
    bench.wait(1999)
    expect({command for _, command, _ in bench.answers()} == {hid.KEEPALIVE}, "too early")
    bench.wait(1)
    expect(bench.answers()[-1] == (channel, hid.CBOR, bytes([Code.USER_ACTION_TIMEOUT])), "not ended")


@suite.case("who begins anew on his channel ends what ran there")
def _():
    bench = Bench(touch="wait")
    channel = bench.channel()
    bench.send(channel, hid.CBOR, SELECT)
    bench.answers()
    bench.send(channel, hid.INIT, b"8 bytes!")
    expect(bench.answer()[1] == hid.INIT, "no answer to the beginning")
    bench.send(channel, hid.PING, b"x")
    expect(bench.answer()[2] == b"x", "deaf")
    bench.wait(1000)
    expect(not bench.answers(), "the old one lives")


@suite.case("CBOR that is none, of the wrong type, or without what it needs")
def _():
    bench = Bench()
    channel = bench.channel()
    for message, code in ((b"\x01\xa1", Code.INVALID_CBOR), (b"\x01\x80", Code.CBOR_UNEXPECTED_TYPE),
                          (b"\x01\xa0", Code.MISSING_PARAMETER), (b"\x02" + cbor2.dumps({1: 5}), Code.CBOR_UNEXPECTED_TYPE),
                          (b"\x02" + cbor2.dumps({1: "x"}), Code.MISSING_PARAMETER), (b"\x08", Code.NOT_ALLOWED),
                          (b"\x77", Code.INVALID_COMMAND), (b"", Code.INVALID_COMMAND),
                          (b"\x02" + cbor2.dumps({1: "x", 2: bytes(32)}), Code.NO_CREDENTIALS)):
        bench.send(channel, hid.CBOR, message)
        expect(bench.answer() == (channel, hid.CBOR, bytes([code])), f"{message!r}")


@suite.case("a token permits one place and one act, and a new one takes the old one's place")
def _():
    keeps = Key().pin
    from authenticator.pin import ASSERT, MAKE, ProtocolTwo as two
    token = keeps.give_token(ASSERT, "a.example")
    mac = two.mac(token, b"data")
    keeps.verify(two, b"data", mac, ASSERT, "a.example")
    for needed, rp, proof in ((MAKE, "a.example", mac), (ASSERT, "b.example", mac), (ASSERT, "a.example", mac[:16])):
        try:
            keeps.verify(two, b"data", proof, needed, rp)
        except hid.CtapError as wrong:
            expect(wrong.code == Code.PIN_AUTH_INVALID, wrong)
            continue
        raise AssertionError(f"{needed} {rp}")
    keeps.give_token(ASSERT, "a.example")
    try:
        keeps.verify(two, b"data", mac, ASSERT, "a.example")
        raise AssertionError("the old token is good")
    except hid.CtapError:
        pass


if __name__ == "__main__":
    main(suite)
