# SPDX-License-Identifier: Apache-2.0
# run.py [PART OF A TITLE]: the packages, from the tree to a booted machine on which people sign in. Called by tools/test
# as root. Cases follow on each other; what is made lies in build/packages, and the machine itself is not changed.
import os
import sys

from building import OUT, main, suite
import cases_build
import cases_contents
import cases_machine

assert cases_build and cases_contents and cases_machine
os.makedirs(OUT, exist_ok=True)
try:
    main(suite)
finally:
    cases_machine.after()
    sys.stdout.flush()
