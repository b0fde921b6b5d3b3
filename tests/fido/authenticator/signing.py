# SPDX-License-Identifier: Apache-2.0
"""Authenticator data, assertions and attestations, with the lies that the settings ask for."""

import datetime
import struct

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .algorithms import Es256
from .credentials import digest

PRESENT, VERIFIED, ATTESTED, EXTENDED = 1, 4, 64, 128
AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
NOBODY = digest("nobody.example")


def told_flags(flags, fault):
    if fault == "no-presence":
        return flags & ~PRESENT
    return flags & ~VERIFIED if fault == "no-verification" else flags


def head(key, rp_hash, flags, fault):
    return (NOBODY if fault == "wrong-rp" else rp_hash) + struct.pack(">BI", told_flags(flags, fault), key.counted())


def authenticator_data(key, made, flags, aaguid, extensions):
    fault = key.settings.fault("make")
    start = head(key, made.rp_hash, flags | ATTESTED | (EXTENDED if extensions else 0), fault)
    tail = aaguid + struct.pack(">H", len(made.id)) + made.id + cbor2.dumps(made.signer.public(), canonical=True)
    return start + tail + (cbor2.dumps(extensions, canonical=True) if extensions else b"")


def spoilt(signature, fault):
    if fault == "bad-signature":
        return signature[:-1] + bytes([signature[-1] ^ 1])
    return signature[:len(signature) // 2] if fault == "short-signature" else signature


def signature_of(signer, message, fault):
    if fault == "other-key":
        signer = type(signer)()
    return spoilt(signer.sign(message), fault)


def signed(key, credential, flags, hashed):
    """(authenticator data, signature) of an assertion."""
    fault = key.settings.fault("assert")
    data = head(key, credential.rp_hash, flags, fault)
    signature = signature_of(credential.signer, data + hashed, fault)
    if fault == "lied-verification":
        data = data[:32] + bytes([data[32] | VERIFIED]) + data[33:]
    return data, signature


def statement(key, made, data, hashed):
    """(format, statement) of a new credential."""
    fault, how = key.settings.fault("make"), key.settings["attestation"]
    if how == "none":
        return "none", {}
    if how == "self":
        return "packed", {"alg": made.signer.cose, "sig": signature_of(made.signer, data + hashed, fault)}
    maker = key.batch()
    return "packed", {"alg": Es256.cose, "sig": signature_of(maker.signer, data + hashed, fault), "x5c": [maker.certificate]}


MADE_WRONG = ("other-maker", "other-model", "expired", "authority", "nameless")


class Maker:
    """Who made the keys: an authority, and the certificate that a batch of keys attests with. One of `of` is another batch
    of that maker; `wrong` is what is wrong with it."""

    def __init__(self, aaguid, of=None, wrong=""):
        self.authority, self.signer = of.authority if of else ec.generate_private_key(ec.SECP256R1()), Es256()
        name = self._name([(NameOID.COMMON_NAME, "utmfa test keys")])
        unit = "Authenticator Attestation" if wrong != "nameless" else "Keys"
        batch = self._name([(NameOID.COUNTRY_NAME, "JP"), (NameOID.ORGANIZATION_NAME, "utmfa tests"),
                            (NameOID.ORGANIZATIONAL_UNIT_NAME, unit), (NameOID.COMMON_NAME, "utmfa test key batch 1")])
        model = aaguid if wrong != "other-model" else aaguid[::-1]
        days = 3650 if wrong != "expired" else -1
        root = self._about(name, name, self.authority.public_key(), True, 3650).sign(self.authority, hashes.SHA256())
        leaf = self._about(batch, name, self.signer.key.public_key(), wrong == "authority", days).add_extension(
            x509.UnrecognizedExtension(AAGUID_EXTENSION, b"\x04\x10" + model), critical=False)
        self.root = of.root if of else root.public_bytes(serialization.Encoding.PEM).decode()
        self.certificate = leaf.sign(self.authority, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    @staticmethod
    def _name(parts):
        return x509.Name([x509.NameAttribute(*part) for part in parts])

    @staticmethod
    def _about(subject, issuer, public, authority, days):
        now = datetime.datetime.utcnow()
        return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public).serial_number(
            x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=10)).not_valid_after(
                now + datetime.timedelta(days=days)).add_extension(
                    x509.BasicConstraints(ca=authority, path_length=None), critical=True)
