"""What a bundle gathers beside the facts: what they name by digest, whose keys signed, how far the
log said the order had come, who else spoke for the log.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import definitions
from danshu.hub import bundle_files, heads, revocation, time_settings
from danshu.kernel import merkle, note
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import STREAM_FACTS
from danshu.ledger import anchors, prove, stamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg

    from danshu.ledger.prove import Located, Prover

    Connection = psycopg.AsyncConnection[Any]

_BLOBS: Final = "select digest, kind, body from blobs where tenant=%s and digest = any(%s)"
_DEFINED: Final = (
    "select digest, body from definitions where tenant=%s and digest = any(%s)"
    " union all select digest, body from actions where tenant=%s and digest = any(%s)"
)
_COSIGNED: Final = (
    "select half, witness from cosignatures where tenant=%s and half=%s and size=%s order by 2"
)
_ERASURES: Final = frozenset({"vault.erased", "evidence.erased"})
_STEP_S: Final = 0.1
_UNMOVED: Final = 5  # steps without a place in the log: nobody works there, so nobody waits
_STEPS: Final = 30


class Told(Struct, frozen=True, kw_only=True):
    """A fact with its place: (half, leaf index), leaf hash (hex), the stored bytes, read."""

    place: tuple[str, int]
    leaf: str
    body: bytes
    fact: dict[str, Any]

    @property
    def type(self) -> str:
        """The fact's type."""
        return str(self.fact["type"])


class Kept(Struct, kw_only=True):
    """What facts name and what of it there is. `records` are the signature records read, by the
    digest in the fact; `statements` likewise; `afters` the sizes that statements saw, by origin.
    """

    absent: list[dict[str, str]] = []
    afters: dict[str, set[int]] = {}
    records: dict[str, dict[str, Any]] = {}
    statements: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}


class HeadEntry(Struct, frozen=True, kw_only=True):
    """The entry of heads that covers the order, and the file of its map's proof."""

    fact: Told
    proof: bytes


class Standing(Struct, frozen=True, kw_only=True):
    """Who else speaks for the log: tokens, witnesses by name, deposits."""

    tokens: tuple[stamps.Token, ...]
    witnesses: tuple[str, ...]
    anchors: tuple[anchors.Anchored, ...]


def read(located: Located) -> Told:
    """Read a fact that has its place in the log."""
    assert located.position is not None
    return Told(
        place=(located.position.half, located.position.index),
        leaf=merkle.leaf_hash(located.body).hex(),
        body=located.body,
        fact=msgspec.json.decode(located.body),
    )


def growth(old: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write a consistency file."""
    return note.encode_growth(
        note.Growth(old_size=old, hashes=tuple(hashes), checkpoint=checkpoint)
    )


async def gather(
    connection: Connection, tenant: int, facts: Sequence[Told], files: dict[str, bytes]
) -> Kept:
    """Add what the facts name by digest: clauses, statements, signatures, media."""
    kept = Kept()
    await _contract(connection, tenant, facts, files, kept)
    wanted = _named(facts)
    cursor = await connection.execute(
        _BLOBS, (tenant, [bytes.fromhex(d) for _, d, _ in wanted]), binary=True
    )
    blobs = {bytes(d).hex(): (kind, bytes(body)) for d, kind, body in await cursor.fetchall()}
    erased = max((t.fact["seq"] for t in facts if t.type in _ERASURES), default=0)
    for folder, digest, seq in wanted:
        if digest not in blobs:
            reason = "erased" if erased > seq else "not_kept"
            kept.absent.append({"digest": digest, "kind": folder, "reason": reason})
            continue
        kind, body = blobs[digest]
        suffix = bundle_files.suffix_of(kind) if folder == "media" else "json"
        files[f"{folder}/{digest}.{suffix}"] = body
        if folder == "statements":
            kept.statements[digest] = said = msgspec.json.decode(body)
            after = said["after"]
            kept.afters.setdefault(after["origin"], set()).add(after["size"])
        elif folder == "signatures":
            kept.records[digest] = msgspec.json.decode(body)
    return kept


def _named(facts: Sequence[Told]) -> list[tuple[str, str, int]]:
    """Give (folder, digest, position of the fact) of what lies in the blobs, each once."""
    found: dict[tuple[str, str], int] = {}
    for told in facts:
        data = told.fact["data"]
        if told.type == "action.performed":
            found.setdefault(("statements", data["statement"]), told.fact["seq"])
            if data.get("signature"):
                found.setdefault(("signatures", data["signature"]), told.fact["seq"])
        elif told.type == "route.overridden":
            for statement, signature, _ in _hands(told):
                found.setdefault(("statements", statement), told.fact["seq"])
                found.setdefault(("signatures", signature), told.fact["seq"])
        for item in told.fact.get("evidence", ()):
            if not item.get("salted") and item["kind"] not in ("statement", "signature"):
                found.setdefault(("media", item["digest"]), told.fact["seq"])
    return [(folder, digest, seq) for (folder, digest), seq in found.items()]


def _hands(told: Told) -> list[tuple[str, str, str]]:
    """Give who signed an override: digests of statement and signature, subject."""
    data = told.fact["data"]
    first = (data["statement"], data["signature"], told.fact["actor"]["sub"])
    if not data.get("second"):
        return [first]
    return [first, (data["confirmed"], data["countersigned"], data["second"])]


async def _contract(
    connection: Connection,
    tenant: int,
    facts: Sequence[Told],
    files: dict[str, bytes],
    kept: Kept,
) -> None:
    """Add the definitions that the facts pin, and each promise's text as it was shown."""
    pinned = [p for t in facts if t.type == "promise.made" for p in t.fact["data"]["promises"]]
    digests = {p["definition"] for p in pinned}
    digests |= {t.fact["data"]["definition"] for t in facts if t.type == "action.performed"}
    wanted = [bytes.fromhex(d) for d in sorted(digests)]
    cursor = await connection.execute(_DEFINED, (tenant, wanted, tenant, wanted), binary=True)
    bodies = {bytes(d).hex(): bytes(body) for d, body in await cursor.fetchall()}
    for digest, body in bodies.items():
        files[f"contract/{digest}.json"] = body
    for pin in pinned:
        if pin["definition"] in bodies:
            text = definitions.read(bodies[pin["definition"]]).text.pick(pin.get("lang", "zh"))
            kept.texts[pin["code"]] = text
            files[f"contract/{pin['text']}.txt"] = text.encode()
    missing = digests - set(bodies)
    missing |= {p["text"] for p in pinned if p["definition"] not in bodies}
    kept.absent += [
        {"digest": d, "kind": "contract", "reason": "not_kept"} for d in sorted(missing)
    ]


async def find_keys(
    connection: Connection, tenant: int, facts: Sequence[Told], kept: Kept
) -> list[Told]:
    """Find the facts that registered, or removed, the passkeys which signed."""
    credentials = {record["credential"] for record in kept.records.values()}
    persons = {t.fact["actor"]["sub"] for t in facts if t.type == "action.performed"}
    for told in facts:
        if told.type == "route.overridden":
            persons.update(sub for _, _, sub in _hands(told))
    found: list[Told] = []
    for sub in sorted(persons) if credentials else []:
        kind, _, rest = sub.partition(":")
        if kind != "person":
            continue
        commits = await prove.locate(connection, tenant, uuid.UUID(rest), 0, STREAM_FACTS)
        for located in [each for commit in commits for each in commit]:
            if located.position is None or b'"type":"passkey.' not in located.body:
                continue
            told = read(located)
            if told.fact["data"].get("credential") in credentials:
                found.append(told)
    return found


async def find_heads(
    connection: Connection, prover: Prover, tenant: int, order: uuid.UUID
) -> HeadEntry | None:
    """Find the entry of heads that covers the order as it is now, having one made where there is
    none; None when it is not sealed soon: the bundle then says that it has none.
    """
    unmoved = 0
    for _ in range(_STEPS):
        try:
            proof = await heads.prove_head(connection, prover, tenant, order)
            break
        except InputError as error:
            if error.code != "no_head":
                raise
            await heads.commit_head(connection, tenant, order)
        except NotAvailable:
            unmoved += 1
            if unmoved > _UNMOVED:
                return None
        await asyncio.sleep(_STEP_S)
    else:
        return None
    told = Told(
        place=(proof.half, proof.index),
        leaf=merkle.leaf_hash(proof.body).hex(),
        body=proof.body,
        fact=msgspec.json.decode(proof.body),
    )
    written = {
        "hashes": [base64.b64encode(h).decode() for h in proof.map.hashes],
        "index": proof.map.index,
        "leaf": proof.map.leaf.decode(),
    }
    return HeadEntry(fact=told, proof=msgspec.json.encode(written, order="sorted"))


async def read_standing(
    connection: Connection, tenant: int, books: Mapping[str, int], earlier: Mapping[str, int]
) -> Standing:
    """Read who else speaks for the checkpoints of a bundle; `earlier` are those that were stamped
    before a witness came.
    """
    tokens: list[stamps.Token] = []
    witnesses: list[str] = []
    deposits: dict[bytes, anchors.Anchored] = {}
    for half, size in sorted(books.items()):
        for of in dict.fromkeys((size, earlier.get(half, size))):
            tokens += await stamps.read_tokens(connection, tenant, half, of)
        cursor = await connection.execute(_COSIGNED, (tenant, half, size))
        witnesses += [name for _, name in await cursor.fetchall()]
        for each in await anchors.read_anchors(connection, tenant, half, size):
            deposits[each.digest] = each
    return Standing(
        tokens=tuple(tokens),
        witnesses=tuple(sorted(set(witnesses))),
        anchors=tuple(deposits.values()),
    )


def covered_by(standing: Standing, origin: str) -> set[int]:
    """Give the sizes of a book's checkpoints that the deposits stand for."""
    listed = [c for a in standing.anchors for c in msgspec.json.decode(a.manifest)["checkpoints"]]
    return {each["size"] for each in listed if each["origin"] == origin}


def write_receipts(standing: Standing, files: dict[str, bytes]) -> None:
    """Add what each deposit stands for, under its SHA-256, and the platform's receipt."""
    for each in standing.anchors:
        receipt = {
            "at": rfc3339(each.at_ms),
            "digest": each.digest.hex(),
            "evidence_no": each.evidence_no,
            "period": each.period,
            "tx": each.tx,
        }
        files[f"anchors/{each.digest.hex()}.json"] = each.manifest
        raw = msgspec.json.encode(receipt, order="sorted")
        files[f"anchors/{each.digest.hex()}.receipt.json"] = raw
        if each.signed:
            files[f"anchors/{each.digest.hex()}.jws"] = each.signed


async def write_lists(connection: Connection, standing: Standing, files: dict[str, bytes]) -> None:
    """Add the revocation lists of who stamped and who took in, those that reach that moment."""
    moments = [(revocation.read_token(t.token), t.gen_us) for t in standing.tokens]
    moments += [(revocation.read_receipt(a.signed), a.at_ms * 1000) for a in standing.anchors]
    for certificates, at_us in moments:
        for raw in await revocation.find(connection, certificates, at_us):
            files[f"trust/crls/{hashlib.sha256(raw).hexdigest()}.crl"] = raw


def tsa_roots() -> bytes:
    """Give the roots (PEM) of the time-stamping authorities that this installation names."""
    return b"\n".join(dict.fromkeys(_roots(time_settings.read().authorities())))


def _roots(authorities: Iterable[Any]) -> Iterable[bytes]:
    return [each.roots.strip() for each in authorities if each.roots.strip()]
