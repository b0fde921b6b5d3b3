# SPDX-License-Identifier: Apache-2.0
"""PIN of an authenticator: PIN/UV protocols 1 and 2 (CTAP 2.1, 6.5), retries, tokens and what a token permits."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import CtapError, Code

MAKE, ASSERT = 1, 2  # permissions
RETRIES, IN_A_ROW = 8, 3
NOTHING = bytes(16)


def _aes(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv))


class ProtocolOne:
    number = 1

    @staticmethod
    def secrets(shared):
        secret = hashlib.sha256(shared).digest()
        return secret, secret

    @staticmethod
    def encrypted(key, text):
        maker = _aes(key, NOTHING).encryptor()
        return maker.update(text) + maker.finalize()

    @staticmethod
    def decrypted(key, text):
        if len(text) % 16:
            raise CtapError(Code.INVALID_PARAMETER)
        maker = _aes(key, NOTHING).decryptor()
        return maker.update(text) + maker.finalize()

    @staticmethod
    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()[:16]


class ProtocolTwo:
    number = 2

    @staticmethod
    def secrets(shared):
        return tuple(HKDF(SHA256(), 32, bytes(32), info).derive(shared) for info in (b"CTAP2 HMAC key", b"CTAP2 AES key"))

    @staticmethod
    def encrypted(key, text):
        iv = os.urandom(16)
        maker = _aes(key, iv).encryptor()
        return iv + maker.update(text) + maker.finalize()

    @staticmethod
    def decrypted(key, text):
        if len(text) < 16 or len(text) % 16:
            raise CtapError(Code.INVALID_PARAMETER)
        maker = _aes(key, text[:16]).decryptor()
        return maker.update(text[16:]) + maker.finalize()

    @staticmethod
    def mac(key, message):
        return hmac.new(key, message, hashlib.sha256).digest()


PROTOCOLS = {1: ProtocolOne, 2: ProtocolTwo}


class Pin:
    """What a key remembers of its PIN; a power cycle gives back the tries in a row, never the retries."""

    def __init__(self):
        self.digest, self.retries, self.uv_retries = None, RETRIES, 3
        self.power_cycle()

    def power_cycle(self):
        self.left_in_a_row = IN_A_ROW
        self.agreement = ec.generate_private_key(ec.SECP256R1())
        self.forget_token()

    def forget_token(self):
        self.token, self.permitted, self.rp = os.urandom(32), 0, None

    @property
    def is_set(self):
        return self.digest is not None

    def public(self):
        numbers = self.agreement.public_key().public_numbers()
        return {1: 2, 3: -25, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def agreed(self, protocol, theirs):
        """(key of the MAC, key of the cipher) with the platform's public key."""
        try:
            numbers = ec.EllipticCurvePublicNumbers(*(int.from_bytes(theirs[i], "big") for i in (-2, -3)), ec.SECP256R1())
            return protocol.secrets(self.agreement.exchange(ec.ECDH(), numbers.public_key()))
        except (KeyError, TypeError, ValueError) as wrong:
            raise CtapError(Code.INVALID_PARAMETER) from wrong

    def set(self, padded):
        text = padded.rstrip(b"\0")
        if len(padded) < 64 or len(text) > 63:
            raise CtapError(Code.INVALID_PARAMETER)
        try:
            short = len(text.decode()) < 4
        except UnicodeDecodeError:
            short = True
        if short:
            raise CtapError(Code.PIN_POLICY_VIOLATION)
        self.digest, self.retries, self.left_in_a_row = hashlib.sha256(text).digest()[:16], RETRIES, IN_A_ROW
        self.forget_token()

    def check(self, digest):
        """Charged before it is looked at, as the standard has it."""
        if not self.is_set:
            raise CtapError(Code.PIN_NOT_SET)
        if self.retries == 0:
            raise CtapError(Code.PIN_BLOCKED)
        if self.left_in_a_row == 0:
            raise CtapError(Code.PIN_AUTH_BLOCKED)
        self.retries -= 1
        if digest == self.digest:
            self.retries, self.left_in_a_row = RETRIES, IN_A_ROW
            return
        self.agreement = ec.generate_private_key(ec.SECP256R1())
        self.left_in_a_row -= 1
        if self.retries == 0:
            raise CtapError(Code.PIN_BLOCKED)
        raise CtapError(Code.PIN_INVALID if self.left_in_a_row else Code.PIN_AUTH_BLOCKED)

    def give_token(self, permitted, rp):
        self.forget_token()
        self.permitted, self.rp = permitted, rp
        return self.token

    def verify(self, protocol, message, mac, needed, rp):
        """Whether the token permits this; a token without a name takes the first it is used for."""
        right = hmac.compare_digest(protocol.mac(self.token, message), mac)
        if not right or not self.permitted & needed or (self.rp is not None and rp is not None and self.rp != rp):
            raise CtapError(Code.PIN_AUTH_INVALID)
        self.rp = self.rp or rp
