# SPDX-License-Identifier: Apache-2.0
"""A program that signs people in, as small as it can be: the real libpam with a directory of services of its own
(pam_start_confdir), and a conversation that is a list of answers or a function."""

import ctypes
import ctypes.util

SUCCESS, AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES, CONV_ERR, IGNORE = 0, 7, 9, 11, 19, 25
HIDDEN, SHOWN, ERROR, TEXT = 1, 2, 3, 4
RHOST, TTY, RUSER = 4, 3, 8


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Talk = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                        ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", Talk), ("data", ctypes.c_void_p)]


libc = ctypes.CDLL(None)
libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]
libpam = ctypes.CDLL("libpam.so.0")


class SignIn:
    """answer(style, text) gives the answer to a question, or None to break the conversation off; `heard` is what was said,
    as (style, text)."""

    def __init__(self, directory, service, user, answer=(), items=(), environment=()):
        self.heard, self.answers = [], list(answer) if not callable(answer) else None
        self.answer = answer if callable(answer) else self.next_answer
        self.kept = Conversation(Talk(self.talk), None)
        self.handle = ctypes.c_void_p()
        code = libpam.pam_start_confdir(service.encode(), user.encode(), ctypes.byref(self.kept), str(directory).encode(),
                                        ctypes.byref(self.handle))
        if code:
            raise RuntimeError(f"pam_start_confdir: {code}")
        for item, value in items:
            libpam.pam_set_item(self.handle, item, ctypes.c_char_p(value.encode()))
        for variable in environment:
            libpam.pam_putenv(self.handle, ctypes.c_char_p(variable.encode()))

    def next_answer(self, _style, _text):
        return self.answers.pop(0) if self.answers else None

    def talk(self, count, messages, responses, _):
        made = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
        for at in range(count):
            style, text = messages[at].contents.style, (messages[at].contents.text or b"").decode(errors="replace")
            self.heard.append((style, text))
            said = self.answer(style, text) if style in (HIDDEN, SHOWN) else self.shown(style, text)
            if style in (HIDDEN, SHOWN) and said is None:
                return CONV_ERR
            made[at].text = libc.strdup(said.encode()) if said is not None else None
        responses[0] = made
        return SUCCESS

    def shown(self, _style, _text):
        """A line that asks nothing; a test that acts on one says so here."""

    def authenticate(self, flags=0):
        return libpam.pam_authenticate(self.handle, flags)

    def account(self, flags=0):
        return libpam.pam_acct_mgmt(self.handle, flags)

    def end(self, code=SUCCESS):
        libpam.pam_end(self.handle, code)

    @property
    def texts(self):
        return [text for _, text in self.heard]
