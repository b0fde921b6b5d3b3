# SPDX-License-Identifier: Apache-2.0
"""The real libpam, called from Python: its structures, and a conversation that is a function. On its own, so that it can be
copied to where a person without rights runs it."""

import ctypes

SUCCESS, BUF_ERR, AUTH_ERR, AUTHINFO_UNAVAIL, MAXTRIES, CONV_ERR, IGNORE = 0, 5, 7, 9, 11, 19, 25
HIDDEN, SHOWN, ERROR, TEXT = 1, 2, 3, 4
TTY, RHOST, RUSER = 3, 4, 8
ESTABLISH_CRED, SILENT = 0x2, 0x8000
NOTHING = object()  # an answer that is NULL, of a program that says that all is well


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                            ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("function", Function), ("data", ctypes.c_void_p)]


libpam, libc = ctypes.CDLL("libpam.so.0"), ctypes.CDLL(None)
libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.strdup.argtypes = [ctypes.c_char_p]
libc.free.argtypes = [ctypes.c_void_p]


def conversing(told):
    """told(style, text) hears each message; to a question it says the answer, or None, which breaks the conversation off."""
    def talk(count, messages, responses, _data):
        made = ctypes.cast(libc.calloc(count, ctypes.sizeof(Response)), ctypes.POINTER(Response))
        for at in range(count):
            style = messages[at].contents.style
            said = told(style, (messages[at].contents.text or b"").decode(errors="replace"))
            if style not in (HIDDEN, SHOWN):
                continue
            if said is None:
                for answered in range(at):
                    libc.free(made[answered].text)
                libc.free(made)
                return CONV_ERR
            made[at].text = None if said is NOTHING else libc.strdup(said.encode())
        responses[0] = made
        return SUCCESS
    return Function(talk)


def started(service, user, conversation, directory=None):
    """A handle. Whoever calls keeps the conversation for as long as the handle lives."""
    handle = ctypes.c_void_p()
    words = [service.encode(), user.encode(), ctypes.byref(conversation)]
    start = libpam.pam_start
    if directory is not None:
        start = libpam.pam_start_confdir
        words.append(str(directory).encode())
    code = start(*words, ctypes.byref(handle))
    if code:
        raise RuntimeError(f"{start.__name__}: {code}")
    return handle
