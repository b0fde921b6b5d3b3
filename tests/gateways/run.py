# SPDX-License-Identifier: Apache-2.0
# The gateways that come with utmfa before the real thing: gammu-smsd, smsd, a SIP user agent, FreeRADIUS; and, where
# Debian has none, a server that speaks the provider's documented protocol. Run inside tools/world: run.py DEBS [CASE].
# Nothing leaves the world: it has no network but its own.
import importlib
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(os.path.dirname(here), "ssh")]
import stage

if __name__ == "__main__":
    with stage.opened(sys.argv[1]):
        for part in ("message", "sms", "push", "call", "examples"):
            importlib.import_module("cases_" + part)
        status = stage.suite.run(sys.argv[2:])
    sys.exit(status)
