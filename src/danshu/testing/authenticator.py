"""An authenticator in software (WebAuthn level 3): ES256, attestation none, discoverable passkeys.

It does as it is told, wrong things too: another origin, another RP, nobody verified, a counter that
goes back, so that tests can see each of them refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from webauthn.helpers import encode_cbor

_UP: Final = 0x01
_UV: Final = 0x04
_BE: Final = 0x08
_BS: Final = 0x10
_AT: Final = 0x40
_ES256: Final = -7


class _Kept(Struct):
    id: bytes
    rp_id: str
    handle: str
    key: ec.EllipticCurvePrivateKey
    uses: int


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """Keeps passkeys and answers for them, at one origin unless told otherwise."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.kept: list[_Kept] = []

    def create(
        self,
        options: dict[str, Any],
        *,
        origin: str = "",
        rp_id: str = "",
        verified: bool = True,
        kind: str = "webauthn.create",
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> dict[str, Any]:
        """Answer navigator.credentials.create, and keep the passkey; `key` is one that it copied
        from another device.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        rp_id = rp_id or options["rp"]["id"]
        kept = _Kept(os.urandom(32), rp_id, options["user"]["id"], key, 0)
        numbers = key.public_key().public_numbers()
        cose = encode_cbor(
            {
                1: 2,
                3: _ES256,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
        attested = bytes(16) + len(kept.id).to_bytes(2, "big") + kept.id + cose
        data = self._data(rp_id, _AT, verified, 0) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        self.kept.append(kept)
        return {
            "id": _text(kept.id),
            "rawId": _text(kept.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "attestationObject": _text(attestation),
                "clientDataJSON": _text(self._client(kind, options, origin)),
                "transports": ["internal"],
            },
        }

    def get(
        self,
        options: dict[str, Any],
        *,
        origin: str = "",
        rp_id: str = "",
        verified: bool = True,
        counter: int | None = None,
        which: int = -1,
        handle: str = "",
        kind: str = "webauthn.get",
        present: bool = True,
        synced: bool = False,
        cross_origin: bool = False,
    ) -> dict[str, Any]:
        """Answer navigator.credentials.get by the newest passkey, or the one of index `which`.

        `synced`: the passkey says that it may be on other devices, and is.
        """
        kept = self.kept[which]
        kept.uses = kept.uses + 1 if counter is None else counter
        flags = (_BE | _BS) if synced else 0
        data = self._data(rp_id or options["rpId"], flags, verified, kept.uses, present)
        client = self._client(kind, options, origin, cross_origin)
        signed = data + hashlib.sha256(client).digest()
        return {
            "id": _text(kept.id),
            "rawId": _text(kept.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": _text(data),
                "clientDataJSON": _text(client),
                "signature": _text(kept.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                "userHandle": handle or kept.handle,
            },
        }

    def _data(
        self, rp_id: str, flags: int, verified: bool, uses: int, present: bool = True
    ) -> bytes:
        flags |= (_UP if present else 0) | (_UV if verified else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + uses.to_bytes(4, "big")

    def _client(
        self, kind: str, options: dict[str, Any], origin: str, cross_origin: bool = False
    ) -> bytes:
        told = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": origin or self.origin,
            "crossOrigin": cross_origin,
        }
        return json.dumps(told, separators=(",", ":")).encode()
