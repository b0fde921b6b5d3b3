# SPDX-License-Identifier: Apache-2.0
# log_sink.py SOCKET FILE: the system log of the private world. Every datagram becomes one line of FILE, as it came but
# for its priority and time stamp. Says "ready" once it listens. Started by tools/world; ends with it.
import os
import re
import socket
import sys
import time

where, target = sys.argv[1:]
sink = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sink.bind(where)
os.chmod(where, 0o666)
log = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
print("ready", flush=True)
prefix = re.compile(rb"^(<\d+>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?")
while True:
    packet = sink.recv(65536)
    line = prefix.sub(b"", packet.rstrip(b"\n\0")).replace(b"\n", b"#012").replace(b"\0", b"#000")
    os.write(log, time.strftime("%Y-%m-%dT%H:%M:%S ").encode() + line + b"\n")
