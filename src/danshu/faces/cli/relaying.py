"""`danshu relay`: what operators do with the relay to the bus."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The relay of events to a bus.", no_args_is_help=True)


@app.callback()
def _relay() -> None:
    """Keep `rewind` a command of its own."""


@app.command()
def rewind(
    start: Annotated[
        str, typer.Option("--from", help="A time (RFC 3339), HALF/POSITION, or POSITION.")
    ],
    tenant: Annotated[str, typer.Option("--tenant", help="Code of the merchant.")] = "demo",
    every: Annotated[bool, typer.Option("--every", help="Every merchant, by a time.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send events to the bus again, as after a lost stream; their ids stay what they were."""
    import msgspec

    from danshu.faces.cli import opening
    from danshu.hub import relay_rewinding
    from danshu.hub.compose import Hub
    from danshu.kernel.errors import InputError

    async def work(hub: Hub) -> dict[str, list[relay_rewinding.Rewound]]:
        codes = [tenant]
        async with hub.connection() as connection:
            if every:
                rows = await (await connection.execute("select code from tenants")).fetchall()
                codes = [code for (code,) in rows]
            done = {}
            for code in codes:
                number = await opening.find_tenant(hub, code)
                try:
                    done[code] = await relay_rewinding.rewind(connection, number, start)
                except InputError as error:
                    if not every or error.code != "not_relayed":
                        raise
        return done

    done = opening.with_hub(work)
    if as_json:
        opening.show_json({"rewound": msgspec.to_builtins(done)})
        return
    for code, books in done.items():
        for book in books:
            typer.echo(f"{code} {book.half}:自 {book.position} 起重新转发(原到 {book.before})")
