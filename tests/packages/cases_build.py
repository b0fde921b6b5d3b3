# SPDX-License-Identifier: Apache-2.0
# The two builds, and what lintian says.
import os
import shutil
import subprocess

from building import OPTIONS, OUT, TOP, Skip, as_committed, build, cached, copied, debs, expect, fresh, made, run, suite, upstream
from compared import differences

FIRST, SECOND = os.path.join(OUT, "first"), os.path.join(OUT, "second", "somewhere-else")
PACKAGES = {"libpam-utmfa", "utmfad", "utmfa-utils", "utmfa-client", "utmfa-common", "utmfa-gateways", "utmfa-doc"}
# Of the second build everything is different that reprotest varies without a machine of its own, up to the year and the
# name of the machine, and nothing comes from a cache.
OTHERWISE = {"CCACHE_DISABLE": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANGUAGE": "ja:fr", "HOME": "/nonexistent", "USER": "who",
             "DEB_BUILD_OPTIONS": f"{OPTIONS} parallel={(os.cpu_count() or 1) + 1}", "NO_FAKE_STAT": "1", "SEED": "another"}
ELSEWHERE = ("unshare", "--uts", "setarch", "--uname-2.6", "sh", "-euc", 'hostname elsewhere; umask 0002; exec "$@"', "sh",
             "faketime", "-f", "+373d")


@suite.case("the packages are built, source and binary")
def first_build():
    source = copied(os.path.join(fresh("first"), f"utmfa-{upstream()}"))
    # The copy stands for the upstream tarball, so that the source package can be made of uncommitted changes as well.
    run("tar", "-cJf", f"../utmfa_{upstream()}.orig.tar.xz", "--exclude=./debian", "--sort=name", "--owner=0", "--group=0",
        "--numeric-owner", "--mtime=@0", "--transform", f"s,^\\.,utmfa-{upstream()},", ".", cwd=source)
    made["first"] = build(source, cached(), "-F")
    found = {os.path.basename(path).split("_")[0] for path in debs(FIRST)}
    expect(found == PACKAGES, f"packages: {sorted(found)}")


@suite.case("a second build, elsewhere and otherwise, from the tarball and without a cache, is the same to the bit")
def second_build():
    expect("first" in made, "there is no first build")
    place = fresh("second", "somewhere-else")
    source = os.path.join(place, f"utmfa-{upstream()}")
    if "tarball" in made and as_committed():
        run("tar", "-xf", made["tarball"], "-C", place)
    else:
        copied(source)
    build(source, OTHERWISE, before=ELSEWHERE)
    expect(len(debs(FIRST)) == len(PACKAGES), f"{debs(FIRST)}")
    different = differences(debs(FIRST), debs(SECOND))
    expect(not different, "\n".join(different))


@suite.case("a difference between two builds is told with the file that differs")
def told():
    expect("first" in made, "there is no first build")
    path, = [path for path in debs(FIRST) if os.path.basename(path).startswith("utmfa-common_")]
    place, work, inside = fresh("altered"), fresh("altered-work"), "usr/share/zsh/vendor-completions/_utmfa"
    made_on = {"SOURCE_DATE_EPOCH": run("dpkg-parsechangelog", "-S", "Timestamp", cwd=TOP).stdout.strip()}
    run("dpkg-deb", "-R", path, work)
    run("dpkg-deb", "--root-owner-group", "-b", work, place, environment=made_on)
    expect(differences([path], debs(place)) in ([], [f"{os.path.basename(path)}: the archive around its files"]), "made anew it differs")
    times = os.stat(os.path.join(work, inside))
    with open(os.path.join(work, inside), "a", encoding="utf-8") as file:
        file.write("#\n")
    os.utime(os.path.join(work, inside), ns=(times.st_atime_ns, times.st_mtime_ns))
    run("dpkg-deb", "--root-owner-group", "-b", work, place, environment=made_on)
    found = differences([path], debs(place))
    expect(found == [f"{os.path.basename(path)}: ./{inside}: another content"], f"{found}")
    found = differences([path], [])
    expect(found == [f"{os.path.basename(path)} was made by one build only"], f"{found}")
    shutil.rmtree(work)


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
