# SPDX-License-Identifier: Apache-2.0
# Push: ntfy's documented protocol, with an app that presses buttons, and FreeRADIUS, with accept, refusal, challenges and
# forgeries.
import contextlib
import json
import os
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request

from servers import Ntfy
from stage import (CERTIFICATE, GATEWAY_USER, asked, finished, message, needs, server, setting, start, suite, tried, until,
                   write)
from suite import expect

TOKEN = "tk_s3cret"


def press(button):
    """What the app does: the request of the button, without any token."""
    request = urllib.request.Request(button["url"], data=button["body"].encode(), method=button["method"])
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=CERTIFICATE), timeout=10) as response:
        expect(response.status == 200, response.status)


def question(ntfy, topic):
    """The two messages of a question: the one that refuses, the one with numbers."""
    got = [ntfy.seen.get(timeout=30) for _ in range(2)]
    expect([each[0] for each in got] == [topic] * 2, got)
    return [each[1] for each in got]


def ntfy_setting(ntfy, more=""):
    return setting("push-ntfy", f"[ntfy]\nurl = {ntfy.url}\ntoken = {TOKEN}\nauthorities = {CERTIFICATE}\n{more}")


@suite.case("push-ntfy: the number that is shown is chosen among three, another one is told as it is")
def _():
    with Ntfy(TOKEN) as ntfy:
        path = ntfy_setting(ntfy)
        for right in (True, False):
            running = start("push-ntfy", path)
            given = message("push", to="taro-7f3a", code="42", text="Somebody signs in")
            running.stdin.write(json.dumps(given).encode())
            running.stdin.close()
            running.stdin = None
            refusing, asking = question(ntfy, "taro-7f3a")
            labels = [each["label"] for each in asking["actions"]]
            expect(len(set(labels)) == 3 and "42" in labels and labels == sorted(labels), labels)
            expect("42" not in asking["message"] + asking["title"] and len(refusing["actions"]) == 1, asking)
            expect(TOKEN not in json.dumps([asking, refusing]), "the token is told")
            expect(all("42" not in each["body"] for each in asking["actions"]), "a word tells its number")
            # Noise in the topic, and answers to other questions.
            for noise in (b"42", b"approved", b"", b"\xff", b"x" * 5000):
                urllib.request.urlopen(urllib.request.Request(asking["actions"][0]["url"], data=noise),
                                       context=ssl.create_default_context(cafile=CERTIFICATE)).close()
            chosen = next(each for each in asking["actions"] if (each["label"] == "42") == right)
            press(chosen)
            press(asking["actions"][0])  # too late
            answer = finished(running)
            expect(answer == {"result": "approved", "id": given["id"], "kind": "push", "entered": chosen["label"]}, answer)
            while not ntfy.seen.empty():
                ntfy.seen.get()


@suite.case("push-ntfy: who says that it is not him reports it; nobody who answers in time is no answer")
def _():
    with Ntfy(TOKEN) as ntfy:
        path = ntfy_setting(ntfy, "wait = 1\n")
        expect("nobody answered" in asked("push-ntfy", message("push", to="t", code="42"), path, result="busy")["detail"], "")
        path = ntfy_setting(ntfy)
        question(ntfy, "t")
        running = start("push-ntfy", path)
        running.stdin.write(json.dumps(message("push", to="t", code="42", language="ja")).encode())
        running.stdin.close()
        running.stdin = None
        refusing, _ = question(ntfy, "t")
        expect(refusing["actions"][0]["label"] == "自分ではありません", refusing)
        press(refusing["actions"][0])
        answer = finished(running)
        expect(answer["result"] == "denied" and answer["entered"] == "not me", answer)


@suite.case("push-ntfy: through utmfa, by the button with the number")
def _():
    with Ntfy(TOKEN) as ntfy:
        path = ntfy_setting(ntfy)

        def app():
            # The app does not know which is right; the test does not either, and presses the first.
            with contextlib.suppress(queue.Empty):
                press(question(ntfy, "taro-7f3a")[1]["actions"][0])
        thread = threading.Thread(target=app)
        thread.start()
        told = tried("push", "taro-7f3a", "push-ntfy", path)
        thread.join(30)
        expect(told["result"] == "approved" and len(told["entered"]) == 2 and TOKEN not in json.dumps(told), told)


@suite.case("push-ntfy: a topic that is none, a wrong token and a server that refuses are failures")
def _():
    with Ntfy(TOKEN) as ntfy:
        path = ntfy_setting(ntfy)
        for topic in ("a/b", "a b", "$(id)", "x" * 65, "a\nb", "?x"):
            asked("push-ntfy", message("push", to=topic, code="42"), path, result="failed")
        expect(ntfy.seen.empty(), "something was asked")
        ntfy.refuses = 429
        expect("429" in asked("push-ntfy", message("push", to="t", code="42"), path, result="busy")["detail"], "429")
        ntfy.refuses = 403
        expect("403" in asked("push-ntfy", message("push", to="t", code="42"), path, result="failed")["detail"], "403")
        ntfy.token = "another"
        asked("push-ntfy", message("push", to="t", code="42"), path, result="failed")


RADIUSD = """\
prefix = /usr
libdir = /usr/lib/freeradius
logdir = %(place)s
raddbdir = %(place)s
run_dir = %(place)s
pidfile = %(place)s/pid
log {
  destination = files
  file = %(place)s/log
}
security {
  reject_delay = 0
}
modules {
  always reject {
    rcode = reject
  }
  always handled {
    rcode = handled
  }
}
client here {
  ipaddr = 127.0.0.1
  secret = "s3cret of radius"
  require_message_authenticator = yes
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = %(port)d
  }
  authorize {
    update control {
      Auth-Type := Accept
    }
    update reply {
      Message-Authenticator := 0x00
    }
    if (&User-Name == "taro@example.ac.jp") {
      if (&NAS-Identifier != "utmfa" || &Calling-Station-Id != "192.0.2.1") {
        reject
      }
    }
    elsif (&User-Name == "bare@example.ac.jp") {
      update reply {
        Message-Authenticator !* ANY
      }
    }
    # Accepts when it is asked for the third time, in one conversation.
    elsif (&User-Name == "later@example.ac.jp") {
      if (!&State) {
        update reply {
          State := 0x01
        }
        update control {
          Response-Packet-Type := Access-Challenge
        }
        handled
      }
      elsif (&State == 0x01) {
        update reply {
          State := 0x02
        }
        update control {
          Response-Packet-Type := Access-Challenge
        }
        handled
      }
      elsif (&State != 0x02 || &User-Password != "") {
        reject
      }
    }
    elsif (&User-Name == "code@example.ac.jp") {
      update reply {
        Reply-Message := "Enter your code"
        State := 0x09
      }
      update control {
        Response-Packet-Type := Access-Challenge
      }
      handled
    }
    else {
      reject
    }
  }
}
"""


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def radius(more="", secret="s3cret of radius"):
    program, place, port = needs("freeradius"), "/run/utmfa-radius", free_port()
    os.makedirs(place, exist_ok=True)
    write(f"{place}/radiusd.conf", RADIUSD % {"place": place, "port": port})
    write(f"{place}/dictionary", "$INCLUDE /usr/share/freeradius/dictionary\n")
    write(f"{place}/log", "")
    with server(program, "-f", "-d", place, "-D", "/usr/share/freeradius"):
        until(lambda: "Ready to process requests" in open(f"{place}/log", encoding="utf-8").read(), "FreeRADIUS")
        yield setting("push-radius", f"[radius]\nserver = 127.0.0.1\nport = {port}\nsecret = {secret}\n{more}")


@suite.case("push-radius: FreeRADIUS accepts and refuses, and sees who signs in, and from where")
def _():
    with radius() as path:
        answer = asked("push-radius", message("push", to="taro@example.ac.jp", code="42"), path, result="approved")
        expect("entered" not in answer, answer)
        asked("push-radius", message("push", to="refuses@example.ac.jp", code="42"), path, result="denied")
        # The code is nobody's password, and nothing a person registers becomes another attribute.
        asked("push-radius", message("push", to="42", code="42"), path, result="denied")
        asked("push-radius", message("push", to="x" * 254, code="42"), path, result="failed")
        told = tried("push", "refuses@example.ac.jp", "push-radius", path, status=1)
        expect(told["result"] == "denied" and "s3cret" not in json.dumps(told), told)


@suite.case("push-radius: a challenge that says `not yet` is answered until it is decided, one that wants a code is not")
def _():
    with radius("challenge = poll\n") as path:
        asked("push-radius", message("push", to="later@example.ac.jp", code="42"), path, result="approved")
    with radius() as path:
        for name in ("code@example.ac.jp", "later@example.ac.jp"):
            answer = asked("push-radius", message("push", to=name, code="42"), path, result="failed")
            expect("asks for a code" in answer["detail"], answer)


@suite.case("push-radius: what is not signed, or by another secret, is as if it had not come")
def _():
    with radius("wait = 2\n") as path:
        answer = asked("push-radius", message("push", to="bare@example.ac.jp", code="42"), path, result="busy")
        expect("not genuine" in answer["detail"], answer)
    with radius("wait = 2\n", secret="another") as path:
        asked("push-radius", message("push", to="taro@example.ac.jp", code="42"), path, result="busy")
    forged_replies()


def forged_replies():
    """An attacker who answers before the server, and knows everything but the secret."""
    def answers(packet):
        yield b""
        yield packet[:2]
        for code in (2, 3, 11, 1, 255):
            head = bytes((code, packet[1]))
            yield head + b"\0\x14" + bytes(16)
            yield head + b"\0\x26" + packet[4:20] + packet[20:38]
            yield head + b"\xff\xff" + packet[4:20]
            yield head + b"\0\x16" + bytes(16) + b"\x50\x01"

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.bind(("127.0.0.1", 0))
        forger.settimeout(20)
        path = setting("push-radius", f"[radius]\nserver = 127.0.0.1\nport = {forger.getsockname()[1]}\n"
                       "secret = s3cret of radius\nwait = 2\n")
        running = start("push-radius", path)
        running.stdin.write(json.dumps(message("push", to="taro@example.ac.jp", code="42")).encode())
        running.stdin.close()
        running.stdin = None
        packet, whence = forger.recvfrom(4096)
        expect(packet[20] == 80 and packet[21] == 18, "Message-Authenticator is not first")
        expect(b"42" not in packet, "the number is told")
        for reply in answers(packet):
            forger.sendto(reply, whence)
        answer = finished(running)
        expect(answer["result"] == "busy" and "not genuine" in answer["detail"], answer)
