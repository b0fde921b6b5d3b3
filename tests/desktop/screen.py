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

WIDTH, HEIGHT = 1024, 768
DIALOG = (232, 60, 792, 740)  # where the greeter shows its dialog
EVENT = 180  # seconds, on a busy machine
TICK = 0.25  # how long the journal is listened to between two looks at the screen


class Screen:
    number = 10

    def __init__(self, machine, journal, pictures, title, language="eng"):
        Screen.number += 1
        self.machine, self.journal, self.language = machine, journal, language
        self.picture = f"{pictures}/{title}"
        self.name = f":{Screen.number}"
        where = f"/run/screen{Screen.number}"
        machine.run("mkdir", "-m", "0755", where)
        reading, writing = os.pipe()
        self.server = machine.start(
            "sh", "-c", 'echo $$ > "$0/pid"; exec Xvfb "$@"', where, self.name, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", where, "-listen", "tcp", "-once", "-query",
            "127.0.0.1", "-ac", "-displayfd", str(writing), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[writing])
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
        return Image.frombytes("RGB", (WIDTH, HEIGHT), data[start + 12 * colours:], "raw", "BGRX", line)

    def shot(self, name):
        """Keeps a picture, and answers its text."""
        self.shots += 1
        image = self.image()
        image.save(f"{self.picture}-{self.shots}-{name}.png", optimize=True)
        return self.read(image)

    def read(self, image):
        if self.read_image is None or ImageChops.difference(image, self.read_image).getbbox():
            self.seen = recognised(image.crop(DIALOG), self.language)
            self.read_image = image
        return self.seen

    def text(self):
        return self.read(self.image())

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
        for word, (left, top, width, height) in words(self.image().crop(DIALOG), self.language):
            if found(pattern, word):
                self.xdotool("mousemove", str(DIALOG[0] + left + width // 2), str(DIALOG[1] + top + height // 2), "click",
                             "1")
                return
        raise AssertionError(f"nothing to click: {pattern} in {self.text()!r}")


def prepared(image):
    """Dark letters on a light ground, three times as large: what text recognition was made for."""
    grey = ImageOps.invert(ImageOps.grayscale(image))
    return ImageOps.autocontrast(grey.resize((grey.width * 2, grey.height * 2), Image.LANCZOS))


def tesseract(image, language, *more):
    data = io.BytesIO()
    prepared(image).save(data, "PNG")
    return subprocess.run(["tesseract", "stdin", "stdout", "-l", language, "--psm", "11", *more], input=data.getvalue(),
                          capture_output=True, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"}).stdout.decode()


def recognised(image, language):
    return "\n".join(line for line in tesseract(image, language).splitlines() if line.strip())


def words(image, language):
    """Each word with the place where it stands."""
    rows = [line.split("\t") for line in tesseract(image, language, "tsv").splitlines()[1:]]
    return [(row[11], tuple(int(each) // 2 for each in row[6:10])) for row in rows if len(row) > 11 and row[11].strip()]


def field(prompt):
    """A prompt as it is read: its first letter stands behind the cursor."""
    return "." + prompt[1:]


def found(pattern, text):
    """Text recognition is no judge of spaces, and of forms of one character."""
    return re.search(bare(pattern), bare(text), re.I)


def bare(text):
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
