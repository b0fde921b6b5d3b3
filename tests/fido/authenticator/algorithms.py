# SPDX-License-Identifier: Apache-2.0
"""The three signature algorithms that FIDO keys are used with, their COSE form (RFC 9053), and a private key as bytes."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

EXPONENT = 65537


class Es256:
    name, cose, identifier = "es256", -7, 1

    def __init__(self, private=None):
        self.key = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1()) if private else \
            ec.generate_private_key(ec.SECP256R1())

    def private(self):
        return self.key.private_numbers().private_value.to_bytes(32, "big")

    def point(self):
        """Uncompressed, as U2F registers it."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def public(self):
        point = self.point()
        return {1: 2, 3: self.cose, -1: 1, -2: point[1:33], -3: point[33:]}

    def sign(self, message):
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


class Eddsa:
    name, cose, identifier = "eddsa", -8, 2

    def __init__(self, private=None):
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(private) if private else \
            ed25519.Ed25519PrivateKey.generate()

    def private(self):
        return self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def public(self):
        return {1: 1, 3: self.cose, -1: 6, -2: self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}

    def sign(self, message):
        return self.key.sign(message)


class Rs256:
    """Two keys in turn: making one takes seconds on a busy machine, and whoever asks for it waits."""

    name, cose, identifier = "rs256", -257, 3
    made = []

    def __init__(self, private=None):
        if private is None:
            self.made.insert(0, self.made.pop() if len(self.made) == 2 else rsa.generate_private_key(EXPONENT, 2048))
            self.key = self.made[0]
            return
        half = len(private) // 2
        p, q = (int.from_bytes(part, "big") for part in (private[:half], private[half:]))
        d = pow(EXPONENT, -1, (p - 1) * (q - 1))
        self.key = rsa.RSAPrivateNumbers(
            p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(EXPONENT, p * q)).private_key()

    def private(self):
        numbers = self.key.private_numbers()
        return numbers.p.to_bytes(128, "big") + numbers.q.to_bytes(128, "big")

    def public(self):
        modulus = self.key.public_key().public_numbers().n
        return {1: 3, 3: self.cose, -1: modulus.to_bytes(256, "big"), -2: EXPONENT.to_bytes(3, "big")}

    def sign(self, message):
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


ALL = (Es256, Eddsa, Rs256)
BY_COSE = {each.cose: each for each in ALL}
BY_IDENTIFIER = {each.identifier: each for each in ALL}
