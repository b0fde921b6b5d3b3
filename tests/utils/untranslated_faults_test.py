# SPDX-License-Identifier: Apache-2.0
"""What the utilities say of the policy, of counters, of broken files and of a machine that is not in order, in a language
that does not exist: reasons and Errors are translated as well as what is said by choice."""

import os
import subprocess
import sys

from nowhere import a_gap_is_noticed, newcomer, person, says
from programs import Place, add_app, check, done, others, wrong

RULES = """version: 1
services:
  sshd: {require: always, not-enrolled: deny}
  gdm-password: {require: always, unlock: skip}
  sudo: {require: always, methods: [recovery]}
  login: {require: enrolled, remind: 3, account: enforce}
  su: {require: always, not-enrolled: set-up, account: off}
  cron: {require: off}
exempt:
  - {users: [%s], networks: [192.0.2.0/24]}
registration: {minimum: 1, test: optional}
throttle: {free: 2, first-delay: 10m}
""" % newcomer
SERVICES = {"gdm-password", "sudo", "login", "su", "cron", "vlock", "gdm", "Debian"}
# Keys and values of utmfa.yaml that an error names, and its sample of how something is written.
KEYS = {"deny", "version", "services", "exempt", "throttle", "registration", "language", "require", "methods", "alwyas", "frob", "keep", "free", "one",
        "two", "off", "enrolled", "always", "ask", "skip", "all", "fido", "hotp", "mail", "phone", "push", "sms", "totp", "voice", "gdm"}


def explained(place):
    add_app(place, person, "--label", "iPhone")
    place.enroll(person, "add", "recovery")
    place.enroll(person, "apply")
    waits = place.json("utmfa-enroll", "--user", person, "add", "totp")
    for words in ([person, "sshd"], [person, "gdm-password"], [person, "gdm-password", "--unlock"], [person, "sudo"],
                  [person, "cron"], [person, "vlock"], [newcomer, "sshd"], [newcomer, "sshd", "--from", "192.0.2.7"],
                  [newcomer, "login"], [newcomer, "su"], [newcomer, "vlock"]):
        says(place, "utmfa-admin", "explain", *words, given=SERVICES)
    says(place, "utmfa-admin", "explain", person, "sshd", "--unlock", expect=1, given={"GDM", "gdm"})
    for _ in range(2):
        place.enroll(person, "confirm", waits["id"], "-", stdin=wrong(waits["secret"]) + "\n", expect=1)
    says(place, "utmfa-admin", "explain", person, "sshd")
    says(place, "utmfa-admin", "state", "show", person)
    place.admin("terminate", person, "--reason", "x", "--yes")
    says(place, "utmfa-admin", "explain", person, "sshd")
    says(place, "utmfa-admin", "restore", person, "--list", given={"terminate"}, expect=None)
    place.admin("reset", person, "--reason", "x", "--yes")
    says(place, "utmfa-admin", "explain", person, "login", given=SERVICES)


def of_files(place):
    for text in ("version: 2\n", "services: {sshd: {require: alwyas}}\n", "services: {sshd: {frob: 1}}\n", "services:\n\tsshd: 1\n",
                 "services: [a]\n", "exempt: [{users: [ab, ab]}]\n", "exempt: [{}]\n", "exempt: 7\n",
                 "throttle: {free: x}\n", "throttle: {free: 1, free: 2}\n", "language: &b ja\n", "language: !x ja\n",
                 "services: {sshd: {methods: [frob]}}\n", "services: {sshd: {methods: []}}\n", "services: {'a b': {}}\n",
                 "registration: {keep: 9y}\n", "exempt: [{networks: [192.0.2.1/24]}]\n", "services: {utmfa-test: {require: off}}\n",
                 "--- 1\n--- 2\n", "\ufeffversion: 1\n", "throttle: {first-delay: 2h, longest-delay: 1h}\n",
                 "services: {default: {require: enrolled}, sshd: {not-enrolled: deny}}\n"):
        says(place, "utmfa-admin", "check", place.write("broken.yaml", text), expect=1, given=KEYS)
    says(place, "utmfa-admin", "check", place.at("nowhere.yaml"), expect=None)
    says(place, "utmfa-admin", "check", "relative.yaml", expect=None, given={"relative", "yaml"})
    says(place, "utmfa-admin", "check", place.write("open.yaml", "version: 1\n", 0o666), expect=None)
    says(place, "utmfa-admin", "check", place.path, expect=None)


def of_registrations(place):
    state, methods = (place.at(f"data/{name}") for name in (f"state/{person}", f"methods/{person}.yaml"))
    add_app(place, person)
    with open(methods, encoding="utf-8") as file:
        good = file.read()
    for text in ("version: 9\n", good + "colour: red\n", good.replace("kind: totp", "kind: frob"), good.replace("status: ", "status: x"),
                 good.replace("    label:", "    colour:"), ""):
        with open(methods, "w", encoding="utf-8") as file:
            file.write(text)
        says(place, "utmfa-admin", "explain", person, "sshd", expect=None, given=KEYS | {"user", "status", "label", "colour", "kind", "setting",
             "up", "none", "active", "ended", "xsetting", "id", "contact", "reset", "reminded", "or"})
    with open(methods, "w", encoding="utf-8") as file:
        file.write(good)
    os.truncate(state, 100)
    for verb in (["explain", person, "sshd"], ["state", "show", person], ["show", person], ["list"], ["report"]):
        says(place, "utmfa-admin", *verb, expect=None, given={"KiB"})
    os.unlink(state)
    says(place, "utmfa-admin", "state", "show", person, expect=3)
    says(place, "utmfa-enroll", "--user", person, "list", expect=3)
    os.rename(place.at("etc/keys/active"), place.at("etc/keys/aside"))
    says(place, "utmfa-admin", "list", expect=3)
    os.rename(place.at("etc/keys/aside"), place.at("etc/keys/active"))
    says(place, "utmfa-admin", "keys", "activate", "k9", expect=None)
    says(place, "utmfa-admin", "explain", "no-such-person", "sshd", expect=1, given={"no", "such", "person"})
    says(place, "utmfa-admin", "state", "rebuild", person, "--reason", "x", "--yes")


def of_lists(place):
    for text in ("serial,secret\n1,xx\n", "a,b,c,d,e\n", "", "serial,secret\n1\n", "serial,secret,type\n1,JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP,x\n",
                 "<KeyContainer/>\n", "serial,secret,type\n\"1,2\n"):
        says(place, "utmfa-admin", "token", "import", place.write("tokens", text), expect=None,
             given={"KeyContainer", "PSKC", "CSV", "serial", "secret", "type", "digits", "interval", "upn", "number", "key", "time", "manufacturer",
                    "model", "urn", "ietf", "params", "xml", "ns", "keyprov", "pskc"})
    says(place, "utmfa-admin", "token", "lend", "1", person, expect=1)
    for text in ("user,secret\nfrob,JBSWY3DPEHPK3PXP\n", f"user,secret\n{person},!!\n", "", "frob\n1\n", "user,user\n", "user,secret\n\"a\n"):
        says(place, "utmfa-admin", "import", place.write("people.csv", text), expect=None,
             given=KEYS | {"user", "secret", "user", "kind", "label", "codes", "digits", "period", "algorithm", "counter", "proven", "status", "CSV",
                           "line", "reason", "moving", "drift"})
    says(place, "utmfa-admin", "import", place.at("nowhere.csv"), expect=None)
    says(place, "utmfa-admin", "log", "--file", place.at("nowhere.log"), expect=None)
    says(place, "utmfa-admin", "log", "--file", place.write("auth.log", ""))
    says(place, "utmfa-admin", "contact", person, "taro", expect=None, given={"taro", "example"})
    says(place, "utmfa-admin", "gateway", "test", "mail", "taro@example.ac.jp", expect=None, given={"mail", "gateways"})
    says(place, "utmfa-admin", "service", "status", given=SERVICES)
    says(place, "utmfa-admin", "service", "enable", "sudo", "--yes", expect=None, given=SERVICES)
    says(place, "utmfa-admin", "after-restore", "--reason", "x", "--dry-run", expect=None)


def of_a_machine():
    """The doctor, where hardly anything is as it should be; sshd's own answer is a file."""
    place = Place(setup=False)
    place.options = []
    place.write("etc/utmfa/utmfa.yaml", "version: 1\nservices: {sshd: {require: always, not-enrolled: deny}, shd: {require: always}}\n")
    place.write("etc/pam.d/sshd", "auth optional pam_utmfa.so debug\nauth required pam_unix.so\nauth required pam_utfma.so\n")
    place.write("etc/pam.d/gdm-password", "auth required pam_unix.so\naccount required pam_utmfa.so\n")
    place.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    settings = place.write("sshd", "usepam no\nkbdinteractiveauthentication no\npasswordauthentication yes\npubkeyauthentication yes\n"
                           "authenticationmethods any\nmaxauthtries 1\nlogingracetime 5\nmaxstartups 2:30:4\n")
    for text in ("", "version: 1\nfrob: 1\n"):
        if text:
            place.write("etc/utmfa/utmfa.yaml", text)
        said = says(place, "utmfa-admin", "doctor", "--root", place.path, "--sshd-settings", settings, expect=1,
                    given=SERVICES | KEYS | {"Match", "SSH", "NTP", "PAM", "password", "required", "requisite", "optional", "auth", "account", "timeout",
                                             "service", "run", "dir", "verifier", "debug", "yes", "no", "any", "shd", "root", "UsePAM", "publickey"})
        check(said.count("\u27e6") > (4 if text else 20), "hardly anything was said", said)


def a_phrase_that_is_missing_is_noticed():
    """The same programs with the real catalogue, in which Japanese stands: an error is Japanese to its end."""
    place = fresh_place()
    compiled = place.at("ja/LC_MESSAGES")
    os.makedirs(compiled)
    subprocess.run(["msgfmt", "-o", compiled + "/utmfa.mo", os.path.join(sys.argv[2], "po/ja.po")], check=True)

    def japanese(*words, expect=0):
        said = place.run("utmfa-admin", "--locale-dir", place.path, "--language", "ja", *words, expect=expect)
        return said.stdout + said.stderr

    said = japanese("explain", others[2], "vlock")
    check("services.default.require = enrolled\uff08\u65e2\u5b9a\uff09\u3002\u5229\u7528\u7533\u8acb\u3057\u3066\u3044\u307e\u305b\u3093" in said, said)
    said = japanese("check", place.write("broken.yaml", "services: {sshd: {require: 'a: b'}}\n"), expect=1)
    check("broken.yaml:1:28: require \u304c \"a: b\" \u306b\u306a\u3063\u3066\u3044\u307e\u3059: \u6b21\u306e\u3069\u308c\u304b\u306b\u3057\u3066\u304f\u3060\u3055\u3044\uff08off, " in said, said)
    said = place.run("utmfa-admin", "--language", "en", "check", place.at("broken.yaml"), expect=1).stderr
    check('require is "a: b": one of off, enrolled' in said, said)
    shown = place.json("utmfa-admin", "explain", others[2], "vlock")
    check(shown["reason"] == "services.default.require = enrolled (default); not enrolled", "JSON stays English", shown)


def fresh_place():
    """With PAM files of its own: this machine's are neither read nor changed."""
    place = Place(config=RULES)
    place.options += ["--pam-dir", place.at("pam.d")]
    place.write("pam.d/sudo", "auth required pam_unix.so\naccount required pam_unix.so\n")
    place.write("pam.d/login", "auth required pam_utmfa.so\naccount required pam_permit.so\n")
    return place


a_gap_is_noticed()
made = fresh_place()
explained(made)
of_files(made)
made = fresh_place()  # nobody is locked there
of_registrations(made)
of_lists(made)
of_a_machine()
a_phrase_that_is_missing_is_noticed()
done()
