"""How far two reviewers of the same originals agree, by kind of field: of the last second reviews.

Who reviews second does not see what the first made of it; so the figure says what a reviewer's word
is worth, and with it the trust that rests on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.intake import corrections
from danshu.kernel.limits import CALIBRATION_ROWS
from danshu.ports.modality import Draft

if TYPE_CHECKING:
    from danshu.capabilities.intake.corrections import Agreement

Connection = Any
_PAIRS: Final = """
select o.parsed->'draft', a.draft, b.draft from original_reviews b
join original_reviews a on a.tenant=b.tenant and a.original=b.original and a.turn=1
join originals o on o.tenant=b.tenant and o.id=b.original
where b.tenant=%s and b.turn=2 and a.draft<>'{}' and b.draft<>'{}' and o.parsed is not null
order by b.at desc limit %s
"""


async def read(connection: Connection, tenant: int) -> tuple[Agreement, ...]:
    """Read the agreement; what was erased takes no part."""
    rows = await (await connection.execute(_PAIRS, (tenant, CALIBRATION_ROWS))).fetchall()
    return corrections.agree([(_draft(read), _draft(a), _draft(b)) for read, a, b in rows])


def _draft(told: Any) -> Draft:
    return msgspec.convert(told, Draft)
