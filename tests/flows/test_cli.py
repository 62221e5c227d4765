"""The commands as typed: exit codes, JSON on standard output, one sentence for an error."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.faces.cli import plugged
from danshu.kernel.errors import ProgramError
from danshu.testing import messages
from tests.tidy.tree import pyproject

NOW_MS = 1_790_000_000_000
Danshu = Callable[..., Any]


def run(url: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "danshu", *words],
        env={**os.environ, "DANSHU_DATABASE_URL": url, "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def danshu(database: str, tmp_path: Path) -> Danshu:
    """Run a command with --json, expect its exit code, give its object."""

    def told(*words: str, code: int = 0) -> Any:
        done = run(database, tmp_path, *words, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return msgspec.json.decode(done.stdout)

    return told


def test_an_order_from_its_message_to_its_proof(
    danshu: Danshu, database: str, tmp_path: Path
) -> None:
    """Import, look at the decision, replay it, prove it, audit everything, then tamper."""
    assert danshu("merchant", "shop", "--sample") == danshu("merchant", "shop", "--sample")
    body = messages.message("taobao", 1, 1, NOW_MS)
    (tmp_path / "one.json").write_bytes(body)
    number = str(msgspec.json.decode(body)["trade_fullinfo_get_response"]["trade"]["tid"])
    words = ("--channel", "taobao", "--tenant", "shop")
    told = danshu("import", "one.json", *words)
    assert (told["rows_in"], told["orders_placed"]) == (1, 1)

    of_shop = ("--tenant", "shop")
    exported = danshu("evidence", "export", number, *of_shop)
    assert exported == danshu("evidence", "export", exported["order"], *of_shop)
    keys = danshu("keys", "trust", *of_shop)["vkeys"]
    assert keys
    (tmp_path / "vkeys.txt").write_text("\n".join(keys), "utf-8")
    verified = danshu("verify", exported["file"], "--trust", "vkeys.txt")
    assert verified["report"]["order"] == exported["order"]
    danshu("verify", exported["file"], code=2)  # its own keys only

    assert danshu("audit", *of_shop)["clean"]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("update orders set total = total + 1, state = 90")
    found = danshu("audit", *of_shop, code=1)
    # the state, and the total
    assert [one["code"] for one in found["rows"]["differences"]] == ["row_differs"] * 2


def test_a_decision_is_explained_and_replayed(danshu: Danshu, tmp_path: Path) -> None:
    danshu("merchant", "shop", "--sample")
    (tmp_path / "mapping.yaml").write_text(
        "version: 1\nname: t\ncurrency: CNY\nshop: t\ncreate_skus: true\ngroup_by: no\n"
        "columns: {sku: sku, quantity: qty, price: price, created: at, province: p, city: c}\n",
        "utf-8",
    )
    (tmp_path / "t.csv").write_text(
        "no,sku,qty,price,at,p,c\nN1,A,1,9.90,2026-11-01 10:00:00,浙江省,杭州市\n", "utf-8"
    )
    danshu("import", "t.csv", "--mapping", "mapping.yaml", "--tenant", "shop")
    told = danshu("routing", "explain", "table/t/N1", "--tenant", "shop")
    assert len(told["warehouses"]) == 37
    assert all("stock" in {r["code"] for r in w["reasons"]} for w in told["warehouses"])
    assert told["plan"] == [[1, ""]]
    again = danshu("routing", "replay", "N1", "--tenant", "shop")
    assert again["equal"]
    assert again["recorded_sha256"] == again["replayed_sha256"]


def test_the_doctor(danshu: Danshu, database: str) -> None:
    # the tests' server does not sync to disk, and nobody has made partitions ahead of the clock
    report = danshu("doctor", code=1)
    sick = {f["name"] for f in report["findings"] if not f["ok"]}
    assert {f["name"] for f in report["findings"]} == {
        "python", "plug-ins", "engine", "schema", "partitions", "queue", "seals", "time stamps",
        "log lag", "clock", "third parties", "disk",
    }  # fmt: skip
    assert {"engine", "partitions"} <= sick <= {"engine", "partitions", "disk"}
    danshu("merchant", "shop", "--sample")
    report = danshu("doctor", code=1)
    days = {f["name"]: f["figures"] for f in report["findings"]}["partitions"]["days_ahead"]
    assert days >= 2


def test_a_key_is_issued_once_and_kept_as_a_hash(danshu: Danshu, database: str) -> None:
    danshu("merchant", "shop")
    issued = danshu("keys", "issue", "wms", "--role", "warehouse", "--tenant", "shop")
    secret = issued["key"].split("_", 3)[3]
    with psycopg.connect(database, autocommit=True) as connection:
        rows = connection.execute("select k::text from api_keys k").fetchall()
        facts = connection.execute("select body from facts").fetchall()
    assert len(rows) == 1
    assert secret not in rows[0][0]
    assert all(secret.encode() not in bytes(body) for (body,) in facts)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["audit", "--tenant", "nobody"], 1, "no merchant 'nobody'"),
        (["evidence", "export", "1", "--tenant", "nobody"], 1, "no merchant 'nobody'"),
        (["keys", "issue", "x", "--role", "king", "--tenant", "nobody"], 1, "no merchant"),
        (["bench", "nothing"], 2, "no benchmark 'nothing'"),
        (["bench", "../place"], 2, "no benchmark"),
        (["story", "nothing"], 2, "no story 'nothing'"),
        (["work", "--only", "nothing"], 2, "no room 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    database: str, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = run(database, tmp_path, *words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_order_is_one_sentence(danshu: Danshu, database: str, tmp_path: Path) -> None:
    danshu("merchant", "shop")
    for words in (
        ["evidence", "export", "%"],
        ["routing", "explain", "00000000-0000-0000-0000-000000000000"],
    ):
        done = run(database, tmp_path, *words, "--tenant", "shop")
        assert done.returncode == 1
        assert "there is no order" in done.stderr


def test_the_stories_are_listed(danshu: Danshu) -> None:
    assert {"first-order", "oversell"} <= {s["story"] for s in danshu("story", "--list")}


def test_what_is_plugged_in_is_there() -> None:
    named = pyproject()["project"]["entry-points"][plugged.GROUP]
    installed = importlib.metadata.entry_points(group=plugged.GROUP)
    assert {entry.name: entry.value for entry in installed} == named
    assert all(callable(plugged.load(name)) for name in named)
    with pytest.raises(ProgramError, match="nothing is plugged in"):
        plugged.load("nothing")
