"""What adapters there are for connectors, and what each can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from danshu.hub import connectors
from danshu.kernel.errors import DanshuError
from danshu.ports import registry

if TYPE_CHECKING:
    from danshu.ports.connector import Connector


class ConnectorOperation(Struct, frozen=True, kw_only=True):
    """What can be asked of an adapter, with the JSON Schemas of question and answer."""

    name: str
    undo: str
    timeout_s: float
    repeatable: bool
    asks: dict[str, Any]
    gives: dict[str, Any]


class ConnectorAdapter(Struct, frozen=True, kw_only=True):
    """An adapter that is plugged in; `needs` are options and secrets that it can't do without."""

    name: str
    capability: str
    title: str
    title_en: str
    needs: tuple[str, ...]
    secrets: tuple[str, ...]
    operations: tuple[ConnectorOperation, ...]


def list_adapters() -> list[ConnectorAdapter]:
    """Give the adapters that are plugged in; one that cannot be loaded is left out."""
    found = []
    for name in registry.names(connectors.PORT):
        try:
            adapter = connectors.load_plugin(name)
        except DanshuError:
            continue
        found.append(show(name, adapter))
    return found


def show(name: str, adapter: Connector) -> ConnectorAdapter:
    """Show an adapter under the name that connects it."""
    return ConnectorAdapter(
        name=name,
        capability=adapter.capability,
        title=adapter.title,
        title_en=adapter.title_en,
        needs=tuple(n for n in adapter.needs if not is_secret(n)),
        secrets=tuple(n for n in adapter.needs if is_secret(n)),
        operations=tuple(
            ConnectorOperation(
                name=operation.name,
                undo=operation.undo,
                timeout_s=operation.timeout_s,
                repeatable=operation.repeatable,
                asks=_schema(operation.asks),
                gives=_schema(operation.gives),
            )
            for operation in adapter.operations
        ),
    )


def is_secret(name: str) -> bool:
    """Tell whether a need is never shown."""
    return name.endswith(("secret", "key"))


def _schema(shape: type[Struct]) -> dict[str, Any]:
    """Give the JSON Schema of a question; of one that may be any JSON, an open object."""
    try:
        return msgspec.json.schema(shape)
    except TypeError:  # a default of msgspec.Raw has no JSON Schema
        return {"type": "object"}
