"""The audit's folder of licences, rights, costs and valuations: do the facts give the rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.licensing import facts as licensing
from danshu.capabilities.valuation import facts as valuation
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_QUERIES: Final = {
    "licences": "select no, state, encode(digest,'hex'), coalesce(reason,'') from licences"
    " where tenant=%s",
    "licence_usage": "select id::text, kind, rows, spent, digest from licence_usage"
    " where tenant=%s",
    "asset_rights": "select asset||'/'||version, encode(digest,'hex') from asset_rights"
    " where tenant=%s",
    "valuations": "select asset||'/'||version, state, encode(digest,'hex') from valuations"
    " where tenant=%s",
    "asset_costs": "select id::text, asset, day::text, kind, phase, amount_fen from asset_costs"
    " where tenant=%s",
    "asset_treatments": "select asset||'/'||version, doc->>'treatment' from asset_treatments"
    " where tenant=%s",
}
Told = dict[Any, tuple[Any, ...]]


class LicencesFolder:
    """Folds what was registered, granted, used, valued, and compares the rows at the end."""

    types = frozenset(
        {
            "right.registered",
            "licence.drafted",
            "licence.granted",
            "licence.declined",
            "licence.ended",
            "licence.delivered",
            "licence.queried",
            "valuation.drafted",
            "valuation.approved",
            "valuation.declined",
            "asset_cost.entered",
            "asset_treatment.set",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, Told] = {table: {} for table in _QUERIES}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if self._fold_licence(data):
            return
        match data:
            case licensing.RightRegistered():
                self._told["asset_rights"][f"{data.asset}/{data.version}"] = (data.digest,)
            case valuation.ValuationDrafted() | valuation.ValuationApproved():
                state = "draft" if isinstance(data, valuation.ValuationDrafted) else "approved"
                key = f"{data.asset}/{data.version}"
                self._told["valuations"][key] = (state, data.inputs)
            case valuation.ValuationDeclined():
                key = f"{data.asset}/{data.version}"
                held = self._told["valuations"].get(key, ("", ""))
                self._told["valuations"][key] = ("declined", held[1])
            case valuation.AssetCostEntered():
                told = (data.asset, data.day, data.kind, data.phase, data.amount_fen)
                self._told["asset_costs"][str(fact.stream)] = told
            case valuation.AssetTreatmentSet():
                key = f"{data.asset}/{data.version}"
                self._told["asset_treatments"][key] = (data.treatment,)

    def _fold_licence(self, data: Any) -> bool:
        rows, uses = self._told["licences"], self._told["licence_usage"]
        match data:
            case licensing.LicenceDrafted():
                rows[data.no] = ("draft", data.terms, "")
            case licensing.LicenceGranted():
                rows[data.no] = ("active", data.terms, "")
            case licensing.LicenceDeclined() | licensing.LicenceEnded():
                state = "ended" if isinstance(data, licensing.LicenceEnded) else "declined"
                rows[data.no] = (state, rows.get(data.no, ("", ""))[1], data.reason)
            case licensing.LicenceDelivered():
                uses[data.usage] = ("delivery", data.rows, 0, data.digest)
            case licensing.LicenceQueried():
                uses[data.usage] = ("query", 0, data.spent, data.question)
            case _:
                return False
        return True

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a day of streams: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every table."""
        return await compare_tables(
            connection, self._tenant, "licence_differs", _QUERIES, self._told
        )
