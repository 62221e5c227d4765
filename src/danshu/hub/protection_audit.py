"""The audit's folder of protection: do the facts give grants, requests, budgets, assessments?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.protection import facts
from danshu.hub.facts import ExportMade
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_OVER: Final = "over"
_QUERIES: Final = {
    "data_grants": "select id::text, holder, asset, act, purpose, revoked is null from data_grants"
    " where tenant=%s",
    "asset_exports": "select id::text, asset, purpose, recipient,"
    " case when state in ('refused','failed') then 'over' else state end from asset_exports"
    " where tenant=%s",
    "impact_assessments": "select id::text, asset, recipient,"
    " encode(sha256(convert_to(body,'UTF8')),'hex') from impact_assessments where tenant=%s",
    "privacy_budgets": "select asset||'/'||recipient||'/'||year, spent from privacy_budgets"
    " where tenant=%s and spent>0",
}
Told = dict[Any, tuple[Any, ...]]


class ProtectionFolder:
    """Folds what was granted, asked, given, spent, and compares the rows at the end."""

    types = frozenset(
        {
            "asset.granted",
            "grant.revoked",
            "export.requested",
            "export.approved",
            "export.refused",
            "export.made",
            "impact.assessed",
            "privacy.spent",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, Told] = {table: {} for table in _QUERIES}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, key = fact.data, str(fact.stream)
        told: tuple[Any, ...]
        match data:
            case facts.AssetGranted():
                told = (data.holder, data.asset, data.act, data.purpose, True)
                self._told["data_grants"][key] = told
            case facts.GrantRevoked():
                self._last("data_grants", key, False)
            case facts.ExportRequested():
                state = "waiting" if data.needs else "started"
                told = (data.asset, data.purpose, data.recipient, state)
                self._told["asset_exports"][key] = told
            case facts.ExportApproved() if data.done:
                self._last("asset_exports", key, "started")
            case facts.ExportRefused():
                self._last("asset_exports", key, _OVER)
            case ExportMade() if data.asset:
                self._last("asset_exports", key, "made")
            case facts.ImpactAssessed():
                told = (data.asset, data.recipient, data.digest)
                self._told["impact_assessments"][key] = told
            case facts.PrivacySpent():
                place = f"{data.asset}/{data.recipient}/{data.year}"
                self._told["privacy_budgets"][place] = (data.spent,)

    def _last(self, table: str, key: str, value: Any) -> None:
        """Set what a row ends with."""
        self._told[table][key] = (*self._told[table].get(key, ("",))[:-1], value)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a day of streams: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every table."""
        return await compare_tables(
            connection, self._tenant, "protection_differs", _QUERIES, self._told
        )
