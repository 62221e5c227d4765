"""What `danshu coe` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console

from danshu.capabilities.coe import weeks
from danshu.faces.cli import opening
from danshu.hub import coe_reviews

if TYPE_CHECKING:
    from danshu.capabilities.coe.model import WeeklyReview
    from danshu.capabilities.coe.weekly import CoeReviewBody
    from danshu.hub.compose import Hub

_SECTIONS: Final = {
    "better": ("变好了", "Better"),
    "worse": ("变坏了", "Worse"),
    "paid": ("决策见效没有", "Did decisions pay"),
    "owners": ("违约在谁手里", "Who had what was missed"),
    "goals": ("目标", "Goals"),
    "incidents": ("异常与代价", "Incidents and their cost"),
    "small": ("样本太少，不下结论", "Too few to conclude"),
    "questions": ("待回答", "Open questions"),
    "risks": ("接下来的风险", "Risks ahead"),
}


def review(week: str, tenant: str, english: bool, as_json: bool) -> int:
    """Write and print a review."""

    async def work(hub: Hub) -> tuple[WeeklyReview, CoeReviewBody]:
        number = await opening.find_tenant(hub, tenant)
        asked = week or weeks.last_ended(hub.clock())
        one = await coe_reviews.make(hub, number, asked, opening.CLI)
        async with hub.connection() as connection:
            return one, await coe_reviews.read_body(connection, number, one)

    one, body = opening.with_hub(work)
    if as_json:
        opening.show_json({"review": msgspec.to_builtins(one), "body": msgspec.to_builtins(body)})
        return 0
    console = Console()
    title = f"{one.week} · version {one.version}" if english else f"{one.week} 第 {one.version} 版"
    console.print(f"{title} · {one.digest[:16]}", highlight=False)
    for section in body.sections:
        if section.sentences:
            console.print(f"\n{_SECTIONS[section.code][english]}", style="bold")
        for said in section.sentences:
            console.print(f"  {said.en if english else said.zh}", highlight=False, markup=False)
            cited = ", ".join(f"{c.kind} {c.ref[:24]}" for c in said.cites)
            console.print(f"    [{cited}]", style="dim", highlight=False, markup=False)
    return 0
