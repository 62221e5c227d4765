"""The words of work on the floor, and of documents that are printed."""

from __future__ import annotations

from typing import Final

from danshu.kernel.machine import Words

WORKS: Final[dict[str, Words]] = {
    "pick": Words(zh="拣货", en="picking"),
    "pack": Words(zh="打包", en="packing"),
    "review": Words(zh="出库复核", en="outbound review"),
    "handover": Words(zh="交接", en="hand-over"),
    "short": Words(zh="缺货", en="short"),
    "damaged": Words(zh="破损", en="damaged"),
    "help": Words(zh="呼叫主管", en="help called"),
}
DOCUMENTS: Final[dict[str, Words]] = {
    "picking": Words(zh="拣货单", en="picking list"),
    "packing": Words(zh="装箱单", en="packing slip"),
    "evidence": Words(zh="存证摘要", en="evidence summary"),
}
