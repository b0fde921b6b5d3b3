# SPDX-License-Identifier: Apache-2.0
# The tarball, the two builds, and what lintian says.
import os
import subprocess
import tarfile

from building import (OUT, TOP, Skip, build, copied, debs, digests, dist, expect, fresh, in_git, names, run, suite,
                      upstream)

FIRST, SECOND = os.path.join(OUT, "first"), os.path.join(OUT, "second", "somewhere else")
PACKAGES = {"libpam-utmfa", "utmfad", "utmfa-utils", "utmfa-client", "utmfa-common", "utmfa-gateways", "utmfa-doc"}
made = {}


def cached():
    """The compiler behind ccache, where there is one: what other builds have compiled in the same way is taken over."""
    if not os.path.isdir("/usr/lib/ccache"):
        return {}
    # debhelper gives each build a home of its own, where ccache would not find what it knows.
    kept = os.environ.get("CCACHE_DIR") or os.path.expanduser("~/.cache/ccache")
    return {"PATH": "/usr/lib/ccache:" + os.environ["PATH"], "CCACHE_BASEDIR": OUT, "CCACHE_NOHASHDIR": "1", "CCACHE_DIR": kept}


@suite.case("a tarball of what is committed has every file and nothing else")
def tarball():
    made["tarball"] = dist()
    with tarfile.open(made["tarball"]) as archive:
        inside = {member.name.partition("/")[2] for member in archive if not member.isdir()}
    expect(inside == set(names()), f"only in one of both: {sorted(inside ^ set(names()))[:10]}")


@suite.case("the packages are built, source and binary")
def first_build():
    source = copied(os.path.join(fresh("first"), f"utmfa-{upstream()}"))
    # The copy stands for the upstream tarball, so that the source package can be made of uncommitted changes as well.
    run("tar", "-cJf", f"../utmfa_{upstream()}.orig.tar.xz", "--exclude=./debian", "--sort=name", "--owner=0", "--group=0",
        "--numeric-owner", "--mtime=@0", "--transform", f"s,^\\.,utmfa-{upstream()},", ".", cwd=source)
    made["first"] = build(source, cached(), "-F")
    found = {os.path.basename(path).split("_")[0] for path in debs(FIRST)}
    expect({name for name in found if not name.endswith("-dbgsym")} == PACKAGES, f"packages: {sorted(found)}")


@suite.case("a second build elsewhere, from the tarball, is the same to the bit")
def second_build():
    expect("first" in made, "there is no first build")
    place = fresh("second", "somewhere else")
    source = os.path.join(place, f"utmfa-{upstream()}")
    if "tarball" in made:
        run("tar", "-xf", made["tarball"], "-C", place)
    else:
        copied(source)
    # Another path, time zone, language, mask of files and number of jobs; nothing from a cache.
    build(source, {"CCACHE_DISABLE": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"})
    ours, theirs = digests(FIRST), digests(SECOND)
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    expect(ours and not different, f"differ: {different}: diffoscope {FIRST}/{(different or ['?'])[0]} ...")


@suite.case("lintian finds nothing, up to pedantic and experimental")
def lintian():
    expect("first" in made, "there is no build")
    done = run("lintian", "--allow-root", "-E", "--pedantic", "--info", "--tag-display-limit", "0", "--show-overrides",
               *debs(FIRST, "changes"), check=False)
    found = [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:", "I:", "P:", "X:")]
    expect(done.returncode in (0, 1, 2) and not found, "\n".join(found) or done.stdout)
    reasons = [line for line in done.stdout.splitlines() if line.startswith("O:")]
    for line in reasons:
        expect(explained(line), f"overridden without a reason beside it: {line}")


def explained(line):
    """An override has a comment right above it in its file."""
    tag = line.split(": ", 2)[2].split()[0]
    for directory, _, files in os.walk(os.path.join(TOP, "debian")):
        for name in files:
            if not name.endswith("lintian-overrides"):
                continue
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                lines = file.read().splitlines()
            if any(tag in line and before.startswith("#") for before, line in zip(lines, lines[1:])):
                return True
    return False


@suite.case("the maintainer scripts are plain sh and shellcheck finds nothing")
def scripts():
    found = [os.path.join(TOP, "debian", name) for name in os.listdir(os.path.join(TOP, "debian"))
             if name.endswith((".postinst", ".prerm", ".postrm", ".preinst"))]
    expect(len(found) >= 3, f"scripts: {found}")
    if subprocess.run(["which", "shellcheck"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise Skip("shellcheck is not installed")
    run("shellcheck", "-s", "sh", *found)


assert in_git  # for the cases that are added to this file
del in_git
assert Skip
