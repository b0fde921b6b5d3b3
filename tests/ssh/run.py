# SPDX-License-Identifier: Apache-2.0
# Sign-ins by the real ssh client at a real sshd with the real verifier: what a person is asked, what is granted, what is
# refused, and what the log says of it. Run inside tools/world: run.py [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage
from stage import suite

if __name__ == "__main__":
    with stage.opened():
        for part in ("dialogue", "doors", "set_up", "self", "by_hand", "occasions", "terminals", "phone", "limits", "damage", "quiet"):
            importlib.import_module("cases_" + part)
        status = suite.run(sys.argv[1:])
    sys.exit(status)
