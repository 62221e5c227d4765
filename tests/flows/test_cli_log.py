"""`danshu log` and `danshu witness` as typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from danshu.faces.cli.main import app
from danshu.faces.work import rooms
from danshu.kernel import note
from danshu.kernel.errors import InputError

pytest_plugins = ["tests.fixtures.engine"]
Danshu = Callable[..., Any]


@pytest.fixture
def danshu(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Danshu:
    """Run a command in this process with --json and give its object; an error is raised."""
    monkeypatch.setenv("DANSHU_DATABASE_URL", database)
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))

    def told(*words: str) -> Any:
        done = CliRunner().invoke(app, [*words, "--json"])
        if isinstance(done.exception, Exception):
            raise done.exception
        assert done.exit_code == 0, done.output
        return msgspec.json.decode(done.stdout)

    return told


def test_a_key_is_rotated_listed_and_revoked(danshu: Danshu, tmp_path: Path) -> None:
    danshu("merchant", "shop")
    (first,) = danshu("log", "keys")["keys"]
    assert first["state"] == "present"
    told = danshu("log", "rotate", "--overlap", "24")
    assert told["old"] == first["public_key"]
    lines = danshu("log", "keys", "--witness", "--tenant", "shop")["witness"]
    keys = [note.parse_key(line) for line in lines]
    assert {key.name for key in keys} == {"danshu/shop/*"}
    assert {key.public_key.hex() for key in keys} == {told["old"], told["new"]}
    with pytest.raises(InputError):
        danshu("log", "revoke", told["new"], "--reason", "mistaken")
    danshu("log", "revoke", told["old"], "--reason", "the tape is lost")
    states = [key["state"] for key in danshu("log", "keys")["keys"]]
    assert states == ["revoked", "present"]
    with pytest.raises(InputError):
        danshu("log", "revoke", "no key", "--reason", "x")


def test_a_whole_log_is_not_linked(danshu: Danshu, database: str, tmp_path: Path) -> None:
    danshu("merchant", "shop")
    with pytest.raises(InputError) as raised:
        danshu("log", "relink")
    assert raised.value.code == "not_forked"
    assert rooms.seals_folder(database).is_relative_to(tmp_path)


def test_the_doctor_knows_of_third_parties(danshu: Danshu) -> None:
    danshu("merchant", "shop")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    found = {f["name"]: f for f in msgspec.json.decode(done.stdout)["findings"]}
    assert found["third parties"]["ok"]
    assert "court-chain" in found["plug-ins"]["figures"]["ports"]["anchor"]


def test_a_witness_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """A process of its own: no database, its key on standard output, a second one refused."""
    (tmp_path / "logs.txt").write_text("# nobody yet\n")
    words = (sys.executable, "-m", "danshu", "witness", "--name", "witness.example/w")
    where = ("--data", str(tmp_path / "data"), "--logs", str(tmp_path / "logs.txt"), "--listen")
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*words, *where, "127.0.0.1:0"], stdout=subprocess.PIPE, env=environ, text=True
    ) as serving:
        assert serving.stdout is not None
        key = note.parse_key(serving.stdout.readline().strip())
        assert (key.name, key.kind) == ("witness.example/w", note.COSIGNATURE)
        second = subprocess.run(
            [*words, *where, "127.0.0.1:0"], capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "another witness works" in second.stderr
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) in (0, -signal.SIGTERM)
