"""Which grant holds for a wish: the act, the asset, the purpose, the time, all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.capabilities.protection.model import Act, Grant

EXPIRED: Final = Refusal(
    code="grant_expired",
    reason="授权已到期或已收回",
    reason_en="The grant has ended or was revoked",
    clause="data_grant.until",
)
SELF: Final = Refusal(
    code="grant_to_self",
    reason="不能给自己授权",
    reason_en="Nobody grants to themselves",
    clause="data_grant.holder",
)


def find(
    grants: Iterable[Grant], *, asset: str, act: Act, purpose: str, now_ms: int
) -> Grant | None:
    """Give the grant that holds; of several the one that opens most, then the longest."""
    held = [
        g
        for g in grants
        if (g.asset, g.act, g.purpose) == (asset, act, purpose)
        and not g.revoked_ms
        and now_ms < g.until_ms
    ]
    best = sorted(held, key=lambda g: (g.condition != "", -len(g.columns), -g.until_ms))
    return best[0] if best else None


def lapsed(grants: Iterable[Grant], *, asset: str, act: Act, purpose: str, now_ms: int) -> bool:
    """Tell whether there was one that would have held, and holds no more."""
    return any(
        (g.asset, g.act, g.purpose) == (asset, act, purpose)
        and (g.revoked_ms or now_ms >= g.until_ms)
        for g in grants
    )
