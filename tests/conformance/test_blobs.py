"""Places of the archive: a folder, and object storage by the S3 API; both keep the same word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports import registry
from danshu.testing import object_store

NAME = "facts/演示 商户/2026-08-21/00001-ab.parquet"


@pytest.fixture(scope="module")
def store() -> Iterator[object_store.Store]:
    with object_store.serve() as running:
        yield running


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", object_store.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", object_store.SECRET_KEY)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


def open_place(name: str, url: str) -> Any:
    registry.refresh()
    place: Any = registry.load("blobs", name)
    place.open(url)
    return place


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_an_object_is_kept_whole(
    kind: str, store: object_store.Store, credentials: None, tmp_path: Path
) -> None:
    url = (tmp_path / "a b").as_uri() if kind == "folder" else store.archive_url()
    place = open_place(kind, url)
    file = tmp_path / "file"
    for body in (bytes(range(256)) * 500, b"another", b""):
        file.write_bytes(body)
        place.put(NAME, file)
        assert place.size(NAME) == len(body)
        assert place.read(NAME, 0, len(body)) == body
        assert place.read(NAME, 3, 9) == body[3:9] or not body
    assert place.size("facts/none") == -1
    with pytest.raises(NotAvailable):
        place.read("facts/none", 0, 4)
    place.remove(NAME)
    place.remove(NAME)
    assert place.size(NAME) == -1
    for wrong in ("http://x/y", "file:relative", "s3:"):
        with pytest.raises(InputError):
            place.open(wrong)


def test_storage_that_is_down_or_does_not_know_us_is_not_available(
    store: object_store.Store, credentials: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    place = open_place("s3", store.archive_url())
    with pytest.raises(NotAvailable, match="SignatureDoesNotMatch"):
        place.put(NAME, file)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", object_store.SECRET_KEY)
    place = open_place("s3", store.archive_url())
    place.put(NAME, file)
    store.is_down = True
    for ask in (lambda: place.put(NAME, file), lambda: place.read(NAME, 0, 1)):
        with pytest.raises(NotAvailable):
            ask()
    store.is_down = False
    assert place.read(NAME, 0, 1) == b"x"
