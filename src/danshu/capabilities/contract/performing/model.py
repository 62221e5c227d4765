"""What it takes to do a contract action: evidence items, who does it, what was done before.

Times are epoch ms, 0 = unsaid. `at_ms` is the server's clock, `device_ms` what a device claims.
"""

from __future__ import annotations

from msgspec import Struct


class Item(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of evidence as it was collected: its bytes lie in the blobs under `digest` (hex).

    `count` readings may lie in one list. `expiry` is a date (YYYY-MM-DD), `value` what was read or
    typed, `by` who collected it (device, person, system), `source` the system it came from. `low`,
    `high` (thousandths of a degree) and `gap_ms` sum up a temperature series.
    """

    no: int
    kind: str
    digest: str
    size: int
    media: str = ""
    by: str = "person"
    source: str = ""
    sku: str = ""
    line: int = 0
    lot: str = ""
    expiry: str = ""
    value: str = ""
    count: int = 1
    low: int | None = None
    high: int | None = None
    gap_ms: int | None = None
    at_ms: int
    device_ms: int = 0

    @property
    def collected_ms(self) -> int:
        """When it was collected at the earliest: a device's claim makes it older, never younger."""
        return min(self.at_ms, self.device_ms) if self.device_ms else self.at_ms


class Goods(Struct, frozen=True, kw_only=True):
    """Goods of one SKU that the action is about, with the numbers of their order lines."""

    sku: str
    name: str
    quantity: int
    lines: tuple[int, ...] = ()


class Doer(Struct, frozen=True, kw_only=True):
    """Who does it. `roles` are their own, `grade` the strongest proof that they give.

    `lent` are the roles of who delegated the action to them (`delegated_by`, a subject).
    """

    sub: str
    roles: tuple[str, ...]
    grade: str
    certificates: tuple[str, ...] = ()
    delegated_by: str = ""
    lent: tuple[str, ...] = ()


class PastAct(Struct, frozen=True, kw_only=True):
    """An act that stands on the order already: an action, or a piece of floor work by its word.

    `undone`: the parcel was taken back since, so it must be done anew; who did it stays.
    """

    action: str
    sub: str
    delegated_by: str = ""
    fulfilment: int = 0
    at_ms: int = 0
    seq: int = 0
    undone: bool = False


class SignatureRecord(Struct, frozen=True, kw_only=True):
    """A WebAuthn assertion as it is kept: base64url without padding; digests SHA-256 in hex.

    `public_key` is the COSE key (RFC 9052) as registered; `key` its digest, `credential` that of
    the credential id. `alg` is webauthn-es256, webauthn-eddsa or webauthn-rs256.
    """

    alg: str
    authenticator_data: str
    client_data: str
    credential: str
    key: str
    public_key: str
    rp_id: str
    signature: str
