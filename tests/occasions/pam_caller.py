# SPDX-License-Identifier: Apache-2.0
# A program that calls libpam as others do: pam_caller.py SERVICE USER CONVERSATION CALL... prints each call, its code and how
# long it took. CONVERSATION is none (no function at all), error (one that always fails), silent (PAM_SILENT, and fails), or
# the text that it answers every question with. CALL is authenticate, account, setcred, open or close.
# libpam.py of tests/support lies beside it.
import sys
import time

from libpam import CONV_ERR, ESTABLISH_CRED, SILENT, SUCCESS, Conversation, Function, conversing, libpam, started


def answering(text):
    def told(style, said):
        print(f"said {style} {said}")
        return text
    return conversing(told)


def conversation(how):
    if how == "none":
        return Function()
    return Function(lambda *_: CONV_ERR) if how in ("error", "silent") else answering(how)


def main(service, user, how, *calls):
    kept = Conversation(conversation(how), None)
    handle = started(service, user, kept)
    flags, code = SILENT if how == "silent" else 0, SUCCESS
    names = {"authenticate": libpam.pam_authenticate, "account": libpam.pam_acct_mgmt, "setcred": libpam.pam_setcred,
             "open": libpam.pam_open_session, "close": libpam.pam_close_session}
    for call in calls:
        before = time.monotonic()
        code = names[call](handle, flags | (ESTABLISH_CRED if call == "setcred" else 0))
        print(f"{call} {code} {time.monotonic() - before:.3f}", flush=True)
    libpam.pam_end(handle, code)


main(*sys.argv[1:])
