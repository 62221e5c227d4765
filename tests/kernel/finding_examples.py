"""Examples of the fact types of the sentinel."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import finding_facts as findings

EXAMPLES: list[Struct] = [
    findings.FindingHandled(
        act="suppress",
        kind="duplicate",
        no=17,
        owner="01938f6e-1c2d-7000-a1b2-c3d4e5f60718",
        reason="同一买家确认要两份",
        subject="01938f6e1c2d7000a1b2c3d4e5f60718",
        until="2026-11-30T09:00:00.000Z",
    ),
    findings.PullChanged(
        adapter="taobao",
        channel="taobao",
        every_s=60,
        is_sequence=False,
        shop="单枢示例旗舰店",
        state="connected",
        url="https://eco.taobao.com/router/rest",
    ),
]
