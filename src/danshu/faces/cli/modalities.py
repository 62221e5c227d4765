"""`danshu modalities`: the ways in that are plugged in, and what of their libraries is missing."""

from __future__ import annotations

import msgspec
import typer

from danshu.hub import modality_views, perceiver_views


def run(*, as_json: bool) -> int:
    """List modalities and adapters of services; no database is asked."""
    ways, adapters = modality_views.list_plugged(), perceiver_views.list_adapters()
    if as_json:
        typer.echo(msgspec.json.encode({"modalities": ways, "adapters": adapters}).decode())
        return 0
    for way in ways:
        needs = ", ".join(way.kinds) or "no service"
        typer.echo(f"{way.name} {way.version}  {way.title_en} {way.title}  needs {needs}")
        typer.echo(f"    reads {', '.join(way.media_types)}  ({way.origin})")
        for command in way.missing:
            typer.echo(f"    not on this machine; install it: {command}")
    typer.echo("")
    for each in adapters:
        where = "local" if each.local else "service"
        told = [f"{each.name}  {each.title_en}", each.kind or "any kind", where]
        if not each.ready:
            told.append(each.install)
        typer.echo("  ".join(told))
    return 0
