"""Traces by OpenTelemetry, for those who have a collector: DANSHU_OTLP_URL names it.

Without it nothing of OpenTelemetry is loaded, and a note is one comparison. With it, what took time
is noted when it is over: requests, commits of groups, steps of rooms, calls of far sides. A request
with a `traceparent` (W3C Trace Context) goes on with that trace. Spans leave in batches beside the
work, over OTLP/HTTP; where the collector does not answer they are dropped, and nothing waits.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

URL: Final = "DANSHU_OTLP_URL"
_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def begin(service: str) -> None:
    """Begin to trace this process where a collector is named. Raises NotAvailable without the
    extra `tracing`.
    """
    global _provider, _tracer
    url = os.environ.get(URL, "").rstrip("/")
    if not url or _provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as Provider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise NotAvailable(f"{URL} needs pip install 'danshu[tracing]'", 0) from error
    resource = Resource.create({"service.name": service, "process.pid": os.getpid()})
    _provider = Provider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces")
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("danshu")


def end() -> None:
    """Send what is left, and trace no more."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()


def is_on() -> bool:
    """Tell whether this process is traced."""
    return _tracer is not None


def note(
    name: str, took_s: float, *, parent: str = "", trouble: str = "", **attributes: Any
) -> None:
    """Note what is just over and took so long; `parent` is a `traceparent`, `trouble` why it
    failed. Attributes hold no personal data.
    """
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode

    ended_ns = time.time_ns()
    span = _tracer.start_span(
        name,
        context=_context(parent),
        kind=SpanKind.SERVER if name.startswith("http") else SpanKind.INTERNAL,
        attributes=attributes,
        start_time=ended_ns - round(took_s * 1e9),
    )
    if trouble:
        span.set_status(Status(StatusCode.ERROR, trouble[:200]))
    span.end(ended_ns)


def _context(parent: str) -> Any:
    """Give the context of a `traceparent` that can be read, else none: a trace of its own."""
    told = _PARENT.fullmatch(parent)
    if told is None or int(told[1], 16) == 0 or int(told[2], 16) == 0:
        return None
    from opentelemetry import trace

    above = trace.SpanContext(
        trace_id=int(told[1], 16),
        span_id=int(told[2], 16),
        is_remote=True,
        trace_flags=trace.TraceFlags(int(told[3], 16)),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(above))
