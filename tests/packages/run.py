# SPDX-License-Identifier: Apache-2.0
# run.py [PART OF A TITLE]: the packages, from the tree to a booted machine on which people sign in. Called by tools/test
# as root. Cases follow on each other; what is made lies in build/packages, and the machine itself is not changed.
import importlib
import os
import sys

from building import OUT, main, suite
import cases_tarball  # before all others: the second build is made of it
import booted

os.makedirs(OUT, exist_ok=True)
for part in ("build", "contents", "machine", "sandbox", "service", "leave", "readme", "debian", "rpm"):
    importlib.import_module("cases_" + part)
assert cases_tarball.tarball in suite.cases[0]
try:
    main(suite)
finally:
    booted.after()
    sys.stdout.flush()
