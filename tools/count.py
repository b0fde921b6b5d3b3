# SPDX-License-Identifier: Apache-2.0
# count.py meson TESTLOG.json | lines LOG: "PASSED FAILED SKIPPED" of one suite. A test program of cmocka counts once for
# each of its tests, every other one once; a suite of the world counts its lines ok, not ok and skip. Called by tools/test.
import json
import re
import sys

MESON_PASSED = ("OK", "EXPECTEDFAIL")
CMOCKA = {"passed": r"\[  PASSED  \] (\d+) test", "failed": r"\[  FAILED  \].* (\d+) test", "skipped": r"\[  SKIPPED \].* (\d+) test"}


def meson(text):
    passed = failed = skipped = 0
    for line in text.splitlines():
        test = json.loads(line)
        said = (test.get("stdout") or "") + (test.get("stderr") or "")
        inner = {key: sum(map(int, re.findall(pattern, said))) for key, pattern in CMOCKA.items()}
        if test["result"] == "SKIP":
            skipped += 1
        elif test["result"] in MESON_PASSED:
            passed += inner["passed"] or 1
            skipped += inner["skipped"]
        else:
            passed += inner["passed"]
            failed += inner["failed"] or 1
    return passed, failed, skipped


def lines(text):
    return tuple(len(re.findall(rf"^{word} - ", text, re.M)) for word in ("ok", "not ok", "skip"))


kind, path = sys.argv[1:]
try:
    with open(path, encoding="utf-8", errors="replace") as log:
        print(*{"meson": meson, "lines": lines}[kind](log.read()))
except FileNotFoundError:
    print("0 0 0")
