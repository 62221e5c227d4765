"""Who may do what with which asset by the shipped rules alone: everything else is denied."""

from __future__ import annotations

import itertools

import pytest

from danshu.capabilities.people.model import ROLES
from danshu.capabilities.people.policies import Context, Principal, Rules
from danshu.capabilities.protection.model import ACTS
from danshu.ports import registry

RULES = Rules()
# Read it as the merchant's own table: role -> what it may do with an asset of level 3 at most.
TABLE = {
    "admin": "view aggregate export share",
    "finance": "view aggregate",
    "legal": "aggregate share",
    "planner": "aggregate",
    "policy": "aggregate",
    "service": "aggregate",
    "steward": "view aggregate export",
    "reviewer": "",
    "sre": "",
    "warehouse": "",
}
MARGIN = {"admin", "finance"}
OUT = {"view", "export", "share"}


def may(role: str, act: str, asset: str, level: int = 3, *, granted: bool = False) -> bool:
    seat = RULES.seat(Principal(kind="Person", id="p", number="X1", roles=(role,)), "demo")
    context: Context = {"asset": asset, "level": level, "purpose": "operations"}
    return seat.ask(f"asset.{act}", {**context, "granted": 1} if granted else context).allowed


@pytest.mark.parametrize("asset", registry.names("asset"))
def test_each_role_has_its_acts_on_each_asset_and_no_other(asset: str) -> None:
    assert TABLE.keys() == set(ROLES)
    for role, act in itertools.product(ROLES, ACTS):
        wanted = act in TABLE[role].split() and (asset != "margin" or role in MARGIN)
        assert may(role, act, asset) == wanted, (role, act, asset)


@pytest.mark.parametrize("role", ROLES)
def test_the_highest_levels_are_nobody_s_without_a_grant(role: str) -> None:
    for act, level in itertools.product(ACTS, (4, 5)):
        assert may(role, act, "baskets", level) == (
            act not in OUT and act in TABLE[role].split()
        ), (role, act)
        assert may(role, act, "margin", level, granted=True)


def test_a_forbid_of_the_merchant_beats_a_grant() -> None:
    own = 'forbid (principal, action == Action::"asset.view", resource);'
    seat = Rules(own).seat(Principal(kind="Person", id="p", roles=("admin",)), "demo")
    assert not seat.ask("asset.view", {"granted": 1}).allowed


def test_a_key_has_no_more_than_its_role() -> None:
    for role, wanted in (("viewer", False), ("operator", False), ("admin", True)):
        seat = RULES.seat(Principal(kind="Key", id="k", roles=(role,)), "demo")
        assert seat.ask("asset.export", {"asset": "baskets", "level": 2}).allowed == wanted
