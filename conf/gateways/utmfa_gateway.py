# SPDX-License-Identifier: Apache-2.0
"""What the gateways beside this file share: a message read and checked, settings of root's, HTTPS, and one answer.

A gateway calls serve() with the kinds that it delivers and a function that takes the message and returns the fields of
the answer. Whatever goes wrong becomes "failed" or "busy"; nothing that was not said to be sent counts as sent. Nothing
of a message may become a word of a command but what is checked here, because everybody sees the words of a process.
"""

import configparser
import http.client
import json
import os
import re
import signal
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request

LONGEST_MESSAGE, LONGEST_ANSWER = 32768, 65536
TELEPHONE = re.compile(r"\+[1-9][0-9]{5,14}")
SHAPES = {"id": re.compile(r"[0-9A-Za-z-]{1,64}"), "code": re.compile(r"[0-9]{2,12}"),
          "extension": re.compile(r"[0-9]{1,10}"), "language": re.compile(r"[a-z]{2,3}")}
TEXTS = ("kind", "id", "user", "to", "extension", "subject", "text", "code", "language", "service", "from")


class Failed(Exception):
    """It was not delivered; its text is for the log and for the administrator."""

    result, retry_after = "failed", 0


class Busy(Failed):
    """Not now, but perhaps after so many seconds."""

    result = "busy"

    def __init__(self, why, retry_after=0):
        super().__init__(why)
        self.retry_after = retry_after


def checked(message, kinds):
    if not isinstance(message, dict) or message.get("version") != 1 or message.get("kind") not in kinds:
        raise Failed(f"expected a message of version 1 and kind {' or '.join(kinds)}")
    for key in ("id", "to", "text"):
        if not message.get(key):
            raise Failed(f"{key} is missing")
    for key in TEXTS:
        value = message.get(key, "")
        if not isinstance(value, str) or "\0" in value or (value and key in SHAPES and not SHAPES[key].fullmatch(value)):
            raise Failed(f"{key} is not of its form")
    if type(message.get("expires", 0)) is not int:
        raise Failed("expires is no number")
    if message["kind"] in ("sms", "voice") and not TELEPHONE.fullmatch(message["to"]):
        raise Failed("to is no number like +819012345678")
    return message


def read(kinds):
    given = sys.stdin.buffer.read(LONGEST_MESSAGE + 1)
    if len(given) > LONGEST_MESSAGE:
        raise Failed("the message is too long")
    try:
        return checked(json.loads(given), kinds)
    except (ValueError, RecursionError):
        raise Failed("the message is not JSON") from None


def limit(seconds):
    """An answer of ours before utmfa's time limit is over."""
    def over(*_):
        raise Busy(f"nothing came of it within {seconds:g} seconds")
    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def serve(kinds, deliver, seconds=15):
    answer, message = {"result": "failed"}, {}
    try:
        limit(seconds)
        message = read(kinds)
        answer.update({"id": message["id"], "kind": message["kind"]}, **deliver(message))
    except Failed as why:
        answer.update(result=why.result, detail=str(why)[:200], retry_after=why.retry_after)
    except (OSError, ValueError, RecursionError, http.client.HTTPException, subprocess.SubprocessError) as why:
        answer.update(result="failed", detail=f"{type(why).__name__}: {why}"[:200])
    signal.setitimer(signal.ITIMER_REAL, 0)
    if len(message.get("code", "")) >= 6 and message["code"] in answer.get("detail", ""):  # a number to match is on a screen
        answer["detail"] = "the reason has the code in it and is left out"
    print(json.dumps(answer), flush=True)


def settings(path, known):
    """An INI file of root's; `known`: section -> key -> usual value, None for a key that must be there; a section whose
    keys are free is None. Who else may write or read it, beside the group of the gateways, makes it worthless."""
    with open(path, encoding="utf-8") as file:
        about = os.fstat(file.fileno())
        if about.st_uid != 0 or not stat.S_ISREG(about.st_mode) or about.st_mode & 0o027:
            raise Failed(f"{path}: expected a file of root's that is read by the group of the gateways and by nobody else "
                         "(chown root:utmfa-gateway, chmod 0640)")
        parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
        parser.optionxform = str
        try:
            parser.read_file(file)
        except (configparser.Error, UnicodeDecodeError) as why:
            raise Failed(f"{path}: {type(why).__name__}") from None  # its text would have lines of the file in it
    found = {}
    for name in parser.sections():
        if name not in known:
            raise Failed(f"{path}: unknown section [{name}]")
        for key in parser[name]:
            if known[name] is not None and key not in known[name]:
                raise Failed(f"{path}: unknown key {key} in [{name}]")
    for name, keys in known.items():
        given = dict(parser[name]) if parser.has_section(name) else {}
        found[name] = {**(keys or {}), **given}
        for key, value in found[name].items():
            if value is None:
                raise Failed(f"{path}: [{name}] has no {key}")
    return found


def put(directory, name, data, unfinished):
    """A file in a spool, whole or not at all and over no other, for the group of the directory. Whoever takes files from
    there does not look at a name like `unfinished`."""
    before, path = os.path.join(directory, unfinished), os.path.join(directory, name)
    try:
        file = os.open(before, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(file, "wb") as spooled:
                os.fchmod(file, 0o660)
                spooled.write(data)
            os.link(before, path)
        finally:
            os.unlink(before)
    except OSError as why:
        raise Failed(f"{directory}: {why.strerror}") from None


class Stay(urllib.request.HTTPRedirectHandler):
    """A secret is told to the server that is configured and to no other."""

    def redirect_request(self, *_):
        return None


def https(url, authorities=""):
    """A function that does one request and returns status and body; https only, the server's certificate verified."""
    if not url.startswith("https://"):
        raise Failed("expected an address that begins with https://")
    context = ssl.create_default_context(cafile=authorities or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay,
                                         urllib.request.HTTPSHandler(context=context))

    def asked(request, timeout=10):
        try:
            with opener.open(request, timeout=timeout) as response:
                return response.status, response.read(LONGEST_ANSWER), response
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read(LONGEST_ANSWER), refused
        except urllib.error.URLError as why:
            raise Failed(f"the server cannot be reached: {why.reason}") from None
    asked.opener = opener
    return asked


def retry_after(response):
    said = response.headers.get("Retry-After", "")
    return min(int(said), 86400) if re.fullmatch(r"[0-9]{1,6}", said) else 60
