# SPDX-License-Identifier: Apache-2.0
"""utmfa-admin for many machines: check for a build, numbers for monitoring, and after a backup was put back."""

import json
import os
import re
import shutil

from programs import Place, add_app, check, done, me, others

place = Place(config="registration: {minimum: 1, test: optional}\n")
taro, hanako = others[:2]


def check_verb():
    right = place.write("right.yaml", "issuer: University\n")
    said = place.json("utmfa-admin", "check", right)
    check(said == {"file": right, "files": [right], "error": None, "warnings": []}, said)
    place.write("conf.d/10.yaml", "services: {sshd: {require: always}}\n")
    check(place.json("utmfa-admin", "check", right)["files"] == [right, place.at("conf.d/10.yaml")], "parts")
    place.write("conf.d/20.yaml", "services: {sshd: {tries: 0}}\n")
    said = place.admin("check", right, "--json", expect=1)
    check(json.loads(said.stdout)["error"].startswith(place.at("conf.d/20.yaml") + ":1:26: tries is 0"), said.stdout)
    check("20.yaml" in place.admin("check", right, expect=1).stderr, "text")
    place.write("conf.d/20.yaml", "services: {sshd: {require: enrolled, not-enrolled: deny}}\n")
    said = place.admin("check", right, "--json", expect=1)
    check(len(json.loads(said.stdout)["warnings"]) == 1, said.stdout)
    shutil.rmtree(place.at("conf.d"))
    place.admin("check", place.at("nothing.yaml"), expect=3)


def apply(user):
    add_app(place, user)
    place.enroll(user, "add", "recovery")
    place.enroll(user, "apply")


def numbers(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check(re.fullmatch(r"((# (HELP|TYPE) utmfa_\w+ .+|utmfa_\w+(\{\w+=\"[\w.@-]+\"\})? -?\d+)\n)+", text), text)
    named = set(re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", text, re.M))
    values = dict(re.findall(r"^(utmfa_\S+) (-?\d+)$", text, re.M))
    check(named == {name.split("{")[0] for name in values}, named)
    for user in (taro, hanako, me):
        check(f'"{user}"' not in text, "names of people")
    return {name: int(value) for name, value in values.items()}


def prometheus():
    page = place.at("utmfa.prom")
    place.admin("status", "--prometheus", page)
    before = numbers(page)
    check(before["utmfa_verifier_up"] == 0 and before['utmfa_people{status="active"}'] == 0, before)
    check(before['utmfa_events_total{event="granted"}'] == 0 and before["utmfa_services_waiting"] == 0, before)
    for user in (taro, hanako):
        apply(user)
    place.write("utmfa.yaml", "registration: {minimum: 1, test: optional}\nservices: {sshd: {observe-until: 2099-12-31}}\n")
    place.admin("status", "--prometheus", page)
    now = numbers(page)
    check(now['utmfa_people{status="active"}'] == 2 and now["utmfa_people_unreadable"] == 0, now)
    check(now['utmfa_service_observed_until_seconds{service="sshd"}'] > 4000000000, now)
    check(os.stat(page).st_mode & 0o777 == 0o644, "to be read by node_exporter")
    check("utmfa_verifier_up 0" in place.admin("status", "--prometheus", "-").stdout, "shown")
    with open(place.at(f"data/methods/{taro}.yaml"), "a", encoding="utf-8") as file:
        file.write("nonsense: 1\n")
    place.admin("status", "--prometheus", page)
    check(numbers(page)["utmfa_people_unreadable"] == 1, "unreadable")
    with open(place.at(f"data/methods/{taro}.yaml"), "r+", encoding="utf-8") as file:
        text = file.read().replace("nonsense: 1\n", "")
        file.seek(0)
        file.truncate()
        file.write(text)
    place.admin("status", "--prometheus", place.at("nowhere/utmfa.prom"), expect=1)
    os.chmod(place.at("run"), 0o777)
    place.admin("status", "--prometheus", place.at("run/utmfa.prom"), expect=1)  # where anybody could put a link
    os.chmod(place.at("run"), 0o755)


def from_a_backup(user):
    """The state as a restore leaves it: the same bytes in another file."""
    path = place.at(f"data/state/{user}")
    shutil.copy2(path, path + ".copy")
    os.rename(path + ".copy", path)
    place.enroll(user, "list", expect=3)


def after_restore():
    said = place.json("utmfa-admin", "after-restore", "--reason", "test", "--dry-run")
    check(sorted((each["user"], each["state"]) for each in said) ==
          sorted([(taro, "in-order"), (hanako, "in-order")]), said)
    from_a_backup(taro)
    before = place.tree()
    said = place.json("utmfa-admin", "after-restore", "--reason", "test", "--dry-run")
    check({each["user"]: each["state"] for each in said} == {taro: "to-rebuild", hanako: "in-order"}, said)
    place.admin("after-restore", "--reason", "test", stdin="no\n", expect=1)
    check(place.tree() == before, "a dry run, and a no, change nothing")
    place.admin("after-restore", "--yes", expect=2)  # the reason is demanded
    said = {each["user"]: each for each in place.json("utmfa-admin", "after-restore", "--reason", "test", "--yes")}
    check(said[taro]["state"] == "rebuilt" and said[taro]["register_anew"] == ["recovery"], said)
    check(said[hanako]["state"] == "in-order", said)
    place.enroll(taro, "list")
    said = {each["user"]: each["state"] for each in
            place.json("utmfa-admin", "after-restore", "--reason", "test", "--yes", "--everybody")}
    check(said == {taro: "rebuilt", hanako: "rebuilt"}, said)
    os.unlink(place.at(f"data/state/{hanako}"))
    text = place.admin("after-restore", "--reason", "test", "--yes").stdout
    check(re.search(rf"^{hanako} +made anew +to be registered anew: recovery$", text, re.M), text)
    check("1 in order, 1 made anew, 0 cannot be read" in text, text)
    with open(place.at(f"data/methods/{taro}.yaml"), "w", encoding="utf-8") as file:
        file.write("version: 2\n")
    said = place.admin("after-restore", "--reason", "test", "--yes", "--json", expect=1)
    check([each["state"] for each in json.loads(said.stdout) if each["user"] == taro] == ["unreadable"], said.stdout)


check_verb()
prometheus()
after_restore()
done()
