"""Alert rules and a dashboard for those who run Prometheus and Grafana, from the board's own table.

Everything follows from data/health.yaml and burn.py: recording rules of the share of bad events by
window, burn-rate alerts, threshold alerts, unit tests of all of them for promtool, and the panels
of a Grafana dashboard. Pure: gives objects that are YAML and JSON as they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.weave import burn, health
from danshu.capabilities.weave.levels import Level

if TYPE_CHECKING:
    from danshu.capabilities.weave.health import Metric

RULES_FILE: Final = "prometheus-rules.yaml"
_FOR: Final = "2m"
_STALE_S: Final = 120
_SPANS: Final = {300: "5m", 1_800: "30m", 3_600: "1h", 21_600: "6h", 259_200: "3d"}
_GRAFANA_UNITS: Final = {
    "ms": "ms",
    "us": "µs",
    "s": "s",
    "percent": "percent",
    "count": "short",
}
_COLOURS: Final = {Level.BLUE: "blue", Level.YELLOW: "yellow", Level.RED: "red"}


def rules(origin: str) -> dict[str, Any]:
    """Give the rules file; `origin` is where the console is, for the links of runbooks."""
    budgets = [m for m in health.metrics() if m.objective is not None]
    return {
        "groups": [
            {
                "name": "danshu-budgets",
                "interval": "30s",
                "rules": [_record(span_s) for span_s in burn.SPANS_S],
            },
            {
                "name": "danshu-burn",
                "rules": [_burn(m, w, origin) for m in budgets for w in burn.WINDOWS],
            },
            {
                "name": "danshu-levels",
                "rules": [
                    _level(m, level, limit, origin)
                    for m in health.metrics()
                    for level, limit in _limits(m)
                ],
            },
            {"name": "danshu-watch", "rules": _watch(origin)},
        ]
    }


def _limits(metric: Metric) -> list[tuple[Level, float]]:
    known = {Level.BLUE: metric.blue, Level.YELLOW: metric.yellow, Level.RED: metric.red}
    return [(level, limit) for level, limit in known.items() if limit is not None]


def name_of(metric: Metric) -> str:
    """Give a metric's name as alerts are named: OrderCreate."""
    return "".join(word.capitalize() for word in metric.code.split("_"))


def _record(span_s: int) -> dict[str, Any]:
    span = _SPANS[span_s]
    # every server tells the same counters: the largest is the newest
    parts = [
        f"max by (metric) (increase(danshu_health_{what}_total[{span}]))"
        for what in ("good", "events")
    ]
    return {"record": _share(span_s), "expr": f"1 - {parts[0]} / {parts[1]}"}


def _share(span_s: int) -> str:
    return f"danshu:health_bad:ratio_increase{_SPANS[span_s]}"


def _burn(metric: Metric, window: burn.Window, origin: str) -> dict[str, Any]:
    assert metric.objective is not None
    limit = f"{window.rate * (100 - metric.objective) / 100:.6g}"
    where = f'{{metric="{metric.code}"}}'
    return {
        "alert": f"Danshu{name_of(metric)}Burn{window.level.word.capitalize()}",
        "expr": (
            f"{_share(window.long_s)}{where} > {limit}"
            f" and {_share(window.short_s)}{where} > {limit}"
        ),
        "labels": {"severity": window.level.word, "metric": metric.code},
        "annotations": {
            "summary": f"{metric.en}: the error budget burns at {window.rate:g}x",
            "summary_zh": f"{metric.zh}：误差预算正以 {window.rate:g} 倍速消耗",
            "runbook_url": f"{origin}/health-board?runbook={metric.code}",
        },
    }


def _level(metric: Metric, level: Level, limit: float, origin: str) -> dict[str, Any]:
    worst, sign = ("min", "<") if metric.better == "high" else ("max", ">")
    return {
        "alert": f"Danshu{name_of(metric)}{level.word.capitalize()}",
        "expr": f'{worst} by (metric) (danshu_health{{metric="{metric.code}"}}) {sign} {limit:g}',
        "for": _FOR,
        "labels": {"severity": level.word},
        "annotations": {
            "summary": f"{metric.en} is {{{{ $value }}}} {metric.unit}, {sign} {limit:g}",
            "summary_zh": f"{metric.zh} {{{{ $value }}}} {metric.unit}，{sign} {limit:g}",
            "runbook_url": f"{origin}/health-board?runbook={metric.code}",
        },
    }


def _watch(origin: str) -> list[dict[str, Any]]:
    def rule(name: str, expr: str, en: str, zh: str) -> dict[str, Any]:
        notes = {"summary": en, "summary_zh": zh, "runbook_url": f"{origin}/health-board"}
        labels = {"severity": "red"}
        return {
            "alert": name,
            "expr": expr,
            "for": _FOR,
            "labels": labels,
            "annotations": notes,
        }

    stale = f"time() - max(danshu_health_looked_timestamp_seconds) > {_STALE_S}"
    return [
        rule("DanshuDown", 'up{job="danshu"} == 0', "A process is down", "有进程不应答"),
        rule("DanshuHealthStale", stale, "Nobody evaluates the board", "健康度无人评估"),
    ]


def rule_tests(origin: str) -> dict[str, Any]:
    """Give the tests of the rules: each level fires beyond its threshold and not below the first,
    each pair of windows fires at half more than its rate.
    """
    tests = [
        _level_test(m, origin, bad=bad) for m in health.metrics() if m.red for bad in (True, False)
    ]
    budgets = [m for m in health.metrics() if m.objective is not None]
    tests += [_burn_test(m, w, origin) for m in budgets for w in burn.WINDOWS]
    return {"rule_files": [RULES_FILE], "evaluation_interval": "1m", "tests": tests}


def _level_test(metric: Metric, origin: str, *, bad: bool) -> dict[str, Any]:
    assert metric.red is not None
    assert metric.blue is not None
    if metric.better == "low":
        value = metric.red * 2 if bad else metric.blue / 2
    else:
        value = metric.red / 2 if bad else (metric.blue + 100) / 2
    checks = []
    for level, limit in _limits(metric):
        notes = _level(metric, level, limit, origin)["annotations"]
        told = {key: note.replace("{{ $value }}", f"{value:g}") for key, note in notes.items()}
        labels = {"severity": level.word, "metric": metric.code}
        fires = [{"exp_labels": labels, "exp_annotations": told}] if bad else []
        name = f"Danshu{name_of(metric)}{level.word.capitalize()}"
        checks.append({"eval_time": "5m", "alertname": name, "exp_alerts": fires})
    series = f'danshu_health{{metric="{metric.code}",instance="a"}}'
    return {
        "interval": "1m",
        "input_series": [{"series": series, "values": f"{value:g}x10"}],
        "alert_rule_test": checks,
    }


def _burn_test(metric: Metric, window: burn.Window, origin: str) -> dict[str, Any]:
    """Feed events of which half more than the rate's share fails: this and what is milder fires,
    what is graver doesn't. A window that is not full yet is of what there is.
    """
    assert metric.objective is not None
    each = 1_000_000
    bad = round(each * min(1.0, 1.5 * window.rate * (1 - metric.objective / 100)))
    checks = []
    for other in burn.WINDOWS:
        rule = _burn(metric, other, origin)
        fires = {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}
        alerts = [fires] if other.rate <= window.rate else []
        check = {"eval_time": "10m", "alertname": rule["alert"], "exp_alerts": alerts}
        checks.append(check)

    def series(what: str, add: int) -> dict[str, str]:
        full = f'danshu_health_{what}_total{{metric="{metric.code}",instance="a"}}'
        return {"series": full, "values": f"0+{add}x15"}

    return {
        "interval": "1m",
        "input_series": [series("good", each - bad), series("events", each)],
        "alert_rule_test": checks,
    }


def scrape(origin: str) -> dict[str, Any]:
    """Give an example of how Prometheus is told where the processes are."""
    target = origin.partition("://")[2] or "127.0.0.1:8420"
    return {
        "rule_files": [RULES_FILE],
        "scrape_configs": [
            {
                "job_name": "danshu",
                "scrape_interval": "15s",
                "authorization": {"credentials_file": "/etc/prometheus/danshu-metrics-token"},
                "static_configs": [{"targets": [target, "127.0.0.1:9421"]}],
            }
        ],
    }


def dashboard() -> dict[str, Any]:
    """Give the Grafana dashboard: the twelve in their order, then processes."""
    panels = [_panel(at, metric) for at, metric in enumerate(health.metrics())]
    lower = (
        (
            "订单应答 Order answers",
            "s",
            (
                ("P99", _quantile(0.99, "danshu_order_seconds")),
                ("P50", _quantile(0.5, "danshu_order_seconds")),
            ),
        ),
        (
            "每秒订单 Orders a second",
            "ops",
            (
                ("answered", "sum(rate(danshu_order_seconds_count[5m]))"),
                ("failed", "sum(rate(danshu_orders_failed_total[5m]))"),
            ),
        ),
        (
            "失败 Failures by kind",
            "ops",
            (("{{kind}}", "sum by (kind) (rate(danshu_subject_failed_total[5m]))"),),
        ),
        (
            "商户级别 Merchants at a level",
            "short",
            (("{{level}}", "sum by (level) (max by (metric, level) (danshu_health_merchants))"),),
        ),
        (
            "进程 CPU",
            "percentunit",
            (("{{instance}}", 'rate(process_cpu_seconds_total{job="danshu"}[5m])'),),
        ),
        (
            "进程内存 Memory",
            "bytes",
            (("{{instance}}", 'process_resident_memory_bytes{job="danshu"}'),),
        ),
    )
    top = 8 * 3
    for at, (title, unit, targets) in enumerate(lower):
        place = {"h": 8, "w": 8, "x": 8 * (at % 3), "y": top + 8 * (at // 3)}
        panels.append(_drawn(100 + at, title, unit, list(targets), place, []))
    return {
        "title": "单枢 Danshu",
        "uid": "danshu-health",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "tags": ["danshu"],
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "Asia/Shanghai",
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def _quantile(share: float, name: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({name}_bucket[5m])))"


def _panel(at: int, metric: Metric) -> dict[str, Any]:
    worst = "min" if metric.better == "high" else "max"
    expr = f'{worst} by (metric) (danshu_health{{metric="{metric.code}"}})'
    steps: list[dict[str, Any]] = []
    limits = _limits(metric)
    if metric.better == "low":
        steps = [{"color": "green", "value": None}]
        steps += [{"color": _COLOURS[level], "value": limit} for level, limit in limits]
    elif limits:  # a colour holds from its value upwards: red at the bottom
        steps = [{"color": _COLOURS[Level.RED], "value": None}]
        upper = [*limits[::-1][1:], (None, None)]
        for (_, limit), (level, _) in zip(limits[::-1], upper, strict=True):
            colour = _COLOURS[level] if level is not None else "green"
            steps.append({"color": colour, "value": limit})
    place = {"h": 6, "w": 4, "x": 4 * (at % 6), "y": 6 * (at // 6)}
    title = f"{metric.zh} {metric.en}"
    unit = _GRAFANA_UNITS[metric.unit]
    return _drawn(at + 1, title, unit, [(metric.en, expr)], place, steps)


def _drawn(
    id_: int,
    title: str,
    unit: str,
    targets: list[tuple[str, str]],
    place: dict[str, int],
    steps: list[dict[str, Any]],
) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": id_,
        "type": "stat" if steps else "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                **({"thresholds": {"mode": "absolute", "steps": steps}} if steps else {}),
            },
            "overrides": [],
        },
        "targets": [
            {"refId": chr(65 + n), "datasource": source, "expr": expr, "legendFormat": legend}
            for n, (legend, expr) in enumerate(targets)
        ],
    }
