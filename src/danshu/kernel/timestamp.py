"""RFC 3161 time-stamp requests and answers: writing the one, reading the other.

Reading says what an answer claims; it verifies no signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel import der
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.kernel.der import Item

OIDS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.2.156.10197.1.401": "sm3",
}
DIGESTS: Final = {name: oid for oid, name in OIDS.items()}
GRANTED: Final = (0, 1)  # granted, grantedWithMods (RFC 3161 §2.4.2)
BAD_ALGORITHM: Final = 0  # the bit of PKIFailureInfo
_VERSION: Final = 3  # of SignedData around anything but plain data (RFC 5652 §5.1)
_SIGNERS: Final = (1, 3)  # versions of SignerInfo: named by issuer, by key identifier
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"


class Signer(Struct, frozen=True, kw_only=True):
    """What signed: issuer (DER) and serial of its certificate ("" and 0 when it is named by its key
    identifier), algorithms by name or OID, the signed attributes as they were signed (DER SET,
    RFC 5652 §5.4; b"" = none, the content itself was signed), the signature.
    """

    issuer: bytes
    serial: int
    digest_algorithm: str
    signed_attributes: bytes
    signature_algorithm: str
    signature: bytes


class Token(Struct, frozen=True, kw_only=True):
    """What a token claims. `algorithm` is a name of OIDS or a bare OID; `info` the bytes of TSTInfo
    that were signed; `certificates` (DER) as they stand in it.
    """

    policy: str
    algorithm: str
    digest: bytes
    serial: int
    gen_us: int
    accuracy_us: int | None
    nonce: int | None
    info: bytes
    certificates: tuple[bytes, ...]
    signers: tuple[Signer, ...]


class Answer(Struct, frozen=True, kw_only=True):
    """A TimeStampResp. `failures` are the bits of failInfo; no token unless it was granted."""

    status: int
    text: str
    failures: tuple[int, ...]
    token: Token | None


def write_request(algorithm: str, digest: bytes, nonce: int, policy: str = "") -> bytes:
    """Write a TimeStampReq that asks for the certificates; `policy` "" is the authority's own."""
    imprint = der.write(
        der.SEQUENCE,
        der.write(der.SEQUENCE, der.write_oid(DIGESTS[algorithm]), der.write(der.NULL)),
        der.write(der.OCTET_STRING, digest),
    )
    return der.write(
        der.SEQUENCE,
        der.write_integer(1),
        imprint,
        der.write_oid(policy) if policy else b"",
        der.write_integer(nonce),
        der.write(der.BOOLEAN, b"\xff"),
    )


def read_answer(raw: bytes) -> Answer:
    """Read a TimeStampResp. Raises InputError `der` or `timestamp`."""
    parts = der.parts(der.read(raw))
    if not 1 <= len(parts) <= 2:
        raise InputError("timestamp", "not a TimeStampResp")
    status, *rest = der.parts(parts[0])
    text = ""
    failures: tuple[int, ...] = ()
    for part in rest:
        if part.tag == der.SEQUENCE:
            text = " ".join(t.body.decode("utf-8", "replace") for t in der.items(part.body))
        elif part.tag == der.BIT_STRING:
            failures = _bits(part.body)
    token = _read_token(parts[1]) if len(parts) == 2 else None
    return Answer(status=der.integer(status), text=text, failures=failures, token=token)


def _read_token(item: Item) -> Token:
    kind, content = _exactly(der.parts(item), 2)
    if der.oid(kind) != _SIGNED_DATA:
        raise InputError("timestamp", "the token is no SignedData")
    signed = der.parts(_inside(content))
    if len(signed) < 4 or der.integer(signed[0]) != _VERSION:
        raise InputError("timestamp", "not a SignedData of version 3")
    info_kind, wrapped = _exactly(der.parts(signed[2]), 2)
    if der.oid(info_kind) != _TST_INFO:
        raise InputError("timestamp", "the content is no TSTInfo")
    info = der.expect(_inside(wrapped), der.OCTET_STRING).body
    certificates = tuple(
        each.raw
        for part in signed[3:]
        if part.tag == der.context(0)
        for each in der.items(part.body)
        if each.tag == der.SEQUENCE
    )
    signers = tuple(_read_signer(each) for each in der.parts(signed[-1], der.SET))
    return _read_info(info, certificates, signers)


def _read_info(info: bytes, certificates: tuple[bytes, ...], signers: tuple[Signer, ...]) -> Token:
    """Read TSTInfo (RFC 3161 §2.4.2)."""
    parts = der.parts(der.read(info))
    if len(parts) < 5 or der.integer(parts[0]) != 1:
        raise InputError("timestamp", "not a TSTInfo of version 1")
    algorithm, digest = _exactly(der.parts(parts[2]), 2)
    accuracy_us: int | None = None
    nonce: int | None = None
    for part in parts[5:]:
        if part.tag == der.SEQUENCE:
            accuracy_us = _read_accuracy(part)
        elif part.tag == der.INTEGER:
            nonce = der.integer(part)
    return Token(
        policy=der.oid(parts[1]),
        algorithm=_algorithm(algorithm),
        digest=der.expect(digest, der.OCTET_STRING).body,
        serial=der.integer(parts[3]),
        gen_us=der.time_us(der.expect(parts[4], der.GENERALIZED_TIME)),
        accuracy_us=accuracy_us,
        nonce=nonce,
        info=info,
        certificates=certificates,
        signers=signers,
    )


def _read_accuracy(item: Item) -> int:
    """Read Accuracy: seconds, [0] milliseconds, [1] microseconds, each of them optional."""
    units = {
        der.INTEGER: 1_000_000,
        der.context(0, constructed=False): 1_000,
        der.context(1, constructed=False): 1,
    }
    return sum(int.from_bytes(p.body, "big") * units.get(p.tag, 0) for p in der.parts(item))


def _read_signer(item: Item) -> Signer:
    """Read SignerInfo (RFC 5652 §5.3)."""
    parts = der.parts(item)
    if len(parts) < 5 or der.integer(parts[0]) not in _SIGNERS:
        raise InputError("timestamp", "not a SignerInfo")
    issuer, serial = b"", 0
    if parts[1].tag == der.SEQUENCE:
        name, number = _exactly(der.parts(parts[1]), 2)
        issuer, serial = name.raw, der.integer(number)
    rest = parts[3:]
    attributes = b""
    if rest[0].tag == der.context(0):
        # what was signed is the SET itself, not the tag that it travels under
        attributes = bytes((der.SET,)) + rest[0].raw[1:]
        rest = rest[1:]
    if len(rest) < 2:
        raise InputError("timestamp", "not a SignerInfo")
    return Signer(
        issuer=issuer,
        serial=serial,
        digest_algorithm=_algorithm(parts[2]),
        signed_attributes=attributes,
        signature_algorithm=_algorithm(rest[0]),
        signature=der.expect(rest[1], der.OCTET_STRING).body,
    )


def _algorithm(item: Item) -> str:
    parts = der.parts(item)
    if not parts:
        raise InputError("timestamp", "an algorithm without a name")
    oid = der.oid(parts[0])
    return OIDS.get(oid, oid)


def _inside(item: Item) -> Item:
    return _exactly(der.parts(item, der.context(0)), 1)[0]


def _exactly(found: list[Item], count: int) -> list[Item]:
    if len(found) != count:
        raise InputError("timestamp", f"{len(found)} elements where {count} were expected")
    return found


def _bits(body: bytes) -> tuple[int, ...]:
    value = body[1:]
    return tuple(bit for bit in range(len(value) * 8) if value[bit // 8] >> (7 - bit % 8) & 1)
