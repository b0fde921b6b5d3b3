# SPDX-License-Identifier: Apache-2.0
"""After a downgrade: what a newer utmfa wrote of a person, of the tokens or of everything is refused by every command, with
what to do, and no byte of it changes; whoever is not concerned is served."""

import json
import os

from programs import Place, add_app, check, done, others

place = Place(config="registration: {minimum: 1, test: optional}\n")
taro, hanako, jiro = others[:3]
REMEDY = "written by a newer utmfa"
WHAT_TO_DO = "upgrade this machine, or restore the copy from before its upgrade"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def written(path, text):
    with open(path, "r+b") as file:
        file.write(text)


def told(said, *where):
    text = said.stdout + said.stderr
    check(REMEDY in text and WHAT_TO_DO in text and all(each in text for each in where), text)


def all_refuse(user, path):
    """Each command that would read or write this person."""
    before, files = read(path), sorted(place.tree())
    row = place.write("rows.csv", f"user,kind,label\n{user},totp,Imported\n", mode=0o600)
    for words in (["show", user], ["reset", user, "--reason", "test", "--yes"], ["terminate", user, "--reason", "test", "--yes"],
                  ["unlock", user, "--reason", "test"], ["pass", user, "--valid", "1h", "--reason", "test"],
                  ["state", "rebuild", user, "--reason", "test", "--yes"], ["state", "show", user],
                  ["contact", user, "a@example.ac.jp", "--unproven-by-desk", "--reason", "test"],
                  ["after-restore", "--everybody", "--reason", "test", "--yes"]):
        told(place.admin(*words, expect=None), path)
        check(read(path) == before, words, "changed it")
    for words in (["list"], ["add", "totp", "--label", "Second"], ["remove", "app-1", "--yes"], ["apply"]):
        said = place.enroll(user, *words, expect=None)
        check(said.returncode != 0, words)
        told(said, path)
        check(read(path) == before, words, "changed it")
    place.admin("import", row, "--format", "csv", "--apply", "--reason", "test", expect=None)
    check(read(path) == before, "import changed it")
    os.unlink(row)
    check([name for name in sorted(place.tree()) if name not in files and "counters" not in name] == [], "left something behind")


def one_person():
    for user in (taro, hanako):
        add_app(place, user)
    for path, newer in ((place.at(f"data/methods/{taro}.yaml"), None), (place.at(f"data/state/{taro}"), b"UTMFAST2")):
        good = read(path)
        written(path, newer if newer else good.replace(b"version: 1", b"version: 2", 1))
        all_refuse(taro, path)
        check(place.json("utmfa-admin", "show", hanako)["methods"], "hanako")
        place.enroll(hanako, "rename", "app-1", "Telephone")
        told(place.admin("doctor", expect=None), path)
        written(path, good)
        place.admin("show", taro)
    # Nothing but a state: somebody of whom a newer utmfa keeps the rest elsewhere is not begun anew.
    state = place.at(f"data/state/{jiro}")
    add_app(place, jiro)
    os.unlink(place.at(f"data/methods/{jiro}.yaml"))
    written(state, b"UTMFAST2")
    before = read(state)
    told(place.enroll(jiro, "add", "totp", "--label", "First", expect=None), state)
    check(read(state) == before and not os.path.exists(place.at(f"data/methods/{jiro}.yaml")), "begun anew")
    os.unlink(state)
    add_app(place, jiro)


def everything():
    for name, what in (("data/version", "data directory"), ("etc/keys/version", "key ring")):
        place.write(name, "2\n", mode=0o600)
        before = place.tree()
        for words in (["list"], ["show", taro], ["status"], ["setup"], ["keys", "new"], ["keys", "reseal"],
                      ["pass", hanako, "--valid", "1h", "--reason", "test"]):
            if words == ["setup"] and what == "data directory":
                continue
            said = place.admin(*words, expect=None)
            check(said.returncode != 0, words)
            told(said, place.at(name), what)
        said = place.enroll(taro, "add", "totp", "--label", "x", expect=None)
        check(said.returncode != 0, "enrolled")
        told(said, place.at(name))
        check(place.tree() == before, "something was written")
        os.unlink(place.at(name))
        place.admin("list")


def other_files():
    place.write("data/tokens/stock.yaml", "version: 2\ntokens: []\n", mode=0o600)
    os.chmod(place.at("data/tokens"), 0o700)
    told(place.admin("token", "list", expect=3), place.at("data/tokens/stock.yaml"), "token stock")
    check(read(place.at("data/tokens/stock.yaml")) == b"version: 2\ntokens: []\n", "the stock")
    os.unlink(place.at("data/tokens/stock.yaml"))
    place.admin("token", "list")
    config = place.write("newer.yaml", "version: 2\n")
    told(place.admin("check", config, expect=1), config, "configuration")
    place.admin("check", place.write("newer.yaml", "version: 1\n"))
    parcel = place.write("parcel", "utmfa-parcel 2 x\n", mode=0o600)
    said = place.admin("import", parcel, "--format", "parcel", "--passphrase-file", place.write("p", "a long passphrase\n", mode=0o600),
                       expect=None)
    check(said.returncode != 0, said)
    os.makedirs(place.at("data/service"), mode=0o700, exist_ok=True)
    pending = place.write("data/service/sshd.pending", json.dumps({"version": 2, "service": "sshd"}), mode=0o600)
    told(place.admin("service", "confirm", "sshd", expect=1), pending, "pending change")
    check(os.path.exists(pending), "the record of the change")


one_person()
everything()
other_files()
done()
