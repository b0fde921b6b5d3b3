# SPDX-License-Identifier: Apache-2.0
# What would lock people out is refused before anything is changed.
import contextlib
import os

from machine import (ALWAYS, CONFIG, ORIGINAL, SERVICE, SSHD_CONFIG, admin, expect, refused, run,
                     suite, untouched, verifier, write)


@contextlib.contextmanager
def instead(path, text, before):
    write(path, text)
    try:
        yield
    finally:
        write(path, before)


@suite.case("a broken configuration")
def broken_configuration():
    with instead(CONFIG, "services: {sshd: {require: sometimes}}\n", ALWAYS):
        refused(status=3, says=f"{CONFIG}:1:28: require is sometimes")
    with instead(os.path.dirname(CONFIG) + "/conf.d/10.yaml", "nonsense: 1\n", ""):
        refused(status=3, says="conf.d/10.yaml:1:1: unknown key")


@suite.case("the verifier is stopped")
def verifier_stopped():
    verifier.stop()
    try:
        refused(status=3, says="the verifier does not answer")
    finally:
        verifier.start()


@suite.case("whoever asks for it is not registered")
def not_registered():
    refused(caller="jiro", says="jiro must give a code there, and has not registered")


@suite.case("nobody who can become root is registered")
def nobody_is_registered():
    # root itself at the console, of whom nobody knows another name
    refused(caller="root", says="root must give a code there, and has not registered")


@suite.case("whoever asks for it is locked")
def locked():
    for _ in range(6):
        run("utmfa-enroll", "--user", "toor", "test", "app-1", stdin="000000\n000000\n000000\n", check=False)
    try:
        refused(says="toor is locked until")
    finally:
        admin("unlock", "toor", "--reason", "test")


@suite.case("sshd would ask nobody, or everybody in vain")
def settings_of_sshd():
    nothing_asked = SSHD_CONFIG.replace("KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no")
    with instead("/etc/ssh/sshd_config", nothing_asked.replace("AuthenticationMethods", "#"), SSHD_CONFIG):
        refused(says="KbdInteractiveAuthentication is no")
    with instead("/etc/ssh/sshd_config", SSHD_CONFIG.replace("UsePAM yes", "UsePAM no"), SSHD_CONFIG):
        refused(says="UsePAM is no")
    with instead("/etc/ssh/sshd_config", SSHD_CONFIG + "Nonsense yes\n", SSHD_CONFIG):
        refused(says="sshd refuses its configuration")


@suite.case("a key that sshd does not ask for")
def key_not_asked_for():
    refused("--first", "key", says="sshd does not ask for a key first")


@suite.case("a module that is not there, or another one in its place")
def module_is_broken():
    module = next(os.path.join(root, "pam_utmfa.so") for root, _, files in os.walk("/usr/lib") if "pam_utmfa.so" in files)
    os.rename(module, module + ".aside")
    try:
        refused(says="did not go as it must")
        permit = os.path.join(os.path.dirname(module), "pam_permit.so")
        run("cp", permit, module)
        refused(says="was let in without being asked")
    finally:
        os.rename(module + ".aside", module)


@suite.case("a disk without room: neither for the record nor for the file")
def full_disk():
    for place in ("/var/lib/utmfa/service", "/etc/pam.d"):
        os.makedirs(place, exist_ok=True)
        run("sh", "-ec", f"cp -a {place} /run/kept; mount -t tmpfs -o size=512k,mode=$(stat -c %a {place}) full {place};"
                         f"cp -a /run/kept/. {place}; rm -r /run/kept; dd if=/dev/zero of={place}/filler bs=4k || true")
        try:
            done = admin("service", "enable", "sshd", "--yes", expect_status=3)
            expect("No space left on device" in done.stderr, done.stderr)
            os.unlink(f"{place}/filler")
            untouched()
        finally:
            run("umount", place)


@suite.case("a clock that is years back")
def wrong_clock():
    done = run("faketime", "1999-01-01 00:00:00", "env", "SUDO_USER=toor", "LANG=C.UTF-8", "utmfa-admin", "service", "enable",
               "sshd", "--yes", check=False)
    expect(done.returncode == 1 and "clock" in done.stderr, f"{done.returncode} {done.stdout} {done.stderr}")
    untouched()


@suite.case("files that belong to others, and stacks without a place")
def other_files():
    for service, says in (("common-auth", "pam-auth-update"), ("nothing", "there is no /etc/pam.d/nothing")):
        done = admin("service", "enable", service, "--yes", expect_status=1)
        expect(says in done.stderr, done.stderr)
    with instead(SERVICE, "auth sufficient pam_unix.so\nauth required pam_deny.so\n", ORIGINAL):
        done = admin("service", "enable", "sshd", "--yes", expect_status=1)
        expect("never reached" in done.stderr, done.stderr)
    os.rename(SERVICE, "/etc/sshd.pam")
    os.symlink("/etc/sshd.pam", SERVICE)
    try:
        done = admin("service", "enable", "sshd", "--yes", expect_status=1)
        expect("symbolic link" in done.stderr, done.stderr)
    finally:
        os.rename("/etc/sshd.pam", SERVICE)
    untouched()


@suite.case("no is no, and a wrong time is none")
def no_is_no():
    done = admin("service", "enable", "sshd", expect_status=1, stdin="no\n")
    expect("+auth     required  pam_utmfa.so" in done.stdout and "--- /etc/pam.d/sshd" in done.stdout, done.stdout)
    untouched()
    for within in ("1s", "2d", "soon"):
        refused("--confirm-within", within, says="--confirm-within")
    for until in ("yesterday", "2020-01-01", "2090-01-01"):
        refused("--observe", "--until", until, says="--until")
    shown = admin("service", "enable", "sshd", "--dry-run").stdout
    expect("+account  required  pam_utmfa.so" in shown, shown)
    untouched()
