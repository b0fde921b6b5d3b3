# SPDX-License-Identifier: Apache-2.0
# What a compiler made, and how it was hardened: for packages of both kinds.
import os
import platform
import re

from building import expect, run

# Everything that is installed and was compiled.
COMPILED = {"pam_utmfa.so", "utmfad", "utmfa-key", "utmfa-deliver", "utmfa-enroll", "utmfa-admin", "utmfa-assert"}


def compiled(root):
    for directory, _, files in os.walk(root):
        for each in sorted(files):
            path = os.path.join(directory, each)
            if not os.path.islink(path):
                with open(path, "rb") as opened:
                    if opened.read(4) == b"\x7fELF":
                        yield path


def is_hardened(path):
    """Position-independent, bound at once, read-only where it was bound, no memory to write and to run; the stack is checked and
    calls are fortified. The module shows its doors and nothing else."""
    where, module = os.path.basename(path), path.endswith(".so")
    dynamic, headers = run("readelf", "-Wd", path).stdout, run("readelf", "-Whl", path).stdout
    expect(re.search(r"Type: +DYN ", headers), f"{where}: not position-independent")
    expect(module or re.search(r"FLAGS_1.*\bPIE\b", dynamic), f"{where}: no PIE")
    expect("GNU_RELRO" in headers and re.search(r"\(FLAGS\).*\bBIND_NOW\b", dynamic) and re.search(r"FLAGS_1.*\bNOW\b", dynamic),
           f"{where}: not bound at once and read-only")
    stack = re.search(r"GNU_STACK.*?\s(R\S*)\s", headers)
    expect(stack and "E" not in stack[1], f"{where}: its stack may be executed: {stack}")
    expect(not re.search(r"^ +LOAD .* RWE ", headers, re.M), f"{where}: memory to write and to run")
    expect(not re.search("TEXTREL|RPATH|RUNPATH", dynamic), f"{where}: {dynamic}")
    symbols = run("nm", "-D", path).stdout
    expect("__stack_chk_fail" in symbols, f"{where}: no stack protector")
    expect(re.search(r"__\w+_chk(@|$)", symbols, re.M), f"{where}: no call is fortified")
    expect(not module or not re.search(r" [TWVDBR] (?!pam_sm_)", symbols), f"{where}: exports {symbols}")
    expect(not run("readelf", "-WS", path).stdout.count(".debug_info"), f"{where}: not stripped")


def is_guarded(path):
    """Intel's CET: its code has the landing places. That it says so to the loader is the module's: a program has the start files
    of Debian 12, which say nothing, so that it cannot."""
    if platform.machine() != "x86_64":
        return
    marked = "IBT, SHSTK" in run("readelf", "-n", path).stdout
    expect(marked or not path.endswith(".so"), f"{os.path.basename(path)}: not marked")
    places = run("objdump", "-d", "--no-show-raw-insn", path).stdout.count("endbr64")
    expect(places > 20, f"{os.path.basename(path)}: {places} landing places")


def all_hardened(roots):
    found = [path for root in roots for path in compiled(root)]
    expect(sorted(map(os.path.basename, found)) == sorted(COMPILED), f"compiled: {found}")
    for path in found:
        is_hardened(path)
        is_guarded(path)
