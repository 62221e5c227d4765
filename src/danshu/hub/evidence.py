"""The evidence of one order as a bundle `evb/1`: a zip that anyone verifies offline."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import RECEIPT_IN_LOG_S
from danshu.ledger import prove, seal

if TYPE_CHECKING:
    import uuid

    import psycopg

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_VAULT = "select salt, raw, person from vault where tenant=%s and id=%s"
README = """单枢证据包 evb/1

核验:danshu verify 本文件 --trust vkeys.txt(信任锚请从包外取得)
手工核验:
1. sha256sum 每个文件,与 manifest.json 相比;
2. books/*/checkpoint 是 C2SP 签名便笺(Ed25519),公钥见 trust/vkeys.txt;
3. books/*/proofs/*.tlog-proof 是 C2SP 收录证明,叶子 = SHA-256(0x00 ‖ entries 中的原始字节)(RFC
6962); 4. 每条事实的 prev 是前一条的叶子摘要,seq 从 1 连续;
5. disclosed/ 中的原文,其承诺摘要在第一条事实的 evidence 里:
   SHA-256("danshu/vault/1" ‖ 0x00 ‖ 名 ‖ 0x00 ‖ 盐 ‖ 原文)。

能证明的:这些字节在检查点签署之前已在日志中,之后未改。不能证明的:商家日志不是中立第三方,也不是区块链;
本包之后的事实不在证明之内。
"""


async def export(
    connection: psycopg.AsyncConnection[Any], prover: prove.Prover, tenant: int, order: uuid.UUID
) -> bytes:
    """Write the bundle of an order; the same log gives the same bytes.

    Raises InputError `no_order`, NotAvailable while the newest facts are not sealed yet.
    """
    material = await prover.prove_stream(connection, tenant, order)
    if not material.bundles and not material.pending:
        raise InputError("no_order", "no such order")
    if material.pending:
        raise NotAvailable(
            f"{material.pending} facts are not sealed yet, at most {RECEIPT_IN_LOG_S} s", 1
        )
    cursor = await connection.execute("select code from tenants where id=%s", (tenant,))
    row = await cursor.fetchone()
    code = row[0] if row else ""
    signer = await seal.load_signer(connection)
    files: dict[str, bytes] = {"README.txt": README.encode()}
    books = []
    keys = []
    for bundle in material.bundles:
        origin = seal.origin_of(code, bundle.half)
        keys.append(seal.log_key(origin, signer.public_key).encode())
        folder = f"books/{bundle.half}"
        files[f"{folder}/checkpoint"] = bundle.note
        for proven in bundle.facts:
            files[f"{folder}/entries/{proven.index:012d}.json"] = proven.body
            files[f"{folder}/proofs/{proven.index:012d}.tlog-proof"] = prove.proof_file(
                bundle, proven
            )
        books.append(
            {
                "entries": [p.index for p in bundle.facts],
                "half": bundle.half,
                "origin": origin,
                "size": bundle.size,
            }
        )
    files["trust/vkeys.txt"] = ("\n".join(keys) + "\n").encode()
    await _disclose(connection, tenant, order, files)
    facts = sum(len(b.facts) for b in material.bundles)
    return _zip({"books": books, "facts": facts, "format": "evb/1", "order": str(order)}, files)


async def _disclose(
    connection: psycopg.AsyncConnection[Any], tenant: int, order: uuid.UUID, files: dict[str, bytes]
) -> None:
    """Add the originals that have not been erased."""
    cursor = await connection.execute(_VAULT, (tenant, order), binary=True)
    row = await cursor.fetchone()
    if row is None:
        return
    salt, raw, person = row
    if raw is not None:
        files["disclosed/raw"] = bytes(raw)
    if person is not None:
        files["disclosed/receiver"] = bytes(person)
    if raw is not None or person is not None:
        files["disclosed/salt.hex"] = bytes(salt).hex().encode()


def _zip(head: dict[str, Any], files: dict[str, bytes]) -> bytes:
    listed = [
        {"bytes": len(data), "path": path, "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in sorted(files.items())
    ]
    manifest = msgspec.json.encode({**head, "files": listed}, order="sorted")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted({**files, "manifest.json": manifest}.items()):
            archive.writestr(zipfile.ZipInfo(path, _ZIP_TIME), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


async def read_trust(connection: psycopg.AsyncConnection[Any], tenant: int) -> list[str]:
    """Give the vkeys of the tenant's books, to be handed out apart from any bundle."""
    cursor = await connection.execute(
        "select t.code, c.half from tenants t"
        " join (select distinct tenant, half from checkpoints) c"
        " on c.tenant=t.id where t.id=%s order by c.half",
        (tenant,),
    )
    rows = await cursor.fetchall()
    signer = await seal.load_signer(connection)
    return [
        seal.log_key(seal.origin_of(code, half), signer.public_key).encode() for code, half in rows
    ]
