# SPDX-License-Identifier: Apache-2.0
# What is broken, absent, hostile or slow: nobody gets in by it, the log says what it is, and once mended it works again.
import os
import signal
import socket
import threading

from client import (ALL_ASKED, CODE_PROMPT, CONFIG, METHODS, SSHD_ALL, STACK, STATE, UTMFAD, Log, SignIn, Sshd, Verifier,
                    run, write)
from stage import USUAL, asked, configured, granted, kept, people, refused, settle, somebody, suite, verifier
from suite import expect

RECORD, MARKS = f"{METHODS}/taro.yaml", f"{STATE}/taro"
ROOT_SOCKET = "/run/utmfa/root.sock"


def closed(what, user="taro", code=None):
    """Refused with the right code, and the log says why; the code."""
    code = code or somebody(user).code()
    log = Log()
    done = SignIn(user, asked(code, code, code))
    expect(not done.granted, f"granted: {done.screen}")
    expect(log.wait(what, 5), f"the log does not say {what!r}: {log.text()}")
    return code


def open_again(code=None):
    """In, with this code, or with a recovery code."""
    granted("taro", asked(code) if code else asked("?", "2", somebody("taro").codes.pop(0)))


def broken_record(title, what, damage):
    @suite.case(f"method file: {title}: refused, logged; mended: in")
    def _():
        somebody("taro")
        with kept(RECORD) as aside:
            with open(aside, encoding="utf-8") as file:
                text = file.read()
            damage(text)
            code = closed(what)
        open_again(code)  # it was not spent by the refusal


def as_file(change, mode=0o600):
    return lambda text: write(RECORD, change(text), mode)


def owned_by_taro(text):
    write(RECORD, text, 0o600)
    os.chown(RECORD, 30001, 30001)


def linked(text):
    write("/root/elsewhere.yaml", text, 0o600)
    os.symlink("/root/elsewhere.yaml", RECORD)


def hard_linked(_):
    os.link(RECORD + ".aside", RECORD)


broken_record("empty", r"taro\.yaml", as_file(lambda text: ""))
broken_record("cut in the middle", r"taro\.yaml:\d+", as_file(lambda text: text[:len(text) // 2]))
broken_record("an unknown key", r"taro\.yaml:\d+:\d+.*colour", as_file(lambda text: text + "colour: red\n"))
broken_record("another person's name in it", r"taro\.yaml", as_file(lambda text: text.replace("taro", "hanako")))
broken_record("binary", r"taro\.yaml", as_file(lambda text: "\x01\x02\udcff".encode("utf-8", "replace").decode()))
broken_record("ten thousand aliases", r"taro\.yaml",
              as_file(lambda text: "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n" * 100))
broken_record("longer than allowed", r"taro\.yaml", as_file(lambda text: text + "#" * 100000))
broken_record("owned by taro", r"taro\.yaml", owned_by_taro)
broken_record("writable by the group", r"taro\.yaml", as_file(lambda text: text, 0o660))
broken_record("a symbolic link", r"taro\.yaml", linked)
broken_record("a directory", r"taro\.yaml", lambda text: os.mkdir(RECORD) or os.rmdir(RECORD) or os.mkfifo(RECORD))
broken_record("the sealed secret of another method",
              r"app-1|recovery|seal",
              as_file(lambda text: text.replace(value_of(text, "secret"), value_of(text, "codes"))))


def value_of(text, key):
    line = next(line for line in text.splitlines() if line.strip().startswith(key + ":"))
    return line.split(":", 1)[1].strip()


@suite.case("the record of one person put in another's place: refused")
def _():
    hanako = somebody("hanako")
    with kept(RECORD):
        run("cp", "-p", f"{METHODS}/hanako.yaml", RECORD)
        log = Log()
        done = SignIn("taro", asked(*[hanako.code()] * 3))
        expect(not done.granted and log.wait(r"taro\.yaml", 5), log.text())
    settle("hanako")
    open_again()


def broken_state(title, damage):
    @suite.case(f"state file: {title}: refused, logged; after `state rebuild` no used code works, a new one does")
    def _():
        taro = somebody("taro")
        used = taro.code()
        granted("taro", asked(used))
        damage()
        closed(r"state/taro|state rebuild", code=taro.codes[0])
        run("utmfa-admin", "state", "rebuild", "taro", "--reason", "damaged", "--yes")
        refused("taro", asked(used, used, used))
        settle("taro")
        run("utmfa-admin", "reset", "taro", "--reason", "new start", "--yes")
        del people["taro"]
        open_again()


def put_back_older():
    run("cp", "-p", MARKS, "/root/older")
    granted("taro", asked(somebody("taro").code))
    run("cp", "-p", "/root/older", "/root/copy")
    os.rename("/root/copy", MARKS) if same_device() else run("cp", "--remove-destination", "-p", "/root/copy", MARKS)


def same_device():
    return os.stat("/root").st_dev == os.stat(STATE).st_dev


broken_state("gone", lambda: os.unlink(MARKS))
broken_state("cut to nothing", lambda: os.truncate(MARKS, 0))
broken_state("cut in half", lambda: os.truncate(MARKS, 4096) or overwrite(0, 64))
broken_state("overwritten", lambda: overwrite(0, 8192))
broken_state("an older copy put back", put_back_older)


def overwrite(at, count):
    with open(MARKS, "r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * count)


@suite.case("configuration broken while the verifier runs: the old one stays in force, the log names file and line")
def _():
    code = somebody("taro").renew(8).code()
    log = Log()
    with configured("services:\n  sshd: {require: alwais}\n"):
        granted("taro", asked("0", code))
        expect(log.wait(r"utmfa\.yaml:2:\d+", 5), log.text())
        refused("newcomer", asked("0", "0", "0"))
        nursery = verifier.nursery()
        open_again()
        open_again()
        expect(verifier.nursery() == nursery, "the nursery is another one, though the configuration is broken")
    open_again()


@suite.case("configuration broken when the verifier starts: it does not, nobody gets in, file and line are told")
def _():
    verifier.stop()
    try:
        with configured("services:\n  sshd: {require: alwais}\n"):
            done = run(UTMFAD, "--check", check=False)
            expect(done.returncode != 0 and "utmfa.yaml:2:" in done.stderr + done.stdout, done.stderr)
            closed(r"utmfa\.yaml:2:\d+")
    finally:
        verifier.start()
    open_again()


@suite.case("no verifier running: root's sshd starts one for the sign-in, right is in, wrong is not, used is used")
def _():
    verifier.stop()
    try:
        code = somebody("taro").code()
        granted("taro", asked(code))
        refused("taro", asked(code, code, code))
        settle("taro")
    finally:
        verifier.start()


@suite.case("the verifier's program gone as well: refused, logged")
def _():
    verifier.stop()
    os.rename(UTMFAD, UTMFAD + ".aside")
    try:
        closed(r"pam_utmfa")
    finally:
        os.rename(UTMFAD + ".aside", UTMFAD)
        verifier.start()
    open_again()


class Impostor:
    """A socket in the verifier's place that speaks what it likes."""

    def __init__(self, speak):
        self.speak = speak

    def __enter__(self):
        verifier.stop()
        os.makedirs("/run/utmfa", exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(ROOT_SOCKET)
        self.socket.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
                with connection:
                    connection.settimeout(20)
                    connection.recv(65536)
                    self.speak(connection)
            except OSError as error:
                if self.socket.fileno() < 0 or error.errno == 22:
                    return

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        os.unlink(ROOT_SOCKET)
        verifier.start()


def impostor(title, speak):
    @suite.case(f"a verifier that {title}: refused")
    def _():
        somebody("taro")
        with Impostor(speak):
            log = Log()
            done = SignIn("taro", asked("000000", "000000", "000000"), seconds=90)
            expect(not done.granted, done.screen)
            expect(log.wait(r"pam_utmfa", 5), log.text())
        open_again()


def prompt_then_close(connection):
    connection.send(b"1 prompt\ntext=6:Code: \necho=5:shown\n")


impostor("closes at once", lambda connection: None)
impostor("sends garbage", lambda connection: connection.send(os.urandom(4096)))
impostor("sends text", lambda connection: connection.send(b"OK granted\n"))
impostor("sends another version", lambda connection: connection.send(b"2 result\ncode=7:granted\n"))
impostor("sends half a result", lambda connection: connection.send(b"1 result\ncode=7:gran"))
impostor("sends an unknown outcome", lambda connection: connection.send(b"1 result\ncode=7:GRANTED\n"))
impostor("sends a frame too long", lambda connection: connection.send(b"1 result\ncode=7:granted\nx=20000:" + b"x" * 20000))
impostor("dies in the middle of the conversation", prompt_then_close)


@suite.case("control: who sits on root's socket and says granted is believed, so the refusals above are real")
def _():
    somebody("taro")
    with Impostor(lambda connection: connection.send(b"1 result\ncode=7:granted\n")):
        expect(SignIn("taro", asked()).granted, "not believed")


@suite.case("a verifier that is stopped (SIGSTOP) while it should answer: the module gives up, refused; goes on after")
def _():
    somebody("taro")
    port = str(ALL_ASKED + 1)
    impatient = Sshd("impatient", SSHD_ALL.replace(str(ALL_ASKED), port),
                     STACK["password"].replace("pam_utmfa.so", "pam_utmfa.so timeout=2"))
    family = verifier.family()
    try:
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        done = SignIn("taro", asked("000000"), port=int(port))
        expect(not done.granted, done.screen)
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)
        impatient.stop()
    open_again()


@suite.case("the verifier killed while somebody is asked: refused; a new sign-in works")
def _():
    code = somebody("taro").code()
    one = SignIn("taro", asked(), start_only=True)
    one.wait_for(CODE_PROMPT)
    verifier.stop(signal.SIGKILL)
    verifier.start()
    one.answer([("", code)])
    expect(not one.finish().granted, one.screen)
    open_again()


@suite.case("the clock goes back a day: used codes stay used; it goes on right when the clock is right again")
def _():
    code = somebody("taro").code()
    granted("taro", asked(code))
    verifier.stop()
    library = run("sh", "-c", "ls /usr/lib/*/faketime/libfaketime.so.1").stdout.strip()
    with Verifier(environment={"LD_PRELOAD": library, "FAKETIME": "-1d"}):
        refused("taro", asked(code, code, code))
    with Verifier(environment={"LD_PRELOAD": library, "FAKETIME": "+1d"}):
        refused("taro", asked(*[somebody("taro").apps["app-1"].wrong()] * 3))
    verifier.start()
    run("utmfa-admin", "unlock", "taro", "--reason", "clock")
    open_again()


@suite.case("the keys gone: refused, logged; put back: in")
def _():
    somebody("taro")
    verifier.stop()
    os.rename("/etc/utmfa/keys", "/etc/utmfa/keys.aside")
    try:
        closed(r"key")
    finally:
        os.rename("/etc/utmfa/keys.aside", "/etc/utmfa/keys")
        verifier.start()
    open_again()
    expect(os.path.exists(CONFIG), "the configuration is gone")


def result_at_once(user, service):
    """What the verifier says to a module that says hello and hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.settimeout(20)
        line.connect(ROOT_SOCKET)
        fields = (("door", "authenticate"), ("user", user), ("service", service), ("first", "typed"))
        line.send(("1 hello\n" + "".join(f"{key}={len(text)}:{text}\n" for key, text in fields)).encode())
        while True:
            frame = line.recv(16384).decode()
            if not frame or frame.startswith("1 result"):
                return frame


@suite.case("a configuration that changes all the time turns nobody away")
def _():
    said = set()
    try:
        for number in range(150):
            write(CONFIG, f"version: 1\nservices:\n  su: {{require: always, tries: {number % 2 + 1}}}\n")
            said |= {result_at_once("newcomer", "su") for _ in range(3)}
        expect(said == {"1 result\ncode=10:not-needed\n"}, str(said))
    finally:
        write(CONFIG, USUAL)
