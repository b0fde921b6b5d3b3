# SPDX-License-Identifier: Apache-2.0
# The stage of the gateway cases: servers' packages unpacked, certificates, gateways run as utmfa runs them, and servers
# that end with their case.
import contextlib
import json
import os
import select
import subprocess
import time

from suite import Skip, Suite, expect, unpack

GATEWAYS = "/usr/libexec/utmfa/gateways"
CONFIG = "/etc/utmfa/utmfa.yaml"
SETTINGS = "/etc/utmfa/gateways"
GATEWAY_USER = 992  # tools/world
# An address of the world, because a SIP user agent does not believe in 127.0.0.1.
HERE = "192.0.2.10"
NUMBER = "+819012345678"
CERTIFICATE, KEY = "/etc/utmfa-test/server.pem", "/etc/utmfa-test/server.key"
OTHER_CERTIFICATE, OTHER_KEY = "/etc/utmfa-test/other.pem", "/etc/utmfa-test/other.key"
suite = Suite("gateways")


@contextlib.contextmanager
def opened(debs):
    unpack(debs)
    subprocess.run(["ip", "address", "add", f"{HERE}/32", "dev", "lo"], check=True)
    for path in (SETTINGS, "/etc/utmfa-test"):
        os.makedirs(path, exist_ok=True)
    for certificate, key in ((CERTIFICATE, KEY), (OTHER_CERTIFICATE, OTHER_KEY)):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{HERE}", "-keyout", key,
                        "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    yield


def needs(program):
    for directory in ("/usr/bin", "/usr/sbin"):
        if os.access(os.path.join(directory, program), os.X_OK):
            return os.path.join(directory, program)
    raise Skip(f"{program} is not here")


def write(path, text, mode=0o644, owner=0, group=0):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    os.chown(path, owner, group)
    return path


def setting(name, text):
    """A file of root's that the gateways may read, as the gateways ask for it."""
    return write(f"{SETTINGS}/{name}.conf", text, 0o640, 0, GATEWAY_USER)


def message(kind, **fields):
    return {"version": 1, "kind": kind, "id": "0123456789abcdef" * 2, "user": "taro", "to": NUMBER, "code": "314159",
            "text": "314159 is your code", "language": "en", "service": "sshd", "from": "192.0.2.1", "expires": 600, **fields}


def start(name, *words, environment=None):
    """As utmfa starts it: that user, that group, that environment."""
    return subprocess.Popen([f"{GATEWAYS}/{name}", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, user=GATEWAY_USER, group=GATEWAY_USER, extra_groups=[], umask=0o077,
                            cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **(environment or {})})


def finished(process, given=None, seconds=60):
    data = given if given is None or isinstance(given, bytes) else json.dumps(given).encode()
    out, complaint = process.communicate(data, timeout=seconds)
    expect(process.returncode == 0 and not complaint, f"status {process.returncode}: {complaint.decode()}")
    return json.loads(out)


def asked(name, given, *words, result="sent"):
    """The answer to one message, which is what it should be."""
    answer = finished(start(name, *words), given)
    expect(answer["result"] == result, answer)
    if isinstance(given, dict) and result == "sent":
        expect(answer["id"] == given["id"] and answer["kind"] == given["kind"], answer)
    return answer


def tried(kind, to, name, *words, status=0, matching="", limit="60s"):
    """utmfa-admin gateway test: all of utmfa's own road to a gateway and back."""
    command = ", ".join(json.dumps(word) for word in (f"{GATEWAYS}/{name}", *words))
    write(CONFIG, f"version: 1\ngateways:\n  {kind}: {{command: [{command}], time-limit: {limit}{matching}}}\n")
    ran = subprocess.run(["utmfa-admin", "gateway", "test", "--json", kind, to], capture_output=True, text=True, check=False,
                         timeout=120)
    expect(ran.returncode == status, f"status {ran.returncode}: {ran.stdout} {ran.stderr}")
    return json.loads(ran.stdout)


@contextlib.contextmanager
def server(*words, **how):
    """A program of the world, ended with its case."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def until(holds, what, seconds=120):  # a busy machine; gammu-smsd rests for 30 after an error of its line
    end = time.monotonic() + seconds
    while not (found := holds()):
        expect(time.monotonic() < end, f"waited in vain for {what}")
        select.select([], [], [], 0.02)
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
