"""`danshu assets trace`: whose copy a file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from danshu.hub.watermarks import Delivery, Named, Traced

_NOBODY = 3
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]


def trace(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, Parquet, JSON.")
    ],
    tenant: Annotated[str, typer.Option("--tenant", help="Code of the merchant.")] = "demo",
    as_json: Json = False,
) -> None:
    """Name whose copy a file is: department and person, z score, innocents' bound. 3 = nobody's."""
    from danshu.faces.cli import opening
    from danshu.faces.http.watermarks import show_traced
    from danshu.hub import watermarks
    from danshu.hub.compose import Hub

    async def work(hub: Hub) -> Traced:
        id_ = await opening.find_tenant(hub, tenant)
        return await watermarks.trace_file(hub, id_, file, opening.CLI)

    traced = opening.with_hub(work)
    if as_json:
        opening.show_json(show_traced(traced))
    else:
        _tell(traced)
    raise typer.Exit(0 if traced.guilty else _NOBODY)


def _tell(traced: Traced) -> None:
    typer.echo(
        f"{traced.rows} 行,与 {traced.copies} 份交付比对:"
        f"水印 {traced.cells} 格,码的 {traced.places} 位"
    )
    for one in traced.marked:
        typer.echo(f"  带水印的列 {one.column}(按 {one.by} 认行),把握 {one.lean:.1f}")
    for named in traced.guilty:
        typer.echo(f"出自 {_who(named.delivery)}")
        typer.echo(f"  z {named.z:.1f},错怪任何人的概率不超过 {named.bound:.1e}{_honey(named)}")
    if not traced.guilty:
        typer.echo("不指认任何人")
    for other in traced.others[:1]:
        typer.echo(f"其次 {_who(other.delivery)}:z {other.z:.1f}")
    for copy in traced.heads:
        typer.echo(f"列名里的暗记指向 {_who(copy)}(可被移植,只作线索)")


def _honey(named: Named) -> str:
    return f";诱饵行 {named.honey} 行(碰巧 {named.honey_bound:.1e})" if named.honey else ""


def _who(copy: Delivery) -> str:
    to = copy.recipient
    who = " ".join(filter(None, (to.department, to.person, to.code)))
    return f"{who},{copy.asset} #{copy.code_no},{copy.issued},用途 {to.purpose or '未写'}"
