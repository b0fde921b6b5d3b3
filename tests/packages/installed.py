# SPDX-License-Identifier: Apache-2.0
# What packages of both kinds install, held against a table: owners, modes, and the links of documents.
import os
import re

from building import expect

GATEWAYS = ("mail-sendmail", "push-ntfy", "push-radius", "sms-gammu", "sms-http", "sms-smstools", "voice-sip")
# Who may be started; every other file is 0644, every directory 0755, and all of it root's. Nothing is set-user-ID.
PROGRAMS = {"/usr/bin/utmfa-enroll", "/usr/bin/utmfa-assert", "/usr/sbin/utmfa-admin", "/usr/libexec/utmfa/utmfad",
            "/usr/libexec/utmfa/utmfa-key", "/usr/libexec/utmfa/utmfa-deliver",
            *(f"/usr/libexec/utmfa/gateways/{name}" for name in GATEWAYS)}
LEAST_FILES = 90


def as_in_the_table(entries, programs, others):
    """`entries`: (path, mode with its kind, owner, target of a link). `others`: {path: mode} where the packages differ."""
    met = set()
    for path, mode, owner, target in entries:
        where = f"{path}: {mode:o} {owner}"
        expect(owner == ("root", "root"), where)
        met.add(path)
        if mode >> 12 == 0o12:
            expect(target[0] != "/" or target == "/usr/share/common-licenses/Apache-2.0", f"{where}: {target}")
            continue
        usual = 0o40755 if mode >> 12 == 0o4 else 0o100755 if path in programs else 0o100644
        expect(mode == others.get(path, usual), f"{where}, and {others.get(path, usual):o} is in the table")
    missing = (set(programs) | set(others)) - met
    expect(not missing and len(met) >= LEAST_FILES, f"{len(met)} files; not installed: {sorted(missing)}")


def documents(root):
    for directory, _, files in os.walk(os.path.join(root, "usr/share/doc")):
        for name in files:
            if name.endswith(".md"):
                yield os.path.join(directory, name)


def links_lead_somewhere(root):
    """Each link of a document that is installed below `root`, to another file; how many there were."""
    counted = 0
    for path in documents(root):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", file.read())
        for target in re.findall(r"\]\(([^()\s#]+)[^()\s]*\)", text):
            if re.match("[a-z]+:", target):
                continue
            counted += 1
            expect(os.path.lexists(os.path.normpath(os.path.join(os.path.dirname(path), target))), f"{path[len(root):]}: {target} leads nowhere")
    expect(counted > 40, f"{counted} links")
