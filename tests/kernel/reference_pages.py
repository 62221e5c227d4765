"""The pages of docs/reference that are written from the code: facts.md, machines.md, events.md.

`python -m tests.kernel.reference_pages` writes them anew; a test compares.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from msgspec import NODEFAULT, Struct
from msgspec.inspect import StructType, TupleType, Type, UnionType, VarTupleType, type_info
from msgspec.structs import fields

from danshu.capabilities.after_sales.machines import AFTER_SALE, CARRIER_CLAIM
from danshu.capabilities.orders.machines import FULFILMENT, HOLD, ORDER
from danshu.capabilities.orders.parcel_edges import INTERCEPT
from danshu.capabilities.routing.negotiation.machine import NEGOTIATION
from danshu.hub import event_schemas, untold
from danshu.hub.event_catalogue import IN, OUT, Entry, catalogue
from danshu.kernel import fact
from tests.tidy.tree import REFERENCE, modules

INTROS = Path(__file__).parent / "reference_intros"


def text_of(annotation: object) -> str:
    """Write a type as a reader would."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    for prefix in ("danshu.capabilities.orders.model.", "danshu.capabilities."):
        text = text.replace(prefix, "")
    return text.replace("|", "\\|")


def facts() -> str:
    """facts.md."""
    for name in modules():
        if name.endswith((".facts", "_facts")):
            importlib.import_module(name)
    known: set[type[Struct]] = set()
    parts: set[type[Struct]] = set()
    lines = [(INTROS / "facts.md").read_text("utf-8")]
    for (name, version), cls in sorted(fact.TYPES.items()):
        if not cls.__module__.startswith("danshu."):
            continue
        lines += section(f"`{name}` v{version}", cls)
        parts |= parts_of(type_info(cls))
        known.add(cls)
    lines += ["## Parts 组成部分", ""]
    for cls in sorted(parts - known, key=lambda cls: cls.__name__):
        lines += section(cls.__name__, cls)
    return "\n".join(lines[:-1]) + "\n"


def section(title: str, cls: type[Struct]) -> list[str]:
    """A heading, what is true of the type, and its fields; those of an array in their order."""
    form = cls.__struct_config__
    listed = list(fields(cls))
    if not form.array_like:
        listed.sort(key=lambda field: field.encode_name)
    lines = [f"### {title}", "", inspect.getdoc(cls) or "", ""]
    lines += ["Written as an array.", ""] if form.array_like else []
    lines += ["| field | type |", "|---|---|"]
    lines += [
        f"| `{field.encode_name}`{'' if field.default is NODEFAULT else ' ?'} |"
        f" {text_of(declared(cls, field.name))} |"
        for field in listed
    ]
    return [*lines, ""]


def parts_of(kind: Type) -> set[type[Struct]]:
    """The Structs in a type, all the way down."""
    match kind:
        case StructType():
            return {kind.cls}.union(*(parts_of(field.type) for field in kind.fields))
        case VarTupleType():
            return parts_of(kind.item_type)
        case TupleType():
            return set().union(*(parts_of(item) for item in kind.item_types))
        case UnionType():
            return set().union(*(parts_of(each) for each in kind.types))
    return set()


def declared(cls: type[Struct], name: str) -> object:
    """The annotation of a field as its class declares it."""
    owners = (inspect.get_annotations(owner) for owner in cls.__mro__)
    return next(found[name] for found in owners if name in found)


def machines() -> str:
    """machines.md."""
    parts = [(INTROS / "machines.md").read_text("utf-8")]
    for title, machine in (
        ("Order 订单", ORDER),
        ("Fulfilment order 履约单", FULFILMENT),
        ("Intercept 截单", INTERCEPT),
        ("Hold 挂起", HOLD),
        ("Negotiation 双向协商", NEGOTIATION),
        ("After-sales case 售后单", AFTER_SALE),
        ("Claim on a carrier 承运商理赔", CARRIER_CLAIM),
    ):
        parts.append(f"## {title}\n\n{machine.check().describe()}")
    return "\n".join(parts)


TOPICS = {
    "order": "订单",
    "payment": "收付款",
    "promise": "承诺",
    "route": "分仓",
    "stock": "库存",
    "shipment": "履约与包裹",
    "negotiation": "协商",
    "after_sale": "售后",
    "settlement": "结算",
    "group": "拼团",
    "master": "主数据与规则",
    "anomaly": "异常",
    "evidence": "证据",
}


def events() -> str:
    """events.md."""
    types = catalogue().values()
    lines = [(INTROS / "events.md").read_text("utf-8"), "## What is told 发布的事件", ""]
    topics = {each.topic for each in types if each.direction == OUT}
    if topics != TOPICS.keys():
        raise AssertionError(f"topics without a word: {topics ^ TOPICS.keys()}")
    for topic, zh in TOPICS.items():
        lines += [f"### `{topic}` {zh}", "", *rows_of([e for e in types if e.topic == topic])]
    lines += ["## What is heard 收听的事件", "", "`POST /v1/events`. " + HEARD, ""]
    lines += rows_of([each for each in types if each.direction == IN])
    lines += ["## What is not told 不发布的事实", "", "| facts | why | 原因 |", "|---|---|---|"]
    for each in untold.UNTOLD:
        names = ", ".join(f"`{f}*`" if f[-1] in "._" else f"`{f}`" for f in each.facts)
        lines.append(f"| {names} | {each.en} | {each.zh} |")
    return "\n".join(lines) + "\n"


HEARD = (
    "An order is named by `order` (the hub's id), by `channel`, `shop` and `number`, or by"
    " `waybill`; else `subject` is its id. Waybills are known about a second after they were"
    " recorded; before that the answer is `no_order`, and the event may be sent again. Each type"
    " needs the right of its act beside `event.send`."
)


def rows_of(types: list[Entry]) -> list[str]:
    """A table of types; those that come in have the right that they ask for."""
    asks = " right |" if types[0].right else ""
    lines = [
        "| type | 中文 | what it says | fields |" + asks,
        "|---|---|---|---|" + "---|" * bool(asks),
    ]
    for each in types:
        fields_ = ", ".join(
            f"`{f['name']}`{'' if f['required'] else ' ?'}"
            for f in event_schemas.fields(event_schemas.load(each))
        )
        lines.append(f"| `{each.name}` | {each.title} | {each.note} | {fields_} |")
        lines[-1] += f" `{each.right}` |" if asks else ""
    return [*lines, ""]


PAGES = {
    REFERENCE / "facts.md": facts,
    REFERENCE / "machines.md": machines,
    REFERENCE / "events.md": events,
}


if __name__ == "__main__":
    for page, write in PAGES.items():
        Path(page).write_text(write(), "utf-8")
