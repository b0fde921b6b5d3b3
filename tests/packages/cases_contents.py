# SPDX-License-Identifier: Apache-2.0
# What is in the packages: owners, modes, conffiles, and how the programs were hardened.
import os
import tarfile

from building import debs, expect, fresh, made, run, suite
from cases_build import FIRST, PACKAGES
from compared import members
from elf import all_hardened
from installed import PROGRAMS, as_in_the_table, links_lead_somewhere

CONFIGURATION = {"libpam-utmfa": {"/etc/pam.d/utmfa-test"}, "utmfa-utils": {"/etc/utmfa/utmfa.yaml"}}


def packages():
    expect("first" in made, "there is no build")
    found = {os.path.basename(path).split("_")[0]: path for path in debs(FIRST) if "-dbgsym_" not in path}
    expect(set(found) == PACKAGES, f"packages: {sorted(found)}")
    return found


@suite.case("owners and modes of everything are those of the table; nothing is set-user-ID, and only programs are executable")
def owners_and_modes():
    kinds = {tarfile.DIRTYPE: 0o40000, tarfile.REGTYPE: 0o100000, tarfile.SYMTYPE: 0o120000}
    entries = []
    for path in packages().values():
        for member, _ in members(path):
            expect((member.uid, member.gid) == (0, 0), f"{member.name}: {member.uid} {member.gid}")
            entries.append((member.name[1:], kinds[member.type] | member.mode, (member.uname, member.gname), member.linkname))
    as_in_the_table(entries, PROGRAMS, {})


@suite.case("no file is in two packages, and what an administrator may change is a conffile")
def conffiles():
    owner = {}
    for name, path in packages().items():
        for member, _ in members(path):
            if not member.isdir():
                expect(member.name not in owner, f"{member.name} is in {name} and {owner.get(member.name)}")
                owner[member.name] = name
        kept = set(run("dpkg-deb", "-I", path, "conffiles", check=False).stdout.split()) if has(path, "conffiles") else set()
        in_etc = {name[1:] for name, whose in owner.items() if whose == name_of(path) and name.startswith("./etc/")}
        expect(kept == in_etc, f"{name}: conffiles {kept}, in /etc {in_etc}")
        expect(CONFIGURATION.get(name, set()) <= kept, f"{name}: conffiles {kept}")


def name_of(path):
    return os.path.basename(path).split("_")[0]


def has(path, part):
    return part in run("dpkg-deb", "-I", path).stdout


def unpacked():
    """All packages in one tree, as they are installed."""
    root = fresh("contents")
    for path in packages().values():
        run("dpkg-deb", "-x", path, root)
    return root


@suite.case("everything compiled is position-independent, bound at once and read-only, checks its stack, fortified, guarded, stripped")
def hardening():
    all_hardened([unpacked()])


@suite.case("every link of an installed document leads to what is installed with it")
def links():
    root = fresh("documents")
    run("dpkg-deb", "-x", packages()["utmfa-doc"], root)
    links_lead_somewhere(root)
    os.unlink(os.path.join(root, "usr/share/doc/utmfa/NEWS"))
    try:
        links_lead_somewhere(root)
    except AssertionError as told:
        expect("NEWS leads nowhere" in str(told), f"{told}")
    else:
        raise AssertionError("a file that is missing is not told")
