# SPDX-License-Identifier: Apache-2.0
"""The verbs of utmfa-admin, each refusal beside what is accepted, on data of one's own and without root."""

import json
import os
import shutil
import stat

from programs import Place, add_app, check, done, me, others, totp, wrong

CONFIG = """\
version: 1
services:
  sshd: {require: always, not-enrolled: deny}
  sudo: {require: off}
exempt:
  - users: [%s]
    networks: ["192.0.2.0/24"]
registration: {minimum: 2, test: optional}
throttle: {free: 2, first-delay: 60s}
""" % me
taro = others[0]


def enrolled(user=taro):
    place = Place(config=CONFIG)
    made = add_app(place, user, "--label", "iPhone")
    place.enroll(user, "add", "recovery")
    place.enroll(user, "apply")
    return place, made


def set_up():
    place = Place(setup=False)
    first = place.admin("setup", expect=None)
    check("made the sealing key k1" in first.stdout, first)
    for name in ("etc/keys", "data", "data/methods", "data/state", "data/kept", "data/decoy"):
        check(stat.S_IMODE(os.stat(place.at(name)).st_mode) == 0o700, name)
    check(stat.S_IMODE(os.stat(place.at("etc/keys/k1.key")).st_mode) == 0o400, "mode of the key")
    check(os.path.getsize(place.at("etc/keys/k1.key")) == 32, "size of the key")
    before = place.tree()
    again = place.admin("setup", expect=None)
    check(again.returncode == first.returncode and "made" not in again.stdout and place.tree() == before, again)
    os.chmod(place.at("data/state"), 0o755)
    refused = place.admin("setup", expect=1)
    check("data/state" in refused.stderr and "0755" in refused.stderr, refused.stderr)
    missing = Place(setup=False).admin("list", expect=3)
    check("utmfa-admin setup" in missing.stderr, missing.stderr)
    for words, says in ((("--until", "2027-01-01"), "--until goes with --observe only."), (("--first",), "--first: a value is missing.")):
        wrong_usage = Place(setup=False).admin("service", "enable", "sshd", *words, expect=2)
        check(says in wrong_usage.stderr, wrong_usage.stderr)


def lost_keys():
    """Whose keys are gone is told so, and gets no others under their name; put back they open again."""
    place, _ = enrolled()
    os.rename(place.at("etc/keys"), place.at("aside"))
    refused = place.admin("setup", expect=1)
    check("people are registered" in refused.stderr and os.listdir(place.at("etc/keys")) == [], refused)
    os.rmdir(place.at("etc/keys"))
    os.rename(place.at("aside"), place.at("etc/keys"))
    before = place.tree()
    place.admin("setup", expect=None)
    check(place.tree() == before, "keys that were put back")
    shutil.rmtree(place.at("etc/keys"))
    os.rename(place.at("data/methods"), place.at("data/aside"))
    check("made the sealing key" in place.admin("setup", expect=None).stdout, "to begin anew")


def check_file():
    place = Place()
    good = place.write("good.yaml", "version: 1\nservices: {default: {require: enrolled}}\n")
    check("in order" in place.admin("check", good).stdout, good)
    bad = place.write("bad.yaml", "version: 1\nservices:\n  sshd: {require: sometimes}\n")
    check("bad.yaml:3:" in place.admin("check", bad, expect=1).stderr, bad)
    doubtful = place.write("doubtful.yaml", "version: 1\nservices:\n  sshd: {require: enrolled, not-enrolled: set-up}\n")
    said = place.admin("check", doubtful, expect=1)
    check("warning: " in said.stdout and "doubtful.yaml:3" in said.stdout, said)
    check("nothing" in place.admin("check", place.at("nothing"), expect=3).stderr, "no such file")
    place.admin("check", expect=2)


def status_and_show():
    place, _ = enrolled()
    add_app(place, me)
    state = place.json("utmfa-admin", "status")
    check(state["people"] == {"active": 1, "ended": 0, "setting-up": 1} and state["verifier"] == "unreachable", state)
    check({each["user"]: each["status"] for each in place.json("utmfa-admin", "list")["users"]}
          == {taro: "active", me: "setting-up"}, "list")
    shown = place.json("utmfa-admin", "show", taro)
    check(shown["status"] == "active" and [each["id"] for each in shown["methods"]] == ["app-1", "recovery"], shown)
    check("v1:k1:" not in place.admin("show", taro).stdout + json.dumps(shown), "something sealed is shown")
    place.admin("show", "no-such-person", expect=1)
    with open(place.at(f"data/methods/{me}.yaml"), "a", encoding="utf-8") as file:
        file.write("colour: red\n")
    listed = place.json("utmfa-admin", "list")
    check(len(listed["users"]) == 1 and "colour" in listed["problems"][0], listed)


def explain():
    place, made = enrolled()
    said = place.admin("explain", taro, "sshd").stdout
    check(f"sshd asks {taro} for a second confirmation: services.sshd.require = always" in said and "utmfa.yaml:3" in said, said)
    check("1  app-1 offered first" in said and "2  recovery offered" in said and "not locked; 0 wrong" in said, said)
    plan = place.json("utmfa-admin", "explain", taro, "sshd")
    check(plan["need"] == "factor" and [each["method"] for each in plan["offers"]] == ["app-1", "recovery"], plan)
    check(place.json("utmfa-admin", "explain", taro, "sudo")["need"] == "not-needed", "sudo")
    check(place.json("utmfa-admin", "explain", taro, "login")["need"] == "factor", "default")
    check(place.json("utmfa-admin", "explain", me, "login")["need"] == "not-needed", "not enrolled")
    nobody = place.json("utmfa-admin", "explain", me, "sshd")
    check(nobody["need"] == "factor" and not nobody["offers"] and not nobody["enrolled"], nobody)
    check("refuses" in place.admin("explain", me, "sshd").stdout, "words")
    inside = place.json("utmfa-admin", "explain", me, "sshd", "--from", "192.0.2.7")
    check(inside["need"] == "exempt" and "utmfa.yaml:6" in inside["reason"], inside)
    outside = place.json("utmfa-admin", "explain", me, "sshd", "--from", "198.51.100.7")
    check(outside["need"] == "factor", outside)
    check(place.json("utmfa-admin", "explain", taro, "sshd", "--from", "192.0.2.7")["need"] == "factor", "another person")
    place.admin("explain", taro, expect=2)
    place.admin("explain", "no-such-person", "sshd", expect=1)
    second = place.json("utmfa-enroll", "--user", taro, "add", "totp")
    check("first code has not been proven" in place.admin("explain", taro, "sshd").stdout, "waiting")
    for _ in range(2):
        place.enroll(taro, "confirm", "app-2", "-", stdin=wrong(second["secret"]) + "\n", expect=1)
    check("locked until" in place.admin("explain", taro, "sshd").stdout, "locked")
    check(made["secret"] not in said, "secret")


def explain_where():
    place, _ = enrolled()
    place.options += ["--pam-dir", place.at("pam.d")]
    for name, text, pam, words in (
            ("asks", "auth required pam_unix.so\nauth required pam_utmfa.so\n", "asks", ""),
            ("through", "auth include asks\n", "asks", ""),
            ("silent", "auth required pam_unix.so\n#auth required pam_utmfa.so\n", "no-line", "no line with pam_utmfa.so"),
            ("half", "account required pam_utmfa.so\n", "account-only", "no auth line"),
            ("absent", None, "no-file", "/etc/pam.d/other")):
        if text is not None:
            place.write(f"pam.d/{name}", text)
        check(place.json("utmfa-admin", "explain", taro, name)["pam"] == pam, name)
        said = place.admin("explain", taro, name).stdout
        check(words in said if words else "  but" not in said, name, said)
    for good in ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", "lab1", "lab-1.example.ac.jp", "lab1.example.ac.jp."):
        check(place.json("utmfa-admin", "explain", taro, "sshd", "--from", good)["from"] == good, good)
    for bad in ("", "192.0.2.300", "192.0.2", "1.2.3.4.5", "192.0.2.0/24", "2001:db8::g", "lab 1", "-lab", "lab..x", "x" * 64,
                "\x1b[31m", "\u30e9\u30dc"):
        said = place.admin("explain", taro, "sshd", "--from", bad, expect=2)
        check("host name" in said.stderr and "\x1b" not in said.stderr, bad, said.stderr)


def unlock():
    place, _ = enrolled()
    made = place.json("utmfa-enroll", "--user", taro, "add", "totp")
    for _ in range(2):
        place.enroll(taro, "confirm", "app-2", "-", stdin=wrong(made["secret"]) + "\n", expect=1)
    place.enroll(taro, "confirm", "app-2", "-", stdin=totp(made["secret"]) + "\n", expect=3)
    check(place.json("utmfa-admin", "show", taro)["wrong_answers"] == 2, "counted")
    place.admin("unlock", me, expect=1)
    place.admin("unlock", taro, "--reason", "called the desk")
    check(place.json("utmfa-admin", "show", taro)["wrong_answers"] == 0, "forgotten")
    place.enroll(taro, "confirm", "app-2", "-", stdin=totp(made["secret"]) + "\n")


def disabled_for_good():
    place = Place(config=CONFIG.replace("free: 2", "free: 2, disable-after: 2"))
    made = add_app(place, taro)
    second = place.json("utmfa-enroll", "--user", taro, "add", "totp")
    for _ in range(2):
        place.enroll(taro, "confirm", "app-2", "-", stdin=wrong(second["secret"]) + "\n", expect=1)
    said = place.admin("unlock", taro).stdout
    check("app-2" in said and "app-1" not in said, said)
    said = place.enroll(taro, "confirm", "app-2", "-", stdin=totp(second["secret"]) + "\n", expect=3)
    check("registered again" in said.stderr and made["secret"] not in said.stderr, said.stderr)


def passes():
    place, _ = enrolled()
    made = place.json("utmfa-admin", "pass", taro, "--valid", "2h", "--reason", "lost phone")
    check(made["id"] == "pass" and made["uses"] == "once" and len(made["pass"]) == 14, made)
    check(made["pass"] not in place.admin("show", taro).stdout, "shown twice")
    second = place.json("utmfa-admin", "pass", taro, "--many", "--valid", "30d")
    check(second["pass"] != made["pass"] and second["uses"] == "many", second)
    check(list(place.methods(taro)) == ["app-1", "recovery", "pass"], "one at a time")
    check(made["pass"] in place.admin("pass", taro).stdout or "shown once" in place.admin("pass", taro).stdout, "text")
    before = place.tree()
    for valid in ("9m", "31d", "soon", "-1h"):
        place.admin("pass", taro, f"--valid={valid}", expect=1)
    refused = place.admin("pass", me, expect=1)
    check("himself" in refused.stderr, refused.stderr)
    place.admin("pass", others[1], expect=1)  # has not applied
    check(place.tree() == before, "a refusal changed something")


def reset_and_terminate():
    for verb, status in (("reset", "none"), ("terminate", "ended")):
        place, _ = enrolled()
        before = place.tree()
        place.admin(verb, taro, expect=2)                                # without a reason
        place.admin(verb, taro, "--reason", "left", expect=1)            # nobody answers
        place.admin(verb, taro, "--reason", "left", stdin="n\n", expect=1)
        place.admin(verb, me, "--reason", "left", "--yes", expect=1)     # has registered nothing
        check(place.tree() == before, "a refusal changed something")
        place.admin(verb, taro, "--reason", "left", stdin="yes\n")
        after = place.json("utmfa-admin", "show", taro)
        check(after["status"] == status, after)
        kept = sorted(os.listdir(place.at("data/kept")))  # the counters beside the methods
        check([name[name.index(f".{verb}."):] for name in kept] == [f".{verb}.1.state", f".{verb}.1.yaml"], kept)
        check(all(name.startswith(f"{taro}.") for name in kept), kept)
        check("id: app-1" in open(place.at(f"data/kept/{kept[1]}"), encoding="utf-8").read(), "the copy")
        check(place.json("utmfa-admin", "explain", taro, "sshd")["offers"] == [], "still offered")
        if verb == "terminate":
            place.enroll(taro, "add", "totp", expect=1)
            place.admin("reset", taro, "--reason", "back", "--yes")
        add_app(place, taro)
        check(place.json("utmfa-admin", "show", taro)["status"] == "setting-up", "opened again")


def state_and_keys():
    place, _ = enrolled()
    shown = place.json("utmfa-admin", "state", "show", taro)
    check(shown["methods"][0]["id"] == "app-1" and shown["methods"][0]["moving"] > 0, shown)
    os.truncate(place.at(f"data/state/{taro}"), 100)
    place.admin("state", "show", taro, expect=3)
    place.enroll(taro, "add", "totp", expect=3)
    place.admin("state", "rebuild", taro, "--reason", "disk", expect=1)
    place.admin("state", "rebuild", taro, "--reason", "disk", stdin="yes\n")
    check(place.methods(taro)["recovery"]["left"] == 0, "spent codes came back")
    place.admin("state", "rebuild", me, "--reason", "disk", "--yes", expect=1)
    made = place.json("utmfa-enroll", "--user", taro, "add", "totp")
    check(place.json("utmfa-admin", "keys", "list")["keys"] == [{"id": "k1", "active": True, "sealed": 3}], "one key")
    new = place.json("utmfa-admin", "keys", "new")
    check(new == {"id": "k2", "active": False}, new)
    place.admin("keys", "activate", "k9", expect=1)
    place.admin("keys", "activate", "k2")
    place.admin("keys", "reseal")
    keys = {each["id"]: (each["active"], each["sealed"]) for each in place.json("utmfa-admin", "keys", "list")["keys"]}
    check(keys == {"k1": (False, 0), "k2": (True, 3)}, keys)
    os.unlink(place.at("etc/keys/k1.key"))
    place.enroll(taro, "confirm", made["id"], "-", stdin=totp(made["secret"]) + "\n")  # opens under the new key


def log():
    place = Place()
    lines = ["Nov 22 10:00:00 lab1 sshd[1]: Accepted password for taro",
             "Nov 22 10:00:01 lab1 utmfa[2]: granted user=taro service=sshd",
             "Nov 22 10:00:02 lab1 utmfa[3]: denied user=taro2 service=sshd",
             'Nov 22 10:00:03 lab1 utmfa[4]: denied user="EXAMPLE\\\\taro" service=sshd',
             "Nov 22 10:00:04 lab1 utmfa[5]: denied user=taro service=\x1b[31msshd"]
    file = place.write("auth.log", "\n".join(lines) + "\n")
    check(len(place.json("utmfa-admin", "log", "--file", file)) == 4, "all of ours")
    said = place.admin("log", "--file", file, "--user", "taro").stdout
    check(said.count("\n") == 2 and "granted" in said and "\x1b" not in said, said)
    check(len(place.json("utmfa-admin", "log", "--file", file, "--user", "EXAMPLE\\taro")) == 1, "quoted")
    check("utmfa[5]" in place.json("utmfa-admin", "log", "--file", file, "--lines", "1")[0], "the newest")
    place.admin("log", "--file", file, "--lines", "0", expect=2)
    place.admin("log", "--file", place.at("nothing"), expect=1)


def usage():
    place = Place()
    for words in ((), ("frobnicate",), ("list", "status"), ("state",), ("keys",), ("show",)):
        place.admin(*words, expect=2)
    check("Examples:" in place.admin("--help").stdout and place.admin("--version").stdout.startswith("utmfa "), "help")
    for program, words in (("utmfa-admin", ("keys",)), ("utmfa-admin", ("keys", "list")), ("utmfa-enroll", ("add",))):
        check("Examples:" not in place.run(program, *words, "--help").stdout, "the examples of the whole, again", words)


for each in (set_up, lost_keys, check_file, status_and_show, explain, explain_where, unlock,
             disabled_for_good, passes, reset_and_terminate, state_and_keys, log, usage):
    each()
done()
