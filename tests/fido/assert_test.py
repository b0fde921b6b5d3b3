# SPDX-License-Identifier: Apache-2.0
# utmfa-assert with keys in software. Run under with_keys.py: with_keys.py --keys 3 -- assert_test.py PROGRAM LOCALES [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ["UTMFA_ASSERT"], os.environ["UTMFA_LOCALE"] = sys.argv[1:3]
from bench import suite  # noqa: E402

if __name__ == "__main__":
    suite.name = "assert"
    for part in ("assert", "assert_sad"):
        importlib.import_module("cases_" + part)
    sys.exit(suite.run(sys.argv[3:]))
