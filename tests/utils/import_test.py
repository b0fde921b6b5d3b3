# SPDX-License-Identifier: Apache-2.0
"""utmfa-admin import, export, restore and report on data of one's own: every form beside what is refused of it, again, killed
in the middle, and brought to another machine."""

import base64
import csv
import io
import json
import os
import re
import pty
import signal
import stat
import subprocess
import time

import pexpect

from programs import Place, add_app, build, check, done, me, others, totp

CONFIG = "version: 1\nregistration: {minimum: 1, test: optional%s}\n"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SEED_HEX = base64.b32decode(SEED).hex()
taro, hana = others[0], others[1]


def place_with(more=""):
    return Place(config=CONFIG % more)


def imported(place, *words, expect=0):
    return json.loads(place.admin("import", *words, "--json", expect=expect).stdout)


def secret(number):
    return base64.b32encode(f"{number:020d}".encode()).decode()


def people_csv(count):
    rows = "".join(f"u{i:05d},{secret(i)},iPhone,active\n" for i in range(count))
    return "user,secret,label,status\n" + rows


def csv_form():
    place = place_with()
    text = ("\ufeffuser,kind,secret,codes,label,status,language\r\n"
            f'{taro},,{SEED},,"iPhone, ""new""",active,ja\r\n'
            f"{taro},recovery,,11112222 33334444,Sheet,,\r\n"
            f"{hana},totp,not base32!,,x,,\r\n"
            f"no-such-person,totp,{SEED},,x,,\r\n")
    file = place.write("people.csv", text)
    before = place.tree()
    dry = imported(place, file, "--dry-run", expect=1)
    check(dry["dry_run"] and dry["added"] == 2 and place.tree() == before, dry)
    again = place.write("again.csv", "", 0o644)
    real = imported(place, file, "--rejected", again, expect=1)
    check(real["added"] == 2 and [(each["line"], each["user"]) for each in real["rejected"]]
          == [(4, hana), (5, "no-such-person")], real)
    check("base32" in real["rejected"][0]["reason"], real)
    check(list(place.methods(taro)) == ["app-1", "recovery"], "methods")
    check(place.json("utmfa-admin", "show", taro)["status"] == "active", "status")
    check(place.methods(taro)["app-1"]["label"] == 'iPhone, "new"', "label")
    place.enroll(taro, "confirm", "app-1", "-", stdin=totp(SEED) + "\n", expect=None)
    # What was rejected, put right, is imported as it is.
    check(stat.S_IMODE(os.stat(again).st_mode) == 0o600, "the secrets of rejected rows")
    with open(again, encoding="utf-8", newline="") as rejected:
        rows = list(csv.DictReader(io.StringIO(rejected.read())))
    check([row["line"] for row in rows] == ["4", "5"] and rows[0]["secret"] == "not base32!", rows)
    with open(again, encoding="utf-8", newline="") as rejected:
        right = rejected.read().replace("not base32!", secret(7)).replace("no-such-person", hana).replace(SEED, secret(8))
    second = imported(place, place.write("right.csv", right))
    check((second["added"], second["rejected"]) == (2, []), second)
    third = imported(place, file, expect=1)
    check((third["added"], third["unchanged"]) == (0, 2), third)


def json_form():
    place = place_with()
    rows = [{"user": taro, "secret": SEED, "digits": 8}, {"user": hana, "secret": "1"}]
    file = place.write("people.json", json.dumps(rows, indent=1))
    real = imported(place, file, "--rejected", place.at("again.json"), expect=1)
    check(real["added"] == 1 and real["rejected"][0]["user"] == hana, real)
    with open(place.at("again.json"), encoding="utf-8") as rejected:
        rows = json.load(rejected)
    check(len(rows) == 1 and rows[0]["user"] == hana and rows[0]["secret"] == "1" and "base32" in rows[0]["reason"], rows)
    rows[0]["secret"] = secret(1)
    check(imported(place, place.write("right.json", json.dumps(rows)))["added"] == 1, rows)


def hostile():
    """A file that is broken as a whole: its line is told, and nothing is done."""
    place = place_with()
    head = f"user,secret\n{taro},{SEED}\n"
    before = None
    for name, text, words in (
            ("nul.csv", head + "a\0b,x\n", (":3", "line 3")),
            ("long.csv", head + "x" * (10 << 20) + "\n", (":3:",)),
            ("quote.csv", head + '"never closed\n' + "x\n" * 10, (":3:",)),
            ("inside.csv", head + 'a"b,x\n', (":3:",)),
            ("cells.csv", head + f"{hana}\n", (":3:",)),
            ("carriage.csv", head + "a\rb,x\n", (":3:",)),
            ("column.csv", "user,colour\n", (":1:",)),
            ("twice.csv", "user,user\n", (":1:",)),
            ("empty.csv", "", (":1:",)),
            ("deep.json", "\n" + "[" * 1000000, (":2:",)),
            ("objects.json", '[{"user":\n' + '{"a":' * 100000, (":2:",)),
            ("long.json", '[\n{"user": "' + "x" * (10 << 20) + '"}]', (":2:",)),
            ("half.json", f'[{{"user": "{taro}", "secret": "{SEED}"}},\n{{"user"', (":2:",)),
            ("key.json", '[{"colour": 1}]', (":1:",)),
            ("list.json", '{"user": "x"}', (":1:",))):
        file = place.write(name, text)
        before = place.tree()
        said = place.admin("import", file, expect=None)
        check(said.returncode == 1 and any(word in said.stderr + said.stdout for word in words), name, said.returncode,
              said.stderr[:300])
        check(place.tree() == before or name == "nul.csv", name, "something was done")
    with open(place.at("bytes.csv"), "wb") as file:
        file.write(head.encode() + b"\xff\xfe,x\n")
    check(":3: not UTF-8" in place.admin("import", place.at("bytes.csv"), expect=1).stderr, "UTF-8")
    check("does not exist" in place.admin("import", place.at("nothing.csv"), expect=1).stderr, "absent")
    check("directory" in place.admin("import", "--format", "csv", place.path, expect=1).stderr, "directory")
    check("--format" in place.admin("import", place.write("people.txt", head), expect=1).stderr, "form")


def other_programs():
    place = place_with()
    text = (f"HOTP/T30 {taro} - {SEED_HEX}\nHOTP/E/8 {taro} + {SEED_HEX} 5\n# comment\nHOTP/X {hana} - {SEED_HEX}\n"
            f"HOTP {hana} - zz\n")
    file = place.write("users.oath", text)
    before = place.tree()
    dry = imported(place, file, "--from", "oath", expect=1)
    check(dry["dry_run"] and place.tree() == before, "without --apply")
    real = imported(place, file, "--from", "oath", "--apply", "--rejected", place.at("again"), expect=1)
    check([each["line"] for each in real["rejected"]] == [4, 5] and real["added"] == 1 + (len(place.methods(taro)) == 2), real)
    with open(place.at("again"), encoding="utf-8") as rejected:
        lines = rejected.read().splitlines()
    check(lines[1] == f"HOTP/X {hana} - {SEED_HEX}" and lines[0].startswith("# line 4: "), lines)
    # A point of P-256 (its generator), for somebody who has a method already: a key is not the first one.
    point = ("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==")
    keys = place.write("u2f", f"{taro}:a2V5,{point},es256,+presence\n{hana}:broken\n")
    said = imported(place, keys, "--from", "u2f", "--origin", "pam://lab1", "--apply", expect=1)
    check(said["added"] == 1 and said["rejected"][0]["line"] == 2, said)
    again = imported(place, keys, "--from", "u2f", "--origin", "pam://lab1", "--apply", expect=1)
    check(again["added"] == 0 and again["unchanged"] == 1, again)


def google():
    if os.geteuid() != 0:
        return
    place = place_with()
    os.makedirs(place.at("ga"), mode=0o755)
    os.chmod(place.path, 0o755)
    text = (f'{SEED}\n" RATE_LIMIT 3 30\n" WINDOW_SIZE 3\n" DISALLOW_REUSE 1000\n" TOTP_AUTH\n11112222\n33334444\n')
    pattern = place.at("ga") + "/${USER}"
    where = ("--from", "google-authenticator", "--path", pattern)
    place.write(f"ga/{taro}", text, 0o600)
    place.write(f"ga/{hana}", text.replace("TOTP_AUTH", "NEW_DIGEST sha512"), 0o600)
    check(imported(place, taro, *where)["dry_run"], "without --apply")
    real = imported(place, taro, hana, *where, "--apply", "--rejected", place.at("again"), expect=1)
    check(real["added"] == 2 and "NEW_DIGEST" in real["rejected"][0]["reason"] and ":5:" in real["rejected"][0]["reason"], real)
    check(any("RATE_LIMIT" in note for note in real["notes"]), real)
    check(imported(place, taro, *where, "--apply")["unchanged"] == 2, "again")
    place.write(f"ga/{hana}", text.replace(SEED, secret(3)), 0o600)
    with open(place.at("again"), encoding="utf-8") as names:
        said = place.admin("import", "-", *where, "--apply", "--json", stdin=names.read())
    check(json.loads(said.stdout)["added"] == 2, said)
    # Below a home: the rights of the person, a file of his own, and nobody else's eyes.
    os.makedirs(place.at("homes"), mode=0o755)
    mine = ("--from", "google-authenticator", "--path", place.at("ga") + "/${USER}")
    os.chmod(place.at(f"ga/{taro}"), 0o644)
    said = imported(place, taro, *mine, "--apply", expect=1)
    check(said["added"] == 0 and said["rejected"], said)
    os.unlink(place.at(f"ga/{taro}"))
    os.symlink("/etc/passwd", place.at(f"ga/{taro}"))
    said = imported(place, taro, *mine, "--apply", expect=1)
    check(said["added"] == 0 and "root:" not in json.dumps(said), said)


def killed():
    """Killed again and again, and gone on with: everybody in the end, and nobody by half at any time."""
    place = place_with()
    file = place.write("people.csv", people_csv(3000))
    words = [f"{build}/utils/utmfa-admin", *place.options, "import", file, "--names-as-written"]
    for _ in range(3):
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # pylint: disable=R1732
        end = time.monotonic() + 20
        while child.poll() is None and len(os.listdir(place.at("data/state"))) < 500 and time.monotonic() < end:
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        listed = place.json("utmfa-admin", "report")
        check(not listed["problems"], listed["problems"][:3])
    real = imported(place, file, "--names-as-written")
    check(real["added"] + real["unchanged"] == 3000 and not real["rejected"], real["added"], real["unchanged"])
    names = os.listdir(place.at("data/methods"))
    check(len(names) == 3000 and not [name for name in names if name.startswith(".")], len(names))
    check(place.json("utmfa-admin", "report")["statuses"] == {"active": 3000}, "all of them")


def progress():
    place = place_with()
    file = place.write("people.csv", people_csv(2000))
    ours, theirs = pty.openpty()
    with subprocess.Popen([f"{build}/utils/utmfa-admin", *place.options, "import", file, "--names-as-written"],
                          stdout=subprocess.PIPE, stderr=theirs, text=True, env={**os.environ, "TERM": "xterm"}) as child:
        os.close(theirs)
        drawn = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:
                break
            if not more:
                break
            drawn += more
        check("2000 added, 0 unchanged, 0 rejected" in child.stdout.read(), "summary")
    os.close(ours)
    check(b"2000 of 2000" in drawn and b"#" in drawn, drawn[-200:])


def parcel():
    here, there = place_with(), place_with()
    made = add_app(here, taro)
    here.enroll(taro, "apply")
    words = here.write("words", "correct horse battery\n", 0o600)
    file = here.at("people.parcel")
    here.admin("export", "--to", file, "--passphrase-file", here.write("short", "short\n"), expect=1)
    check(not os.path.exists(file), "a short passphrase")
    here.admin("export", taro, "--to", file, "--passphrase-file", words)
    check(stat.S_IMODE(os.stat(file).st_mode) == 0o600, "mode")
    here.admin("export", taro, "--to", file, "--passphrase-file", words, expect=1)  # exists
    with open(file, "rb") as parcel_file:
        data = parcel_file.read()
    check(made["secret"].encode() not in data and taro.encode() not in data, "something is readable")
    before = there.tree()
    sealed = ("--sealed", "--passphrase-file")
    check("passphrase" in there.admin("import", file, *sealed, there.write("w", "wrong horse battery\n"), expect=1).stderr, "")
    for name, bad in (("cut", data[:-7]), ("tampered", data[:200] + bytes([data[200] ^ 1]) + data[201:]),
                      ("head", data.replace(b" 17 ", b" 16 ", 1)), ("huge", data.replace(b" 17 ", b" 40 ", 1)), ("nothing", b"")):
        with open(there.at(name), "wb") as parcel_file:
            parcel_file.write(bad)
        there.admin("import", there.at(name), *sealed, words, expect=1)
        os.unlink(there.at(name))
    os.unlink(there.at("w"))
    check(there.tree() == before, "a refusal changed something")
    check(imported(there, file, *sealed, words)["added"] == 1, "imported")
    check(imported(there, file, *sealed, words)["unchanged"] == 1, "again")
    check(there.methods(taro).keys() == here.methods(taro).keys(), "methods")
    check(there.json("utmfa-admin", "show", taro)["status"] == "active", "status")
    there.admin("reset", taro, "--reason", "x", "--yes")
    add_app(there, taro)
    check(imported(there, file, *sealed, words, expect=1)["rejected"][0]["user"] == taro, "another registration")


def kept():
    place = place_with(", keep: 2d")
    for verb in ("reset", "terminate"):
        add_app(place, taro)
        place.enroll(taro, "apply")
        before = place.methods(taro)
        place.admin(verb, taro, "--reason", "by mistake", "--yes")
        copies = place.json("utmfa-admin", "restore", taro, "--list")["kept"]
        check(copies[0]["why"] == verb and copies[0]["methods"] == list(before), copies)
        place.admin("restore", taro, expect=1)                      # nobody answers
        place.admin("restore", taro, "--kept", "1.no.1", "--yes", expect=1)
        place.admin("restore", hana, "--yes", expect=1)             # nothing kept
        back = place.json("utmfa-admin", "restore", taro, "--yes", "--reason", "was a mistake")
        check(back["restored"] == list(before) or back["status"] == "active", back)
        check(place.json("utmfa-admin", "show", taro)["status"] == "active" and place.methods(taro).keys() == before.keys(), verb)
        place.admin("reset", taro, "--reason", "next", "--yes")
    # Older than `keep`: not brought back, and removed.
    for name in os.listdir(place.at("data/kept")):
        person, when, why, number = name.rsplit(".", 4)[0], *name.rsplit(".", 4)[1:4]
        old = f"{person}.{int(when) - 3 * 86400}.{why}.{number}.{name.rsplit('.', 1)[1]}"
        os.rename(place.at(f"data/kept/{name}"), place.at(f"data/kept/{old}"))
    place.admin("restore", taro, "--yes", expect=1)
    check(os.listdir(place.at("data/kept")) == [], "old copies")


def lists():
    place = place_with()
    for user in (taro, hana):
        add_app(place, user)
        place.enroll(user, "apply")
    names = f"# gone\n\n{taro}\n{hana}\n{taro}\n{me}\nno-such-person\n"
    before = place.tree()
    place.admin("reset", "--stdin", "--reason", "x", stdin="", expect=1)
    place.admin("reset", "--stdin", "--reason", "x", stdin="bad\x01name\n", expect=1)
    place.admin("reset", "--stdin", taro, "--reason", "x", stdin=names, expect=2)
    check(place.tree() == before, "a refusal changed something")
    given = place.admin("pass", "-", "--yes", "--json", stdin=names, expect=1)
    passes = {each["user"]: each for each in json.loads(given.stdout)}
    check(passes[taro]["done"] and len(passes[taro]["pass"]) == 14 and not passes[me]["done"] and len(passes) == 4, passes)
    place.admin("unlock", "--stdin", stdin=names, expect=1)  # asked, and nobody answers
    for verb in ("unlock", "pass"):
        child = pexpect.spawn(f"{build}/utils/utmfa-admin", [*place.options, verb, taro], timeout=15, encoding="utf-8",
                              env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        child.expect(r"\[no\]: ")
        child.sendline("no")
        child.expect("nothing was changed")
        child.expect(pexpect.EOF)
        child.close()
        check(child.exitstatus == 1, verb)
    said = place.admin("unlock", "--stdin", "--yes", stdin=names, expect=1)
    check("2 done, 2 refused, 0 failed" in said.stdout, said.stdout)
    said = place.admin("reset", "--stdin", "--yes", "--reason", "end of term", stdin=names, expect=1)
    check("2 done, 2 refused, 0 failed" in said.stdout, said.stdout)
    check(place.json("utmfa-admin", "show", hana)["status"] == "none", "reset")
    for user in (taro, hana):
        place.admin("restore", user, "--yes")
        check(place.json("utmfa-admin", "show", user)["status"] == "active", "restored")


def reports():
    place = place_with()
    add_app(place, taro)
    place.enroll(taro, "apply")
    add_app(place, hana)
    told = place.json("utmfa-admin", "report")
    check(told["statuses"] == {"active": 1, "setting-up": 1} and told["kinds"] == {"totp": 2} and told["one_method"] == 2 and
          told["tokens"] == {"stock": 0, "lent": 0, "overdue": 0} and told["unused"] == 0, told)
    rows = list(csv.DictReader(io.StringIO(place.admin("report", "--csv").stdout)))
    check([(row["user"], row["status"], row["one_method"]) for row in rows]
          == sorted([(taro, "active", "yes"), (hana, "setting-up", "yes")]), rows)
    said = place.admin("report", "--people").stdout
    check("one method only" in said and taro in said, said)
    one = json.loads(place.admin("report", "--stdin", "--json", stdin=f"{taro}\n").stdout)
    check(one["statuses"] == {"active": 1}, one)
    place.admin("report", "--unused", "soon", expect=1)
    old = others[2]
    imported(place, place.write("old.csv", f"user,secret,label,status\n{old},{SEED},iPhone,active\n"))
    check(place.json("utmfa-admin", "report")["unused"] == 0, "registered today")
    path = place.at(f"data/methods/{old}.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"\b20\d\d-", "2020-", text))
    check(place.json("utmfa-admin", "report")["unused"] == 1, "registered long ago, and never used")
    rows = csv.DictReader(io.StringIO(place.admin("report", "--csv").stdout))
    check([row["user"] for row in rows if row["unused"] == "yes"] == [old], "in the table")
    check(place.json("utmfa-admin", "report", "--unused", "36500d")["unused"] == 0, "not for so long")


for each in (csv_form, json_form, hostile, other_programs, google, killed, progress, parcel, kept, lists, reports):
    each()
done()
