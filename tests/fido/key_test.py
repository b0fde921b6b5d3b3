# SPDX-License-Identifier: Apache-2.0
# The software key seen by Debian's fido2-tools and pam_u2f, unmodified: what they get from it, and that they notice each
# thing that it can be told to do wrong. Run under with_keys.py: with_keys.py --keys 3 -- key_test.py [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench import suite  # noqa: E402

if __name__ == "__main__":
    for part in ("key", "faults", "pam_u2f"):
        importlib.import_module("cases_" + part)
    sys.exit(suite.run(sys.argv[1:]))
