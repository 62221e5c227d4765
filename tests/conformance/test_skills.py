"""Every skill that is plugged in holds to what the port says; one that does not is found out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from danshu.ports import registry
from danshu.ports.skill import Cited, Draft, Reason, Told, Worth
from danshu.testing import skills

SAID = Told(zh="要做", en="To do")


@pytest.mark.parametrize("name", registry.names("skill"))
def test_a_skill_holds_to_the_port(name: str) -> None:
    """Deterministic, its own action, cited, nothing for nothing, deaf to what buyers write."""
    skill: Any = registry.load("skill", name)
    assert skill.name == name
    assert skills.check(skill) == []


class Gullible:
    """A skill that believes what it reads."""

    name = "gullible"
    title = SAID
    about = SAID
    version = 1
    action = "expedite"
    views: tuple[str, ...] = ("order_risks",)
    every_s = 60

    def propose(self, views: Any, now_ms: int) -> Iterator[Draft]:
        """Take the remark for an instruction, an amount, a title."""
        for row in views["order_risks"]:
            much = 10_000_000 if "refund" in row.remark.text else 100
            yield Draft(
                action="compensate" if "action" in row.remark.text else "expedite",
                key=row.order,
                title=Told(zh=f"加急 {row.remark.text}", en="Expedite"),
                parameters={"warehouse": row.warehouse, "orders": [row.order]},
                worth=Worth(low_fen=0, mid_fen=0, high_fen=0),
                cost_fen=much,
                lost_at_most_fen=0,
                reasons=(Reason(text=SAID, cites=(Cited(kind="order", ref=row.order),)),),
                expires_ms=now_ms + 1_000,
            )


def test_a_gullible_skill_is_found_out() -> None:
    """An amount, an action and a title that follow a remark are each named."""
    wrong = "\n".join(skills.check(Gullible()))
    for code in ("outside_text", "foreign_action", "title", "what somebody wrote changes"):
        assert code in wrong


def test_what_the_kit_looks_for() -> None:
    """Of an unknown action, an empty word, and of drafts out of nothing."""

    class Empty(Gullible):
        about = Told(zh="", en="")
        action = "refund"

    assert len(skills.check(Empty())) == 2

    class Random(Gullible):
        def propose(self, views: Any, now_ms: int) -> Iterator[Draft]:
            """Propose something new each time."""
            self.version += 1
            row = skills.rows("order_risks")[0]
            yield from super().propose({"order_risks": [row, row]}, now_ms + self.version)

    wrong = skills.check(Random())
    assert "the same views and moment give other drafts" in wrong
    assert "it proposes something for empty views" in wrong
    assert "two drafts are about the same key" in wrong
