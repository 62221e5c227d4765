"""Policies that are shipped to begin from, each with the cases that it is held to."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.policy.model import Case, Graph, PolicySet

CODES = ("rainstorm", "lockdown", "overload", "cold_evidence", "promotion", "negotiate")


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of data/policy_templates: what it is for, its graphs and cases."""

    code: str
    zh: str
    en: str
    purpose_zh: str
    purpose_en: str
    graphs: tuple[Graph, ...]
    cases: tuple[Case, ...]

    def policy(self) -> PolicySet:
        """Give the template as a set of its own."""
        return PolicySet(graphs=self.graphs, cases=self.cases)


@lru_cache(maxsize=1)
def shipped() -> tuple[Template, ...]:
    """Read the templates, in the order of CODES."""
    folder = resources.files("danshu") / "data" / "policy_templates"
    return tuple(
        msgspec.json.decode((folder / f"{code}.json").read_bytes(), type=Template) for code in CODES
    )
