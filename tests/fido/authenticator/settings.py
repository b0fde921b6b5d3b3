# SPDX-License-Identifier: Apache-2.0
"""What a key can be told to be and to do wrong, at any moment. An unknown word or value is an error: a test that asks for
a fault that does not exist would otherwise pass."""

FAULTS = {
    "none": "as it should be",
    "bad-signature": "the last byte of the signature is another",
    "short-signature": "half a signature",
    "other-key": "signed with a key that nobody registered",
    "wrong-rp": "signed for another relying party",
    "no-presence": "signed without the flag of presence",
    "no-verification": "signed without the flag of verification",
    "lied-verification": "the flag of verification set after signing",
    "other-credential": "a credential that was not asked for",
    "malformed-cbor": "the reply is no CBOR",
    "truncated-cbor": "the reply ends in the middle",
    "deep-cbor": "the reply is nested a thousand times",
    "wrong-types": "numbers where bytes belong",
    "empty": "success and nothing else",
    "nothing": "not even a status",
    "noise": "random bytes behind a status that stands for nothing",
    "oversize": "as long as CTAPHID allows",
    "overlong": "a length that CTAPHID does not allow",
    "bad-sequence": "the packets of the reply in another order",
    "other-channel": "the reply on a channel of somebody else",
    "silent": "no reply at all",
    "busy": "busy with somebody else",
}
CHOICES = {
    "ctap": ("2.0", "2.1", "u2f"),
    "touch": ("now", "wait", "refuse", "time-out"),
    "fingerprint": ("none", "right", "wrong"),
    # by the batch; by the key itself; not at all; and by batches with something wrong: of a maker nobody knows, with the
    # name of another model, expired, with a certificate that could make others, without the words of a batch
    "attestation": ("packed", "self", "none", "other-maker", "other-model", "expired", "authority", "nameless"),
    "fault": tuple(FAULTS),
    "unplug": ("never", "request", "touch", "reply"),  # in the midst of it, when touch is wanted, or in the midst of it
}
DEFAULTS = {
    "ctap": "2.1", "touch": "now", "fingerprint": "none", "attestation": "packed", "fault": "none", "unplug": "never",
    "touch_ms": 0,              # after how long "now" is
    "touch_limit_ms": 30000,    # after how long nobody touched
    "algorithms": ["es256", "eddsa", "rs256"],
    "pin_protocols": [2, 1],
    "resident": True,
    "long_ids": False,          # everything sealed into the id, however long
    "always_verify": False,
    "counter_step": 1,          # 0: a key that does not count on; below: one that steps back
    "fault_in": ["make", "assert"],  # commands that the fault is in
    "error": 0,                 # status byte instead of an answer, in the same commands
}
COMMANDS = ("info", "make", "assert", "next", "pin", "reset", "select", "u2f")


class Settings(dict):
    def __init__(self):
        super().__init__(DEFAULTS)

    def change(self, values):
        for name, value in values.items():
            if name not in DEFAULTS:
                raise ValueError(f"no setting {name}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"{name}: {value!r} is none of {', '.join(CHOICES[name])}")
            if not isinstance(value, type(DEFAULTS[name])):
                raise ValueError(f"{name}: {value!r} has the wrong type")
        if unknown := set(values.get("fault_in", ())) - set(COMMANDS):
            raise ValueError(f"fault_in: no command {unknown}")
        self.update(values)
        if self["fault"] == "none" and "fault" in values:
            self["fault_in"] = DEFAULTS["fault_in"]

    def fault(self, command):
        return self["fault"] if command in self["fault_in"] else "none"
