# SPDX-License-Identifier: Apache-2.0
"""A key on the USB port that umockdev makes up: plugged in, unplugged, its packets in and out. Writes of a program come
from umockdev's own thread and are handed to the main loop; reads of a program come from a terminal in raw mode."""

import contextlib
import errno
import os
import stat
import struct
import termios
import tty

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import GLib, UMockdev  # noqa: E402

from authenticator.hid import Hid  # noqa: E402
from authenticator.key import Key  # noqa: E402

REPORT_DESCRIPTOR = bytes.fromhex("06d0f1" "0901" "a101" "0920" "1500" "26ff00" "7508" "9540" "8102"
                                  "0921" "1500" "26ff00" "7508" "9540" "9102" "c0")
DESCRIPTOR_SIZE, DESCRIPTOR, RAW_INFO = 0x80044801, 0x90044802, 0x80084803
VENDOR, PRODUCT = 0x1209, 0x000A
KEPT_PACKETS = 20000

DEVICE = """P: /devices/pci0000:00/0000:00:14.0/usb1/1-{port}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
A: idVendor=1209
A: idProduct=000a
A: manufacturer=utmfa tests
A: product=Software key {number}

P: /devices/pci0000:00/0000:00:14.0/usb1/1-{port}/1-{port}:1.0/0003:1209:000A.{port:04X}
E: SUBSYSTEM=hid
E: HID_ID=0003:00001209:0000000A
E: HID_NAME=utmfa tests Software key {number}
E: HID_UNIQ={number}
H: report_descriptor={descriptor}

P: {path}
L: device=../../../0003:1209:000A.{port:04X}
E: DEVNAME=/dev/hidraw{number}
E: SUBSYSTEM=hidraw
E: ID_FIDO_TOKEN=1
E: ID_SECURITY_TOKEN=1
"""


class Answers(UMockdev.IoctlBase):
    """What the device file does when a program writes to it or asks what it is. Stays attached while the key is away,
    because umockdev ends programs that lose it; who had the key open then gets errors for good."""

    def __init__(self, port):
        super().__init__()
        self.port, self.connected, self.stale = port, set(), set()

    def do_handle_ioctl(self, client):
        request, argument = client.get_request(), client.get_arg()
        answer = {DESCRIPTOR_SIZE: struct.pack("<i", len(REPORT_DESCRIPTOR)),
                  DESCRIPTOR: struct.pack("<I", len(REPORT_DESCRIPTOR)) + REPORT_DESCRIPTOR,
                  RAW_INFO: struct.pack("<Ihh", 3, VENDOR, PRODUCT)}.get(request)
        if answer is None:
            client.complete(-1, errno.ENOTTY)
        elif client in self.stale:
            client.complete(-1, errno.ENODEV)
        else:
            argument.resolve(0, len(answer)).update(0, answer)
            client.complete(0, 0)
        return True

    def do_handle_write(self, client):
        data = bytes(client.get_arg().retrieve())
        if client in self.stale:
            client.complete(-1, errno.ENODEV)
            return True
        GLib.idle_add(self.port.written, data, priority=GLib.PRIORITY_DEFAULT)
        client.complete(len(data), 0)
        return True

    def do_client_connected(self, client):
        if not self.connected - self.stale:
            self.port.flush()
        self.connected.add(client)

    def do_client_vanished(self, client):
        self.connected.discard(client)
        self.stale.discard(client)


def later(milliseconds, function):
    def call():
        held.clear()
        function()
        return False

    held = [GLib.timeout_add(milliseconds, call)]
    return lambda: held and GLib.source_remove(held.pop())


class Port:
    """A port that one key belongs to."""

    def __init__(self, testbed, number):
        self.testbed, self.number, self.plugged, self.packets = testbed, number, False, []
        self.node = f"/dev/hidraw{number}"
        hid = f"/sys/devices/pci0000:00/0000:00:14.0/usb1/1-{number + 1}"
        inner = f"{hid}/1-{number + 1}:1.0/0003:1209:000A.{number + 1:04X}"
        self.paths = [f"{inner}/hidraw/hidraw{number}", inner, hid]
        self.terminal = self.reader = self.answers = self.pushing = None
        self.outgoing = bytearray()
        self.key = Key()
        self.hid = Hid(self.key, self.send, later, self.unplug)
        self.fresh()

    def fresh(self):
        """As from the factory, in the port."""
        self.unplug()
        self.key.fresh()
        self.packets = []
        self.plug()

    def plug(self):
        if self.plugged:
            return
        text = DEVICE.format(port=self.number + 1, number=self.number, descriptor=REPORT_DESCRIPTOR.hex(), path=self.paths[0][len("/sys"):])
        self.testbed.add_from_string(text)
        os.makedirs(f"{self.testbed.get_root_dir()}/dev", exist_ok=True)
        # umockdev can make such a node itself, but not a second time, for a key that comes back.
        self.terminal, self.reader = os.openpty()
        tty.setraw(self.reader)
        # Whole packets only: a terminal may hand out what it has so far, a device of this kind never does.
        modes = termios.tcgetattr(self.reader)
        modes[6][termios.VMIN] = 64
        termios.tcsetattr(self.reader, termios.TCSANOW, modes)
        os.fchmod(self.reader, 0o666)
        os.set_blocking(self.terminal, False)
        os.symlink(os.ttyname(self.reader), self.testbed.get_root_dir() + self.node)
        if self.answers is None:
            self.answers = Answers(self)
            self.testbed.attach_ioctl(self.node, self.answers)
            os.chmod(f"{self.testbed.get_root_dir()}/ioctl{self.node}", 0o777)
        self.plugged = True
        self.key.power_cycle()
        self.hid.power_cycle()

    def unplug(self):
        if not self.plugged:
            return
        self.plugged = False
        self.hid.stop_timers()
        self.answers.stale |= self.answers.connected
        for path in self.paths:
            self.testbed.remove_device(path)
        os.unlink(self.testbed.get_root_dir() + self.node)
        if self.pushing:
            GLib.source_remove(self.pushing)
        self.outgoing, self.pushing = bytearray(), None
        os.close(self.reader)
        os.close(self.terminal)  # whoever reads from it sees that the key has gone
        self.hid.power_cycle()

    def flush(self):
        """Packets that nobody read: they were for somebody who has gone."""
        self.outgoing.clear()
        if self.plugged:
            termios.tcflush(self.terminal, termios.TCOFLUSH)
            termios.tcflush(self.reader, termios.TCIFLUSH)

    def written(self, data):
        if self.plugged and len(data) == 65 and data[0] == 0:
            self.keep("to", data[1:])
            self.hid.packet(data[1:])
        return False

    def send(self, packet):
        if self.plugged:
            self.keep("from", packet)
            self.outgoing += packet
            if self.push() and not self.pushing:
                self.pushing = GLib.io_add_watch(self.terminal, GLib.PRIORITY_DEFAULT, GLib.IO_OUT, self.push)

    def push(self, *_):
        """As much as the terminal takes; whether more is left."""
        with contextlib.suppress(BlockingIOError):
            while self.outgoing:
                del self.outgoing[:os.write(self.terminal, self.outgoing)]
        if not self.outgoing:
            self.pushing = None
        return bool(self.outgoing)

    def keep(self, way, packet):
        if len(self.packets) < KEPT_PACKETS:
            self.packets.append((way, packet.hex()))


def testbed():
    made = UMockdev.Testbed.new()
    root = made.get_root_dir()
    # Programs that gave up their rights look at it as well.
    for directory, _, files in os.walk(root):
        os.chmod(directory, 0o755)
        for name in files:
            if stat.S_ISSOCK(os.lstat(os.path.join(directory, name)).st_mode):
                os.chmod(os.path.join(directory, name), 0o777)
    return made
