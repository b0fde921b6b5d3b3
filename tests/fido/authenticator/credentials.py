# SPDX-License-Identifier: Apache-2.0
"""Credentials: sealed into their own id (not resident), or kept (resident). The same secret opens U2F key handles."""

import dataclasses
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import algorithms

SHORT = 64  # bytes of an id
NEVER, LISTED, VERIFIED = 1, 2, 3  # credProtect: always usable, only if listed, only with verification


@dataclasses.dataclass
class Credential:
    rp_hash: bytes
    signer: object
    protect: int = NEVER
    user: dict = dataclasses.field(default_factory=dict)
    rp: str = ""
    id: bytes = b""
    resident: bool = False


class Store:
    def __init__(self):
        self.secret, self.resident, self.apart = AESGCM(os.urandom(32)), [], []

    def seal(self, credential, ids="short"):
        text = bytes([credential.signer.identifier, credential.protect]) + credential.signer.private()
        nonce = os.urandom(12)
        credential.id = nonce + self.secret.encrypt(nonce, text, credential.rp_hash)
        if len(credential.id) > SHORT and ids == "short":
            credential.id = os.urandom(SHORT)
            self.apart.append(credential)

    def open(self, identity, rp_hash):
        """The credential of that id and relying party, or nothing."""
        for each in self.resident + self.apart:
            if each.id == identity and each.rp_hash == rp_hash:
                return each
        try:
            text = self.secret.decrypt(identity[:12], identity[12:], rp_hash)
        except (InvalidTag, ValueError):
            return None
        return Credential(rp_hash, algorithms.BY_IDENTIFIER[text[0]](text[2:]), text[1], id=identity)

    def keep(self, credential):
        """The same person at the same place has one: the newest."""
        self.resident = [each for each in self.resident
                         if (each.rp_hash, each.user.get("id")) != (credential.rp_hash, credential.user.get("id"))]
        credential.resident = True
        self.resident.insert(0, credential)

    def of(self, rp_hash):
        return [each for each in self.resident if each.rp_hash == rp_hash]


def digest(rp):
    return hashlib.sha256(rp.encode()).digest()
