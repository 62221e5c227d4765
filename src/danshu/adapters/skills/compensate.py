"""Skill `compensate`: what a broken promise owes is paid before the buyer has to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.kernel.limits import COMPLAINT_FEN
from danshu.ports.skill import Alternative, Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import Grievance


class Compensate:
    """Proposes the amount of the promise's clause, no other, one order at a time."""

    name = "compensate"
    title = Told(zh="投诉前先赔", en="Before they complain")
    about = Told(
        zh="看到承诺已破、还没赔、买家也还没投诉的订单，提议照条款赔付",
        en="Sees broken promises, unpaid and not complained of; proposes what the clause owes",
    )
    version = 1
    action = "compensate"
    views = ("grievances",)
    every_s = 1_800

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each promise, the likeliest complaint first."""
        rows: Sequence[Grievance] = views.get("grievances", ())
        for row in sorted(rows, key=lambda r: (-r.worth.mid_fen, r.order, r.promise)):
            if row.advised_fen > 0 and row.cites:
                yield _draft(row, now_ms)


def _draft(row: Grievance, now_ms: int) -> Draft:
    code, _, step = row.promise.rpartition("/")
    amount = yuan(row.advised_fen)
    return Draft(
        action="compensate",
        key=f"{row.order}/{row.promise}",
        title=Told(
            zh=f"订单 {row.order[-6:]} 破诺 {code}，先赔 {amount} 元",
            en=f"Order {row.order[-6:]} broke {code}: pay {amount} yuan first",
        ),
        parameters={
            "order": row.order, "code": code, "step": int(step), "amount_fen": row.advised_fen,
        },
        worth=row.worth,
        cost_fen=row.advised_fen,
        lost_at_most_fen=row.advised_fen,
        reasons=(
            reason(
                f"承诺 {code} 晚了 {row.late_min} 分钟，条款欠 {amount} 元，还没有人处理",
                f"{code} was {row.late_min} minutes late; its clause owes {amount} yuan, unhandled",
                row.cites,
                row.remark,
            ),
        ),
        expires_ms=now_ms + 3 * DAY_MS,
        chance=Chance(
            of=Told(zh="来投诉", en="a complaint"), before=row.complains, after=row.complains // 2
        ),
        alternatives=(
            idle(
                f"{percent(row.complains)} 的可能来投诉，一次要花 {yuan(COMPLAINT_FEN)} 元",
                f"complains at {percent(row.complains)}, at {yuan(COMPLAINT_FEN)} yuan each",
                row.complains,
            ),
            Alternative(
                title=Told(zh="等买家来要", en="Wait for the buyer to ask"),
                why_not=Told(
                    zh="欠款不变，多一次客服", en="it owes the same, and one conversation more"
                ),
            ),
        ),
    )  # fmt: skip
