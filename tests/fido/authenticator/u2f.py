# SPDX-License-Identifier: Apache-2.0
"""CTAP1: the raw messages of U2F (register, authenticate, version). Nobody waits for a touch here: the key says that the
condition is not satisfied, and is asked again."""

import struct

from .credentials import Credential
from .errors import CtapError, Code
from .signing import signature_of

FINE, UNTOUCHED, WRONG_DATA, WRONG_LENGTH, WRONG_INSTRUCTION, WRONG_CLASS = (
    b"\x90\0", b"\x69\x85", b"\x6a\x80", b"\x67\0", b"\x6d\0", b"\x6e\0")
CHECK_ONLY, WITH_TOUCH, WITHOUT_TOUCH = 7, 3, 8


def handle(key, message):
    key.now = "u2f"
    if len(message) < 4:
        return WRONG_LENGTH
    group, instruction, first, _ = message[:4]
    if group != 0:
        return WRONG_CLASS
    data = body(message)
    if data is None:
        return WRONG_LENGTH
    if instruction == 1:
        return register(key, data)
    if instruction == 2:
        return authenticate(key, first, data)
    return b"U2F_V2" + FINE if instruction == 3 else WRONG_INSTRUCTION


def body(message):
    """The data of an extended APDU (ISO 7816-4)."""
    if len(message) <= 7:
        return b""
    size = struct.unpack(">H", message[5:7])[0]
    return message[7:7 + size] if message[4] == 0 and len(message) in (7 + size, 9 + size) else None


def touched(key):
    try:
        return key.touched_by_now()
    except CtapError as refused:
        if refused.code == Code.OPERATION_DENIED:
            return False
        raise


def register(key, data):
    if len(data) != 64:
        return WRONG_LENGTH
    if not touched(key):
        return UNTOUCHED
    challenge, application = data[:32], data[32:]
    made = Credential(application, key.es256())
    key.store.seal(made)
    point, fault = made.signer.point(), key.settings.fault("make")
    maker = key.batch()
    signature = signature_of(maker.signer, b"\0" + application + challenge + made.id + point, fault)
    return b"\x05" + point + bytes([len(made.id)]) + made.id + maker.certificate + signature + FINE


def authenticate(key, how, data):
    if len(data) < 65 or len(data) != 65 + data[64]:
        return WRONG_LENGTH
    challenge, application = data[:32], data[32:64]
    credential = key.store.open(data[65:], application)
    if credential is None or credential.signer.name != "es256":
        return WRONG_DATA
    if how == CHECK_ONLY or (how == WITH_TOUCH and not touched(key)):
        return UNTOUCHED
    fault = key.settings.fault("assert")
    present = how == WITH_TOUCH and fault != "no-presence"
    start = struct.pack(">BI", present, key.counted())
    return start + signature_of(credential.signer, application + start + challenge, fault) + FINE
