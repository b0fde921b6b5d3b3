# SPDX-License-Identifier: Apache-2.0
# Calls: baresip calls SIPp, the code is heard in what arrives, and keys mean what they should, from where they should.
import array
import contextlib
import json
import math
import os
import socket
import ssl
import threading
import types
import wave

from sip import RATE, Baresip, Telephone, info, linear, reply, tones
from stage import CERTIFICATE, HERE, KEY, NUMBER, asked, finished, message, needs, setting, start, suite, tried, until, write
from suite import expect

# Recordings that a machine can understand: a tone for each.
TONES = {name: 500 + 130 * at for at, name in enumerate(("before", "after", *"0123456789"))}
RECORDINGS = "/run/utmfa-recordings"


def recordings(rate=RATE):
    for language in ("en", "ja"):
        os.makedirs(f"{RECORDINGS}/{language}", exist_ok=True)
        for name, frequency in TONES.items():
            with wave.open(f"{RECORDINGS}/{language}/{name}.wav", "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(array.array("h", [int(12000 * math.sin(2 * math.pi * frequency * i / rate))
                                                   for i in range(rate // 4)]).tobytes())
    return RECORDINGS


def voice(telephone, more="media = rtp\nkeys = any\n", speech=""):
    needs("baresip")
    return setting("voice-sip", f"[sip]\naccount = utmfa@{HERE}:{telephone.port}\npassword = s3cret\n"
                   f"dial = {{number}}@{HERE}:{telephone.port}\ntransport = udp\n{more}"
                   f"[speech]\nname = Example University\nname-ja = れいだいがく\ntimes = 1\n{speech}")


def spoken(telephone):
    """What was said, recording by recording."""
    return tones(linear(telephone.heard), TONES)


@suite.case("voice-sip: the call is placed, the digits of the code are heard twice, and without a key it is `sent`")
def _():
    with Telephone() as telephone:
        path = voice(telephone, speech=f"recordings = {recordings()}\n")
        answer = asked("voice-sip", message("voice", code="314159"), path)
        expect("no key" in answer["detail"], answer)
        heard = spoken(telephone)
        expect(heard == ["before", *"314159", *"314159", "after"], heard)
        until(lambda: "BYE sip:" in telephone.messages(), "the call to end")
        expect(f"INVITE sip:{NUMBER}@{HERE}" in telephone.messages() and "s3cret" not in telephone.messages(), "INVITE")


@suite.case("voice-sip: espeak-ng speaks in both languages, and through utmfa # is a yes")
def _():
    needs("espeak-ng")
    for language in ("en", "ja", "fr"):
        with Telephone(keys="#", after=3) as telephone:
            asked("voice-sip", message("voice", language=language), voice(telephone), result="approved")
            expect(max(linear(telephone.heard)) > 3000, "silence")
    with Telephone(keys="#") as telephone:
        told = tried("voice", NUMBER, "voice-sip", voice(telephone))
        expect(told["result"] == "approved" and "s3cret" not in json.dumps(told), told)


@suite.case("voice-sip: # is a yes, 0# a report, other keys are nothing")
def _():
    speech = f"recordings = {recordings()}\n"
    for keys, result, entered in (("#", "approved", ""), ("0#", "denied", "0#"), ("5#", "sent", ""),
                                  ("10#", "sent", ""), ("5##", "approved", "")):
        with Telephone(keys=keys) as telephone:
            answer = asked("voice-sip", message("voice"), voice(telephone, speech=speech), result=result)
            expect(answer.get("entered", "") == entered, f"{keys}: {answer}")


@suite.case("voice-sip: keys by plain RTP do not count, which anybody could send; those within SIP do")
def _():
    speech = f"recordings = {recordings()}\n"
    with Telephone(keys="#") as telephone:
        asked("voice-sip", message("voice"), voice(telephone, "media = rtp\n", speech))
    with Telephone(steps=info("#")) as telephone:
        asked("voice-sip", message("voice"), voice(telephone, "media = rtp\n", speech), result="approved")
    with Telephone(steps=info("0") + info("#")) as telephone:
        asked("voice-sip", message("voice"), voice(telephone, "media = rtp\n", speech), result="denied")
    # SRTP is asked for, and a telephone that has none is not spoken to.
    with Telephone() as telephone:
        answer = asked("voice-sip", message("voice"), voice(telephone, "", speech), result="failed")
        expect("no SRTP" in answer["detail"] and "RTP/SAVP" in telephone.messages() and not telephone.heard, answer)


# In the place of baresip, whose words come as the system cuts them: here all at once.
AT_ONCE = """#!/bin/sh
printf 'baresip v9\\nbaresip is ready\\n'
read uanew && read dial
printf "Call established\\nreceived DTMF: '#'\\n"
while read line; do [ "$line" != /quit ] || exit 0; done
"""


@suite.case("voice-sip: a key that is told together with the answer of the call counts")
def _():
    path = voice(types.SimpleNamespace(port=5060), speech=f"recordings = {recordings()}\n")
    os.rename("/usr/bin/baresip", "/usr/bin/baresip.aside")
    try:
        write("/usr/bin/baresip", AT_ONCE, 0o755)
        asked("voice-sip", message("voice"), path, result="approved")
    finally:
        os.replace("/usr/bin/baresip.aside", "/usr/bin/baresip")


@suite.case("voice-sip: by SRTP the code is spoken, and # counts")
def _():
    with Baresip() as telephone:
        asked("voice-sip", message("voice"), voice(telephone, "", f"recordings = {recordings()}\n"), result="approved")
        expect("SRTP is Enabled" in telephone.said, telephone.said)


@suite.case("voice-sip: an extension is dialled once the office has answered, before anything is said")
def _():
    with Telephone(keys="#", after=6) as telephone:
        path = voice(telephone, speech=f"recordings = {recordings()}\n")
        asked("voice-sip", message("voice", extension="1209"), path, result="approved")
        expect(telephone.dialled() == "1209", telephone.dialled())
        silent = linear(telephone.heard[:RATE * 4])
        expect(max(silent) < 100 and spoken(telephone)[0] == "before", "it speaks too early")


@suite.case("voice-sip: busy, refused and unknown are failures, with the reason of the exchange")
def _():
    for status in ("486 Busy Here", "603 Decline", "404 Not Found"):
        with Telephone(before=reply(status) + '<recv request="ACK"/>', answers=False) as telephone:
            answer = asked("voice-sip", message("voice"), voice(telephone, speech=f"recordings = {recordings()}\n"),
                           result="failed")
            expect(status[:3] in answer["detail"], answer)


@suite.case("voice-sip: baresip has no code, number or password among its words")
def _():
    with Telephone() as telephone:
        path = voice(telephone, speech=f"recordings = {recordings()}\n")
        running = start("voice-sip", path)
        running.stdin.write(json.dumps(message("voice")).encode())
        running.stdin.close()
        running.stdin = None
        until(lambda: len(telephone.heard) > RATE, "the call")
        children = open(f"/proc/{running.pid}/task/{running.pid}/children", encoding="ascii").read().split()
        expect(len(children) == 1, children)
        with open(f"/proc/{children[0]}/cmdline", "rb") as words:
            seen = words.read()
        with open(f"/proc/{children[0]}/environ", "rb") as words:
            seen += words.read()
        expect(b"314159" not in seen and b"s3cret" not in seen and NUMBER.encode() not in seen, seen)
        finished(running)


@suite.case("voice-sip: by TLS, nothing is told to an exchange whose certificate nobody has signed")
def _():
    needs("baresip")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    speech = f"[speech]\nrecordings = {recordings()}\n"
    for certificate in ("verified", "unverified"):
        told = []
        with socket.create_server((HERE, 0)) as exchange:
            exchange.settimeout(3)

            def listen():
                with contextlib.suppress(OSError), context.wrap_socket(exchange.accept()[0], server_side=True) as line:
                    line.settimeout(5)
                    told.append(line.recv(4096))
            thread = threading.Thread(target=listen)
            thread.start()
            place = f"{HERE}:{exchange.getsockname()[1]}"
            path = setting("voice-sip", f"[sip]\naccount = utmfa@{place}\npassword = s3cret\ndial = {{number}}@{place}\n"
                           f"certificate = {certificate}\n{speech}")
            running = start("voice-sip", path)
            running.stdin.write(json.dumps(message("voice")).encode())
            running.stdin.close()
            running.stdin = None
            thread.join()
            if certificate == "verified":
                answer = finished(running)
                expect(answer["result"] != "sent" and not any(told), (answer, told))
            else:
                expect(told and told[0].startswith(b"INVITE"), told)
                running.kill()
                running.communicate()
