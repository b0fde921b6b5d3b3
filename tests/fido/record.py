#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""with_keys.py -- record.py UTMFA_KEY DIRECTORY

Writes the transcripts of the fuzzer and of its test anew: what utmfa-key and the key in software say to each other, for
each version, question and end. A file is VERSION.VERB.END; 65 bytes a packet, the first of which is > or <."""

import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from keys import Keys  # noqa: E402

VERSIONS, LONGEST = ("2.1", "2.0", "u2f"), 16384
FAULTS = {"foreign": {}, "busy": {"fault": "busy"}, "unable": {"fault": "noise"}, "refused": {"touch": "refuse"},
          "untouched": {"touch": "time-out"}}


def frame(**fields):
    body = b"".join(key.replace("_", "-").encode() + b"=%d:" % len(value) + value + b"\n" for key, value in fields.items())
    return b"1 key\n" + body


def asked(program, **fields):
    """The answer of one utmfa-key, as its fields."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.send(frame(**fields))
    subprocess.run(["/bin/sh", "-c", f'exec "$0" 3<&{theirs.fileno()} 3>&{theirs.fileno()}', program], check=False,
                   pass_fds=[theirs.fileno()], timeout=60)
    theirs.close()
    answer, found, at = ours.recv(LONGEST), {}, 0
    at = answer.index(b"\n") + 1
    while at < len(answer):
        key, size = re.match(rb"([a-z0-9-]+)=(\d+):", answer[at:]).groups()
        at += len(key) + len(size) + 2
        found[key.decode()] = answer[at:at + int(size)]
        at += int(size) + 1
    return found


class Recorder:
    def __init__(self, program, directory):
        self.program, self.directory, self.keys = program, directory, Keys()

    def ask(self, version, verb, **fields):
        self.keys.transcript()
        news = asked(self.program, do=verb.encode(), confirm=b"touch", seconds=b"2", **fields)
        end = news["end"].decode()
        packets = b"".join((b">" if way == "to" else b"<") + packet for way, packet in self.keys.transcript())
        with open(f"{self.directory}/{version.replace('.', '')}.{verb}.{end}", "wb") as file:
            file.write(packets)
        return news

    def record(self, version):
        self.keys.fresh(0)
        self.keys.set(ctap=version)
        for settings in ({}, {"fault": "busy"}, {"fault": "noise"}):
            self.keys.behave()
            self.keys.set(ctap=version, **settings)
            made = self.ask(version, "make", hash=bytes(32), rp=b"utmfa", user=b"taro")
            credential = made.get("id", b"") if not settings else credential
        for verb in ("look", "sign"):
            for what, settings in {"done": {}, **FAULTS}.items():
                if (version, what) == ("u2f", "untouched"):
                    continue  # only the time tells it, and a transcript has none
                self.keys.behave()
                self.keys.set(ctap=version, **settings)
                known = credential if what != "foreign" else bytes(64)
                more = {"hash": bytes(32)} if verb == "sign" else {}
                self.ask(version, verb, count=b"1", rp1=b"utmfa", id1=known, **more)


def main():
    recorder = Recorder(*sys.argv[1:3])
    os.makedirs(sys.argv[2], exist_ok=True)
    for version in VERSIONS:
        recorder.record(version)
    print("\n".join(sorted(os.listdir(sys.argv[2]))))


if __name__ == "__main__":
    main()
