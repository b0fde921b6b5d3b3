# SPDX-License-Identifier: Apache-2.0
# The other occasions on which Linux asks: other SSH clients and what people do over ssh, sudo, su and login, programs that
# cannot ask, and screen lockers that run as the person. Run inside tools/world: run.py DEBS [CASE], where DEBS has what tools/common.sh fetched for it.
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE] + [os.path.join(os.path.dirname(HERE), room) for room in ("ssh", "support")]
import stage
from stage import suite
from suite import unpack

if __name__ == "__main__":
    suite.name = "occasions"
    unpack(sys.argv[1])
    with stage.opened():
        for part in ("clients", "limits", "sudo", "callers", "lockers", "swaylock"):
            importlib.import_module("cases_" + part)
        status = suite.run(sys.argv[2:])
    sys.exit(status)
