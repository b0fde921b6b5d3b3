# SPDX-License-Identifier: Apache-2.0
"""Every verb and every option that the programs know is in their manuals (English and Japanese) and in the completion
of every shell, and nothing that they do not know."""

import os
import re
import shutil
import subprocess
import tempfile

from programs import Place, check, done, source

COMPLETIONS = "conf/completions/"
MANUALS = {"utmfa-enroll": ["docs/man/utmfa-enroll.1", "docs/man/ja/utmfa-enroll.1"],
           "utmfa-admin": ["docs/man/utmfa-admin.8", "docs/man/ja/utmfa-admin.8"]}
place = Place(setup=False)


def text(name):
    with open(os.path.join(source, name), encoding="utf-8") as file:
        return file.read()


def helped(program, *verb):
    """(verbs below, options) as --help says."""
    said = place.run(program, *verb, "--help").stdout
    body = said.split("Examples:")[0]
    _, _, below = body.partition("Verbs:")
    verbs = re.findall(r"^  ([a-z][a-z-]*)", below, re.M)
    return verbs, set(re.findall(r"--[a-z][a-z-]*", body.partition("Verbs:")[0]))


def everything(program):
    verbs, options = helped(program)
    words = set(verbs)
    for verb in verbs:
        below, more = helped(program, verb)
        words |= set(below)
        options |= more
        for inner in below:
            options |= helped(program, verb, inner)[1]
    return words, options


def manual_words(page):
    """Options and verbs of an mdoc page."""
    page = text(page)
    return ({"--" + each for each in re.findall(r"\bFl Fl ([a-z][a-z-]*)", page)},
            set(re.findall(r"[a-z][a-z-]*", " ".join(re.findall(r"^\.It Cm (.*)$", page, re.M)))))


def manuals(program, verbs, options):
    for page in MANUALS[program]:
        said, items = manual_words(page)
        check(not options - said, page, "lacks", options - said)
        check(not said - options, page, "has", said - options, "which", program, "does not know")
        check(not verbs - items, page, "lacks the verbs", verbs - items)


def completions(program, verbs, options):
    files = ["utmfa.bash", "utmfa.zsh", f"{program}.fish"]
    for name in files:
        said = text(COMPLETIONS + name)
        known = ({"--" + each for each in re.findall(r"^complete .*? -l ([a-z][a-z-]*)", said, re.M)} if name.endswith("fish")
                 else set(re.findall(r"--[a-z][a-z-]*", said)))
        check(not options - known, name, "lacks", options - known)
        words = set(re.findall(r"[a-z][a-z-]*", said))
        check(not verbs - words, name, "lacks the verbs", verbs - words)
        if name.endswith("fish"):
            check(not known - options, name, "has", known - options)


def bash_answers():
    """The completion is really asked, as bash asks it."""
    if not shutil.which("bash"):
        return

    def reply(program, function, *words):
        quoted = " ".join(f"'{word}'" for word in (program, *words))
        script = (f"source {source}/{COMPLETIONS}utmfa.bash; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
                  f"{function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()

    check("--label" in reply("utmfa-enroll", "_utmfa_enroll", "--user", "taro", "add", "totp", "--"), "options")
    check(reply("utmfa-enroll", "_utmfa_enroll", "add", "t") == ["totp", "token"], "kinds")
    check(reply("utmfa-admin", "_utmfa_admin", "keys", "re") == ["reseal"], "keys")
    check(reply("utmfa-admin", "_utmfa_admin", "pass", "taro", "--valid", "1") == ["10m", "1h", "12h", "1d"], "values")
    check(reply("utmfa-assert", "_utmfa_assert", "--register", "--type", "e") == ["es256", "eddsa"], "of the client")
    check("root" in reply("utmfa-admin", "_utmfa_admin", "reset", "ro"), "people")


def languages():
    with tempfile.TemporaryDirectory() as catalogues:
        directory = os.path.join(catalogues, "ja", "LC_MESSAGES")
        os.makedirs(directory)
        po = os.path.join(catalogues, "test.po")
        with open(po, "w", encoding="utf-8") as file:
            file.write('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
                       'msgid "print JSON"\nmsgstr "JSON で出力"\n')
        if not shutil.which("msgfmt"):
            return
        subprocess.run(["msgfmt", "-o", os.path.join(directory, "utmfa.mo"), po], check=True)
        options = ["--locale-dir", catalogues, "--help"]
        for program in MANUALS:
            check("JSON で出力" in place.run(program, *options, language="ja_JP.UTF-8").stdout, "by LANG")
            check("JSON で出力" in place.run(program, "--language", "ja", *options, language="C").stdout, "by --language")
            check("print JSON" in place.run(program, *options, language="C").stdout, "English")
            check("print JSON" in place.run(program, "--language=en", *options, language="ja_JP.UTF-8").stdout, "English")


for each in MANUALS:
    found = everything(each)
    check(len(found[0]) > 8 and "--json" in found[1] and "--help" in found[1], found)
    manuals(each, *found)
    completions(each, *found)
completions("utmfa-assert", set(), helped("utmfa-assert")[1])
bash_answers()
languages()
done()
