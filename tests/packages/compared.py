# SPDX-License-Identifier: Apache-2.0
# Two packages side by side: what in them differs, by the name of the file inside.
import hashlib
import io
import os
import subprocess
import tarfile

PARTS = {"": "--fsys-tarfile", "control: ": "--ctrl-tarfile"}


def members(path, part=""):
    """(member, open archive) of what the package installs, or of what dpkg is told."""
    read = subprocess.run(["dpkg-deb", PARTS[part], path], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(read)) as archive:
        for member in archive:
            yield member, archive


def described(path):
    found = {}
    for part in PARTS:
        for member, archive in members(path, part):
            content = hashlib.sha256(archive.extractfile(member).read()).hexdigest() if member.isfile() else member.linkname
            found[part + member.name] = {
                "kind": member.type, "content": content, "mode": f"{member.mode:o}", "time": member.mtime,
                "owner": (member.uid, member.gid, member.uname, member.gname)}
    return found


def within(name, ours, theirs):
    for path in sorted(ours.keys() | theirs.keys()):
        if path not in ours or path not in theirs:
            yield f"{name}: {path} is only in the {'first' if path in ours else 'second'}"
            continue
        told = [what for what in ours[path] if ours[path][what] != theirs[path][what]]
        if told:
            yield f"{name}: {path}: another {', '.join(told)}"


def differences(first, second):
    """Of two lists of packages; none where every package is the same to the bit."""
    ours, theirs = ({os.path.basename(path): path for path in paths} for paths in (first, second))
    found = [f"{name} was made by one build only" for name in sorted(ours.keys() ^ theirs.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        if bytes_of(ours[name]) != bytes_of(theirs[name]):
            found += list(within(name, described(ours[name]), described(theirs[name]))) or [f"{name}: the archive around its files"]
    return found


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()
