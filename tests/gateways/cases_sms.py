# SPDX-License-Identifier: Apache-2.0
# SMS: through gammu-smsd with its files and its dummy telephone, through the spool of smsd, and to servers that speak
# what Twilio and Vonage document.
import contextlib
import glob
import json
import os
import time
import urllib.parse

from servers import Https
from stage import (CERTIFICATE, GATEWAY_USER, NUMBER, OTHER_CERTIFICATE, OTHER_KEY, asked, message, needs, read, server,
                   setting, suite, tried, until, write)
from suite import expect

JAPANESE = "314159 は Example University のサインインのコードです。\n.\n$(id) `id` ; #\nTo: 1\n有効期間は 10 分です。"
SPOOL = "/var/spool/utmfa-test"


@contextlib.contextmanager
def gammu():
    daemon = needs("gammu-smsd")
    for name in ("inbox", "outbox", "sent", "error", "phone"):
        os.makedirs(f"{SPOOL}/gammu/{name}", exist_ok=True)
    # Somebody else's daemon: it reads the message by the group of the directory.
    for name in ("", "inbox", "sent", "error", "phone"):
        os.chown(f"{SPOOL}/gammu/{name}", 33, 33)
    os.chown(f"{SPOOL}/gammu/outbox", GATEWAY_USER, 33)
    os.chmod(f"{SPOOL}/gammu/outbox", 0o2770)
    write(f"{SPOOL}/gammu.rc", f"""\
[gammu]
model = dummy
connection = none
device = {SPOOL}/gammu/phone
[smsd]
service = files
pin = 0000
logfile = {SPOOL}/gammu/log
inboxpath = {SPOOL}/gammu/inbox/
outboxpath = {SPOOL}/gammu/outbox/
sentsmspath = {SPOOL}/gammu/sent/
errorsmspath = {SPOOL}/gammu/error/
""", 0o640, 33, GATEWAY_USER)
    with server(daemon, "-c", f"{SPOOL}/gammu.rc", user=33, group=33, extra_groups=[]):
        yield f"{SPOOL}/gammu/outbox"


def sent_text(path):
    """The text of a message as gammu keeps it."""
    with open(path, encoding="utf-16") as file:
        return file.read()


@suite.case("sms-gammu: a message reaches gammu-smsd, which sends it by its telephone")
def _():
    with gammu() as outbox:
        told = tried("sms", NUMBER, "sms-gammu", outbox)
        expect(told["result"] == "sent", told)
        found = until(lambda: glob.glob(f"{SPOOL}/gammu/sent/*{NUMBER}*"), "the message")
        expect("123456" in sent_text(found[0]), sent_text(found[0]))
        os.unlink(found[0])
        asked("sms-gammu", message("sms", text=JAPANESE), outbox)
        found = until(lambda: glob.glob(f"{SPOOL}/gammu/sent/*{NUMBER}*"), "the message")
        expect(sent_text(found[0]) == JAPANESE, sent_text(found[0]))
        log = read(f"{SPOOL}/gammu/log")
        expect(log.count("Transmitted OUTC") >= 2 and log.count("Renamed") == 2 and "Error" not in log, log)
        expect(not os.listdir(f"{SPOOL}/gammu/error"), "an error")
        answer = asked("sms-gammu", message("sms"), "/nowhere", result="failed")
        expect("No such file" in answer["detail"], answer)


@suite.case("sms-smstools: a message reaches the spool of smsd whole, and smsd hands it to its modem")
def _():
    daemon = needs("smsd")
    for name in ("", "outgoing", "checked", "failed", "incoming", "report"):
        os.makedirs(f"{SPOOL}/sms/{name}", exist_ok=True)
        os.chown(f"{SPOOL}/sms/{name}", 33, 33)
    os.chown(f"{SPOOL}/sms/outgoing", GATEWAY_USER, 33)
    os.chmod(f"{SPOOL}/sms/outgoing", 0o2770)
    # smsd checks a message and puts it before its modem; eventhandler sees it there, and no modem is needed.
    config = write(f"{SPOOL}/smsd.conf", f"""\
devices = GSM1
outgoing = {SPOOL}/sms/outgoing
checked = {SPOOL}/sms/checked
failed = {SPOOL}/sms/failed
incoming = {SPOOL}/sms/incoming
report = {SPOOL}/sms/report
logfile = {SPOOL}/sms/log
infofile = {SPOOL}/sms/info
pidfile = {SPOOL}/sms/pid
delaytime = 1
user = www-data
group = www-data
[GSM1]
device = {SPOOL}/sms/no-modem
incoming = no
""")
    told = tried("sms", NUMBER, "sms-smstools", f"{SPOOL}/sms/outgoing")
    expect(told["result"] == "sent", told)
    given = message("sms", text=JAPANESE)
    asked("sms-smstools", given, f"{SPOOL}/sms/outgoing")
    # The same message again has the same name, and is not written over.
    answer = asked("sms-smstools", given, f"{SPOOL}/sms/outgoing", result="failed")
    expect("exists" in answer["detail"], answer)
    spooled = f"{SPOOL}/sms/outgoing/utmfa-{given['id']}"
    about = os.stat(spooled)
    expect((about.st_uid, about.st_gid, about.st_mode & 0o777) == (GATEWAY_USER, 33, 0o660), oct(about.st_mode))
    expect(read(spooled) == f"To: {NUMBER[1:]}\nAlphabet: UTF\n\n{JAPANESE}", read(spooled))
    write(f"{SPOOL}/sms/outgoing/unfinished.LOCK", "To: 1\n\nnot whole", 0o660, GATEWAY_USER, 33)
    with server(daemon, f"-c{config}", "-t"):
        # It is taken out of `outgoing` only when smsd has read it, knows its headers and has found it right.
        until(lambda: not glob.glob(f"{SPOOL}/sms/outgoing/utmfa-*"), "smsd to take it")
        taken = until(lambda: glob.glob(f"{SPOOL}/sms/checked/*"), "smsd to check it")
        expect(len(taken) == 2, f"what is not whole was taken: {taken}")
        expect(not os.listdir(f"{SPOOL}/sms/failed"), "refused by smsd")
        expect(any(JAPANESE.split("\n")[0] in read(path) for path in taken), taken)
    expect("nowhere" in asked("sms-smstools", given, "/nowhere", result="failed")["detail"], "no spool")


TWILIO = "[provider]\nprofile = twilio\naccount = AC0123\nsecret = s3cret:%\nsender = +815011112222\n"
VONAGE = "[provider]\nprofile = vonage\naccount = abcd\nsecret = s3cret\nsender = Example\n"


def http(text, place):
    """The profile as it is, but for where the server is."""
    return setting("sms-http", text.replace("sender", f"authorities = {CERTIFICATE}\nurl = {place}\nsender"))


@suite.case("sms-http: the request is Twilio's, the account and the token in the header, and what is refused is failed")
def _():
    with Https() as twilio:
        path = http(TWILIO, twilio.url + "/2010-04-01/Accounts/{account}/Messages.json")
        twilio.answers = [(201, {"sid": "SM1", "status": "queued"})]
        told = tried("sms", NUMBER, "sms-http", path)
        expect(told["result"] == "sent" and "s3cret" not in json.dumps(told), told)
        got = twilio.requests[-1]
        expect(got["path"] == "/2010-04-01/Accounts/AC0123/Messages.json" and got["method"] == "POST", got)
        expect(got["basic"] == "AC0123:s3cret:%", got)
        form = urllib.parse.parse_qs(got["body"], strict_parsing=True)
        expect(form["To"] == [NUMBER] and form["From"] == ["+815011112222"] and "123456" in form["Body"][0], form)
        twilio.answers = [(201, {"sid": "SM2"})]
        hostile = "314159 & To=+1 %26 {secret} {account} \n日本語"
        asked("sms-http", message("sms", text=hostile), path)
        expect(urllib.parse.parse_qs(twilio.requests[-1]["body"])["Body"] == [hostile], twilio.requests[-1])
        for status, body, result, said in (
                (400, {"code": 21211, "message": f"The 'To' number {NUMBER} is not valid"}, "failed", "400 21211"),
                (401, {"code": 20003}, "failed", "401"), (429, {"code": 20429}, "busy", "429"), (503, "", "busy", "503"),
                (200, {"sid": "x"}, "failed", "200"), (500, "<html>", "failed", "500"),
                (400, {"code": "you sent 314159"}, "failed", "left out")):
            twilio.answers = [(status, body, {"Retry-After": "17"})]
            answer = asked("sms-http", message("sms"), path, result=result)
            expect(said in answer["detail"] and NUMBER not in json.dumps(answer), answer)
            expect(answer["retry_after"] == (17 if result == "busy" else 0), answer)


@suite.case("sms-http: the request is Vonage's, and its status 200 with a refused message is a failure")
def _():
    with Https() as vonage:
        path = http(VONAGE, vonage.url + "/sms/json")
        for reply, result in (({"messages": [{"status": "0"}]}, "sent"),
                              ({"messages": [{"status": "1", "error-text": "Throttled"}]}, "busy"),
                              ({"messages": [{"status": "4", "error-text": "Bad Credentials"}]}, "failed"),
                              ({"messages": []}, "failed"), ({}, "failed"), ([], "failed"), ("garbage", "failed"),
                              ("[" * 60000, "failed")):
            vonage.answers = [(200, reply)]
            answer = asked("sms-http", message("sms", text="コード 314159"), path, result=result)
            expect(result == "sent" or "s3cret" not in json.dumps(answer), answer)
        form = urllib.parse.parse_qs(vonage.requests[0]["body"])
        expect(form == {"api_key": ["abcd"], "api_secret": ["s3cret"], "from": ["Example"], "to": [NUMBER[1:]],
                        "text": ["コード 314159"], "type": ["unicode"]}, form)


@suite.case("sms-http: another provider, by JSON and a bearer token, is a matter of settings")
def _():
    with Https() as other:
        path = setting("sms-http", f"[provider]\nurl = {other.url}/send\nsecret = tok\nauthorization = bearer\nbody = json\n"
                       f"accepted = state = queued\nreason = why\nauthorities = {CERTIFICATE}\n"
                       "[fields]\nrecipient = {to}\nmessage = {text}\nsource = lab\n")
        other.answers = [(200, {"state": "queued"}), (200, {"state": "refused", "why": "no credit"})]
        asked("sms-http", message("sms", text='x", "source": "y'), path)
        got = other.requests[-1]
        expect(json.loads(got["body"]) == {"recipient": NUMBER, "message": 'x", "source": "y', "source": "lab"}, got)
        expect(got["headers"]["Authorization"] == "Bearer tok", got)
        expect("no credit" in asked("sms-http", message("sms"), path, result="failed")["detail"], "refused")


@suite.case("sms-http: the server's certificate is verified, a redirection is not followed, a slow server is given up")
def _():
    with Https(OTHER_CERTIFICATE, OTHER_KEY) as stranger:
        path = http(TWILIO, stranger.url + "/")
        answer = asked("sms-http", message("sms"), path, result="failed")
        expect("certificate" in answer["detail"].lower() and not stranger.requests, answer)
        path = setting("sms-http", TWILIO + f"url = {stranger.url}/\n")
        asked("sms-http", message("sms"), path, result="failed")
        expect(not stranger.requests, "the system's authorities do not know it")
        path = setting("sms-http", TWILIO + f"url = http://localhost:{stranger.port}/\n")
        expect("https" in asked("sms-http", message("sms"), path, result="failed")["detail"], "plain http")
    with Https() as right, Https() as elsewhere:
        right.answers = [(307, "", {"Location": elsewhere.url + "/"})]
        asked("sms-http", message("sms"), http(TWILIO, right.url + "/"), result="failed")
        expect(len(right.requests) == 1 and not elsewhere.requests, "followed")
    with Https() as slow:
        slow.answers = [("drip", "")]
        begun = time.monotonic()
        asked("sms-http", message("sms"), http(TWILIO, slow.url + "/"), result="busy")
        expect(time.monotonic() - begun < 30, "not given up")
    asked("sms-http", message("sms"), http(TWILIO, "https://localhost:1/"), result="failed")
