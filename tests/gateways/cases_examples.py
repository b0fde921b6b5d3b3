# SPDX-License-Identifier: Apache-2.0
# The examples of docs/gateways.md, as they stand there, and the same in Japanese: each delivers, each refuses what is wrong.
import json
import os
import re
import subprocess

from servers import Https
from stage import CERTIFICATE, GATEWAY_USER, NUMBER, finished, message, needs, read, start, suite, tried, write
from suite import Skip, expect

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PLACE = "/usr/libexec/utmfa/gateways"
BAD = (b"", b"{", b"[]", b"null", b'{"version":1}', b'{"id":"x","kind":"sms","to":"1","text":"a"}')


def block(language, page="gateways.md"):
    found = re.findall(rf"^```{language}\n(.*?)^```$", read(f"{TOP}/docs/{page}"), re.M | re.S)
    expect(len(found) == 1, f"{page}: {len(found)} blocks of {language}")
    return found[0]


def refuses(name, numbers=("090-1234", "+", "+81;id", "-x", "", "81"), environment=None):
    for garbage in BAD:
        process = start(name, environment=environment)
        out = process.communicate(garbage, timeout=30)[0]
        said = json.loads(out)["result"] if out.strip() and process.returncode == 0 else "failed"
        expect(said == "failed", f"{name}: {garbage}: {out}")
    for number in numbers:
        expect(finished(start(name, environment=environment), message("sms", to=number))["result"] == "failed", number)


@suite.case("the examples are the same in both languages")
def _():
    for language in ("sh", "python", "cpp"):
        code = [re.sub(r"^ *(#|//|\"\"\").*$|//.*$", "", block(language, page), flags=re.M) for page in
                ("gateways.md", "gateways.ja.md")]
        expect(code[0] == code[1], language)


@suite.case("the gateway in shell: the text goes to the command, a command that fails has not sent")
def _():
    needs("jq")
    write(f"{PLACE}/example-sh", block("sh"), 0o755)
    write("/run/example-sent", "", 0o666)
    os.makedirs("/usr/local/bin", exist_ok=True)
    write("/usr/local/bin/send-sms", '#!/bin/sh\necho "$1" > /run/example-sent; cat >> /run/example-sent; exit 0\n', 0o755)
    expect(tried("sms", NUMBER, "example-sh")["result"] == "sent", "not sent")
    hostile = "314159 $(id) `id` \\n %s \n.\n日本語"
    answer = finished(start("example-sh"), message("sms", text=hostile))
    expect(answer == {"id": message("sms")["id"], "kind": "sms", "result": "sent"}, answer)
    expect(read("/run/example-sent") == f"{NUMBER}\n{hostile}\n", read("/run/example-sent"))
    refuses("example-sh")
    write("/usr/local/bin/send-sms", "#!/bin/sh\ncat >/dev/null; exit 1\n", 0o755)
    expect(finished(start("example-sh"), message("sms"))["result"] == "failed", "a command that fails")


@suite.case("the gateway in Python: the request is made, and what the provider refuses is told")
def _():
    with Https() as provider:
        write(f"{PLACE}/example-py", block("python").replace("https://sms.example.net", provider.url), 0o755)
        write("/etc/utmfa/gateways/sms.token", "s3cret\n", 0o640, 0, GATEWAY_USER)
        trusted = {"SSL_CERT_FILE": CERTIFICATE}
        for status, result in ((201, "sent"), (429, "busy"), (500, "failed"), (204, "failed")):
            provider.answers = [(status, {})]
            answer = finished(start("example-py", environment=trusted), message("sms"))
            expect(answer["result"] == result and "s3cret" not in json.dumps(answer), answer)
        got = provider.requests[0]
        expect(json.loads(got["body"]) == {"to": NUMBER, "body": message("sms")["text"]}, got)
        expect(got["headers"]["Authorization"] == "Bearer s3cret", got)
        before = len(provider.requests)
        expect(finished(start("example-py"), message("sms"))["result"] == "failed", "a certificate that nobody knows")
        refuses("example-py", environment=trusted)
        expect(len(provider.requests) == before, "something was asked")


@suite.case("the gateway in C++: it compiles, and spools what is right")
def _():
    if not os.path.exists("/usr/bin/g++"):
        raise Skip("g++ is not here")
    write("/run/sms-spool.cc", block("cpp"))
    words = re.search(r"^// (g\+\+ .*)$", block("cpp"), re.M)[1].split()
    words[words.index("sms-spool")], words[words.index("sms-spool.cc")] = f"{PLACE}/example-cc", "/run/sms-spool.cc"
    subprocess.run([*words, "-Wall", "-Wextra", "-Werror"], check=True)
    os.makedirs("/var/spool/example")
    os.chown("/var/spool/example", GATEWAY_USER, GATEWAY_USER)
    expect(tried("sms", NUMBER, "example-cc")["result"] == "sent", "not sent")
    finished(start("example-cc"), message("sms", text="314159\n日本語"))
    expect(read("/var/spool/example/" + message("sms")["id"]) == f"To: {NUMBER}\n\n314159\n日本語", "the text")
    kept = os.listdir("/var/spool/example")
    refuses("example-cc")
    expect(finished(start("example-cc"), message("sms", id="../../run/x"))["result"] == "failed", "an id that leads away")
    expect(os.listdir("/var/spool/example") == kept, "something was spooled")
    os.chmod("/var/spool/example", 0)
    expect(finished(start("example-cc"), message("sms", id="f" * 32))["result"] == "failed", "a spool that takes nothing")
