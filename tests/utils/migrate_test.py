# SPDX-License-Identifier: Apache-2.0
"""utmfa-admin migrate: dry run, the real one, killed at every file, undone, and what it must not touch. The steps are the
tests' own (migration_steps.cc); the files that come out of them are read by the real programs."""

import json
import os
import shutil
import signal
import subprocess

from programs import Place, add_app, build, check, done, others

place = Place(config="registration: {minimum: 1, test: optional}\n")
people = others[:3]
WITH_STEPS = os.path.join(build, "tests/utils/utmfa-admin-with-steps")


def path_of(user):
    return place.at(f"data/methods/{user}.yaml")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def rewrite(path, *pairs):
    """The same inode and mode, other words."""
    text = read(path)
    for old, new in pairs:
        check(old in text, path, old)
        text = text.replace(old, new, 1)
    with open(path, "wb") as file:
        file.write(text)
    return text


def migrate(*words, status=0, **environment):
    done_ = subprocess.run([WITH_STEPS, *place.options, "migrate", "--json", *words], capture_output=True, text=True, timeout=60,
                           check=False, env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", **environment})
    check(done_.returncode == status, words, done_.returncode, done_.stdout, done_.stderr)
    return json.loads(done_.stdout) if done_.stdout else done_


def made_old():
    """Everybody's file, and the stock, as the version before would have written them."""
    older = {}
    for user in people:
        older[path_of(user)] = rewrite(path_of(user), (b"version: 1\n", b"version: 0\n"), (b"\nuser: ", b"\nperson: "))
    older[place.at("data/tokens/stock.yaml")] = rewrite(place.at("data/tokens/stock.yaml"), (b"version: 1\n", b"version: 0\n"))
    return older


def methods_tree():
    """What matters: every file but the lock that a reader may have made."""
    return {name: text for name, text in place.tree().items() if not name.endswith("/lock")}


def began():
    for user in people:
        add_app(place, user)
    place.write("data/tokens/stock.yaml", "version: 1\ntokens: []\n", mode=0o600)
    os.chmod(place.at("data/tokens"), 0o700)
    now = methods_tree()
    said = place.admin("migrate", "--json")
    check(json.loads(said.stdout) == {"dry_run": False, "undone": False, "files": [], "in_order": 4, "copies": "", "problems": []},
          said.stdout)
    check(methods_tree() == now, "nothing to do is nothing done")
    check("There is no migration to be undone." in place.admin("migrate", "--undo").stdout, "no migration")
    return now


def refused_until_then(older):
    for user in people:
        said = place.admin("show", user, expect=1).stderr
        check("written by an older utmfa: 1 is expected: run `utmfa-admin migrate`" in said, said)
    for words in (["--dry-run"], []):
        said = place.admin("migrate", *words, expect=1).stderr  # the program has no step from there
        check(said.count("problem:") == 4 and path_of(people[0]) in said, said)
    check(all(read(path) == text for path, text in older.items()), "a program without the steps touches nothing")
    check(not os.path.exists(place.at("data/migrated")), "and keeps no copies")


def from_end_to_end(now):
    older = made_old()
    refused_until_then(older)
    before = methods_tree()
    looked = migrate("--dry-run")
    files = [{"file": f"methods/{user}.yaml", "from": 0, "to": 1} for user in sorted(people)] + [
        {"file": "tokens/stock.yaml", "from": 0, "to": 1}]
    check(looked["files"] == files and looked["dry_run"] and looked["copies"] == "", looked)
    check(methods_tree() == before, "a dry run writes nothing")
    made = migrate()
    check(made["files"] == files and made["problems"] == [] and made["in_order"] == 0, made)
    for path, text in now.items():
        check(read(os.path.join(place.path, path)) == text, path)
    for path, text in older.items():
        copy = os.path.join(made["copies"], os.path.relpath(path, place.at("data")))
        check(read(copy) == text and os.stat(copy).st_mode & 0o7777 == 0o600, copy)
    check(os.stat(made["copies"]).st_mode & 0o7777 == 0o700 and not os.path.exists(made["copies"] + "/unfinished"), "copies")
    check(place.json("utmfa-admin", "show", people[0])["methods"][0]["id"] == "app-1", "the real program reads it")
    again = migrate()
    check(again["files"] == [] and again["in_order"] == 4, again)
    undone = migrate("--undo")
    check([each["file"] for each in undone["files"]] == [each["file"] for each in files] and undone["undone"], undone)
    check(methods_tree() == before, "as it was, and no copies are left")
    migrate()
    return older


def what_changed_since_stays(older):
    """Undoing brings no method back that was removed since, and no person."""
    first, second, third = people
    copies = os.path.join(place.at("data/migrated"), os.listdir(place.at("data/migrated"))[0])
    place.enroll(first, "rename", "app-1", "Another")
    changed = read(path_of(first))
    place.admin("reset", second, "--reason", "test", "--yes")
    undone = migrate("--undo", status=1)
    check(len(undone["problems"]) == 2 and all("was changed since" in each for each in undone["problems"]), undone)
    check(read(path_of(first)) == changed, "a change is not lost")
    check(b"app-1" not in read(path_of(second)), "what was reset does not come back")
    check(read(path_of(third)) == older[path_of(third)], "the others are undone")
    check(os.path.exists(f"{copies}/methods/{first}.yaml") and not os.path.exists(f"{copies}/methods/{third}.yaml"), "copies")
    shutil.rmtree(place.at("data/migrated"))
    migrate()
    migrate("--undo")
    check(not os.listdir(place.at("data/migrated")), "only what this one changed")
    migrate()
    shutil.rmtree(place.at("data/migrated"))
    place.admin("reset", first, "--reason", "test", "--yes")
    for user in (first, second):
        add_app(place, user)


def killed_at_every_file():
    older, count = made_old(), 0
    before = methods_tree()
    for at in range(len(people)):
        ended = subprocess.run([WITH_STEPS, *place.options, "migrate"], capture_output=True, timeout=60, check=False,
                               env={**os.environ, "UTMFA_KILL_AT": "1" if at else "0"})
        check(ended.returncode == -signal.SIGKILL, ended)
        made = [user for user in people if b"version: 1\n" in read(path_of(user))]
        check(len(made) == at and all(read(path_of(user)) == older[path_of(user)] for user in people if user not in made), made)
        count += 1
    # Killed between the copy and the file: the copy is there, the file is old.
    copies = os.path.join(place.at("data/migrated"), os.listdir(place.at("data/migrated"))[0])
    left = [user for user in people if b"version: 0\n" in read(path_of(user))]
    check(len(left) == 1 and os.path.exists(copies + "/unfinished"), left)
    shutil.copy(path_of(left[0]), f"{copies}/methods/{left[0]}.yaml")
    made = migrate()
    check(made["copies"] == copies and len(made["files"]) == 2 and not os.path.exists(copies + "/unfinished"), made)
    check(len(os.listdir(place.at("data/migrated"))) == 1, "it went on where it was")
    undone = migrate("--undo")
    check(len(undone["files"]) == 4 and methods_tree() == before and count == 3, undone)
    migrate()


def newer_and_broken():
    """What cannot be brought over is told, stays, and keeps nobody else from it."""
    first, second, third = people
    made_old()
    newer = rewrite(path_of(first), (b"version: 0\n", b"version: 2\n"))
    broken = rewrite(path_of(second), (b"\nperson: ", b"\nsomebody: "))
    made = migrate(status=1)
    check([each["file"] for each in made["files"]] == [f"methods/{third}.yaml", "tokens/stock.yaml"], made)
    said = "\n".join(made["problems"])
    check("written by a newer utmfa" in said and "not a file of version 0" in said and len(made["problems"]) == 2, said)
    check(read(path_of(first)) == newer and read(path_of(second)) == broken, "both as they were")
    rewrite(path_of(first), (b"version: 2\n", b"version: 0\n"))
    rewrite(path_of(second), (b"\nsomebody: ", b"\nperson: "))
    again = migrate()
    check(again["copies"] == made["copies"] and len(again["files"]) == 2, again)
    place.write("data/version", "2\n", mode=0o600)
    refused = migrate(status=1)
    check("data directory: version is \"2\", written by a newer utmfa" in refused.stderr, refused.stderr)
    os.unlink(place.at("data/version"))


order = began()
what_changed_since_stays(from_end_to_end(order))
killed_at_every_file()
newer_and_broken()
done()
