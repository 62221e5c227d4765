"""Facts once said stay readable: one golden file for each fact type and version, byte for byte."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from danshu.kernel import canonical, fact
from danshu.kernel.errors import ProgramError
from tests.kernel.fact_examples import EXAMPLES, GOLDEN, place, write
from tests.tidy.tree import modules

for _name in modules():
    if _name.endswith(".facts"):
        importlib.import_module(_name)
# Other tests may have registered types of their own in this process.
TYPES = {key: cls for key, cls in fact.TYPES.items() if cls.__module__.startswith("danshu.")}
FILES = sorted(GOLDEN.glob("*.json"))


def key_of(path: Path) -> tuple[str, int]:
    """Type and version from a golden file's name."""
    name, _, version = path.name.removesuffix(".json").rpartition(".v")
    return name, int(version)


def test_each_type_and_version_has_its_file_and_each_file_its_type() -> None:
    assert TYPES
    assert {key_of(path) for path in FILES} == TYPES.keys()


def test_each_type_has_its_example() -> None:
    """The promises' examples are beside their own tests."""
    newest = {cls for (name, version), cls in TYPES.items() if version == fact.latest(name)}
    others = {cls for cls in newest if cls.__module__ != "danshu.capabilities.contract.facts"}
    assert {type(data) for data in EXAMPLES} == others


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_is_read(path: Path) -> None:
    body = path.read_bytes()
    name, version = key_of(path)
    assert canonical.is_canonical(body)
    stored = msgspec.json.decode(body)
    assert (stored["type"], stored["version"]) == (name, version)
    found = fact.read(body)
    assert found.version == fact.latest(name)
    assert type(found.data) is TYPES[name, found.version]
    if version == found.version:
        assert fact.encode(found) == body


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_shows_every_field(path: Path) -> None:
    stored = msgspec.json.decode(path.read_bytes())
    assert set(stored) == set(fact.Fact.__struct_fields__)
    cls = TYPES[key_of(path)]
    told = {field.encode_name for field in msgspec.structs.fields(cls)}
    # `kind` of an order is left out when it is the usual one, as its type, group and subsidy; what
    # policy and the other scorers say of a decision, where they were not asked; cold zones that
    # wait for a temperature; cold equipment, where nothing cold is shipped; events, where none are
    # subscribed to; the stage of a payment, where it is the whole; the rule of a hold, where a
    # person lifts it; tax and cost, where they are not entered; who made a voucher, where one
    # person could enter it alone.
    left_out = {
        "after_sale.opened": {"photos"},  # where its buyer shows none
        "after_sales.configured": {"by_link", "exempt", "return_to", "windows"},
        "exchange.arranged": {"supplement"},  # where the other goods are not dearer
        "cold_equipment.registered": {"warehouse"},
        "export.made": {"asset", "recipient", "watermark"},  # of orders, that bear no code
        "order.placed": {"kind", "type", "type_version", "group", "subsidy"},
        "notice.configured": {"events"},
        "order.held": {"awaits", "frees", "right", "until"},
        "order.paid": {"stage"},
        "order.shipped": {"equipment"},
        "route.decided": {"awaiting", "cut", "ruling", "votes"},  # no line was cut
        "settlement.set": {"costs", "tax"},
        "voucher.entered": {"first", "proposed"},
    }
    unusual = left_out.get(stored["type"], set())
    assert told - unusual <= set(stored["data"]) <= told


@pytest.mark.parametrize("data", EXAMPLES, ids=lambda data: fact.NAMES[type(data)][0])
def test_the_example_is_written_as_the_golden_bytes(data: Struct) -> None:
    body = place(data).read_bytes()
    assert write(data) == body
    assert fact.read(body).data == data


@pytest.mark.parametrize("key", TYPES, ids=lambda key: f"{key[0]}.v{key[1]}")
def test_the_data_is_within_the_canonical_profile(key: tuple[str, int]) -> None:
    assert canonical.check_struct_type(TYPES[key])


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of this test's own, so that its types are seen by nobody else."""
    for name in ("TYPES", "NAMES", "UPCASTERS"):
        monkeypatch.setattr(fact, name, {})


@pytest.mark.usefixtures("registry")
def test_an_old_fact_is_read_as_the_newest_version() -> None:
    @fact.fact_type("parcel.weighed")
    class Weighed1(Struct, frozen=True, kw_only=True):
        kg: int

    @fact.fact_type("parcel.weighed", 2)
    class Weighed2(Struct, frozen=True, kw_only=True):
        weight_g: int

    @fact.fact_type("parcel.weighed", 3)
    class Weighed3(Struct, frozen=True, kw_only=True):
        scale: str
        weight_g: int

    @fact.upcaster("parcel.weighed", 1)
    def to_grams(data: dict[str, Any]) -> dict[str, Any]:
        return {"weight_g": data["kg"] * 1_000}

    @fact.upcaster("parcel.weighed", 2)
    def name_the_scale(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "scale": "unknown"}

    body = write(Weighed1(kg=3))
    assert msgspec.json.decode(body)["version"] == 1
    found = fact.read(body)
    assert found.version == 3
    assert found.data == Weighed3(scale="unknown", weight_g=3_000)
    assert fact.read(write(Weighed2(weight_g=7))).data == Weighed3(scale="unknown", weight_g=7)
    # Nothing is edited: the stored bytes still say what was said.
    assert msgspec.json.decode(body)["data"] == {"kg": 3}


@pytest.mark.usefixtures("registry")
def test_a_type_is_registered_once_and_an_unknown_one_is_no_fact() -> None:
    @fact.fact_type("parcel.weighed")
    class Weighed(Struct, frozen=True, kw_only=True):
        kg: int

    body = write(Weighed(kg=1))
    with pytest.raises(ProgramError, match="twice"):
        fact.fact_type("parcel.weighed")(Weighed)
    fact.TYPES.clear()
    with pytest.raises(ProgramError, match="unknown fact type"):
        fact.read(body)
