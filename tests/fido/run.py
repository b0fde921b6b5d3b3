# SPDX-License-Identifier: Apache-2.0
# Security keys from end to end: the built module in the real libpam, the real verifier, utmfa-key with the unmodified
# libfido2, a real sshd and ssh, and keys in software. Inside tools/world: with_keys.py --keys 2 -- run.py [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402

if __name__ == "__main__":
    if not os.path.exists(machine.PROGRAM):
        print("skip - keys: utmfa-key is not installed")
        sys.exit(0)
    with machine.opened():
        for part in ("console", "over_ssh", "registration", "sessions", "cost"):
            importlib.import_module("cases_" + part)
        status = machine.suite.run(sys.argv[1:])
    sys.exit(status)
