"""The schedule by which a capitalised asset is written off 摊销: straight line, to the fen."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import VALUATION_YEARS

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONTHS: Final = VALUATION_YEARS * 12


class Instalment(Struct, frozen=True, kw_only=True):
    """A month: what is written off, impairment 减值, what stands in the books after it, in fen."""

    month: str
    amortised_fen: int
    impaired_fen: int
    carrying_fen: int


def spread(
    cost_fen: int,
    months: int,
    since: datetime.date,
    impaired: Mapping[str, int] | None = None,
    added: Mapping[str, int] | None = None,
) -> tuple[Instalment, ...]:
    """Write a cost off in equal months from that of `since` on. `impaired` are losses and `added`
    further costs by month (YYYY-MM): what then stands is spread over the months that are left.

    Raises InputError `months`, `impairment` for more than stands in the books.
    """
    if not 1 <= months <= _MONTHS:
        raise InputError("months", f"an asset is written off in 1 to {_MONTHS} months", "/months")
    left, month, rows = cost_fen, since.replace(day=1), []
    for nth in range(months):
        name = f"{month:%Y-%m}"
        left += (added or {}).get(name, 0)
        share = left // (months - nth)
        loss = (impaired or {}).get(name, 0)
        if loss < 0 or loss > left - share:
            raise InputError("impairment", f"{name}: more is impaired than there is", "/impaired")
        left -= share + loss
        rows.append(
            Instalment(month=name, amortised_fen=share, impaired_fen=loss, carrying_fen=left)
        )
        month = (month + datetime.timedelta(days=31)).replace(day=1)
    return tuple(rows)
