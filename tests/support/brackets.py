# SPDX-License-Identifier: Apache-2.0
"""A language that does not exist, in the place of Japanese: its catalogue has every text in brackets but for the places to
fill. What people see outside of brackets is in no catalogue, or was put together from pieces, unless somebody gave it."""

import os
import re
import subprocess

OPENS, CLOSES = "\u27e6", "\u27e7"
place = r"(\{[0-9]\}|\\n|^ | $)"  # what is filled in, and what stands between a text and the next


def bracketed(template, left_out=None):
    """The template as a catalogue, without one text where a test wants that."""
    def translated(found):
        joined = "".join(re.findall(r'"(.*)"', found[1]))
        if not joined or joined == left_out:
            return found[0]
        pieces = [piece for piece in re.split(place, joined) if piece]
        return f'msgid {found[1]}msgstr "' + "".join(piece if re.fullmatch(place, piece) else OPENS + piece + CLOSES
                                                    for piece in pieces) + '"\n'
    header = template.replace("charset=CHARSET", "charset=UTF-8")
    return re.sub(r'^msgid ((?:".*"\n)+)msgstr ""\n(?!")', translated, header, flags=re.M)


def compiled(catalogue, directory):
    """Where programs look for it, below the directory."""
    below = os.path.join(directory, "ja", "LC_MESSAGES")
    os.makedirs(below)
    subprocess.run(["msgfmt", "-o", os.path.join(below, "utmfa.mo"), "-"], input=catalogue, text=True, check=True)


def outside(text):
    """What stands outside of brackets."""
    return re.sub(f"{OPENS}.*?{CLOSES}", " ", text, flags=re.S)
