"""`danshu cluster`: more than one machine, played on one. The demo is plugged in from the floor of
the stories.
"""

from __future__ import annotations

from typing import Annotated

import typer

from danshu.faces.cli import plugged

app = typer.Typer(help="More than one machine, played on this one.", no_args_is_help=True)


@app.callback()
def cluster() -> None:
    """Keep `demo` a word of its own."""


@app.command()
def demo(
    servers: Annotated[int, typer.Option(help="HTTP nodes.", min=1, max=8)] = 2,
    workers: Annotated[int, typer.Option(help="Workers beside one that stands by.", min=1)] = 2,
    seconds: Annotated[int, typer.Option(help="At least so long under load.", min=1)] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and end.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Do it once, then end.")] = False,
) -> None:
    """Replace every server and worker under load, after a kill -9 of one; no request fails."""
    raise typer.Exit(plugged.load("cluster")(servers, workers, seconds, as_json, once))
