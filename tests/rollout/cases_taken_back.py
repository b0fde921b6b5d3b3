# SPDX-License-Identifier: Apache-2.0
# What nobody confirmed is taken back: by hand, when its time is over, after a restart, on a full disk, with a broken
# configuration and without a verifier.
import json
import os

from machine import (ALWAYS, CONFIG, ORIGINAL, PENDING, ROLLOUT, SERVICE, Log, admin, asks, enabled, expect, run, signs_in,
                     stranger_stays_out, suite, text_of, untouched, verifier, write)


def of_an_earlier_start():
    change = json.loads(text_of(PENDING))
    change["boot"] = "00000000-0000-0000-0000-000000000000"
    write(PENDING, json.dumps(change), 0o600)


@suite.case("by hand")
def by_hand():
    enabled()
    expect(asks(), text_of(SERVICE))
    admin("service", "revert", "sshd")
    untouched()
    expect(signs_in("taro").granted, "as before")


@suite.case("when its time is over, by a process of its own")
def time_is_over():
    log = Log()
    enabled("--confirm-within", "30s")
    expect(log.wait("utmfa.* service-reverted .*not confirmed in time", 90), log.text())
    untouched()
    said = admin("service", "confirm", "sshd", expect_status=1).stderr
    expect("no change of sshd waits" in said, said)


@suite.case("after a restart of the machine, at once")
def after_a_restart():
    enabled()
    expect(admin("service", "revert", "--due").stdout == "", "it is not due yet")
    of_an_earlier_start()
    said = admin("service", "confirm", "sshd", expect_status=1).stderr
    expect("the time is over" in said, said)
    admin("service", "revert", "--due")
    untouched()


@suite.case("after a restart without systemd, when the verifier starts")
def by_the_verifier():
    enabled()
    of_an_earlier_start()
    verifier.stop()
    verifier.start()
    untouched()


@suite.case("everything is broken: the way back works, and strangers stay out")
def everything_is_broken():
    enabled()
    verifier.stop()
    write(CONFIG, "nonsense\n")
    run("mv", "/etc/utmfa/keys", "/etc/utmfa/away")
    try:
        expect(not signs_in("taro").granted, "let in without a verifier")
        stranger_stays_out()
        admin("service", "revert", "sshd")
        untouched()
    finally:
        run("mv", "/etc/utmfa/away", "/etc/utmfa/keys")
        write(CONFIG, ALWAYS)
        verifier.start()
    expect(signs_in("taro").granted, "as before")


def on_a_full_disk(spoil):
    run("sh", "-ec", "cp -a /etc/pam.d /run/kept; mount -t tmpfs -o size=512k,mode=755 full /etc/pam.d;"
                     "cp -a /run/kept/. /etc/pam.d; rm -r /run/kept")
    try:
        enabled()
        spoil()
        run("sh", "-c", "dd if=/dev/zero of=/etc/pam.d/filler bs=4k; echo x > /etc/pam.d/proof; test ! -s /etc/pam.d/proof")
        admin("service", "revert", "sshd")
        text = text_of(SERVICE)
        os.unlink("/etc/pam.d/filler")
        os.unlink("/etc/pam.d/proof")
        untouched(text=text)
        return text
    finally:
        run("umount", "/etc/pam.d")


@suite.case("a full disk: the file as it was is put back by one rename")
def full_disk():
    expect(on_a_full_disk(lambda: None) == ORIGINAL, "as before")


@suite.case("a full disk, and the file was changed by hand since")
def full_disk_and_changed():
    def spoil():
        with open(SERVICE, "a", encoding="utf-8") as file:
            file.write("# by hand\n")
    expect(on_a_full_disk(spoil) == ORIGINAL + "# by hand\n", "only our lines go")


@suite.case("what somebody wrote since stays")
def written_since():
    enabled()
    with open(SERVICE, "a", encoding="utf-8") as file:
        file.write("session optional pam_umask.so\n")
    admin("service", "revert", "sshd")
    untouched(text=ORIGINAL + "session optional pam_umask.so\n")
    write(SERVICE, ORIGINAL)
    enabled()
    write(SERVICE, ORIGINAL)  # the lines were taken out by hand
    admin("service", "revert", "sshd")
    untouched()


@suite.case("the file is gone with its package: nothing waits any more")
def gone_with_its_package():
    enabled()
    os.unlink(SERVICE)
    try:
        admin("service", "revert", "sshd")
        expect(not os.path.exists(SERVICE) and not os.path.exists(PENDING), "made again, or still waiting")
        expect(not [name for name in os.listdir("/etc/pam.d") if name.startswith(".")], "left behind")
    finally:
        write(SERVICE, ORIGINAL)
    untouched()


@suite.case("a damaged record: our lines go by the name of the service")
def damaged_record():
    enabled()
    write(PENDING, "{", 0o600)
    admin("service", "revert", "--due", expect_status=3)
    admin("service", "revert", "sshd")
    untouched()
    expect(os.path.exists(f"{ROLLOUT}/sshd.before"), "the copy stays")


@suite.case("a damaged record of one service: another one's change is taken back all the same, and the damaged one is told")
def another_damaged_record():
    enabled()
    of_an_earlier_start()
    other = f"{ROLLOUT}/sudo.pending"
    write(other, "{", 0o600)
    try:
        said = admin("service", "revert", "--due", expect_status=3).stderr
    finally:
        os.unlink(other)
    untouched()
    expect("sudo.pending: cannot be understood" in said, said)
