# SPDX-License-Identifier: Apache-2.0
# The tarball of a release: made by meson dist from a clone, with all that is committed and nothing else; unpacked where
# there is no git, it builds and passes the quick part of its tests.
import json
import os
import shutil
import tarfile
import tempfile

from building import OUT, TOP, Skip, cached, expect, fresh, in_git, made, run, suite, upstream

# They take longer than all others together, and read nothing but the sources; tools/test runs them.
SLOW = {"tidy", "headers"}


@suite.case("tarball: meson dist in a clone takes what is committed, every file and nothing else")
def tarball():
    if not in_git():
        raise Skip("this tree has come from a tarball itself")
    place = fresh("clone")
    clone, settings = os.path.join(place, "utmfa"), os.path.join(place, "settings")
    with open(settings, "w", encoding="ascii") as file:
        file.write("[safe]\n\tdirectory = *\n")  # git asks for it on the other side too, where the tree is somebody else's
    # By its address: nothing but what is committed comes along.
    run("git", "clone", "-q", "--single-branch", f"file://{TOP}", clone, environment={"GIT_CONFIG_GLOBAL": settings})
    run("meson", "setup", "build", "-Dtests=false", cwd=clone, log=os.path.join(OUT, "clone.log"))
    run("meson", "dist", "-C", "build", "--no-tests", cwd=clone, log=os.path.join(OUT, "dist.log"))
    path = os.path.join(clone, "build", "meson-dist", f"utmfa-{upstream()}.tar.xz")
    with tarfile.open(path) as archive:
        inside = {member.name.partition("/")[2] for member in archive if not member.isdir()}
    committed = set(run("git", "ls-tree", "-r", "-z", "--name-only", "HEAD", cwd=clone).stdout.split("\0")) - {""}
    expect(inside == committed and len(inside) > 500, f"only in one of both: {sorted(inside ^ committed)[:10]}")
    run("sha256sum", "-c", path + ".sha256sum", cwd=os.path.dirname(path))
    made["tarball"] = path


def without_git(place):
    """Ours is called in its place, tells that it was, and fails."""
    os.makedirs(os.path.join(place, "bin"))
    stub = os.path.join(place, "bin", "git")
    with open(stub, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\necho "$@" >> {place}/asked\nexit 127\n')
    os.chmod(stub, 0o755)
    environment = {"HOME": place, "CCACHE_BASEDIR": place}
    environment = {**cached(), **environment}
    environment["PATH"] = f"{place}/bin:" + environment.get("PATH", os.environ["PATH"])
    return environment


def quick(build, environment):
    """Names of the tests that the case runs, and what is to be built besides."""
    listed = run("meson", "test", "-C", build, "--list", "--no-rebuild", environment=environment).stdout.splitlines()
    named = [line.partition(" / ")[::2] for line in listed if " / " in line]
    tests = [name for where, name in named if where.split(":")[-1].split("+")[0] in ("unit", "house") and name not in SLOW]
    with open(os.path.join(build, "meson-info", "intro-targets.json"), encoding="utf-8") as file:
        programs = [os.path.relpath(each["filename"][0], build) for each in json.load(file)
                    if each["installed"] and each["type"] in ("executable", "shared module", "shared library")]
    return tests, programs


@suite.case("tarball: unpacked elsewhere, without git, it builds and passes the quick part of its tests")
def elsewhere():
    if "tarball" not in made:
        raise Skip("there is no tarball")
    place = tempfile.mkdtemp(prefix="utmfa-release-", dir="/var/tmp")
    try:
        run("tar", "-xf", made["tarball"], "-C", place)
        source, log, environment = os.path.join(place, f"utmfa-{upstream()}"), os.path.join(OUT, "release.log"), without_git(place)
        build = os.path.join(source, "build")
        # Configured as tools/test does, whose objects ccache may still have.
        run("meson", "setup", build, "--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var", "--libexecdir=libexec",
            f"--libdir=lib/{run('gcc', '-print-multiarch').stdout.strip()}", cwd=source, log=log, environment=environment)
        tests, programs = quick(build, environment)
        expect(len(tests) > 50 and len(programs) == 7, f"{tests} {programs}")
        run("ninja", "-C", build, *programs, log=log, environment=environment, timeout=3000)
        run("meson", "test", "-C", build, "--print-errorlogs", "--timeout-multiplier", "5", *tests, log=log, environment=environment,
            timeout=3000)
        expect(not os.path.exists(os.path.join(place, "asked")), "git was asked for")
        left = {name for name in os.listdir(source) if name not in os.listdir(os.path.join(OUT, "clone", "utmfa"))}
        expect(not left, f"left in the tree: {left}")
    finally:
        shutil.rmtree(place)
