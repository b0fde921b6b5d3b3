# SPDX-License-Identifier: Apache-2.0
# The telephone that is called: SIPp (sip-tester) for the signalling, by a scenario that a case puts together, and here
# the ear and the finger: what is spoken arrives by RTP, and keys are RTP events (RFC 4733).
import array
import math
import os
import select
import socket
import struct
import subprocess
import threading
import time

from stage import GATEWAYS, HERE, NUMBER, needs, read, until, write
from suite import expect

RATE = 8000
KEYS = {**{str(digit): digit for digit in range(10)}, "*": 10, "#": 11}
SAME = "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n"
RECEIVED, BYE = '<recv request="BYE"/>', '<send><![CDATA[\nSIP/2.0 200 OK\n' + SAME.format(tag="") + "Content-Length: 0\n\n]]></send>"


def reply(status, body="", more=""):
    kind = "Content-Type: application/sdp\n" if body else ""
    return (f'<send{" retrans=" + chr(34) + "500" + chr(34) if body else ""}><![CDATA[\nSIP/2.0 {status}\n'
            + SAME.format(tag=";tag=[pid]utmfa[call_number]") + f"Contact: <sip:[local_ip]:[local_port]>\n{more}{kind}"
            + f"Content-Length: {'[len]' if body else 0}\n\n{body}]]></send>")


def description(port):
    return (f"v=0\no=u 1 1 IN IP4 {HERE}\ns=-\nc=IN IP4 {HERE}\nt=0 0\nm=audio {port} RTP/AVP 0 101\n"
            f"a=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\n")


def info(key):
    """A key as SIP INFO, within the call."""
    return ('<send retrans="500"><![CDATA[\nINFO [$3] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n'
            "From: [$2];tag=[pid]utmfa[call_number]\nTo: [$1]\n[last_Call-ID:]\nCSeq: [cseq] INFO\n"
            "Max-Forwards: 70\nContent-Type: application/dtmf-relay\nContent-Length: [len]\n\n"
            f'Signal={key}\nDuration=160\n\n]]></send><recv response="200"/>')


REMEMBER = ('<action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="1"/>'
            '<ereg regexp="&lt;.*&gt;" search_in="hdr" header="To:" assign_to="2"/>'
            '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="3"/></action>')


class Telephone:
    """Answers one call. `keys`: pressed by RTP, so many seconds `after` the first sound; `steps`: of the scenario after the answer."""

    def __init__(self, keys="", steps="", before="", answers=True, after=0.5):
        self.sipp, self.keys, self.place, self.after = needs("sipp"), keys, "/run/utmfa-sip", int(after * RATE)
        os.makedirs(self.place, exist_ok=True)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((HERE, 0))
        self.heard, self.events, self.stop = bytearray(), [], threading.Event()
        body = description(self.rtp.getsockname()[1])
        scenario = [f'<recv request="INVITE">{REMEMBER}</recv>', before]
        if answers:
            scenario += [reply("180 Ringing"), reply("200 OK", body), '<recv request="ACK"/>', steps, RECEIVED, BYE]
        write(f"{self.place}/scenario.xml", '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="telephone">\n'
              + "\n".join(scenario) + '\n<Reference variables="1,2,3"/>\n</scenario>\n')

    def __enter__(self):
        for name in ("messages", "errors"):
            write(f"{self.place}/{name}", "")
        self.port = self.free_port()
        self.process = subprocess.Popen(
            [self.sipp, "-sf", f"{self.place}/scenario.xml", "-i", HERE, "-p", str(self.port), "-m", "1", "-nostdin",
             "-timeout", "90", "-trace_msg", "-message_file", f"{self.place}/messages", "-message_overwrite", "false",
             "-trace_err", "-error_file", f"{self.place}/errors", "-error_overwrite", "false"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.listens, "SIPp")
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.rtp.close()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    @staticmethod
    def free_port():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind((HERE, 0))
            return one.getsockname()[1]

    def listens(self):
        expect(self.process.poll() is None, f"SIPp ended: {read(self.place + '/errors')}")
        return f"{self.port:04X}" in [line.split()[1].split(":")[1] for line in open("/proc/net/udp").readlines()[1:]]

    def listen(self):
        pressed = False
        while not self.stop.is_set():
            if not select.select([self.rtp], [], [], 0.1)[0]:
                continue
            packet, peer = self.rtp.recvfrom(2000)
            kind = packet[1] & 127
            if kind == 0:
                self.heard += packet[12:]
            if kind == 101 and packet[13] & 0x80 and packet[4:8] not in [each[0] for each in self.events]:
                self.events.append((packet[4:8], packet[12]))
            if len(self.heard) > self.after and not pressed:
                pressed = True
                for at, key in enumerate(self.keys):
                    self.press(peer, at, KEYS[key])

    def press(self, peer, at, event):
        for i in range(6):
            last = 0x80 if i >= 3 else 0
            self.rtp.sendto(struct.pack("!BBHIIBBH", 0x80, 101 | (0x80 if i == 0 else 0), 1000 + at * 10 + i, 80000 + at * 4000,
                                        77, event, last | 10, 160 * (min(i, 3) + 1)), peer)
            time.sleep(0.02)

    def dialled(self):
        return "".join(next(key for key, number in KEYS.items() if number == event) for _, event in self.events)

    def messages(self):
        return read(f"{self.place}/messages")


class Baresip:
    """A telephone that has SRTP: answers, and presses # once the call is there."""

    def __enter__(self):
        self.port, self.said = Telephone.free_port(), ""
        os.makedirs("/run/utmfa-baresip", exist_ok=True)
        write("/run/utmfa-baresip/config", read(f"{GATEWAYS}/voice-sip.d/config").replace("0.0.0.0:0", f"{HERE}:{self.port}")
              .replace("aufile,/proc/self/fd/9", "aubridge,nothing") + "ring_aufile none\n")
        self.process = subprocess.Popen([needs("baresip"), "-f", "/run/utmfa-baresip"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.tell(f"/uanew <sip:{NUMBER}@{HERE}:{self.port};transport=udp>;regint=0;answermode=auto;mediaenc=srtp-mand")
        self.wait_for("Using media encryption")
        self.thread = threading.Thread(target=self.answer)
        self.thread.start()
        return self

    def tell(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def wait_for(self, words):
        while words not in self.said:
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                return False
            self.said += got.decode(errors="replace")
        return True

    def answer(self):
        if self.wait_for("Call established"):
            self.tell("/sndcode #")
            self.wait_for("terminated")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdin.close()
        self.process.stdout.close()


def linear(ulaw):
    """ITU-T G.711."""
    out = array.array("h")
    for each in ulaw:
        each = ~each & 0xFF
        value = (((each & 0x0F) << 3) + 0x84 << ((each & 0x70) >> 4)) - 0x84
        out.append(-value if each & 0x80 else value)
    return out


def power(samples, frequency):
    """Goertzel."""
    turn = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for each in samples:
        before, last = last, each + turn * last - before
    return before * before + last * last - turn * before * last


def tones(samples, frequencies, step=RATE // 20):
    """Which of the tones are heard, one after the other."""
    heard = []
    for at in range(0, len(samples) - step, step):
        part = samples[at:at + step]
        loud = [name for name, frequency in frequencies.items() if power(part, frequency) > (step * 2000) ** 2]
        found = loud[0] if len(loud) == 1 else ""
        if not heard or heard[-1] != found:
            heard.append(found)
    return [each for each in heard if each]
