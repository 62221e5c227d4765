"""The `danshu` command. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from danshu.faces.cli import (
    agent_app,
    archive,
    asset_app,
    cluster,
    coe_app,
    forecast_app,
    learning_app,
    log_words,
    person_app,
    relaying,
    routing,
    safekeeping,
)

app = typer.Typer(
    name="danshu",
    help="单枢: orders are decided, promised, reserved, made durable and provable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evidence = typer.Typer(help="Evidence bundles of orders.", no_args_is_help=True)
keys = typer.Typer(help="API keys and the log's verification keys.", no_args_is_help=True)
app.add_typer(evidence, name="evidence")
app.add_typer(routing.app, name="routing")
app.add_typer(relaying.app, name="relay")
app.add_typer(cluster.app, name="cluster")
app.add_typer(keys, name="keys")
app.add_typer(person_app.app, name="person")
app.add_typer(log_words.app, name="log")
app.add_typer(archive.app, name="archive")
app.add_typer(asset_app.app, name="assets")
app.add_typer(agent_app.app, name="agent")
app.add_typer(coe_app.app, name="coe")
app.add_typer(forecast_app.app, name="forecast")
app.add_typer(learning_app.app, name="learn")
app.add_typer(safekeeping.app, name="safe")

_GC = (100_000, 50, 1_000)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 0,
) -> None:
    """Start everything: database, API, sequencer, sealer, timers, followers."""
    from danshu.faces.cli import running

    raise typer.Exit(running.up(host, port))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 0,
) -> None:
    """Start one HTTP node against DANSHU_DATABASE_URL; many may run."""
    from danshu.faces.cli import running

    raise typer.Exit(running.serve(host, port))


@app.command()
def mcp(
    to: Annotated[str, typer.Option(help="The hub's address.")] = "http://127.0.0.1:8420",
) -> None:
    """Serve MCP to an assistant over stdin and stdout, as the API key in DANSHU_KEY."""
    from danshu.faces.cli import asking

    raise typer.Exit(asking.mcp(to))


@app.command()
def work(
    only: Annotated[
        str,
        typer.Option(help="Run these rooms alone, separated by commas: sequence, seal, rows, …"),
    ] = "",
    excepted: Annotated[str, typer.Option("--except", help="Run all rooms but these.")] = "",
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Have the board (or --only journal) made again; exit.")
    ] = False,
    metrics: Annotated[int, typer.Option(help="Port that answers GET /metrics; 0 = none.")] = 0,
) -> None:
    """Start the workers beside the HTTP nodes; of each room one works, others stand by."""
    from danshu.faces.cli import running

    raise typer.Exit(running.rebuild(only) if rebuild else running.work(only, excepted, metrics))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the installation: Python, database, schema, partitions, log lag, plug-ins."""
    from danshu.faces.cli import doctor as room

    raise typer.Exit(room.run(as_json))


@app.command()
def monitoring(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go.")],
) -> None:
    """Write Prometheus rules with their tests, a scrape example and a Grafana dashboard."""
    from danshu.faces.cli import monitoring as room

    raise typer.Exit(room.run(folder))


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Do it once, print JSON totals, exit.")
    ] = False,
    orders: Annotated[int, typer.Option(help="Orders a channel.", min=1, max=10_000)] = 30,
) -> None:
    """Make a merchant with 37 warehouses, bring in orders through eight channels, prove one."""
    from danshu.faces.cli import demo as room

    raise typer.Exit(room.run(once, orders))


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, Parquet, NDJSON.")
    ],
    channel: Annotated[
        str, typer.Option(help="Channel adapter; `table` needs a mapping.")
    ] = "table",
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    tenant: Tenant = "demo",
    rejects: Annotated[Path | None, typer.Option(help="Where bad rows go, with reasons.")] = None,
    as_json: Json = False,
) -> None:
    """Import orders from a file; resumable, nothing lost, nothing doubled."""
    from danshu.faces.cli import importing

    raise typer.Exit(importing.run(file, channel, mapping, tenant, rejects, as_json))


@app.command()
def bill(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")],
    form: Annotated[
        str, typer.Option(help="alipay, jd, pdd, douyin, wechat-pay, bank or sf.")
    ] = "",
    mapping: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    account: Annotated[str, typer.Option(help="Whose, where a book has several.")] = "",
    channel: Annotated[str, typer.Option(help="Of its orders; the form's when left out.")] = "",
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Bring in a bill of a platform, bank or carrier; all of it or nothing, each line once."""
    from danshu.faces.cli import billing

    raise typer.Exit(billing.run(file, form, mapping, account, channel, tenant, as_json))


@app.command()
def audit(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Fold all facts and compare every row; hash the whole log again and check every seal."""
    from danshu.faces.cli import auditing

    raise typer.Exit(auditing.run(tenant, as_json))


@app.command()
def merchant(
    code: str,
    name: Annotated[str, typer.Option(help="Name to show; the code when left out.")] = "",
    sample: Annotated[
        bool, typer.Option("--sample", help="Lend it the demo's 37 warehouses and lanes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create a merchant, or bring the one with that code up to the sample network."""
    from danshu.faces.cli import founding

    raise typer.Exit(founding.run(code, name, sample, as_json))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            help="From outside the bundle: vkeys, roots of time stamps (PEM), checkpoints held;"
            " a file or a folder of them; may be repeated.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every check.")] = False,
    as_json: Json = False,
) -> None:
    """Verify a bundle offline. Exit 0 passed, 1 failed, 2 passed with parts unchecked."""
    from danshu.faces import verify as room

    with file.open("rb") as source:
        report = room.verify(source, room.read_anchors(trust or []))
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode({"code": report.code, "report": report}).decode())
    else:
        typer.echo(room.describe(report, every))
    raise typer.Exit(report.code)


@evidence.command("export")
def evidence_export(
    order: str,
    out: Annotated[Path | None, typer.Option(help="Default: ORDER.evb.zip")] = None,
    purpose: Annotated[str, typer.Option(help="What for; it stands in the fact.")] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="Write the summary beside it too.")] = False,
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Write the evidence bundle of an order: its id, its key, or the platform's number."""
    from danshu.faces.cli import proving

    raise typer.Exit(proving.export(order, out, tenant, purpose, pdf, as_json))


@keys.command("issue")
def keys_issue(
    name: str,
    role: Annotated[
        str, typer.Option(help="admin, operator, warehouse, channel or viewer.")
    ] = "operator",
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Issue an API key; it is shown once."""
    from danshu.faces.cli import proving

    raise typer.Exit(proving.issue(name, role, tenant, as_json))


@keys.command("trust")
def keys_trust(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Print the verification keys of the merchant's books, to be handed out apart from bundles."""
    from danshu.faces.cli import proving

    raise typer.Exit(proving.trust(tenant, as_json))


@app.command()
def openapi(
    file: Annotated[
        Path | None, typer.Argument(dir_okay=False, help="Standard output when left out.")
    ] = None,
) -> None:
    """Write the API's OpenAPI document; the same code gives the same bytes."""
    from danshu.faces.cli import describing

    raise typer.Exit(describing.run(file))


@app.command()
def asyncapi(
    file: Annotated[
        Path | None, typer.Argument(dir_okay=False, help="Standard output when left out.")
    ] = None,
) -> None:
    """Write the events' AsyncAPI 3.0 document; the same code gives the same bytes."""
    from danshu.faces.cli import describing

    raise typer.Exit(describing.run_events(file))


@app.command("modalities")
def list_modalities(
    as_json: Annotated[bool, typer.Option("--json", help="Machine readable.")] = False,
) -> None:
    """List the ways in that are plugged in, the services they need, and what is not installed."""
    from danshu.faces.cli import modalities

    raise typer.Exit(modalities.run(as_json=as_json))


@app.command()
def witness(
    listen: Annotated[str, typer.Option(help="ADDRESS:PORT")],
    data: Annotated[Path, typer.Option(file_okay=False, help="Its key and what it cosigned.")],
    logs: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="vkeys of logs, one a line.")
    ],
    name: Annotated[str, typer.Option(help="Its name in signatures: a host and a path.")],
) -> None:
    """Cosign the checkpoints of others' logs (C2SP tlog-witness); needs no database."""
    from danshu.faces.cli import log as room

    raise typer.Exit(room.witness(listen, data, logs, name))


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def edge(told: typer.Context) -> None:
    """Take waveforms up beside a machine, buffer them, hand each to the hub once; see --help."""
    from danshu.faces.cli import edge as room

    raise typer.Exit(room.main(told.args))


@app.command()
def bench(
    name: str,
    as_json: Json = False,
    seconds: Annotated[int | None, typer.Option(min=1)] = None,
    size: Annotated[int | None, typer.Option("--size", "--orders", min=1)] = None,
    faults: Annotated[bool, typer.Option("--faults", help="Of sentinel: find faults.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Of vision, speech, sensor: a folder; of forecast: a file.")
    ] = None,
) -> None:
    """Run a benchmark with its floor: place, route, ledger, growth, list, overview, consoles,
    interaction, evidence, sentinel, relay, chaos, assets.
    """
    from danshu.faces.cli import measuring

    raise typer.Exit(measuring.run(name, as_json, seconds, size, faults=faults, data=data))


@app.command()
def story(
    name: Annotated[str, typer.Argument()] = "",
    as_json: Json = False,
    listing: Annotated[bool, typer.Option("--list", help="Show the stories.")] = False,
) -> None:
    """Play a story through the public API on a fresh merchant; exit 1 when a claim fails."""
    from danshu.faces.cli import telling

    raise typer.Exit(telling.run(name, as_json, listing))


def run() -> None:
    """Run the command; a known error is one sentence on stderr and exit code 1."""
    # What is imported stays: looking for garbage among it took a tenth of each start.
    gc.set_threshold(*_GC)
    from danshu.kernel.errors import DanshuError

    try:
        app()
    except DanshuError as error:
        typer.echo(f"danshu: {error.diagnose()}", err=True)
        sys.exit(1)
