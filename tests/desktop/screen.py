# SPDX-License-Identifier: Apache-2.0
# One X display in the container on which GDM shows its greeter, seen as a person sees it: pictures, read by text
# recognition, and keys and clicks. What is waited for is always a text on the screen or a line in the journal.
import io
import os
import re
import subprocess
import time
import unicodedata

from PIL import Image, ImageChops, ImageOps

LARGE = (1024, 768, (232, 60, 792, 740))  # a screen, and where the greeter shows its dialog on it
SMALL = (640, 480, (0, 30, 640, 480))  # all that a session's own shell draws on a screen without hardware
EVENT = 180  # seconds, on a busy machine
ANY_DIGIT = "[0-9OoQlIZSBTgbq|!?]"
LIKE = {"0": "[0OoQ]", "1": "[1lI|!]", "2": "[2Zz]", "5": "[5Ss]", "6": "[6Gb]", "7": "[7T?]", "8": "[8B]", "9": "[9gq]"}
STAYS = 1.5  # seconds in which a question that only passes by has gone
TICK = 0.25  # how long the journal is listened to between two looks at the screen


class Screen:
    number = 10

    def __init__(self, machine, journal, pictures, title, language="eng", shape=LARGE):
        Screen.number += 1
        self.machine, self.journal, self.language = machine, journal, language
        self.width, self.height, self.dialog = shape
        self.picture = f"{pictures}/{title}"
        self.name = f":{Screen.number}"
        where = f"/run/screen{Screen.number}"
        machine.run("mkdir", "-m", "0755", where)
        reading, writing = os.pipe()
        self.server = machine.start(
            "sh", "-c", 'echo $$ > "$0/pid"; exec Xvfb "$@"', where, self.name, "-screen", "0",
            f"{self.width}x{self.height}x24", "-fbdir", where, "-listen", "tcp", "-once", "-query", "127.0.0.1", "-ac",
            "-displayfd", str(writing), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            if not ready.readline():
                raise AssertionError(f"Xvfb {self.name} ended with {self.server.wait()}")
        outside = f"/proc/{machine.leader}/root{where}"
        self.memory = outside + "/Xvfb_screen0"
        with open(outside + "/pid", encoding="ascii") as file:
            self.pid = file.read().strip()
        self.seen = self.read_image = None
        self.shots = 0

    def close(self):
        self.machine.run("kill", self.pid, check=False)  # it may have ended with its last session
        self.server.wait(EVENT)

    # What it shows.

    def image(self):
        """The frame buffer, an X window dump: a header that says how long it is, colours, and the pixels."""
        with open(self.memory, "rb") as file:
            data = file.read()
        word = [int.from_bytes(data[at:at + 4], "big") for at in range(0, 100, 4)]
        start, colours, line = word[0], word[19], word[12]
        return Image.frombytes("RGB", (self.width, self.height), data[start + 12 * colours:], "raw", "BGRX", line)

    def shot(self, name):
        """Keeps a picture, and answers its text."""
        self.shots += 1
        image = self.image()
        image.save(f"{self.picture}-{self.shots}-{name}.png", optimize=True)
        return self.read(image)

    def read(self, image):
        if self.read_image is None or ImageChops.difference(image, self.read_image).getbbox():
            self.seen = recognised(image.crop(self.dialog), self.language)
            self.read_image = image
        return self.seen

    def text(self):
        return self.read(self.image())

    def readings(self):
        """The text as it is read in letters of several sizes, where each letter counts."""
        image = self.image().crop(self.dialog)
        return [recognised(image, self.language, times) for times in (2, 3, 4)]

    def wait_for(self, *patterns, without=None, seconds=EVENT):
        """The text, once every pattern is on the screen and `without` is not."""
        until = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(found(each, text) for each in patterns) and not (without and found(without, text)):
                return text
            if time.monotonic() > until:
                raise AssertionError(f"not on the screen after {seconds} s: {patterns}, but: {text!r}")
            self.journal.tick(TICK)

    def settled(self, pattern, without=None):
        """The text, once the same of it is there in two looks: on the way back a shell shows more than one question."""
        before = None
        while before != (now := found(pattern, text := self.wait_for(pattern, without=without))[0][1:]):
            before, until = now, time.monotonic() + STAYS
            while (left := until - time.monotonic()) > 0:
                self.journal.tick(left)
        return text

    # What a person does.

    def xdotool(self, *words):
        self.machine.run("env", "DISPLAY=" + self.name, "xdotool", *words)

    def key(self, *names):
        self.xdotool("key", "--delay", "30", *names)

    def type(self, text, end="Return"):
        """Types into the field that has the keyboard."""
        if text:
            self.xdotool("type", "--delay", "30", text)
        if end:
            self.key(end)

    def click(self, pattern):
        until = time.monotonic() + EVENT
        while not (places := [place for word, place in words(self.image().crop(self.dialog), self.language)
                              if found(pattern, word)]):
            if time.monotonic() > until:
                raise AssertionError(f"nothing to click: {pattern} in {self.text()!r}")
            self.journal.tick(TICK)
        left, top, width, height = places[0]
        self.xdotool("mousemove", str(self.dialog[0] + left + width // 2), str(self.dialog[1] + top + height // 2), "click",
                     "1")


def prepared(image, times):
    """Dark letters on a light ground, so many times as large: what text recognition was made for."""
    grey = ImageOps.invert(ImageOps.grayscale(image))
    return ImageOps.autocontrast(grey.resize((grey.width * times, grey.height * times), Image.LANCZOS))


def tesseract(image, language, *more, times=2):
    data = io.BytesIO()
    prepared(image, times).save(data, "PNG")
    return subprocess.run(["tesseract", "stdin", "stdout", "-l", language, "--psm", "11", *more], input=data.getvalue(),
                          capture_output=True, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"}).stdout.decode()


def recognised(image, language, times=2):
    return "\n".join(line for line in tesseract(image, language, times=times).splitlines() if line.strip())


def words(image, language):
    """Each word with the place where it stands."""
    rows = [line.split("\t") for line in tesseract(image, language, "tsv").splitlines()[1:]]
    return [(row[11], tuple(int(each) // 2 for each in row[6:10])) for row in rows if len(row) > 11 and row[11].strip()]


def digits(number):
    """A number as it may be read: text recognition takes some digits for letters."""
    return "".join(LIKE.get(each, each) for each in number)


def field(prompt):
    """A prompt as it is read: its first letter stands behind the cursor."""
    return "." + prompt[1:]


def found(pattern, text):
    """Text recognition is no judge of spaces, and of forms of one character."""
    return re.search(bare(pattern), bare(text), re.I)


def bare(text):
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
