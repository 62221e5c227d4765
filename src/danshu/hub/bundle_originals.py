"""The originals in a bundle: the raw message, and every receiver that a parcel went to.

An order's first receiver is committed to by its first fact; one that it was amended to by the fact
that said so, or by the buyer's request that was accepted. Each lies in the vault under a row of its
own with a salt of its own, so that one can be shown without another.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from danshu.ledger import vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

    from danshu.hub.bundle_parts import Told

    Connection = psycopg.AsyncConnection[Any]

FOLDER: Final = "disclosed"
_LEAVES: Final = ("order.shipped", "shipment.reshipped")
# An amendment commits to a receiver as to a person, a buyer's request under the word itself.
_LABELS: Final = ("person", "receiver")


async def disclose(
    connection: Connection,
    tenant: int,
    order: uuid.UUID,
    facts: Sequence[Told],
    files: dict[str, bytes],
) -> None:
    """Add the originals that have not been erased: `disclosed/raw` and `disclosed/receiver` of the
    first fact, `disclosed/<seq>/receiver` of a later one, each beside the salt of its commitment.
    """
    row = await vault.read(connection, tenant, order)
    if row is not None and (row.raw is not None or row.person is not None):
        if row.raw is not None:
            files[f"{FOLDER}/raw"] = row.raw
        if row.person is not None:
            files[f"{FOLDER}/receiver"] = row.person
        files[f"{FOLDER}/salt.hex"] = row.salt.hex().encode()
    for id_ in _went_to(facts):
        row = await vault.read(connection, tenant, uuid.UUID(id_))
        if row is None or row.person is None:
            continue
        made = {vault.commit(row.salt, label, row.person) for label in _LABELS}
        for seq in _naming(facts, made):
            files[f"{FOLDER}/{seq}/receiver"] = row.person
            files[f"{FOLDER}/{seq}/salt.hex"] = row.salt.hex().encode()


def _went_to(facts: Iterable[Told]) -> list[str]:
    """Give the vault's rows of the receivers that parcels went to after an amendment, and of where
    the order goes now; one that nothing was sent to stays out of sight.
    """
    now, found = "", dict[str, None]()
    for each in facts:
        if each.type == "order.amended":
            now = each.fact["data"].get("receiver") or now
        elif each.type in _LEAVES and now:
            found[now] = None
    if now:
        found[now] = None
    return list(found)


def _naming(facts: Iterable[Told], digests: set[str]) -> Iterator[int]:
    """Give the numbers of the facts that commit to one of these digests."""
    for each in facts:
        if any(e["digest"] in digests for e in each.fact.get("evidence", ())):
            yield each.fact["seq"]
