"""A reference collector of traces: takes OTLP/HTTP (opentelemetry-proto, binary) at /v1/traces."""

from __future__ import annotations

import contextlib
import gzip
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator


class Span(Struct, frozen=True, kw_only=True):
    """A span as it came: ids in hex, how long it was in ms, whether it failed."""

    service: str
    name: str
    trace: str
    parent: str
    ms: float
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """What the collector took; `url` is what DANSHU_OTLP_URL names."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []

    def respond(self, asked: Asked) -> Answer:
        """Take an export."""
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as forms

        if asked.path != "/v1/traces":
            return Answer(status=404)
        body = asked.body
        if asked.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        export = forms.ExportTraceServiceRequest.FromString(body)
        for resource in export.resource_spans:
            told = {a.key: a.value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [
                    _read(span, told["service.name"].string_value) for span in scope.spans
                ]
        return Answer(body=forms.ExportTraceServiceResponse().SerializeToString())


def _read(span: Any, service: str) -> Span:
    return Span(
        service=service,
        name=span.name,
        trace=span.trace_id.hex(),
        parent=span.parent_span_id.hex(),
        ms=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        failed=span.status.code == 2,
        attributes={a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes},
    )


@contextlib.contextmanager
def serve() -> Iterator[Collector]:
    """Serve a collector on a free port of this machine."""
    collector = Collector()
    with far_side.serve(collector.respond) as collector.url:
        yield collector
