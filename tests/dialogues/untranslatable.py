# SPDX-License-Identifier: Apache-2.0
"""untranslatable.py DIALOGUE_TEST TEMPLATE FILE...: plays the dialogues in a language that does not exist, whose catalogue
has every text in brackets but for the places to fill, in the place of Japanese. What people see outside of brackets is in no catalogue, or was put
together from pieces. A catalogue that lacks one text must be noticed."""
import os
import re
import subprocess
import sys
import tempfile

program, template, *files = sys.argv[1:]
place = r'(\{[0-9]\}|\\n|^ | $)'  # what is filled in, and what stands between a text and the next


def bracketed(text, left_out=None):
    """The template as a catalogue; each text in brackets, but for what is filled in."""
    def translated(found):
        joined = ''.join(re.findall(r'"(.*)"', found[1]))
        if not joined or joined == left_out:
            return found[0]
        pieces = [piece for piece in re.split(place, joined) if piece]
        return f'msgid {found[1]}msgstr "' + ''.join(piece if re.fullmatch(place, piece) else f'\u27e6{piece}\u27e7'
                                                    for piece in pieces) + '"\n'
    header = text.replace('charset=CHARSET', 'charset=UTF-8')
    return re.sub(r'^msgid ((?:".*"\n)+)msgstr ""\n(?!")', translated, header, flags=re.M)


def played(catalogue):
    with tempfile.TemporaryDirectory() as directory:
        place = os.path.join(directory, 'ja', 'LC_MESSAGES')
        os.makedirs(place)
        subprocess.run(['msgfmt', '-o', os.path.join(place, 'utmfa.mo'), '-'], input=catalogue, text=True, check=True)
        return subprocess.run([program, directory, '--brackets', *files], text=True, capture_output=True, check=False,
                              env={**os.environ, 'LANG': 'ja_JP.UTF-8', 'TZ': 'UTC'})


with open(template, encoding='utf-8') as file:
    text = file.read()
whole, lacking = played(bracketed(text)), played(bracketed(text, 'Verification code'))
print(whole.stdout)
if whole.returncode == 0 and lacking.returncode == 0:
    sys.exit('a text that the catalogue lacks is not noticed')
sys.exit(whole.returncode)
