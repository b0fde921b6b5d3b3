# SPDX-License-Identifier: Apache-2.0
"""The commands of CTAP 2.0 and 2.1 (section 6). Each is a generator: it yields where the person must touch the key, and
whoever drives it goes on when that happened or throws the CtapError into it that became of it."""

import time

import cbor2

from . import algorithms, credentials, pin
from .credentials import Credential, digest
from .errors import CtapError, Code
from .signing import PRESENT, VERIFIED, authenticator_data, statement, signed

AAGUID = b"utmfa soft key 1"
TOUCH = "touch"
NAMES = {1: "make", 2: "assert", 4: "info", 6: "pin", 7: "reset", 8: "next", 11: "select"}
NEXT_WITHIN, RESET_WITHIN = 30, 10


def wanted(request, number, kind, required=True):
    """A parameter of the right type; nothing only where it may be absent."""
    value = request.get(number)
    if value is None and not required:
        return None
    if value is None:
        raise CtapError(Code.MISSING_PARAMETER)
    if not isinstance(value, kind):
        raise CtapError(Code.CBOR_UNEXPECTED_TYPE)
    return value


class Ctap2:
    def __init__(self, key):
        self.key, self.more = key, None

    @property
    def settings(self):
        return self.key.settings

    @property
    def modern(self):
        return self.settings["ctap"] == "2.1"

    def handle(self, message):
        """The reply: a status byte and CBOR."""
        name = NAMES.get(message[0]) if message else None
        if name is None or (name == "select" and not self.modern):
            raise CtapError(Code.INVALID_COMMAND)
        self.key.now = name
        if name != "next":
            self.more = None
        try:
            request = cbor2.loads(message[1:]) if len(message) > 1 else {}
        except Exception as wrong:  # whatever the decoder says of it
            raise CtapError(Code.INVALID_CBOR) from wrong
        if not isinstance(request, dict):
            raise CtapError(Code.CBOR_UNEXPECTED_TYPE)
        answer = yield from self.acts()[name](request)
        return bytes([Code.SUCCESS]) + (b"" if answer is None else cbor2.dumps(answer, canonical=True))

    def acts(self):
        return {"make": self.make, "assert": self.assertion, "info": self.info, "pin": self.pin, "reset": self.reset,
                "next": self.next, "select": self.select}

    def info(self, _):
        yield from ()
        settings, keeps = self.settings, self.key.pin
        options = {"rk": settings["resident"], "up": True, "plat": False}
        if settings["pin_protocols"]:
            options["clientPin"] = keeps.is_set
        if settings["fingerprint"] != "none":
            options["uv"] = True
        answer = {1: ["U2F_V2", "FIDO_2_0"], 2: ["credProtect"], 3: AAGUID, 4: options, 5: 2048,
                  6: settings["pin_protocols"]}
        if self.modern:
            options["pinUvAuthToken"] = True
            options["makeCredUvNotRqd"] = not settings["always_verify"]
            options["alwaysUv"] = settings["always_verify"]
            answer |= {1: ["U2F_V2", "FIDO_2_0", "FIDO_2_1"], 7: 16, 8: 512, 9: ["usb"],
                       10: [{"alg": each.cose, "type": "public-key"} for each in self.algorithms()], 13: 4}
        return {number: value for number, value in answer.items() if value != []}

    def algorithms(self):
        return [each for each in algorithms.ALL if each.name in self.settings["algorithms"]]

    def protocol(self, request, number):
        which = wanted(request, number, int)
        if which not in self.settings["pin_protocols"]:
            raise CtapError(Code.INVALID_PARAMETER)
        return pin.PROTOCOLS[which]

    def verification(self, request, numbers, permission, rp, options):
        """Whether the person is verified, by a token or by the reader of the key itself."""
        mac = wanted(request, numbers[0], bytes, required=False)
        if mac == b"":  # an old way to say: which key is meant?
            yield TOUCH
            raise CtapError(Code.PIN_INVALID if self.key.pin.is_set else Code.PIN_NOT_SET)
        if mac is not None:
            hashed = wanted(request, 2 if permission == pin.ASSERT else 1, bytes)
            self.key.pin.verify(self.protocol(request, numbers[1]), hashed, mac, permission, rp)
            return True
        if options.get("uv"):
            yield from self.fingerprint()
            return True
        if self.settings["always_verify"]:
            raise CtapError(Code.PUAT_REQUIRED)
        return False

    def fingerprint(self):
        keeps, finger = self.key.pin, self.settings["fingerprint"]
        if finger == "none":
            raise CtapError(Code.INVALID_OPTION if self.modern else Code.UNSUPPORTED_OPTION)
        if keeps.uv_retries == 0:
            raise CtapError(Code.UV_BLOCKED if self.modern else Code.PIN_BLOCKED)
        yield TOUCH
        if self.settings["fingerprint"] == "right":
            keeps.uv_retries = 3
            return
        keeps.uv_retries -= 1
        if keeps.uv_retries:
            raise CtapError(Code.UV_INVALID if self.modern else Code.OPERATION_DENIED)
        raise CtapError(Code.UV_BLOCKED if self.modern else Code.PIN_BLOCKED)

    def listed(self, request, number, rp_hash):
        found = []
        for each in wanted(request, number, list, required=False) or []:
            if not isinstance(each, dict) or not isinstance(each.get("id"), bytes):
                raise CtapError(Code.CBOR_UNEXPECTED_TYPE)
            credential = self.key.store.open(each["id"], rp_hash)
            if credential:
                found.append(credential)
        return found

    def make(self, request):
        hashed, rp = wanted(request, 1, bytes), wanted(request, 2, dict)
        user, kinds = wanted(request, 3, dict), wanted(request, 4, list)
        options = wanted(request, 7, dict, required=False) or {}
        name = wanted(rp, "id", str)
        known = {each.cose: each for each in self.algorithms()}
        chosen = next((known[each.get("alg")] for each in kinds if each.get("alg") in known), None)
        if chosen is None:
            raise CtapError(Code.UNSUPPORTED_ALGORITHM)
        if options.get("rk") and not self.settings["resident"]:
            raise CtapError(Code.UNSUPPORTED_OPTION)
        verified = yield from self.verification(request, (8, 9), pin.MAKE, name, options)
        if not verified and self.key.pin.is_set and (options.get("rk") or not self.modern):
            raise CtapError(Code.PUAT_REQUIRED)
        excluded = self.listed(request, 5, digest(name))
        yield TOUCH
        if excluded:
            raise CtapError(Code.CREDENTIAL_EXCLUDED)
        extensions = wanted(request, 6, dict, required=False) or {}
        made = Credential(digest(name), chosen(), extensions.get("credProtect", credentials.NEVER), user, name)
        self.key.store.seal(made, "long" if self.settings["long_ids"] else "short")
        if options.get("rk"):
            self.key.store.keep(made)
        flags = PRESENT | (VERIFIED if verified else 0)
        said = {"credProtect": made.protect} if "credProtect" in extensions else {}
        data = authenticator_data(self.key, made, flags, AAGUID, said)
        form, proof = statement(self.key, made, data, hashed)
        return {1: form, 2: data, 3: proof}

    def assertion(self, request):
        name, hashed = wanted(request, 1, str), wanted(request, 2, bytes)
        options = wanted(request, 5, dict, required=False) or {}
        if "rk" in options:
            raise CtapError(Code.UNSUPPORTED_OPTION)
        verified = yield from self.verification(request, (6, 7), pin.ASSERT, name, options)
        rp_hash = digest(name)
        if 3 in request:
            found = self.listed(request, 3, rp_hash)[:1 if self.modern else None]
            usable = credentials.LISTED
        else:
            found, usable = self.key.store.of(rp_hash), credentials.NEVER
        found = [each for each in found if verified or each.protect <= usable]
        if not found:
            raise CtapError(Code.NO_CREDENTIALS)
        flags = VERIFIED if verified else 0
        if options.get("up", True):
            yield TOUCH
            flags |= PRESENT
        self.more = (found[1:], flags, hashed, time.monotonic() + NEXT_WITHIN)
        answer = self.one(found[0], flags, hashed)
        if len(found) > 1:
            answer[5] = len(found)
        return answer

    def one(self, credential, flags, hashed):
        data, signature = signed(self.key, credential, flags, hashed)
        identity = credential.id if self.settings.fault("assert") != "other-credential" else credential.id[::-1]
        answer = {1: {"id": identity, "type": "public-key"}, 2: data, 3: signature}
        if credential.resident:
            kept = ("id", "name", "displayName") if flags & VERIFIED else ("id",)
            answer[4] = {each: credential.user[each] for each in kept if each in credential.user}
        return answer

    def next(self, _):
        yield from ()
        if not self.more or not self.more[0] or time.monotonic() > self.more[3]:
            raise CtapError(Code.NOT_ALLOWED)
        found, flags, hashed, _ = self.more
        self.more = (found[1:], flags, hashed, time.monotonic() + NEXT_WITHIN)
        return self.one(found[0], flags, hashed)

    def select(self, _):
        yield TOUCH

    def reset(self, _):
        if time.monotonic() > self.key.powered + RESET_WITHIN:
            raise CtapError(Code.NOT_ALLOWED)
        yield TOUCH
        self.key.forget_all()

    def pin(self, request):
        acts = {1: self.pin_retries, 2: self.agree, 3: self.set_pin, 4: self.change_pin, 5: self.old_token, 7: self.uv_retries}
        if self.modern:
            acts |= {6: self.token_by_finger, 9: self.token_by_pin}
        act = acts.get(wanted(request, 2, int))
        if act is None or not self.settings["pin_protocols"]:
            raise CtapError(Code.INVALID_PARAMETER if self.settings["pin_protocols"] else Code.INVALID_COMMAND)
        return (yield from act(request))

    def pin_retries(self, _):
        yield from ()
        keeps = self.key.pin
        return {3: keeps.retries, 4: keeps.left_in_a_row == 0} if self.modern else {3: keeps.retries}

    def uv_retries(self, _):
        yield from ()
        return {5: self.key.pin.uv_retries}

    def agree(self, request):
        yield from ()
        self.protocol(request, 1)
        return {1: self.key.pin.public()}

    def shared(self, request):
        protocol = self.protocol(request, 1)
        return (protocol, *self.key.pin.agreed(protocol, wanted(request, 3, dict)))

    def authentic(self, protocol, mac_key, message, mac):
        if protocol.mac(mac_key, message) != mac:
            raise CtapError(Code.PIN_AUTH_INVALID)

    def set_pin(self, request):
        yield from ()
        protocol, mac_key, cipher_key = self.shared(request)
        sealed = wanted(request, 5, bytes)
        if self.key.pin.is_set:
            raise CtapError(Code.PIN_AUTH_INVALID)
        self.authentic(protocol, mac_key, sealed, wanted(request, 4, bytes))
        self.key.pin.set(protocol.decrypted(cipher_key, sealed))

    def change_pin(self, request):
        yield from ()
        protocol, mac_key, cipher_key = self.shared(request)
        sealed, old = wanted(request, 5, bytes), wanted(request, 6, bytes)
        self.authentic(protocol, mac_key, sealed + old, wanted(request, 4, bytes))
        self.key.pin.check(protocol.decrypted(cipher_key, old))
        self.key.pin.set(protocol.decrypted(cipher_key, sealed))

    def old_token(self, request):
        yield from ()
        return self.token(request, pin.MAKE | pin.ASSERT, None)

    def token_by_pin(self, request):
        yield from ()
        return self.token(request, wanted(request, 9, int), wanted(request, 10, str, required=False))

    def token(self, request, permitted, rp):
        protocol, _, cipher_key = self.shared(request)
        self.key.pin.check(protocol.decrypted(cipher_key, wanted(request, 6, bytes)))
        return {2: protocol.encrypted(cipher_key, self.key.pin.give_token(permitted, rp))}

    def token_by_finger(self, request):
        protocol, _, cipher_key = self.shared(request)
        permitted = wanted(request, 9, int)
        yield from self.fingerprint()
        return {2: protocol.encrypted(cipher_key, self.key.pin.give_token(permitted, wanted(request, 10, str, required=False)))}
