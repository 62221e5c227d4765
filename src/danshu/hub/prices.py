"""Published shadow prices 影子价: content-addressed, one set active a merchant, or none.

`active` is what a snapshot is made with. A set that was published for another network is read by
the codes of its warehouses; one that was never there has no price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg

from danshu.capabilities.routing.blocks import digest_block, pack_block, unpack_block
from danshu.capabilities.routing.snapshot import Prices
from danshu.hub import incident_rows
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network

Connection = psycopg.AsyncConnection[Any]
FORM: Final = "danshu-prices-1"
_ACTIVE: Final = "select digest, body from prices where tenant=%s and active"


def dump(codes: Sequence[str], prices: Prices) -> bytes:
    """Write prices as one block; warehouses by their codes, so that it outlives a new network."""
    listed = np.flatnonzero(prices.lambda_fen.any(axis=1))
    header = {
        "form": FORM,
        "skus": [prices.skus[row] for row in listed.tolist()],
        "warehouses": list(codes),
    }
    arrays = {"mu_fen": prices.mu_fen, "lambda_fen": prices.lambda_fen[listed]}
    return pack_block(header, arrays)


def load(raw: bytes, network: Network) -> Prices:
    """Read prices for a network. Raises InputError `prices` for what no snapshot may carry."""
    header, arrays = unpack_block(raw)
    if header.get("form") != FORM:
        raise InputError("prices", f"prices of form {header.get('form')!r}")
    mu, lam = arrays["mu_fen"], arrays["lambda_fen"]
    codes, skus = header["warehouses"], tuple(header["skus"])
    if mu.shape != (len(codes),) or lam.shape != (len(skus), len(codes)):
        raise InputError("prices", f"prices of shapes {mu.shape} and {lam.shape}")
    check(mu, lam)
    if tuple(codes) != network.codes:
        where = [network.warehouse_index.get(code, -1) for code in codes]
        mu, lam = _carry(mu, where, network), _carry(lam, where, network)
    return Prices(digest_block(raw), mu, skus, lam)


def check(*tables: NDArray[Any]) -> None:
    """Refuse prices that are no money: NaN, below 0, over the dearest lane. Raises InputError."""
    for table in tables:
        if table.dtype != np.int64:
            raise InputError("prices", f"prices are {table.dtype}, whole fen are needed")
        if table.size and (table.min() < 0 or table.max() > LANE_FEN):
            raise InputError("prices", f"a price is outside 0 to {LANE_FEN} fen")


def _carry(table: NDArray[np.int64], where: list[int], network: Network) -> NDArray[np.int64]:
    moved = np.zeros((*table.shape[:-1], len(network.codes)), np.int64)
    for old, new in enumerate(where):
        if new >= 0:
            moved[..., new] = table[..., old]
    return moved


async def active(connection: Connection, tenant: int, network: Network) -> Prices | None:
    """Read the prices that decisions may use now; None when there are none, or they are no prices:
    then people are told, and decisions are what they are without.
    """
    row = await (await connection.execute(_ACTIVE, (tenant,), binary=True)).fetchone()
    if row is None:
        return None
    digest, why = bytes(row[0]).hex(), "the bytes are not those of the digest"
    if digest_block(bytes(row[1])) == digest:
        try:
            return load(bytes(row[1]), network)
        except (InputError, KeyError) as error:
            why = str(error)
    await incident_rows.tell(connection, tenant, incident_rows.PRICES, digest, why[:200])
    return None
