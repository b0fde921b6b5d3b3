# SPDX-License-Identifier: Apache-2.0
"""One key: what it holds, what it was told to be, and the person's finger."""

import time

from .algorithms import Es256
from .credentials import Store
from .ctap2 import AAGUID
from .errors import CtapError, Code
from .pin import Pin
from .settings import Settings
from .signing import MADE_WRONG, Maker

U2F_ASKS_AGAIN = 1.0  # seconds after which a U2F client that does not ask any more has gone


class Key:
    maker = None  # one for all keys of a process: they come from the same batch
    makers = {}   # of the batches with something wrong
    es256 = Es256

    def __init__(self):
        Key.maker = Key.maker or Maker(AAGUID)
        self.settings = Settings()
        self.fresh()

    def batch(self):
        """Who attests, as the settings have it."""
        how = self.settings["attestation"]
        if how not in MADE_WRONG:
            return self.maker
        if how not in Key.makers:
            Key.makers[how] = Maker(AAGUID, self.maker if how != "other-maker" else None, how)
        return Key.makers[how]

    def fresh(self):
        self.settings = Settings()
        self.counter, self.now = 0, "info"
        self.forget_all()
        self.power_cycle()

    def forget_all(self):
        self.pin, self.store = Pin(), Store()

    def power_cycle(self):
        self.powered = time.monotonic()
        self.pin.power_cycle()
        self.given, self.refused, self.asked_first, self.asked_last = False, False, None, None

    def counted(self):
        self.counter = max(0, self.counter + self.settings["counter_step"])
        return self.counter

    # U2F: asked again and again. A touch that was given counts once.
    def touched_by_now(self):
        now = time.monotonic()
        if self.asked_last is None or now > self.asked_last + U2F_ASKS_AGAIN:
            self.asked_first = now
        self.asked_last = now
        how = self.settings["touch"]
        if self.refused or how == "refuse":
            raise CtapError(Code.OPERATION_DENIED)
        if self.given or (how == "now" and (now - self.asked_first) * 1000 >= self.settings["touch_ms"]):
            self.given, self.asked_last = False, None
            return True
        return False

    @property
    def asking_by_u2f(self):
        return self.asked_last is not None and time.monotonic() <= self.asked_last + U2F_ASKS_AGAIN
