# SPDX-License-Identifier: Apache-2.0
"""A program that signs people in, as small as it can be: the real libpam with a directory of services of its own
(pam_start_confdir), and a conversation that is a list of answers or a function."""

import ctypes
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from libpam import HIDDEN, NOTHING, SHOWN, SUCCESS, Conversation, conversing, libpam, started  # noqa: E402


class SignIn:
    """answer(style, text) gives the answer to a question, or None to break the conversation off; `heard` is what was said,
    as (style, text)."""

    def __init__(self, directory, service, user, answer=(), items=(), environment=()):
        self.heard, self.answers = [], list(answer) if not callable(answer) else None
        self.answer = answer if callable(answer) else self.next_answer
        self.kept = Conversation(conversing(self.told), None)
        self.handle = started(service, user, self.kept, directory)
        for item, value in items:
            libpam.pam_set_item(self.handle, item, ctypes.c_char_p(value.encode()))
        for variable in environment:
            libpam.pam_putenv(self.handle, ctypes.c_char_p(variable.encode()))

    def next_answer(self, _style, _text):
        return self.answers.pop(0) if self.answers else None

    def told(self, style, text):
        self.heard.append((style, text))
        return self.answer(style, text) if style in (HIDDEN, SHOWN) else self.shown(style, text)

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
