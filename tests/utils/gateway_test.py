# SPDX-License-Identifier: Apache-2.0
"""Gateways and notices by the built programs: utmfa-admin gateway test, an address that is proven, notices of every
change in the person's language, a queue that survives kill -9, and mail-sendmail before a real msmtp and SMTP server.
"""

import email
import email.policy
import json
import os
import re
import select
import signal
import subprocess
import time

from programs import Place, add_app, build, check, done, others, source

taro = others[0]

CONFIG = """\
version: 1
issuer: Example University
registration: {minimum: 1, test: optional}
gateways:
  mail: {command: [%s], user: nobody, time-limit: 5s}
  sms: {command: [%s], user: nobody, time-limit: 5s}
  voice: {command: [%s], user: nobody, time-limit: 5s}
  push: {command: [%s], user: nobody, time-limit: 5s}
"""
# Keeps every message, so that a test can read them; `answer` is what it says.
KEEPER = """\
#!/usr/bin/python3 -I
import json, os, sys
message = json.load(sys.stdin)
here = %r
answer = open(here + '/answer').read()
if answer.strip() == 'hang':
    import signal; open(here + '/hangs', 'w').close(); signal.pause()
with open(here + '/sent', 'a') as file:
    file.write(json.dumps(message) + '\\n')
print(answer %% message if '%%(' in answer else answer)
"""


class Office(Place):
    """A place with a gateway that keeps what it is given."""

    def __init__(self, gateway=None):
        super().__init__(setup=False)
        os.chmod(self.path, 0o755)
        keeper = self.write("keeper", KEEPER % self.at("box"), 0o755)
        os.mkdir(self.at("box"))
        os.chmod(self.at("box"), 0o777)
        for name in ("sent", "answer"):
            self.write(f"box/{name}", "", 0o666)
        self.answer('{"result": "sent"}')
        self.write("utmfa.yaml", CONFIG % ((gateway or keeper,) + (keeper,) * 3))
        self.admin("setup", expect=None)

    def answer(self, text):
        self.write("box/answer", text, 0o666)

    def sent(self):
        with open(self.at("box/sent"), encoding="utf-8") as file:
            messages = [json.loads(line) for line in file]
        self.write("box/sent", "", 0o666)
        return messages

    def waiting(self):
        below = self.at("data/outbox/new")
        return sorted(name for name in os.listdir(below) if name[0] != ".") if os.path.isdir(below) else []

    def deliver_command(self, *words):
        return [os.path.join(build, "utils", "utmfa-deliver"), "--config", self.at("utmfa.yaml"), "--data-dir",
                self.at("data"), *words]

    def deliver(self, *words, expect=0):
        ran = subprocess.run(self.deliver_command(*words), timeout=60, check=False, capture_output=True, text=True)
        check(ran.returncode == expect, "utmfa-deliver", ran)
        return self.sent()


def started(command, ready):
    """A process in its own right, once `ready()` holds."""
    process = subprocess.Popen(command)  # pylint: disable=consider-using-with
    wait_until(ready)
    return process


def wait_until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < end, "waited in vain")
        select.select([], [], [], 0.02)


def gateway_test():
    office = Office()
    said = office.admin("gateway", "test", "mail", "taro@example.ac.jp").stdout
    message = office.sent()[0]
    check(message["kind"] == "mail" and message["to"] == "taro@example.ac.jp" and "code" not in message, message)
    check("Sent to " in said and message["id"] in said and "Came back:" in said and "Result: sent" in said, said)
    check(re.search(r"It took \d+ ms", said), said)
    made = office.json("utmfa-admin", "gateway", "test", "sms", "+819012345678")
    check(made["result"] == "sent" and made["fault"] is None and made["took_ms"] >= 0, made)
    check(json.loads(made["sent"])["code"] == "123456" and "123456" in json.loads(made["sent"])["text"], made)
    office.answer('{"result": "approved", "entered": "42", "id": "%(id)s", "kind": "push"}')
    check("42, which is right" in office.admin("gateway", "test", "push", "device 7").stdout, "push")
    office.answer('{"result": "approved", "entered": "24"}')
    check("24, which is wrong" in office.admin("gateway", "test", "push", "device 7").stdout, "push")
    office.answer('{"result": "denied", "detail": "not \\u001b[31mme\\u202e", "retry_after": 60}')
    refused = office.admin("gateway", "test", "voice", "+819012345678", expect=1)
    check("not ?[31mme?" in refused.stdout and "\x1b" not in refused.stdout + refused.stderr, refused)
    check("again after 1m" in refused.stdout, refused.stdout)
    office.answer('{"result": "sent", "id": "another"}')
    check("another request" in office.admin("gateway", "test", "sms", "+819012345678", expect=3).stderr, "id")
    office.answer("\x1b]0;title\x07 nonsense")
    garbage = office.admin("gateway", "test", "sms", "+819012345678", expect=3)
    check("not JSON" in garbage.stderr and "\x1b" not in garbage.stdout + garbage.stderr, garbage)
    for words in (("fax", "+819012345678"), ("sms",), ()):
        office.admin("gateway", "test", *words, expect=2)
    for words in (("sms", "090-1234-5678"), ("sms", "+8190$(id)"), ("mail", "taro"), ("mail", "--", "-t@example.org"),
                  ("push", "a\nb"), ("push", "")):
        office.admin("gateway", "test", *words, expect=1)
    bare = Place()
    check("no gateways.sms" in bare.admin("gateway", "test", "sms", "+819012345678", expect=1).stderr, "none")


def contact_by_code():
    office = Office()
    command = [os.path.join(build, "utils", "utmfa-admin"), *office.options, "contact", taro, "taro@Example.ac.jp"]

    def try_code(codes, expect):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""}) as desk:
            wait_until(lambda: os.path.getsize(office.at("box/sent")) > 0 or desk.poll() is not None)
            message = office.sent()[0]
            typed = [message["code"] if code == "right" else code for code in codes]
            said = desk.communicate("".join(f"{code}\n" for code in typed), timeout=30)[0]
            check(desk.returncode == expect, desk.returncode, said)
            check(message["code"] not in said, "the code is shown")
            return message, said

    message, _ = try_code(["right"], 0)
    check(message["to"] == "taro@example.ac.jp" and re.fullmatch(r"\d{6}", message["code"]), message)
    check(message["code"] in message["text"] and message["expires"] == 600, message)
    kept = office.json("utmfa-admin", "contact", taro)
    check(kept["email"] == "taro@example.ac.jp" and kept["verified"], kept)
    everything = b"".join(office.tree().values())
    check(message["code"].encode() not in everything, "the code is on the disk")
    command[-1] = "new@example.ac.jp"
    before = office.tree()
    try_code(["", "12345", "abc"], 1)
    try_code([], 1)  # nobody answers
    check(office.tree() == before, "a refusal changed something")
    try_code(["x", "right"], 0)
    told = office.deliver()
    check(sorted(each["to"] for each in told) == ["new@example.ac.jp", "taro@example.ac.jp", "taro@example.ac.jp"],
          told)
    office.answer('{"result": "failed", "detail": "no such mailbox"}')
    refused = office.admin("contact", taro, "other@example.ac.jp", expect=3)
    check("no such mailbox" in refused.stderr, refused.stderr)
    for address in ("taro", "taro@exa mple.org", "taro@example.org\nBcc: x@example.org", "@", "-o@example.org"):
        office.admin("contact", taro, "--", address, expect=1)
    office.admin("contact", "no-such-person", "taro@example.org", expect=1)
    bare = Place()
    check("--unproven-by-desk" in bare.admin("contact", taro, "taro@example.org", expect=1).stderr, "no gateway")


def contact_by_desk():
    office = Office()
    check(office.json("utmfa-admin", "contact", taro) == {"user": taro, "email": None, "verified": None}, "none")
    office.admin("contact", taro, "--remove", expect=1)
    office.admin("contact", taro, "taro@example.ac.jp", "--remove", expect=2)
    office.admin("contact", taro, "taro@example.ac.jp", "--unproven-by-desk", "--reason", "from the register")
    check(office.json("utmfa-admin", "contact", taro)["verified"] is None, "proven by nobody")
    check("not proven" in office.admin("contact", taro).stdout, "text")
    office.sent()
    office.admin("contact", taro, "--remove")
    check(office.json("utmfa-admin", "contact", taro)["email"] is None, "still there")
    # The address that was there before hears of both.
    check([each["to"] for each in office.deliver()] == ["taro@example.ac.jp"] * 2, "told")


def notices():
    office = Office()
    office.admin("contact", taro, "taro@example.ac.jp", "--unproven-by-desk")
    made = add_app(office, taro, "--label", "iPhone")
    office.enroll(taro, "add", "recovery")
    office.enroll(taro, "apply")
    given = office.json("utmfa-admin", "pass", taro, "--reason", "lost phone")
    office.enroll(taro, "rename", "app-1", "telephone")
    office.enroll(taro, "remove", "recovery", "--yes")
    office.admin("unlock", taro)
    office.admin("reset", taro, "--reason", "new phone", "--yes")
    waits = office.waiting()
    check(len(waits) >= 9, waits)
    told = office.deliver()
    check(office.waiting() == [] and len(told) == len(waits), told)
    text = "\n".join(each["text"] for each in told)
    for words in ("A method was registered for you: Authenticator app (app-1)", "You have applied", "A temporary pass",
                  "another name", "was removed", "forgotten", "taken away", f"User name: {taro}", "By: "):
        check(words in text, words, text)
    everything = json.dumps(told) + b"".join(office.tree().values()).decode("latin-1")
    check(made["secret"] not in json.dumps(told) and given["pass"] not in everything, "a secret in a notice")
    check(all(each["to"] == "taro@example.ac.jp" and "code" not in each for each in told), told)
    # Nobody is told who has no address, and nothing is queued where there is no gateway.
    office.admin("contact", taro, "--remove")
    office.deliver()
    add_app(office, taro)
    check(office.waiting() == [], "queued for nobody")
    bare = Place(config="registration: {minimum: 1, test: optional}\n")
    bare.admin("contact", taro, "taro@example.ac.jp", "--unproven-by-desk")
    check(not os.path.exists(bare.at("data/outbox/new")) or not os.listdir(bare.at("data/outbox/new")), "queued")


def in_the_language_of_the_person():
    office = Office()
    office.admin("contact", taro, "taro@example.ac.jp", "--unproven-by-desk")
    path = office.at(f"data/methods/{taro}.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("contact:", "language: ja\ncontact:"))
    office.deliver()
    office.admin("unlock", taro, expect=1)  # has registered nothing
    add_app(office, taro)
    told = office.deliver("--locale-dir", os.path.join(build, "po"))
    check(told and all(each["language"] == "ja" for each in told), told)
    check(all("登録" in each["text"] for each in told), told)


def the_queue_survives():
    office = Office()
    office.admin("contact", taro, "taro@example.ac.jp", "--unproven-by-desk")
    office.deliver()
    office.answer("hang")
    add_app(office, taro)
    waits = office.waiting()
    check(len(waits) == 1, waits)
    hangs = office.at("box/hangs")
    deliverer = started(office.deliver_command(), lambda: os.path.exists(hangs))
    # Another one leaves it to the first.
    check(subprocess.run(office.deliver_command(), timeout=30, check=False).returncode == 0, "two at a time")
    deliverer.send_signal(signal.SIGKILL)
    deliverer.wait(30)
    check(office.waiting() == waits and office.sent() == [], "lost")
    office.answer('{"result": "sent"}')
    check(len(office.deliver()) == 1 and office.waiting() == [], "not sent afterwards")
    # Failed once, it waits, and the program with it, until it is told to stop.
    office.answer('{"result": "busy", "retry_after": 3600}')
    office.enroll(taro, "rename", "app-1", "telephone")
    deliverer = started(office.deliver_command(), lambda: os.path.getsize(office.at("box/sent")) > 0)
    name = os.path.join(office.at("data/outbox/new"), office.waiting()[0])
    wait_until(lambda: "attempts=1\n" in open(name, encoding="utf-8").read())
    # Something new is sent at once all the same.
    office.sent()
    office.answer('{"result": "sent"}')
    office.enroll(taro, "rename", "app-1", "iPhone")
    wait_until(lambda: len(office.waiting()) == 1)
    check(len(office.sent()) == 1 and deliverer.poll() is None, "the one that waits")
    deliverer.send_signal(signal.SIGTERM)
    check(deliverer.wait(30) == 0, "did not end")
    check(office.deliver_command() and len(office.waiting()) == 1, "given up")
    # A gateway that is gone: nothing waits for ever.
    office.write("utmfa.yaml", "registration: {minimum: 1}\n")
    office.deliver()
    check(office.waiting() == [], "waits for nobody")
    office.write("utmfa.yaml", "colour: red\n")
    office.deliver(expect=1)
    for words in (("--nonsense",), ("word",)):
        office.deliver(*words, expect=2)


SINK = """\
import asyncio, sys
from aiosmtpd.controller import Controller
class Handler:
    async def handle_DATA(self, server, session, envelope):
        with open(sys.argv[1], 'ab') as file:
            file.write(repr((envelope.mail_from, envelope.rcpt_tos, envelope.content)).encode() + b'\\n')
        return '250 OK'
class Any(Controller):
    def _create_server(self):
        import socket
        sock = socket.socket(); sock.bind(('127.0.0.1', 0))
        self.port = sock.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=sock)
    def _trigger_server(self):
        import socket
        socket.create_connection(('127.0.0.1', self.port)).close()
controller = Any(Handler(), hostname='127.0.0.1', port=1)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
"""


def real_mail():
    """mail-sendmail, msmtp and an SMTP server."""
    msmtp = "/usr/bin/msmtp"
    if not os.path.exists(msmtp) or subprocess.run(["/usr/bin/python3", "-c", "import aiosmtpd"], check=False,
                                                   stderr=subprocess.DEVNULL).returncode:
        print("mail-sendmail is not tried: msmtp or python3-aiosmtpd is missing")
        return
    office = Office()
    gateway = office.at("mail-sendmail")
    for name in ("mail-sendmail", "utmfa_gateway.py"):
        with open(os.path.join(source, "conf/gateways", name), encoding="utf-8") as file:
            office.write(name, file.read(), 0o755)
    received = office.write("box/received", "", 0o666)
    with subprocess.Popen(["/usr/bin/python3", office.write("sink.py", SINK), received], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as sink:
        port = int(sink.stdout.readline())
        rc = office.write("msmtprc", f"account default\nhost 127.0.0.1\nport {port}\ntimeout 5\n")
        words = f"{gateway}, --from, utmfa@example.ac.jp, --, {msmtp}, -C, {rc}"
        office.write("utmfa.yaml", CONFIG % (words, gateway, gateway, gateway))

        def mails():
            with open(received, encoding="utf-8") as file:
                found = [eval(line) for line in file]  # pylint: disable=eval-used
            office.write("box/received", "", 0o666)
            return [(sender, to, email.message_from_bytes(text, policy=email.policy.default))
                    for sender, to, text in found]

        office.admin("gateway", "test", "mail", "taro@example.ac.jp")
        sender, to, mail = mails()[0]
        check(sender == "utmfa@example.ac.jp" and to == ["taro@example.ac.jp"], sender, to)
        check(mail["To"] == "taro@example.ac.jp" and mail["Auto-Submitted"] == "auto-generated", mail)
        hostile = {"version": 1, "kind": "mail", "id": "0123abcd", "to": "taro@example.ac.jp", "language": "ja",
                   "subject": "日本語の件名 $(id) `id`", "text": "一行目\n.\nMAIL FROM:<x@example.org>\nFrom x\r\n終わり"}
        direct = [gateway, "--from", "utmfa@example.ac.jp", "--", msmtp, "-C", rc]

        def asked(message, expect):
            ran = subprocess.run(direct, input=message if isinstance(message, bytes) else json.dumps(message).encode(),
                                 capture_output=True, timeout=30, check=False)
            answer = json.loads(ran.stdout)
            check(answer["result"] == expect, message, answer, ran.stderr)
            return answer

        check(asked(hostile, "sent")["id"] == "0123abcd", "id")
        _, to, mail = mails()[0]
        check(to == ["taro@example.ac.jp"] and mail["Subject"] == hostile["subject"], mail)
        check([line.rstrip() for line in mail.get_content().splitlines()] ==
              ["一行目", ".", "MAIL FROM:<x@example.org>", "From x", "終わり"], mail.get_content())
        for wrong in ({"to": "taro@example.ac.jp\nBcc: x@example.org"}, {"to": "-oQ/tmp@example.org"}, {"to": ""},
                      {"to": "a@example.org, b@example.org"}, {"to": ["a@example.org"]},
                      {"subject": "x\nBcc: x@example.org"}, {"subject": "x\r\n\r\nbody"}, {"kind": "sms"}, {"version": 2}):
            asked({**hostile, **wrong}, "failed")
        for garbage in (b"", b"[]", b"{", b"\xff", b"null"):
            asked(garbage, "failed")
        check(mails() == [], "something was sent")
        sink.stdin.close()
        sink.wait(30)
    check("msmtp" in asked(hostile, "busy")["detail"], "no server")
    check(subprocess.run([gateway, "--from", "-x"], input="", text=True, stderr=subprocess.DEVNULL,
                         check=False).returncode == 2, "a wrong sender")


for each in (gateway_test, contact_by_code, contact_by_desk, notices, in_the_language_of_the_person,
             the_queue_survives, real_mail):
    each()
done()
