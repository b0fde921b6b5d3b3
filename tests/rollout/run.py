# SPDX-License-Identifier: Apache-2.0
# A service is switched on, and nobody is locked out by it: whatever is broken, root at the console and the way back get
# in, and a stranger never. With the real sshd, libpam, module and verifier. Run inside tools/world: run.py [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine
from machine import suite

if __name__ == "__main__":
    server = machine.open_machine()
    try:
        for part in ("refused", "kept", "taken_back", "way_out", "upgrade"):
            importlib.import_module("cases_" + part)
        status = suite.run(sys.argv[1:])
    finally:
        server.stop()
        machine.verifier.stop()
    sys.exit(status)
