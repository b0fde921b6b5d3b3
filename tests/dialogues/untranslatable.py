# SPDX-License-Identifier: Apache-2.0
"""untranslatable.py DIALOGUE_TEST TEMPLATE FILE...: plays the dialogues in a language that does not exist (tests/support/
brackets.py). A catalogue that lacks one text must be noticed."""
import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from brackets import bracketed, compiled  # noqa: E402

program, template, *files = sys.argv[1:]


def played(catalogue):
    with tempfile.TemporaryDirectory() as directory:
        compiled(catalogue, directory)
        return subprocess.run([program, directory, '--brackets', *files], text=True, capture_output=True, check=False,
                              env={**os.environ, 'LANG': 'ja_JP.UTF-8', 'TZ': 'UTC'})


with open(template, encoding='utf-8') as file:
    text = file.read()
whole, lacking = played(bracketed(text)), played(bracketed(text, 'Verification code'))
print(whole.stdout)
if whole.returncode == 0 and lacking.returncode == 0:
    sys.exit('a text that the catalogue lacks is not noticed')
sys.exit(whole.returncode)
