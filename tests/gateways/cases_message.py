# SPDX-License-Identifier: Apache-2.0
# What holds for every gateway: a message that is not right is not delivered, settings that somebody else could read or
# write are not used, and nothing secret is where others can see it.
import json
import os

from stage import GATEWAY_USER, GATEWAYS, SETTINGS, asked, finished, message, setting, start, suite, write
from suite import expect

KINDS = {"sms-gammu": "sms", "sms-smstools": "sms", "sms-http": "sms", "voice-sip": "voice", "push-ntfy": "push",
         "push-radius": "push"}
CONFIGURED = ("sms-http", "voice-sip", "push-ntfy", "push-radius")
HOSTILE = ({"to": "+8190$(id)"}, {"to": "090-1234-5678"}, {"to": "+81\n90"}, {"to": "-oProxy"}, {"to": ["+819012345678"]},
           {"to": ""}, {"version": 2}, {"kind": "mail"}, {"kind": ["sms"]}, {"id": "../../etc/passwd"}, {"id": ""},
           {"code": "12 34"}, {"code": "1;2"}, {"code": 123456}, {"text": ""}, {"text": "a\0b"}, {"language": "../en"},
           {"extension": "1,2"}, {"expires": "600"}, {"expires": True})
GARBAGE = (b"", b"[]", b"{", b"null", b"\xff\xfe", b"[" * 30000, b"NaN", b" " * 40000)


@suite.case("a message that is not of its form is not delivered, by any of them")
def _():
    # "to" of push is anything; each gateway has its own form.
    push = {"to": "a topic/$(id)"}
    for name, kind in KINDS.items():
        for wrong in HOSTILE:
            if kind == "push" and "to" in wrong and isinstance(wrong["to"], str) and wrong["to"]:
                wrong = push
            if kind == "push" and name == "push-radius" and wrong is push:
                continue  # a User-Name may be anything
            asked(name, {**message(kind), **wrong}, f"{SETTINGS}/none", result="failed")
        for garbage in GARBAGE:
            asked(name, garbage, f"{SETTINGS}/none", result="failed")


@suite.case("settings that others may read or write are not used, nor those with an unknown key; the reason says why")
def _():
    texts = {"sms-http": "[provider]\nurl = https://localhost:1/\nsecret = s3cret\n",
             "voice-sip": "[sip]\naccount = a@localhost\ndial = {number}@localhost\npassword = s3cret\n",
             "push-ntfy": "[ntfy]\nurl = https://localhost:1\ntoken = s3cret\n",
             "push-radius": "[radius]\nserver = localhost\nsecret = s3cret\n"}
    for name in CONFIGURED:
        given = message(KINDS[name], to="topic" if KINDS[name] == "push" else "+819012345678")
        path = setting(name, texts[name])
        for mode, owner in ((0o644, 0), (0o660, 0), (0o646, 0), (0o640, GATEWAY_USER)):
            os.chmod(path, mode)
            os.chown(path, owner, GATEWAY_USER)
            answer = asked(name, given, path, result="failed")
            expect("expected a file of root's" in answer["detail"] and "s3cret" not in json.dumps(answer), answer)
        for text, said in (("nonsense", "Error"), (texts[name] + "colour = red\n", "unknown key colour"),
                           (texts[name] + "[other]\nx = y\n", "unknown section"), ("", "has no")):
            answer = asked(name, given, setting(name, text), result="failed")
            expect(said in answer["detail"] and "s3cret" not in json.dumps(answer), answer)
        expect("No such file" in asked(name, given, "/nowhere", result="failed")["detail"], name)


@suite.case("no code and no secret is in a word of a process or in its environment")
def _():
    # A gateway that waits for its message shows what everybody could see of it.
    for name, kind in KINDS.items():
        process = start(name, f"{SETTINGS}/none")
        with open(f"/proc/{process.pid}/cmdline", "rb") as words:
            expect(words.read().split(b"\0")[-2] == f"{SETTINGS}/none".encode(), name)
        expect(finished(process, message(kind, to=""))["result"] == "failed", name)
    for name in KINDS:
        about = os.stat(f"{GATEWAYS}/{name}")
        expect(about.st_uid == 0 and about.st_mode & 0o7777 == 0o755, name)
    write(f"{SETTINGS}/none", "")
