# SPDX-License-Identifier: Apache-2.0
# Sign-ins at the real greeter of GDM, with keys and a mouse, on a Debian that was booted for it: what a person sees, what
# is granted, what is refused. Called by tests/desktop/desktop: run.py TREE BUILD SCRATCH PICTURES [CASE].
import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stage
from stage import suite

if __name__ == "__main__":
    with stage.opened(*sys.argv[1:5]):
        for part in ("methods", "keys", "elsewhere", "refused", "registering", "polkit", "japanese", "unlock"):
            importlib.import_module("cases_" + part)
        status = suite.run(sys.argv[5:])
    sys.exit(status)
