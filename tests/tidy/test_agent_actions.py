"""The table of the agent's actions is what the acts say; the skill of the guide is a skill."""

from __future__ import annotations

import re
from typing import Any

from danshu.capabilities.agent import drafts
from danshu.hub import agent_acts
from danshu.ports.skill import Cited
from danshu.ports.skill_views import OrderRisk
from tests.tidy.tree import ROOT

_ROW = re.compile(
    r"^\| `(\w+)` \| (\S+) \| (\w+)[^|]*\| (\d) \| `([\w.]+)` \| (\d+) days \|", re.MULTILINE
)
_DAY_MS = 86_400_000


def test_the_table_of_actions_is_what_the_acts_say() -> None:
    told = (ROOT / "docs/reference/agent-actions.md").read_text("utf-8")
    rows = {row[0]: (*row[1:3], int(row[3]), row[4], int(row[5])) for row in _ROW.findall(told)}
    assert rows == {
        action: (
            act.title.zh, act.reversibility, act.sensitivity, act.right,
            act.measured_after_ms // _DAY_MS,
        )
        for action, act in agent_acts.known().items()
    }  # fmt: skip


def test_the_skill_of_the_guide_is_one() -> None:
    guide = (ROOT / "docs/how-to/add-a-skill.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)
    skill = scope["PLUGIN"]()
    risk = OrderRisk(
        order="019a5b1e-0000-7000-8000-000000000001", number="T-1", warehouse="SH01", carrier="sf",
        state="released", due_ms=0, chance=400, expected_ms=0, amount_fen=200_000, owed_fen=5_000,
        why=(), cites=(Cited(kind="order", ref="o"),),
    )  # fmt: skip
    (draft,) = skill.propose({"order_risks": [risk]}, 1_000)
    kind = agent_acts.find(skill.action).parameters
    assert drafts.trouble(draft, skill.action, kind, 1_000, drafts.outside([risk])) == ""
