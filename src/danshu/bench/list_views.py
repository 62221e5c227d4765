"""What the saved views of a workbench ask for, as `danshu bench list` asks it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from danshu.bench.list_rows import CHANNELS, PEOPLE, TAGS, Known
from danshu.hub import filters, workbench

WAREHOUSES: Final = {str(n): n for n in range(37)}
_UNFINISHED: Final = "state.in.held,paid,allocated,shipped"


class View(Struct, frozen=True):
    """A kind of view: its sort, and `ask` that draws the text of its filter."""

    name: str
    sort: str
    ask: Callable[[random.Random, Known], str]


def _v(name: str, sort: str, ask: str | Callable[[random.Random, Known], str]) -> View:
    return View(name, sort, (lambda r, k: ask) if isinstance(ask, str) else ask)


VIEWS: Final = (
    _v("view all", "-placed", ""),
    _v("view all, due", "due", ""),
    _v("view all, amount", "-amount", ""),
    _v("view review", "due", "state.in.placed,confirmed,held"),
    _v("view due soon", "due", "due.ge.0m;due.lt.2h"),
    _v("view today", "-placed", "placed.ge.today"),
    _v("view broken", "due", "promise.in.broken"),
    _v("view late", "-placed", "promise.in.late"),
    _v("view short", "due", "warehouse.in.none;state.in.paid,held"),
    _v("view mine", "due", lambda r, k: f"assignee.in.{r.choice(PEOPLE)}"),
    _v("view mine, open", "-placed", lambda r, k: f"assignee.in.{r.choice(PEOPLE)};{_UNFINISHED}"),
    _v("view nobody, open", "due", f"assignee.in.none;{_UNFINISHED}"),
    _v("view tag hot", "-placed", f"tag.in.{TAGS[0]}"),
    _v("view tag hot, due", "due", f"tag.in.{TAGS[0]};{_UNFINISHED}"),
    _v("view tag", "due", lambda r, k: f"tag.in.{r.choice(TAGS[5:])}"),
    _v("view tags, amount", "-amount", f"tag.in.{TAGS[0]},{TAGS[1]}"),
    _v("view not tagged", "due", f"tag.nin.{TAGS[0]};state.in.allocated"),
    _v("view channels", "-placed", lambda r, k: "channel.in." + ",".join(r.sample(CHANNELS, 3))),
    _v("view channel, due", "due", lambda r, k: f"channel.in.{r.choice(CHANNELS)}"),
    _v("view warehouse, due", "due", lambda r, k: f"warehouse.in.{r.randrange(37)}"),
    _v("view region, due", "due", lambda r, k: f"region.in.{r.choice(k.regions)}"),
    _v("view region", "-placed", lambda r, k: f"region.in.{r.choice(k.regions)}"),
    _v("view province", "-placed", "region.in.440000"),
    _v("view held", "-placed", "hold.in.any"),
    _v("view hold reason, amount", "-amount", "hold.in.risk_review"),
    _v("view amount", "-amount", "amount.ge.900000;amount.lt.900100"),
    _v("view many", "due", "state.nin.completed,cancelled;channel.in.jd;promise.in.warned,running"),
    _v("view absent", "due", "state.in.confirmed"),
    _v("view absent hold", "-placed", "hold.in.nothing"),
    _v("view completed, due", "due", "state.in.completed"),
    _v("view SKU", "due", lambda r, k: f"q.is.{r.choice(k.skus)}"),
    _v("view SKU hot, held", "-placed", lambda r, k: f"q.is.{k.skus[0]};state.in.held"),
    _v("view number", "due", lambda r, k: f"q.is.{k.number(r)}"),
)


async def read_page(
    connection: Any, known: Known, asked: filters.Asked, sort: str, at: workbench.Place | None
) -> workbench.Page:
    """Read a page of 50 rows, as the workbench does."""
    return await workbench.page(connection, known.tenant, asked, sort, at, 50)
