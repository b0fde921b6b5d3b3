# SPDX-License-Identifier: Apache-2.0
"""utmfa-admin token: files taken in whole or not at all, and tokens lent, given back, overdue, retired, resynced."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import time

from programs import Place, add_app, build, check, done, hotp, others, source, totp

taro, hanako = others[0], others[1]
CONFIG = "version: 1\nregistration: {minimum: 2, test: optional}\nservices: {default: {require: enrolled}}\n"
SEEDS = {serial: base64.b32encode(hashlib.sha256(b"seed " + serial.encode()).digest()[:20]).decode()
         for serial in ("1000001", "1000002", "1000003", "H1", "H2")}
ENTRA = "upn,serial number,secret key,time interval,manufacturer,model\n" + "".join(
    f"{taro}@example.ac.jp,{serial},{SEEDS[serial]},60,Feitian,c200\n" for serial in ("1000001", "1000002", "1000003"))
EVENTS = "serial,secret,type,digits,counter\n" + "".join(
    f"{serial},{base64.b32decode(SEEDS[serial]).hex()},hotp,6,0\n" for serial in ("H1", "H2"))


def stocked():
    place = Place(config=CONFIG)
    place.admin("token", "import", place.write("entra.csv", ENTRA, 0o600))
    place.admin("token", "import", place.write("events.csv", EVENTS, 0o600))
    return place


def tokens(place, *flags):
    return {each["serial"]: each for each in place.json("utmfa-admin", "token", "list", *flags)["tokens"]}


def imported():
    place = Place(config=CONFIG)
    check("No token" in place.admin("token", "list").stdout, "empty stock")
    path = place.write("entra.csv", ENTRA, 0o600)
    before = place.tree()
    said = place.json("utmfa-admin", "token", "import", path, "--dry-run")
    check(said["new"] == 3 and said["dry_run"] and not said["imported"], said)
    check({name: text for name, text in place.tree().items() if "/tokens/" not in name} == before, "dry run wrote")
    check(not os.path.exists(place.at("data/tokens/stock.yaml")), "dry run wrote the stock")
    check("3 tokens" in place.admin("token", "import", path).stdout, "import")
    stock = place.tree()
    again = place.json("utmfa-admin", "token", "import", path)
    check((again["new"], again["there"]) == (0, 3) and place.tree() == stock, again)
    text = stock[place.at("data/tokens/stock.yaml")].decode()
    for seed in SEEDS.values():
        raw = base64.b32decode(seed)
        check(seed not in text and raw.hex() not in text and base64.b64encode(raw).decode() not in text, "a secret in the stock")
    check(os.stat(place.at("data/tokens/stock.yaml")).st_mode & 0o777 == 0o600, "mode of the stock")
    check(os.stat(place.at("data/tokens")).st_mode & 0o777 == 0o700, "mode of its directory")
    one = place.json("utmfa-admin", "token", "show", "1000001")
    check(one["holding"] == "free" and one["period"] == "60" and one["meant_for"] == f"{taro}@example.ac.jp", one)
    place.admin("token", "show", "nothing", expect=1)
    os.chmod(path, 0o644)
    check("others on this machine" in place.admin("token", "import", path).stderr, "readable by others")
    check(place.json("utmfa-admin", "keys", "list")["keys"][0]["sealed"] == 3, "keys list counts the stock")
    place.admin("keys", "new")
    place.admin("keys", "activate", "k2")
    place.admin("keys", "reseal")
    check([each["sealed"] for each in place.json("utmfa-admin", "keys", "list")["keys"]] == [0, 3], "resealed")


def refused_whole(place, name, text, *words, options=(), expect=1):
    """Nothing of the file is taken, and the words are said; no secret is."""
    before = place.tree()
    path = place.at(name)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, 0o600)
    said = place.admin("token", "import", path, *options, expect=expect)
    os.unlink(path)
    check(place.tree() == before, name, "something was written")
    for word in words:
        check(word in said.stderr, name, word, said.stderr)
    check(not any(seed in said.stderr + said.stdout for seed in SEEDS.values()), "a secret was told", said)
    check(said.returncode in (1, 3) and len(said.stderr) < 40000, said)


def hostile_files():
    place = stocked()
    lines = ENTRA.splitlines()
    good = f"a@b,2000001,{SEEDS['H1']},60,Feitian,c200"
    two = "\n".join([lines[0], good, good.replace("2000001", "2000002").replace(",60,", ",61,"), "x"]) + "\n"
    refused_whole(place, "two.csv", two, "two.csv:3: period", "two.csv:4: 1 cells", "nothing was imported")
    refused_whole(place, "other.csv", "\n".join([lines[0], good, lines[1].replace(SEEDS["1000001"], SEEDS["H2"])]),
                  "other.csv:3: ", "in stock with another secret")
    refused_whole(place, "empty.csv", "", "empty.csv:1: the file is empty")
    refused_whole(place, "binary.csv", bytes(range(256)), "binary.csv:1: the file is not text")
    refused_whole(place, "workbook.csv", b"PK\x03\x04\x14\x00\x06\x00" + b"\x00" * 500, "workbook.csv:1:")
    refused_whole(place, "utf16.csv", ENTRA.encode("utf-16"), "utf16.csv:1:")
    refused_whole(place, "long.csv", b"A" * (33 << 20), "is longer than", expect=1)
    refused_whole(place, "bomb.xml", '<!DOCTYPE a [<!ENTITY a "' + "a" * 1000 + '">]><a>&a;&a;</a>', "document type")
    refused_whole(place, "deep.xml", "<a>" * 100000, "deep.xml:1: not well-formed")
    refused_whole(place, "html.xml", "<html><body>sign in</body></html>", "html.xml:1: not a PSKC file")
    refused_whole(place, "entra.csv2", EVENTS, ":1: not the heading of Entra ID", options=("--format", "entra"))
    for bad in (place.at("nothing"), place.path, "/dev/null"):
        check(place.admin("token", "import", bad, expect=None).returncode in (1, 3), bad)
    os.mkfifo(place.at("pipe"))
    check("not a regular file" in place.admin("token", "import", place.at("pipe"), expect=1).stderr, "a pipe")
    os.unlink(place.at("pipe"))
    for words in (("import",), ("import", "x", "--format", "pdf"), ("lend", "1"), ("lend", "1", taro, "--until", "soon"),
                  ("resync", "1", "2"), ("retire", "1"), ()):
        place.admin("token", *words, expect=2)
    check(len(tokens(place)) == 5, "the stock is as it was")


PSKC = """<?xml version="1.0" encoding="UTF-8"?>
<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"%(spaces)s>
%(head)s%(packages)s</KeyContainer>
"""
PACKAGE = """  <KeyPackage>
    <DeviceInfo><Manufacturer>oath.FT</Manufacturer><SerialNo>%(serial)s</SerialNo></DeviceInfo>
    <Key Id="%(serial)s" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">
      <AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>
      <Data><Secret>%(secret)s</Secret><TimeInterval><PlainValue>60</PlainValue></TimeInterval></Data>
    </Key>
  </KeyPackage>
"""


def plain_pskc():
    packages = "".join(PACKAGE % {"serial": serial, "secret": "<PlainValue>" + base64.b64encode(
        base64.b32decode(seed)).decode() + "</PlainValue>"} for serial, seed in SEEDS.items())
    return PSKC % {"spaces": "", "head": "", "packages": packages}


def aes(key, text):
    """AES-CBC with its IV in front, by the openssl program."""
    iv = os.urandom(16)
    return iv + subprocess.run(["openssl", "enc", f"-aes-{len(key) * 8}-cbc", "-K", key.hex(), "-iv", iv.hex()], input=text,
                               capture_output=True, check=True).stdout


def encrypted_pskc(password, size=16, mac="sha1", prf=""):
    salt, iterations, mac_key = os.urandom(8), 5000, os.urandom(20)
    key = hashlib.pbkdf2_hmac("sha256" if prf else "sha1", password.encode(), salt, iterations, size)
    method = f'<x:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes{size * 8}-cbc"/>'

    def value(text):
        return f"{method}<x:CipherData><x:CipherValue>{base64.b64encode(text).decode()}</x:CipherValue></x:CipherData>"

    def secret(seed):
        sealed = aes(key, base64.b32decode(seed))
        told = base64.b64encode(hmac.new(mac_key, sealed, mac).digest()).decode()
        return f"<EncryptedValue>{value(sealed)}</EncryptedValue><ValueMAC>{told}</ValueMAC>"

    head = (f'<EncryptionKey><d:DerivedKey><d:KeyDerivationMethod Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/'
            f'schemas/pkcs-5v2-0#pbkdf2"><p:PBKDF2-params><Salt><Specified>{base64.b64encode(salt).decode()}</Specified>'
            f"</Salt><IterationCount>{iterations}</IterationCount><KeyLength>{size}</KeyLength>{prf}</p:PBKDF2-params>"
            f"</d:KeyDerivationMethod></d:DerivedKey></EncryptionKey>\n"
            f'<MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-{mac}"><MACKey>{value(aes(key, mac_key))}'
            f"</MACKey></MACMethod>\n")
    spaces = (' xmlns:x="http://www.w3.org/2001/04/xmlenc#" xmlns:d="http://www.w3.org/2009/xmlenc11#"'
              ' xmlns:p="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"')
    packages = "".join(PACKAGE % {"serial": serial, "secret": secret(seed)} for serial, seed in SEEDS.items())
    return PSKC % {"spaces": spaces, "head": head, "packages": packages}


def opens(place, seed, serial):
    """What was taken in is the secret of that token: its code is."""
    place.admin("token", "lend", serial, taro, "--code", totp(seed, period=60))
    place.admin("token", "return", serial)


def pskc():
    place = Place(config=CONFIG)
    check("5 tokens" in place.admin("token", "import", place.write("plain.xml", plain_pskc(), 0o600)).stdout, "plain")
    opens(place, SEEDS["1000001"], "1000001")
    prf = '<PRF Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>'
    for size, mac, how in ((16, "sha1", ""), (24, "sha256", prf), (32, "sha512", "")):
        place = Place(config=CONFIG)
        path = place.write("tokens.xml", encrypted_pskc("パスワード p", size, mac, how), 0o600)
        password = place.write("password", "パスワード p\n", 0o600)
        before = place.tree()
        check("--password-file" in place.admin("token", "import", path, expect=1).stderr, "no password")
        wrong = place.write("wrong", "パスワード\n", 0o600)
        check("password is not right" in place.admin("token", "import", path, "--password-file", wrong, expect=1).stderr, "wrong")
        place.admin("token", "import", path, "--password-file", place.write("none", "\n", 0o600), expect=1)
        check({name: text for name, text in place.tree().items() if name in before} == before and not tokens(place), "nothing taken")
        said = place.admin("token", "import", path, "--password-file", "-", stdin="パスワード p\n")
        check("5 tokens" in said.stdout and "p" not in said.stderr.split(), said)
        check("5 were there" in place.admin("token", "import", path, "--password-file", password).stdout, "again")
        opens(place, SEEDS["H1"], "H1")
    vectors = os.path.join(source, "tests/vectors/pskc")
    for name, secret in (("rfc6030-figure6.xml", "12345678901234567890123456789012"), ("rfc6030-figure7.xml", "qwerty")):
        place = Place(config=CONFIG)
        place.admin("token", "import", os.path.join(vectors, name), "--password-file", place.write("p", secret, 0o600))
        check(tokens(place)["987654321"]["digits"] == "8", name)
        code = hotp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 0, 8)
        place.admin("token", "lend", "987654321", taro, "--code", code)


def pskctool():
    """A file that pskctool finds valid and signs is read as well."""
    if not shutil.which("pskctool"):
        return
    place = Place(config=CONFIG)
    path = place.write("plain.xml", plain_pskc(), 0o600)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=vendor", "-days", "2", "-keyout",
                    place.at("vendor.key"), "-out", place.at("vendor.crt")], check=True, capture_output=True)
    signed = subprocess.run(["pskctool", "--sign", "--sign-key", place.at("vendor.key"), "--sign-crt", place.at("vendor.crt"),
                             path], check=True, capture_output=True, text=True).stdout
    check("<Signature" in signed or ":Signature" in signed, signed)
    said = place.admin("token", "import", place.write("signed.xml", signed, 0o600))
    check("5 tokens" in said.stdout and "signature" in said.stderr, said)
    told = subprocess.run(["pskctool", "--info", place.at("signed.xml")], capture_output=True, text=True, check=True).stdout
    check(sorted(re.findall(r"SerialNo: (\S+)", told)) == sorted(tokens(place)), told)
    opens(place, SEEDS["H2"], "H2")


def loans():
    place = stocked()
    soon = str(datetime.date.today() + datetime.timedelta(days=30))
    place.admin("token", "lend", "H1", "no-such-person", expect=1)
    place.admin("token", "lend", "nothing", taro, expect=1)
    check("is over already" in place.admin("token", "lend", "H1", taro, "--until", "2020-01-01", expect=1).stderr, "past")
    check("not a code" in place.admin("token", "lend", "H1", taro, "--code", "000000", expect=1).stderr, "wrong code")
    check(tokens(place)["H1"]["holding"] == "free" and not place.methods(taro), "nothing lent")
    lent = place.json("utmfa-admin", "token", "lend", "H1", taro, "--until", soon, "--reason", "new student")
    check(lent == {"serial": "H1", "user": taro, "method": "token-1", "due": soon, "confirmed": False}, lent)
    check("H1 is lent to" in place.admin("token", "lend", "H1", hanako, expect=1).stderr, "a second person")
    check("has this token already" in place.admin("token", "lend", "H1", taro, expect=1).stderr, "twice")
    place.enroll(taro, "confirm", "token-1", "-", stdin=hotp(SEEDS["H1"], 0) + "\n")
    one = place.json("utmfa-admin", "token", "show", "H1")
    check(one["user"] == taro and one["method"] == "token-1" and not one["overdue"], one)
    place.enroll(taro, "add", "recovery")
    place.enroll(taro, "apply")
    before = place.tree()
    said = place.admin("token", "return", "H1", expect=1).stderr
    check("at least 2 methods must stay" in said and "--force" in said and place.tree() == before, said)
    place.admin("token", "return", "H1", "--force", expect=1, stdin="no\n")
    check(place.tree() == before, "no means no")
    back = place.json("utmfa-admin", "token", "return", "H1", "--force", "--yes")
    check(back["below_minimum"] and back["methods_left"] == 1 and list(place.methods(taro)) == ["recovery"], back)
    used = place.admin("token", "lend", "H1", hanako, "--code", hotp(SEEDS["H1"], 0), expect=1).stderr
    check("already used" in used, used)
    place.admin("token", "lend", "H1", hanako, "--code", hotp(SEEDS["H1"], 1))
    check(place.methods(hanako)["token-1"]["confirmed"], "proven at the desk")
    check([each["user"] for each in place.json("utmfa-admin", "token", "show", "H1")["past"]] == [taro], "who had it")


def overdue():
    place = stocked()
    today = str(datetime.date.today())
    place.admin("token", "lend", "H1", taro, "--until", today)
    place.admin("token", "lend", "H2", hanako)
    check(not tokens(place, "--overdue"), "the last day is still in time")
    path = place.at("data/tokens/stock.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f'due: "{today}"', 'due: "2026-01-31"'))
    check(list(tokens(place, "--overdue")) == ["H1"], "overdue")
    out = place.json("utmfa-admin", "report")["tokens"]
    check(out == {"stock": 5, "lent": 2, "overdue": 1}, out)
    check(sorted(tokens(place, "--lent")) == ["H1", "H2"], "lent")
    check(sorted(tokens(place, "--free")) == ["1000001", "1000002", "1000003"], "free")
    check(len(tokens(place, "--free", "--lent")) == 5, "both")
    check(f"H1       overdue  {taro}" in place.admin("token", "list").stdout, place.admin("token", "list").stdout)
    with open(path, "a", encoding="utf-8") as file:
        file.write("colour: red\n")
    check("stock.yaml:" in place.admin("token", "list", expect=3).stderr, "a damaged stock")
    place.admin("token", "return", "H1", expect=3)


def retired_and_resynced():
    place = stocked()
    seed = SEEDS["H2"]
    place.admin("token", "resync", "H2", hotp(seed, 700), hotp(seed, 702), expect=1)
    place.admin("token", "resync", "H2", hotp(seed, 700), hotp(seed, 701))
    place.admin("token", "lend", "H2", taro, "--code", hotp(seed, 702))
    place.admin("token", "resync", "H2", hotp(seed, 900), hotp(seed, 901), "--reason", "pressed too often")
    check("already used" in place.admin("token", "resync", "H2", hotp(seed, 900), hotp(seed, 901), expect=1).stderr, "used")
    add_app(place, taro)
    slow = SEEDS["1000001"]
    place.admin("token", "resync", "1000001", totp(slow, -51, period=60), totp(slow, -50, period=60))
    told = place.json("utmfa-admin", "token", "show", "1000001")
    check(abs(int(told["behind"]) - 50) <= 1, told)
    place.admin("token", "lend", "1000001", hanako, "--code", totp(slow, -49, period=60))
    place.admin("token", "retire", "H2", expect=2)
    place.admin("token", "retire", "H2", "--reason", "lost", expect=1, stdin="no\n")
    check(tokens(place)["H2"]["holding"] == "lent", "no means no")
    gone = place.json("utmfa-admin", "token", "retire", "H2", "--reason", "lost", "--yes")
    check(gone["user"] == taro and list(place.methods(taro)) == ["app-1"], gone)
    place.admin("token", "lend", "H2", hanako, expect=1)
    with open(place.at("data/tokens/stock.yaml"), encoding="utf-8") as file:
        entry = file.read().split('serial: "H2"')[1].split("serial:")[0]
    check("secret:" not in entry and 'reason: "lost"' in entry, entry)
    said = place.json("utmfa-admin", "token", "import", place.at("events.csv"))
    check((said["new"], said["there"], said["retired"]) == (0, 1, 1), said)
    place.admin("reset", hanako, "--reason", "left", "--yes")
    back = place.json("utmfa-admin", "token", "return", "1000001")
    check(back["method"] is None and not back["resync_needed"], back)


def restored():
    """An old registration does not bring back a token that somebody else has."""
    place = stocked()
    add_app(place, taro)
    for serial in ("H1", "H2"):
        place.admin("token", "lend", serial, taro, "--code", hotp(SEEDS[serial], 0))
    place.admin("reset", taro, "--reason", "new phone", "--yes")
    back = place.json("utmfa-admin", "token", "return", "H1")
    check(back["resync_needed"] and back["method"] is None, back)
    check("resync" in place.admin("token", "lend", "H1", hanako, expect=1).stderr, "unknown counter")
    place.admin("token", "resync", "H1", hotp(SEEDS["H1"], 1), hotp(SEEDS["H1"], 2))
    place.admin("token", "lend", "H1", hanako, "--code", hotp(SEEDS["H1"], 3))
    said = place.admin("restore", taro, "--yes")
    check("Left out" in said.stderr and "token-1" in said.stderr, said)
    check(sorted(place.methods(taro)) == ["app-1", "token-2"], place.methods(taro))
    check(place.json("utmfa-admin", "token", "show", "H2")["method"] == "token-2", "still lent, and back")


def many():
    """A batch of thousands is one change, and not slow."""
    place = Place(config=CONFIG)
    rows = "".join(f"N{i:06d},{hashlib.sha1(str(i).encode()).hexdigest()},totp,6,30\n" for i in range(20000))
    path = place.write("many.csv", rows, 0o600)
    start = time.monotonic()
    check(place.json("utmfa-admin", "token", "import", path)["new"] == 20000, "many")
    place.admin("token", "lend", "N019999", taro)
    check(time.monotonic() - start < 60, "slow")
    refused_whole(place, "more.csv", rows.replace("N000001,", "M000001,") + "bad\n", "more.csv:20001: 1 cells")
    check(len(json.loads(place.admin("token", "list", "--json").stdout)["tokens"]) == 20000, "all there")


def lent_at_once():
    """Two desks lend the same token at the same moment: one of them does."""
    for serial in ("1000001", "1000002", "H1"):
        place = stocked()
        desks = [subprocess.Popen(  # pylint: disable=R1732
            [f"{build}/utils/utmfa-admin", *place.options, "token", "lend", serial, user], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL) for user in (taro, hanako)]
        ended = [desk.wait(timeout=30) for desk in desks]
        check(ended.count(0) == 1, serial, ended)
        who, other = (taro, hanako) if ended[0] == 0 else (hanako, taro)
        check(len(place.methods(who)) == 1 and not place.methods(other), serial, "lent twice")
        check(list(tokens(place, "--lent")) == [serial], serial)


def japanese():
    place = stocked()
    said = place.run("utmfa-admin", "--language", "ja", "token", "lend", "H1", taro)
    check(taro in said.stdout, said)


for test in (imported, hostile_files, pskc, pskctool, loans, overdue, retired_and_resynced, restored, many, lent_at_once,
             japanese):
    test()
done()
