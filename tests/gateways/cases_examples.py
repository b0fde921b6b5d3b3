# SPDX-License-Identifier: Apache-2.0
# The examples of docs/gateways.md and of the manual, as they stand there, and the same in Japanese: each delivers, each
# refuses what is wrong.
import json
import os
import re
import subprocess

from servers import Https
from stage import CERTIFICATE, GATEWAY_USER, NUMBER, finished, message, needs, read, start, suite, tried, write
from suite import Skip, expect

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PLACE = "/usr/libexec/utmfa/gateways"
EXAMPLES = ("gateways:", "#!/bin/sh", "#!/usr/bin/python3", "#include")
BAD = (b"", b"{", b"[]", b"null", b'{"version":1}', b'{"id":"x","kind":"sms","to":"1","text":"a"}')


def block(language, page="gateways.md"):
    found = re.findall(rf"^```{language}\n(.*?)^```$", read(f"{TOP}/docs/{page}"), re.M | re.S)
    expect(len(found) == 1, f"{page}: {len(found)} blocks of {language}")
    return found[0]


def manual(begins, page="utmfa-gateway.7"):
    """An example of the manual, as it is read: by how it begins."""
    found = [each for each in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", read(f"{TOP}/docs/man/{page}"), re.M | re.S)
             if each.startswith(begins)]
    expect(len(found) == 1, f"{page}: {len(found)} examples of {begins}")
    return found[0].replace("\\&", "").replace("\\e", "\\")


def refuses(name, numbers=("090-1234", "+", "+81;id", "-x", "", "81"), environment=None):
    """By saying so, or by an end without success, which counts as much."""
    for garbage in (*BAD, *(json.dumps(message("sms", to=number)).encode() for number in numbers)):
        process = start(name, environment=environment)
        out = process.communicate(garbage, timeout=30)[0]
        said = json.loads(out)["result"] if out.strip() and process.returncode == 0 else "failed"
        expect(said == "failed", f"{name}: {garbage}: {out}")


@suite.case("the examples are the same in both languages")
def _():
    for language in ("sh", "python", "cpp"):
        code = [re.sub(r"^ *(#|//|\"\"\").*$|//.*$", "", block(language, page), flags=re.M) for page in
                ("gateways.md", "gateways.ja.md")]
        expect(code[0] == code[1], language)
    for begins in EXAMPLES:
        expect(manual(begins) == manual(begins, "ja/utmfa-gateway.7"), begins)


SEND = "/usr/local/bin/send-sms"


def shell_delivers(name, text):
    write(f"{PLACE}/{name}", text, 0o755)
    write("/run/example-sent", "", 0o666)
    os.makedirs("/usr/local/bin", exist_ok=True)
    write(SEND, '#!/bin/sh\necho "$1" > /run/example-sent; cat >> /run/example-sent; exit 0\n', 0o755)
    expect(tried("sms", NUMBER, name)["result"] == "sent", "not sent")
    hostile = "314159 $(id) `id` \\n %s \n.\n日本語"
    answer = finished(start(name), message("sms", text=hostile))
    expect(answer == {"id": message("sms")["id"], "kind": "sms", "result": "sent"}, answer)
    expect(read("/run/example-sent") == f"{NUMBER}\n{hostile}\n", read("/run/example-sent"))
    write("/run/example-sent", "", 0o666)
    refuses(name)
    expect(read("/run/example-sent") == "", "something was sent")
    write(SEND, "#!/bin/sh\ncat >/dev/null; exit 1\n", 0o755)
    expect(finished(start(name), message("sms"))["result"] == "failed", "a command that fails")


@suite.case("the gateways in shell: the text goes to the command, a command that fails has not sent")
def _():
    needs("jq")
    shell_delivers("example-sh", block("sh"))
    text = manual("#!/bin/sh")
    expect(text.count("gammu-smsd-inject TEXT") == 1, text)
    shell_delivers("example-manual-sh", text.replace("gammu-smsd-inject TEXT", SEND))


def python_delivers(name, text, answers):
    with Https() as provider:
        write(f"{PLACE}/{name}", re.sub(r"https://sms\.example\.[a-z.]+", provider.url, text), 0o755)
        trusted = {"SSL_CERT_FILE": CERTIFICATE}
        for status, result in answers:
            provider.answers = [(status, {})]
            answer = finished(start(name, environment=trusted), message("sms"))
            expect(answer["result"] == result and "s3cret" not in json.dumps(answer), answer)
        got = provider.requests[0]
        expect(json.loads(got["body"]) == {"to": NUMBER, "body": message("sms")["text"]}, got)
        expect(got["headers"]["Authorization"] == "Bearer s3cret", got)
        before = len(provider.requests)
        expect(finished(start(name), message("sms"))["result"] == "failed", "a certificate that nobody knows")
        refuses(name, environment=trusted)
        expect(len(provider.requests) == before, "something was asked")


@suite.case("the gateways in Python: the request is made, and what the provider refuses is told")
def _():
    for place in ("/etc/utmfa/gateways", "/etc/utmfa"):
        write(f"{place}/sms.token", "s3cret\n", 0o640, 0, GATEWAY_USER)
    answers = ((201, "sent"), (429, "busy"), (500, "failed"))
    python_delivers("example-py", block("python"), (*answers, (204, "failed")))
    python_delivers("example-manual-py", manual("#!/usr/bin/python3"), answers)


def compiled(name, text, words):
    write(f"/run/{name}.cc", text)
    subprocess.run([*words, "-o", f"{PLACE}/{name}", f"/run/{name}.cc", "-Wall", "-Wextra", "-Werror"], check=True)


@suite.case("the gateways in C++: they compile, and hand on what is right")
def _():
    if not os.path.exists("/usr/bin/g++"):
        raise Skip("g++ is not here")
    words = re.search(r"^// (g\+\+ .*) -o sms-spool sms-spool\.cc$", block("cpp"), re.M)[1].split()
    compiled("example-cc", block("cpp"), words)
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
    # The one in the manual leaves to its reader how it is handed on.
    hand_on = ("bool hand_on(const std::string& to, const std::string& text) {\n"
               f'  return to == "{NUMBER}" && !text.empty();\n}}\n')
    compiled("example-manual-cc", manual("#include") + hand_on, [word for word in words if word != "-O2"])
    expect(tried("sms", NUMBER, "example-manual-cc")["result"] == "sent", "not sent")
    refuses("example-manual-cc")
