"""How each promise of an order ended, of all that was said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _tables

if TYPE_CHECKING:
    from danshu.ports.asset import Table

KEPT: Final = ("kept",)
MISSED: Final = ("broken", "late")
_ENDS: Final = ("kept", "broken", "late", "borderline", "superseded")
_SAID: Final = ("corrected", "ruled")  # these name the verdict that holds from now on


def verdicts(promises: Table) -> Table:
    """Give one row for each promise made: `code`, `verdict` ("open" while there is none), `gap`.

    The latest verdict of its stream counts, be it a correction or a person's ruling. `gap` is in
    ms, below 0 before the deadline, NULL where it was never done. Provenance is of the promise.
    """
    said = promises.filter(promises.event.isin((*_ENDS, *_SAID)))
    said = said.mutate(
        says=said.event.isin(_SAID).ifelse(said.verdict, said.event),
        done=said.event.isin(("kept", "late", "borderline")).ifelse(said.gap, None),
    )
    last = said.group_by(["stream", "code"]).agg(
        verdict=said.says.argmax(said.seq), gap=said.done.argmax(said.seq)
    )
    made = promises.filter(promises.event == "made").select("code", *_tables.PROVENANCE)
    both = _tables.beside(made, last, ("stream", "code"))
    return both.mutate(verdict=both.verdict.fill_null("open"))


def punctuality(promises: Table) -> Table:
    """Give one row for each order that was judged: `stream`, `missed` (promises broken or late)."""
    each = verdicts(promises)
    each = each.filter(each.verdict.isin((*KEPT, *MISSED)))
    return each.group_by("stream").agg(missed=each.verdict.isin(MISSED).ifelse(1, 0).sum())
