# SPDX-License-Identifier: Apache-2.0
# The RPM packages, as far as Debian's rpm and dnf go: built, their contents, resolved by dnf against a stub of the other
# distribution's names, and their scriptlets in a Debian tree. rpm/README.md says what that does not show.
import glob
import io
import os
import re
import shutil
import subprocess
import tarfile

from building import OUT, TOP, cached, copied, expect, fresh, run, suite, upstream
from cases_build import FIRST
from elf import all_hardened
from installed import PROGRAMS, as_in_the_table, links_lead_somewhere
from machine import unpacked

TOPDIR = os.path.join(OUT, "rpm")
NAMES = {"pam_utmfa", "utmfad", "utmfa-utils", "utmfa-client", "utmfa-common", "utmfa-gateways", "utmfa-doc", "utmfa-selinux"}
rpms = {}
STUB = """Name: stub
Version: 1
Release: 1
Summary: What another distribution would provide
License: none
BuildArch: noarch
{}
%description
Stub.
%files
"""
# As authselect 1.4 has it, but short.
PROFILE = {
    "system-auth": "auth required pam_env.so\nauth sufficient pam_unix.so {if not \"without-nullok\":nullok}\n"
                   "auth required pam_deny.so\n\naccount required pam_unix.so\naccount sufficient pam_localuser.so\n\n"
                   "password sufficient pam_unix.so\n\nsession optional pam_keyinit.so revoke\nsession required pam_unix.so\n",
    "postlogin": "session optional pam_umask.so silent\n",
    "README": "A profile.\n",
}


def packages():
    expect(rpms, "there are no packages")
    return rpms


def query(path, what):
    return set(run("rpm", "-qp", what, path).stdout.split("\n")) - {""}


@suite.case("rpm: rpmbuild makes the packages of the same split, and the policy module compiles")
def build():
    fresh("rpm")
    source = copied(os.path.join(fresh("rpm", "SOURCES"), f"utmfa-{upstream()}"))
    run("tar", "-cJf", source + ".tar.xz", "-C", os.path.dirname(source), os.path.basename(source))
    # The flags of the first build of Debian packages to the letter, whose objects ccache still has; it asks for the language too.
    first = os.path.join(FIRST, f"utmfa-{upstream()}")
    flags = " ".join(run("dpkg-buildflags", "--get", name, cwd=first).stdout.strip() for name in ("CXXFLAGS", "CPPFLAGS"))
    run("rpmbuild", "-bb", "--nodeps", "--define", f"_topdir {TOPDIR}", "--define", f"optflags {flags}",
        "--define", "_libdir /usr/lib64", os.path.join(source, "rpm", "utmfa.spec"), log=os.path.join(OUT, "rpm.log"), timeout=3000,
        environment={**cached(), "HOME": TOPDIR, "LC_ALL": "C.UTF-8"})
    for path in glob.glob(os.path.join(TOPDIR, "RPMS", "*", "*.rpm")):
        rpms[run("rpm", "-qp", "--qf", "%{name}", path).stdout] = path
    expect(NAMES <= set(rpms) and not set(rpms) - NAMES - {"utmfa-debuginfo", "utmfa-debugsource"}, f"{sorted(rpms)}")


# What these distributions have otherwise: their linker wants a module executable, and directories that the scriptlets make.
OTHERWISE = {"/usr/lib64/security/pam_utmfa.so": 0o100755, "/var/lib/utmfa": 0o40700, "/etc/utmfa/keys": 0o40700}


@suite.case("rpm: owners and modes of everything are those of the table; configuration is kept; the module needs libc and libpam only")
def contents():
    entries = []
    for name in NAMES:
        for line in query(packages()[name], "--dump"):
            path, *_, mode, user, group = line.split()[:7]
            entries.append((path, int(mode, 8), (user, group), line.split()[-1]))
    as_in_the_table(entries, PROGRAMS | {"/usr/sbin/utmfa-authselect"}, OTHERWISE)
    expect(query(packages()["utmfa-utils"], "-c") == {"/etc/utmfa/utmfa.yaml"}, "configuration of utmfa-utils")
    expect(query(packages()["pam_utmfa"], "-c") == {"/etc/pam.d/utmfa-test"}, "configuration of pam_utmfa")
    needs = {word.split("(")[0] for word in query(packages()["pam_utmfa"], "--requires") if ".so" in word}
    expect({need.split(".so")[0] for need in needs} <= {"libc", "libpam"}, f"the module needs {needs}")


@suite.case("rpm: everything compiled is hardened as in the other packages, and every link of a document leads somewhere")
def unpacked_files():
    roots = []
    for name in sorted(NAMES):
        roots.append(fresh("rpm-files", name))
        archive = subprocess.run(["rpm2archive", "-n", "-"], stdin=open(packages()[name], "rb"), stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(roots[-1])
    all_hardened(roots)
    links_lead_somewhere(os.path.join(OUT, "rpm-files", "utmfa-doc"))


@suite.case("rpm: dnf resolves one name to all that it needs, from a repository with a stub")
def resolved():
    needed = {each.split(" ")[0] for name in NAMES for each in query(packages()[name], "--requires")}
    needed = sorted(each for each in needed if not re.match(r"rpmlib|\(|utmfa", each) and each not in NAMES)
    place = fresh("rpm-repository")
    with open(os.path.join(place, "stub.spec"), "w", encoding="utf-8") as file:
        file.write(STUB.format("\n".join(f"Provides: {each}" for each in needed)))
    run("rpmbuild", "-bb", "--define", f"_topdir {place}/top", os.path.join(place, "stub.spec"))
    for path in [*packages().values(), *glob.glob(f"{place}/top/RPMS/*/*.rpm")]:
        shutil.copy(path, place)
    run("createrepo_c", place)
    root = fresh("rpm-root")
    run("dnf", "-y", "-q", f"--installroot={root}", "--releasever=9", f"--repofrompath=ours,{place}", "--repo=ours",
        "--setopt=ours.gpgcheck=0", "--setopt=tsflags=noscripts", f"--setopt=cachedir={root}/cache", "install", "pam_utmfa")
    found = set(run("rpm", "--root", root, "-qa", "--qf", "%{name}\n").stdout.split())
    expect(found == {"pam_utmfa", "utmfad", "utmfa-utils", "utmfa-common", "stub"}, f"{found}")
    expect(os.path.exists(f"{root}/usr/lib64/security/pam_utmfa.so"), "no module")


def lend_libraries(root):
    """What these packages link and those of Debian have inside, from this machine, which has linked them."""
    place = run("gcc", "-print-multiarch").stdout.strip()
    for name in sorted({word[1] for path in rpms.values() for line in query(path, "--requires") if (word := re.match(r"(lib\S+?\.so[.\d]*)\(", line))}):
        here = f"/usr/lib/{place}/{name}"
        if not os.path.exists(root + here) and not os.path.exists(f"{root}/lib/{place}/{name}"):
            shutil.copy(here, root + here)


@suite.case("rpm: scriptlets: first installation, again, a refused removal, a removal")
def scriptlets():
    first = [packages()[name] for name in sorted(NAMES)]
    root = unpacked(FIRST, "rpm-tree")
    lend_libraries(root)
    inside = ("chroot", root, "sh", "-euc")
    run("rpm", "--root", root, "--initdb")
    run("rpm", "--root", root, "-i", "--nodeps", *first)
    keys = run(*inside, "cd /etc/utmfa/keys && sha256sum *").stdout
    expect(len(keys.splitlines()) == 2, f"keys: {keys}")
    said = run(*inside, "stat -c '%a %U %n' /etc/utmfa/keys /var/lib/utmfa /var/lib/utmfa/methods; id utmfa; id utmfa-gateway").stdout
    expect(said.count("700 root") == 3 and "uid=" in said, said)
    run("rpm", "--root", root, "-U", "--force", "--nodeps", *first)
    expect(run(*inside, "cd /etc/utmfa/keys && sha256sum *").stdout == keys, "other keys after an upgrade")
    with open(f"{root}/etc/pam.d/asks", "w", encoding="ascii") as file:
        file.write("auth required pam_utmfa.so\n")
    done = run("rpm", "--root", root, "-e", "--nodeps", "pam_utmfa", check=False)
    expect(done.returncode != 0 and "/etc/pam.d/asks" in done.stdout, done.stdout)
    expect(os.path.exists(f"{root}/usr/lib64/security/pam_utmfa.so"), "the module is gone all the same")
    os.unlink(f"{root}/etc/pam.d/asks")
    run("rpm", "--root", root, "-e", "--nodeps", *sorted(NAMES))
    expect(not os.path.exists(f"{root}/usr/lib64/security/pam_utmfa.so"), "the module is still there")
    expect(run(*inside, "cd /etc/utmfa/keys && sha256sum *").stdout == keys, "a removal took the keys")


@suite.case("rpm: utmfa-authselect makes a profile with a feature, from another one (authselect itself is a stand-in)")
def authselect():
    place = fresh("authselect")
    base, stand_in = os.path.join(place, "base"), os.path.join(place, "authselect")
    os.makedirs(base)
    for name, text in {**PROFILE, "password-auth": PROFILE["system-auth"]}.items():
        with open(os.path.join(base, name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(stand_in, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\ncase $1 in\ncurrent) echo "sssd with-sudo" ;;\n'
                   f'create-profile) [ "$4" = sssd ] && cp -r {base} {place}/utmfa ;;\nesac\n')
    os.chmod(stand_in, 0o755)
    words = (os.path.join(TOP, "rpm", "authselect", "utmfa-authselect"), "--directory", place)
    path = {"PATH": place + ":" + os.environ["PATH"]}
    expect("with-utmfa" in run(*words, environment=path).stdout, "it does not say what to do")
    lines = {name: open(os.path.join(place, "utmfa", name), encoding="utf-8").read().splitlines()
             for name in ("system-auth", "password-auth", "postlogin")}
    ours = ' required pam_utmfa.so {include if "with-utmfa"}'
    for name in ("system-auth", "password-auth"):
        for kind in ("account", "session"):
            stack = [line for line in lines[name] if line.startswith(kind)]
            expect(stack[0] == kind + ours and stack.count(stack[0]) == 1, f"{name}: {stack}")
        expect(not any(line.startswith("auth") and "utmfa" in line for line in lines[name]), f"{name}: {lines[name]}")
    expect(lines["postlogin"][-1] == "auth" + ours, f"{lines['postlogin']}")
    expect(run(*words, environment=path, check=False).returncode == 1, "made a second time")
