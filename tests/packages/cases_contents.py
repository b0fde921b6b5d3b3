# SPDX-License-Identifier: Apache-2.0
# What is in the packages: owners, modes, conffiles, and how the programs were hardened.
import os
import platform
import re
import subprocess
import tarfile

from building import OUT, debs, expect, fresh, run, suite
from cases_build import FIRST, PACKAGES, made

PROGRAMS = ("./usr/bin/", "./usr/sbin/", "./usr/libexec/")
CONFIGURATION = {"libpam-utmfa": {"/etc/pam.d/utmfa-test"}, "utmfa-utils": {"/etc/utmfa/utmfa.yaml"}}


def packages():
    expect("first" in made, "there is no build")
    found = {os.path.basename(path).split("_")[0]: path for path in debs(FIRST) if "-dbgsym_" not in path}
    expect(set(found) == PACKAGES, f"packages: {sorted(found)}")
    return found


def members(path):
    with open(os.path.join(OUT, "data.tar"), "wb") as file:
        file.write(run_bytes("dpkg-deb", "--fsys-tarfile", path))
    with tarfile.open(os.path.join(OUT, "data.tar")) as archive:
        yield from archive


def run_bytes(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout


@suite.case("everything is root's, nobody else writes, nothing is set-user-id, and only programs are executable")
def owners_and_modes():
    counted = 0
    for name, path in packages().items():
        for member in members(path):
            counted += 1
            where = f"{name}: {member.name}: {member.mode:o}"
            expect((member.uid, member.gid, member.uname, member.gname) == (0, 0, "root", "root"), where)
            if member.isdir():
                expect(member.mode == 0o755, where)
            elif member.isfile():
                program = member.name.startswith(PROGRAMS) and member.mode == 0o755
                expect(program or member.mode == 0o644, where)
                expect(program or not member.name.startswith(PROGRAMS[:2]), where)
            else:
                expect(member.issym() and member.linkname[0] != "/", where)
    expect(counted > 60, f"only {counted} files were looked at")


@suite.case("no file is in two packages, and what an administrator may change is a conffile")
def conffiles():
    owner = {}
    for name, path in packages().items():
        for member in members(path):
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


def programs():
    """(package, file, whether it is the module) of everything that a compiler made."""
    for name, path in packages().items():
        root = fresh("contents", name)
        run("dpkg-deb", "-x", path, root)
        for directory, _, files in os.walk(root):
            for each in files:
                file = os.path.join(directory, each)
                with open(file, "rb") as opened:
                    if opened.read(4) == b"\x7fELF":
                        yield name, file, each.endswith(".so")


@suite.case("every program is position-independent, bound at once, read-only where it was bound, and checks its stack")
def hardening():
    counted = 0
    for name, file, module in programs():
        counted += 1
        where = f"{name}: {os.path.basename(file)}"
        dynamic, headers = run("readelf", "-Wd", file).stdout, run("readelf", "-Whl", file).stdout
        expect("Type:                              DYN" in headers, f"{where}: not position-independent")
        expect(module or "PIE" in dynamic, f"{where}: no PIE")
        expect("GNU_RELRO" in headers and "BIND_NOW" in dynamic, f"{where}: not bound at once and read-only")
        stack = re.search(r"GNU_STACK.*?\s(R\S*)\s", headers)
        expect(stack and "E" not in stack[1], f"{where}: its stack may be executed: {stack}")
        expect("TEXTREL" not in dynamic and "RPATH" not in dynamic and "RUNPATH" not in dynamic, f"{where}: {dynamic}")
        symbols = run("nm", "-D", file).stdout
        expect("__stack_chk_fail" in symbols, f"{where}: no stack protector")
        expect(re.search(r"__\w+_chk(@|$)", symbols, re.M), f"{where}: no call is fortified")
        expect(not re.search(r" [TWVDBR] (?!pam_sm_|_)", symbols) or not module, f"{where}: exports {symbols}")
    expect(counted >= 5, f"{counted} programs were looked at")


@suite.case("control flow is guarded: the module says so to the loader, and the programs' own code is marked")
def control_flow():
    if platform.machine() != "x86_64":
        return
    for name, file, module in programs():
        where = f"{name}: {os.path.basename(file)}"
        # The static libraries of Debian 12 that are linked into programs are not marked, so that a program cannot be.
        if module:
            expect("IBT, SHSTK" in run("readelf", "-n", file).stdout, f"{where}: not marked")
        marks = run("objdump", "-d", "--no-show-raw-insn", file).stdout.count("endbr64")
        expect(marks > 20, f"{where}: {marks} landing places")
