# SPDX-License-Identifier: Apache-2.0
"""The lines of docs/assertion.md, read and written here a second time, so that the contract is what both agree on; and
what a verifier checks in an answer, by another library."""

import base64
import hashlib
import os
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED = 1, 4


def written(kind, fields):
    body = kind.encode() + b"".join(letter.encode() + struct.pack(">H", len(value)) + value for letter, value in fields)
    return "u1:" + base64.urlsafe_b64encode(body).decode().rstrip("=")


def fields_of(line):
    """(kind, [(letter, value)]) of a line."""
    if not line.startswith("u1:"):
        raise ValueError("it does not begin with u1:")
    text = line[3:]
    body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    kind, at, fields = chr(body[0]), 1, []
    while at < len(body):
        letter, size = chr(body[at]), struct.unpack(">H", body[at + 1:at + 3])[0]
        fields.append((letter, body[at + 3:at + 3 + size]))
        at += 3 + size
    if at != len(body):
        raise ValueError("cut off")
    return kind, fields


def challenge(credentials, host="lab1", user="taro", service="sshd", verification="p", nonce=None):
    """credentials: [(rp, id)]."""
    fields = [("h", host.encode()), ("u", user.encode()), ("s", service.encode()), ("n", nonce or os.urandom(16)),
              ("v", verification.encode())]
    before = None
    for rp, identity in credentials:
        if rp != before:
            fields.append(("r", rp.encode()))
        fields.append(("c", identity))
        before = rp
    return written("C", fields)


def mark(identity):
    return hashlib.sha256(identity).digest()[:8]


def hash_of(line):
    """The client data hash of a challenge."""
    return hashlib.sha256(line.encode()).digest()


def nonce_of(line):
    return dict(fields_of(line)[1])["n"]


def from_base64(text):
    return base64.b64decode(text, validate=True)


class Key:
    """A registration line, checked."""

    def __init__(self, line):
        kind, fields = fields_of(line)
        found = dict(fields)
        if kind != "R" or "".join(letter for letter, _ in fields) not in ("rgkcias", "rgkcas"):
            raise ValueError(f"not a registration: {kind} {fields}")
        self.rp, self.algorithm, self.public, self.id = found["r"].decode(), found["g"].decode(), found["k"], found["c"]
        before = b"R" + b"".join(letter.encode() + struct.pack(">H", len(value)) + value for letter, value in fields[:-2])
        self.flags, self.counter = self.verify(found["a"], found["s"], hashlib.sha256(before).digest())

    def verify(self, data, signature, hashed):
        """(flags, counter), or ValueError."""
        if data[:32] != hashlib.sha256(self.rp.encode()).digest():
            raise ValueError("for another relying party")
        message = data + hashed
        try:
            if self.algorithm == "e":
                numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(self.public[:32], "big"),
                                                        int.from_bytes(self.public[32:], "big"), ec.SECP256R1())
                numbers.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
            elif self.algorithm == "d":
                ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                numbers = rsa.RSAPublicNumbers(int.from_bytes(self.public[256:], "big"),
                                               int.from_bytes(self.public[:256], "big"))
                numbers.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as wrong:
            raise ValueError("not signed by this key") from wrong
        return data[32], struct.unpack(">I", data[33:37])[0]

    def answered(self, line, asked):
        """(flags, counter) of an answer to the challenge."""
        kind, fields = fields_of(line)
        if kind != "A" or [letter for letter, _ in fields] != ["c", "a", "s"]:
            raise ValueError(f"not an answer: {kind} {fields}")
        found = dict(fields)
        if found["c"] != mark(self.id):
            raise ValueError("another credential answered")
        return self.verify(found["a"], found["s"], hash_of(asked))
