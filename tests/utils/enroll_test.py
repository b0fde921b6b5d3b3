# SPDX-License-Identifier: Apache-2.0
"""The verbs of utmfa-enroll, each refusal beside what is accepted, on data of one's own and without root. What needs a
real sign-in is in trial_test.py."""

import json
import os
import shutil
import subprocess

from programs import Place, add_app, build, check, done, hotp, me, others, totp, wrong

CONFIG = "version: 1\nregistration: {minimum: 2, test: optional}\n"


def apps():
    place = Place(config=CONFIG)
    made = place.json("utmfa-enroll", "--user", me, "add", "totp", "--label", "iPhone")
    check(list(made) == ["id", "kind", "secret", "uri", "confirm"], made)
    check(made["id"] == "app-1" and made["kind"] == "totp" and len(made["secret"]) == 32, made)
    check(made["uri"].startswith(f"otpauth://totp/utmfa:{me}?secret={made['secret']}&issuer=utmfa"), made)
    check(made["confirm"] == f"utmfa-enroll --user {me} confirm app-1 CODE", made)
    check(not place.methods(me)["app-1"]["confirmed"], "asked for before its first code")
    for bad in (wrong(made["secret"]), "", "abcdef", totp(made["secret"])[:5]):
        place.enroll(me, "confirm", "app-1", "-", stdin=bad + "\n", expect=1)
        check(not place.methods(me)["app-1"]["confirmed"], bad)
    place.enroll(me, "confirm", "app-1", "-", stdin="", expect=1)
    place.enroll(me, "confirm", "app-9", "000000", expect=1)
    place.enroll(me, "confirm", "app-1", totp(made["secret"]))
    method = place.methods(me)["app-1"]
    check(method["confirmed"] and method["default"] and method["label"] == "iPhone" and method["tested"] is None, method)
    place.enroll(me, "confirm", "app-1", totp(made["secret"]), expect=1)  # confirmed already
    for options in (("--algorithm", "sha512", "--digits", "8", "--period", "60"), ("--algorithm", "sha256")):
        add_app(place, me, *options)
    check(len(place.methods(me)) == 3, "three apps")
    for options in (("--digits", "5"), ("--period", "45"), ("--algorithm", "md5"), ("--colour", "red")):
        place.enroll(me, "add", "totp", *options, expect=2)
    for label in ("x" * 65, "a\x1bb"):
        place.enroll(me, "add", "totp", "--label", label, expect=1)
    text = place.enroll(me, "add", "totp").stdout
    check("##" in text and "otpauth://" in text and "is not asked for until" in text, text)
    text = place.enroll(me, "--no-qr", "add", "totp").stdout
    check("##" not in text and "otpauth://" in text , text)
    check("\x1b" not in text, "colours in a file")


def throttle():
    place = Place(config=CONFIG + "throttle: {free: 2, first-delay: 60s}\n")
    made = place.json("utmfa-enroll", "--user", me, "add", "totp")
    for _ in range(2):
        place.enroll(me, "confirm", "app-1", "-", stdin=wrong(made["secret"]) + "\n", expect=1)
    said = place.enroll(me, "confirm", "app-1", "-", stdin=totp(made["secret"]) + "\n", expect=3)
    check("Too many wrong codes" in said.stderr, said.stderr)


def tokens():
    place = Place(config=CONFIG)
    seed, base32 = "3132333435363738393031323334353637383930", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    file = place.write("secret", seed + "\n", 0o600)
    made = place.json("utmfa-enroll", "--user", me, "add", "token", "--secret-file", file, "--serial", "A-17")
    check(list(made) == ["id", "kind", "confirm"] and made["id"] == "token-1" and made["kind"] == "hotp", made)
    place.enroll(me, "confirm", "token-1", "-", stdin=hotp(base32, 0) + "\n")
    by_stdin = place.run("utmfa-enroll", "--user", me, "add", "token", "--totp", "--secret-file", "-", "--json",
                         stdin=base32.lower() + "\n")
    identity = json.loads(by_stdin.stdout)["id"]
    place.enroll(me, "confirm", identity, "-", stdin=totp(base32) + "\n")
    check(seed not in by_stdin.stdout + by_stdin.stderr and base32 not in by_stdin.stdout, "the secret is shown")
    later = place.json("utmfa-enroll", "--user", me, "add", "token", "--counter", "500", "--secret-file", file)
    place.enroll(me, "confirm", later["id"], hotp(base32, 0), expect=1)
    place.enroll(me, "confirm", later["id"], hotp(base32, 500))
    for text in ("", "not a secret!", "3132"):
        place.enroll(me, "add", "token", "--secret-file", "-", stdin=text + "\n", expect=1)
    place.enroll(me, "add", "token", "--secret-file", place.at("nothing"), expect=3)
    place.enroll(me, "add", "token", expect=2)
    place.enroll(me, "add", "token", "--secret-file", file, "--hotp", "--totp", expect=2)
    check('secret: "v1:k1:' in open(place.at(f"data/methods/{me}.yaml"), encoding="utf-8").read(), "sealed")


def sheets_and_apply():
    place = Place(config=CONFIG)
    said = place.enroll(me, "apply", expect=1)
    check("2 are needed" in said.stderr, said.stderr)
    codes = place.json("utmfa-enroll", "--user", me, "add", "recovery")["codes"]
    check(len(set(codes)) == 10 and all(len(each) == 11 and each[5] == "-" for each in codes), codes)
    place.enroll(me, "apply", expect=1)
    add_app(place, me, "--label", "iPhone")
    before = place.tree()
    place.enroll(me, "default", "recovery", expect=1)
    place.enroll(me, "order", "recovery", "app-1", expect=1)
    place.enroll(me, "order", "app-1", expect=1)
    place.enroll(me, "rename", "app-1", "", expect=1)
    place.enroll(me, "remove", "app-7", "--yes", expect=1)
    place.enroll(me, "remove", "app-1", expect=1)            # nobody answers
    place.enroll(me, "remove", "app-1", stdin="no\n", expect=1)
    check(place.tree() == before, "a refusal changed something")
    place.enroll(me, "rename", "app-1", "電話")
    check(place.methods(me)["app-1"]["label"] == "電話", "renamed")
    strict = place.write("strict.yaml", "version: 1\nregistration: {minimum: 2, test: demanded}\n")
    refused = place.enroll(me, "apply", "--config", strict, expect=2)  # given twice
    check("config" in refused.stderr, refused.stderr)
    place.write("utmfa.yaml", "version: 1\nregistration: {minimum: 2, test: demanded}\n")
    refused = place.enroll(me, "apply", expect=1)
    check("app-1 has not been tried" in refused.stderr and "recovery has not been tried" in refused.stderr, refused.stderr)
    place.write("utmfa.yaml", CONFIG)
    place.enroll(me, "apply")
    check(place.json("utmfa-enroll", "--user", me, "list")["status"] == "active", "active")
    place.enroll(me, "apply", expect=1)
    place.enroll(me, "remove", "recovery", "--yes", expect=1)  # below the minimum
    add_app(place, me)
    place.enroll(me, "default", "app-2")
    check(list(place.methods(me)) == ["app-2", "app-1", "recovery"], place.methods(me))
    place.enroll(me, "order", "app-1", "app-2", "recovery")
    check(list(place.methods(me))[0] == "app-1", "ordered")
    place.enroll(me, "remove", "app-2", stdin="yes\n")
    check(list(place.methods(me)) == ["app-1", "recovery"], "removed")
    check(len(os.listdir(place.at("data/kept"))) == 1, "a copy is kept")


def people_and_usage():
    place = Place(config=CONFIG)
    place.enroll("no-such-person", "list", expect=1)
    check(json.loads(place.run("utmfa-enroll", "list", "--json").stdout)["user"] != "", "oneself")
    for user in others[:2]:
        add_app(place, user)
    check(place.json("utmfa-admin", "list")["users"][0]["status"] == "setting-up", "listed")
    for words in (("frobnicate",), ("list", "apply"), ("add",), ("confirm", "app-1"), ("list", "--nothing")):
        place.enroll(me, *words, expect=2)
    helped = place.run("utmfa-enroll", "--help").stdout
    check("Examples:" in helped and "Exit status" in helped, helped)
    check(place.run("utmfa-enroll", "--version").stdout.startswith("utmfa "), "version")
    for path in ("etc/keys/active", "data/methods"):
        broken = Place(config=CONFIG)
        shutil.rmtree(broken.at(path)) if os.path.isdir(broken.at(path)) else os.unlink(broken.at(path))
        broken.enroll(me, "add", "totp", expect=None)
        check(not os.path.exists(broken.at(f"data/methods/{me}.yaml")), path)
    unconfigured = Place(config="version: 1\ncolour: red\n", setup=False)
    said = unconfigured.enroll(me, "list", expect=3)
    check("utmfa.yaml:2:1" in said.stderr, said.stderr)


def the_verifier_acts_on_the_real_data():
    """Nobody but root acts on it here; where no verifier answers, nothing is done and it is said."""
    place = Place(setup=False)
    before = []
    if os.geteuid() == 0:
        before = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        os.chmod(place.path, 0o755)
        if subprocess.run([*before, "cat", f"{build}/utils/utmfa-enroll"], capture_output=True, check=False).returncode:
            return  # the build directory is closed to others
    for program, words, status, expected in (
            ("utmfa-enroll", ["list"], 3, "the verifier cannot be reached"),
            ("utmfa-enroll", ["add", "totp"], 3, "the verifier cannot be reached"),
            ("utmfa-enroll", ["--user", others[0] if before == [] else "root", "list"], 1, "only root"),
            ("utmfa-admin", ["list"], 1, "administrator")):
        said = subprocess.run([*before, f"{build}/utils/{program}", "--run-dir", place.at("run"), *words], text=True,
                              capture_output=True, check=False, env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""})
        check(said.returncode == status and expected in said.stderr, program, *words, said)


for each in (apps, throttle, tokens, sheets_and_apply, people_and_usage, the_verifier_acts_on_the_real_data):
    each()
done()
