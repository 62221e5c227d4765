"""The evidence of one order as a bundle `evb/1`: a zip that anyone verifies offline.

Each book is proven at the first checkpoint that covers all that is shown of it and that has the
most third parties' words (time stamp, cosignature), so that a later export, when the log has grown,
gives the same bytes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import bundle_files, bundle_originals, bundle_parts, bundle_sheet
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import RECEIPT_IN_LOG_S, STREAM_FACTS
from danshu.ledger import cosigned, prove, signers, stamps
from danshu.ledger.prove import Bundle, Proven

if TYPE_CHECKING:
    import uuid

    import psycopg

    from danshu.hub.bundle_parts import Told

    Connection = psycopg.AsyncConnection[Any]

_BOTH: Final = (
    "select min(t.size) from tokens t join cosignatures c using (tenant,half,size)"
    " where tenant=%s and half=%s and size>=%s"
)
_COSIGNED: Final = "select min(size) from cosignatures where tenant=%s and half=%s and size>=%s"
_NOTE: Final = "select note from checkpoints where tenant=%s and half=%s and size=%s"
_WITNESSES: Final = "select vkey from witnesses where tenant=%s order by name"


async def export(
    connection: Connection,
    prover: prove.Prover,
    tenant: int,
    order: uuid.UUID,
    *,
    disclose: bool = True,
    pdf: bool = True,
) -> bytes:
    """Write the bundle of an order; the same log gives the same bytes.

    Without `disclose` the originals that hold personal data stay out: facts and proofs are whole.
    Raises InputError `no_order`, NotAvailable while the newest facts are not sealed yet.
    """
    found = await prove.locate(connection, tenant, order, 0, STREAM_FACTS)
    located = [each for commit in found for each in commit]
    if not located:
        raise InputError("no_order", "no such order")
    pending = sum(each.position is None for each in located)
    if pending:
        raise _not_sealed(pending)
    facts = [bundle_parts.read(each) for each in located]
    files: dict[str, bytes] = {}
    kept = await bundle_parts.gather(connection, tenant, facts, files)
    keys = await bundle_parts.find_keys(connection, tenant, facts, kept)
    heads = await bundle_parts.find_heads(connection, prover, tenant, order)
    shown = [*facts, *keys, *([heads.fact] if heads else [])]
    books = {half: await _size(connection, tenant, half, shown) for half in _halves(shown)}
    earlier = {half: await _earlier(connection, tenant, half, shown, books) for half in books}
    standing = await bundle_parts.read_standing(connection, tenant, books, earlier)
    cursor = await connection.execute("select code from tenants where id=%s", (tenant,))
    code = (await cursor.fetchone() or ("",))[0]
    listed = []
    for half, size in sorted(books.items()):
        book = await _write_book(connection, prover, tenant, half, size, shown, files)
        book |= {"origin": signers.origin_of(code, half)}
        book |= {"entries": _in(facts, half), "keys": _in(keys, half)}
        book |= {"heads": _in([heads.fact], half) if heads else []}
        if earlier[half] < size:
            folder = f"books/{half}/stamped"
            await _write_stamped(connection, tenant, half, earlier[half], folder, files)
        others = {*kept.afters.get(book["origin"], ()), earlier[half]}
        others |= bundle_parts.covered_by(standing, book["origin"])
        for other in sorted(others):
            await _write_growth(connection, prover, tenant, half, other, size, files)
        listed.append(book)
    _move(files, keys, "keys")
    if heads:
        _move(files, [heads.fact], "heads")
        half, index = heads.fact.place
        files[f"books/{half}/heads/{index:012d}.map.json"] = heads.proof
    if disclose:
        await bundle_originals.disclose(connection, tenant, order, facts, files)
    origins = [book["origin"] for book in listed]
    await _write_trust(connection, tenant, origins, files)
    bundle_parts.write_receipts(standing, files)
    await bundle_parts.write_lists(connection, standing, files)
    head = {
        "absent": kept.absent,
        "books": listed,
        "facts": len(facts),
        "head": facts[-1].leaf,
        "order": str(order),
    }
    sheet = bundle_sheet.lay_out(head, facts, kept, heads, files, standing)
    files |= await asyncio.to_thread(bundle_sheet.render, sheet, pdf=pdf)
    files |= {"README.txt": bundle_files.README.encode(), "verify.py": bundle_files.verifier()}
    files["verify.html"] = bundle_files.page()
    able, _ = await signers.load_signers(connection, None)
    return await asyncio.to_thread(bundle_files.write, head, files, origins[-1], able)


def _not_sealed(pending: int) -> NotAvailable:
    return NotAvailable(f"{pending} facts are not sealed yet, at most {RECEIPT_IN_LOG_S} s", 1)


def _halves(shown: list[Told]) -> list[str]:
    return sorted({each.place[0] for each in shown})


def _in(facts: list[Told], half: str) -> list[int]:
    return [each.place[1] for each in facts if each.place[0] == half]


def _move(files: dict[str, bytes], facts: list[Told], folder: str) -> None:
    """Put entries of other streams into a folder of their own; their proofs stay."""
    for each in facts:
        half, index = each.place
        body = files.pop(f"books/{half}/entries/{index:012d}.json", each.body)
        files[f"books/{half}/{folder}/{index:012d}.json"] = body


async def _size(connection: Connection, tenant: int, half: str, shown: list[Told]) -> int:
    """Choose the checkpoint of a book: the first one that covers what is shown and that both a
    time stamp and a witness speak for, else one of them, else the log alone.

    Raises NotAvailable while nothing that covers it was signed.
    """
    needed = max(each.place[1] for each in shown if each.place[0] == half) + 1
    for sql in (_BOTH, None, _COSIGNED):
        if sql is None:
            size = await stamps.first_stamped(connection, tenant, half, needed)
        else:
            row = await (await connection.execute(sql, (tenant, half, needed))).fetchone()
            size = row[0] if row else None
        if size is not None:
            return int(size)
    size = await cosigned.covering_size(connection, tenant, half, needed - 1)
    if size is None:
        raise _not_sealed(1)
    return size


async def _earlier(
    connection: Connection, tenant: int, half: str, shown: list[Told], books: dict[str, int]
) -> int:
    """Give the first stamped checkpoint that covers what is shown, if it is before the chosen."""
    needed = max(each.place[1] for each in shown if each.place[0] == half) + 1
    size = await stamps.first_stamped(connection, tenant, half, needed)
    return min(books[half], size if size is not None else books[half])


async def _write_book(
    connection: Connection,
    prover: prove.Prover,
    tenant: int,
    half: str,
    size: int,
    shown: list[Told],
    files: dict[str, bytes],
) -> dict[str, Any]:
    folder = f"books/{half}"
    raw = await _write_stamped(connection, tenant, half, size, folder, files)
    whole = await cosigned.read_cosigned(connection, tenant, half, size)
    if whole != raw:
        files[f"{folder}/checkpoint.cosigned"] = whole
    bundle = Bundle(half=half, size=size, note=raw, facts=())
    for each in shown:
        if each.place[0] != half:
            continue
        index = each.place[1]
        proof = await prover.prove_inclusion(connection, tenant, half, index, size)
        proven = Proven(index=index, body=each.body, proof=tuple(proof))
        files[f"{folder}/entries/{index:012d}.json"] = each.body
        files[f"{folder}/proofs/{index:012d}.tlog-proof"] = prove.proof_file(bundle, proven)
    return {"half": half, "size": size}


async def _read_note(connection: Connection, tenant: int, half: str, size: int) -> bytes:
    row = await (await connection.execute(_NOTE, (tenant, half, size))).fetchone()
    return bytes(row[0]) if row else b""


async def _write_stamped(
    connection: Connection,
    tenant: int,
    half: str,
    size: int,
    folder: str,
    files: dict[str, bytes],
) -> bytes:
    """Add a checkpoint with the tokens over it; gives the checkpoint."""
    raw = files[f"{folder}/checkpoint"] = await _read_note(connection, tenant, half, size)
    for at, token in enumerate(await stamps.read_tokens(connection, tenant, half, size)):
        middle = ".sm3" if token.algorithm == "sm3" else ""
        path = f"{folder}/checkpoint{middle}.tsr"
        path = f"{folder}/checkpoint{middle}.{at}.tsr" if path in files else path
        files[path] = token.token
    return raw


async def _write_growth(
    connection: Connection,
    prover: prove.Prover,
    tenant: int,
    half: str,
    old: int,
    size: int,
    files: dict[str, bytes],
) -> None:
    """Prove that of two checkpoints the smaller is a beginning of the larger: that of the bundle,
    and what somebody saw when they signed, what was stamped or deposited.
    """
    old, new = sorted((old, size))
    if not 0 < old < new:
        return
    below = await _read_note(connection, tenant, half, new)
    if not below:
        return  # a verifier says that there is no proof
    hashes = await prover.prove_consistency(connection, tenant, half, old, new)
    growth = bundle_parts.growth(old, hashes, below)
    files[f"books/{half}/consistency/{old}-{new}.txt"] = growth


async def _write_trust(
    connection: Connection, tenant: int, origins: list[str], files: dict[str, bytes]
) -> None:
    lines = [
        signers.log_key(origin, key.public_key).encode()
        for origin in origins
        for key in await signers.read_keys(connection)
        if key.revoked is None
    ]
    if any(path.endswith(".cosigned") for path in files):
        rows = await (await connection.execute(_WITNESSES, (tenant,))).fetchall()
        lines += [vkey for (vkey,) in rows]
    files["trust/vkeys.txt"] = ("\n".join(lines) + "\n").encode()
    if any(path.endswith(".tsr") for path in files) and (roots := bundle_parts.tsa_roots()):
        files["trust/tsa.pem"] = roots


async def read_trust(connection: Connection, tenant: int) -> list[str]:
    """Give the vkeys of the tenant's books, to be handed out apart from any bundle."""
    cursor = await connection.execute(
        "select t.code, c.half from tenants t"
        " join (select distinct tenant, half from checkpoints) c"
        " on c.tenant=t.id where t.id=%s order by c.half",
        (tenant,),
    )
    rows = await cursor.fetchall()
    keys = [key for key in await signers.read_keys(connection) if key.revoked is None]
    return [
        signers.log_key(signers.origin_of(code, half), key.public_key).encode()
        for code, half in rows
        for key in keys
    ]
