# SPDX-License-Identifier: Apache-2.0
# A program that calls libpam as others do: pam_caller.py SERVICE USER CONVERSATION CALL... prints each call, its code and how
# long it took. CONVERSATION is none (no function at all), error (one that always fails), silent (PAM_SILENT, and fails), or
# the text that it answers every question with. CALL is authenticate, account, setcred, open or close.
import ctypes
import sys
import time

PAM_CONV_ERR, PAM_SILENT, PAM_BUF_ERR = 19, 0x8000, 5
libpam, libc = ctypes.CDLL("libpam.so.0"), ctypes.CDLL("libc.so.6")


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                            ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("function", Function), ("data", ctypes.c_void_p)]


libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]


def answering(text):
    def answer(count, messages, responses, _data):
        made = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
        for i in range(count):
            print(f"said {messages[i].contents.style} {messages[i].contents.text.decode()}")
            if messages[i].contents.style in (1, 2):
                made[i].text = libc.strdup(text)
        responses[0] = made
        return 0
    return answer


def main(service, user, how, *calls):
    functions = {"none": Function(), "error": Function(lambda *_: PAM_CONV_ERR)}
    functions["silent"] = functions["error"]
    function = functions.get(how) or (Function(answering(how.encode())) if how not in functions else functions[how])
    conversation, handle = Conversation(function, None), ctypes.c_void_p()
    code = libpam.pam_start(service.encode(), user.encode(), ctypes.byref(conversation), ctypes.byref(handle))
    if code:
        sys.exit(f"pam_start: {code}")
    flags = PAM_SILENT if how == "silent" else 0
    names = {"authenticate": libpam.pam_authenticate, "account": libpam.pam_acct_mgmt, "setcred": libpam.pam_setcred,
             "open": libpam.pam_open_session, "close": libpam.pam_close_session}
    for call in calls:
        started = time.monotonic()
        code = names[call](handle, flags | (2 if call == "setcred" else 0))
        print(f"{call} {code} {time.monotonic() - started:.3f}", flush=True)
    libpam.pam_end(handle, code)


main(*sys.argv[1:])
