"""The action types that come with the hub; every merchant begins with version 1 of each."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from danshu.capabilities.contract.actions import reading

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.model import Action

CODES: Final = (
    "ship48h",
    "nextday",
    "damage",
    "quality_check",
    "outbound_review",
    "cold_handover",
    "handover",
    "delivery",
    "refund",
    "return_inspection",
    "address_change",
    "split_notice",
    "rest72h",
    "device_release",
    "announced",
)


@lru_cache(maxsize=1)
def shipped() -> tuple[Action, ...]:
    """Read the action types of the package: 48小时发货, 次日达, 破损包赔, 完成质检 and so on."""
    folder = resources.files("danshu") / "data" / "actions"
    return tuple([reading.parse((folder / f"{code}.yaml").read_bytes()) for code in CODES])
