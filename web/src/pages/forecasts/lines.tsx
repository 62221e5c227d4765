import { Button, Checkbox, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastLine, ForecastPage, ForecastState } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { Card } from "@/parts/card";
import { Sparkline } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { bounds, KEY, keyOf, spanOf, units } from "./words";

const SPANS = [7, 14, 28] as const;
const PAGE = 50;

/** Series of the newest run, what sells most first. */
export function Lines({ state, mayWrite }: { state: ForecastState; mayWrite: boolean }) {
  const { t } = useTranslation("forecasts");
  const { asked, ask } = useAsked();
  const [typed, setTyped] = useState(asked("q"));
  const question = { q: asked("q"), place: asked("place"), drifted: asked("drifted") ? "true" : "" };
  const list = useKeyset<ForecastLine, ForecastPage>({
    queryKey: [...KEY, "lines", question],
    fetch: (cursor, signal) =>
      fetchJson(`/v1/forecasts?${query({ ...question, cursor, limit: PAGE })}`, { signal }),
    enabled: !!state.run,
  });
  const names = new Map(state.places.map((one) => [one.code, one.name || one.code]));
  const columns: SmallColumn<ForecastLine>[] = [
    {
      key: "goods",
      title: t("columns.goods"),
      render: (line) => (
        <Button
          type="link"
          size="small"
          className="forecasts-goods"
          onClick={() => ask({ at: line.place, sku: line.sku }, true)}
        >
          {line.name || line.sku}
        </Button>
      ),
    },
    { key: "place", title: t("columns.place"), render: (line) => names.get(line.place) ?? line.place },
    {
      key: "past",
      title: t("columns.past"),
      render: (line) => <Sparkline values={weekly(line.recent)} label={t("columns.past")} />,
    },
    ...SPANS.map((days) => ({
      key: `span${days}`,
      title: t("columns.span", { n: days }),
      isNumber: true,
      render: (line: ForecastLine) => <Span line={line} days={days} />,
    })),
    { key: "method", title: t("columns.method"), render: (line) => <Method line={line} /> },
  ];
  if (!state.run) return <p className="note">{t(mayWrite ? "neverWrite" : "never")}</p>;
  return (
    <Card title={t("series")} note={t("seriesNote")} isFlush>
      <div className="forecasts-bar">
        <Input.Search
          aria-label={t("search")}
          placeholder={t("search")}
          allowClear
          value={typed}
          maxLength={100}
          onChange={(event) => setTyped(event.target.value)}
          onSearch={(value) => ask({ q: value.trim() })}
        />
        <Select
          aria-label={t("place")}
          value={question.place}
          showSearch={{ optionFilterProp: "label" }}
          options={[
            { value: "", label: t("everywhere") },
            ...state.places.map((one) => ({ value: one.code, label: one.name || one.code })),
          ]}
          onChange={(value) => ask({ place: value })}
        />
        <Checkbox checked={!!question.drifted} onChange={(event) => ask({ drifted: event.target.checked ? "1" : "" })}>
          {t("onlyDrifted")}
        </Checkbox>
      </div>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading ? (
        <Skeleton kind="rows" rows={6} />
      ) : (
        <SmallTable caption={t("series")} columns={columns} rows={list.rows} keyOf={keyOf} empty={t("none")} />
      )}
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </Card>
  );
}

/** Days as weeks: a line of eight points says more than one of fifty-six. */
function weekly(recent: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = recent.length % 7; at < recent.length; at += 7)
    found.push(recent.slice(at, at + 7).reduce((sum, one) => sum + one, 0));
  return found;
}

function Span({ line, days }: { line: ForecastLine; days: number }) {
  const span = spanOf(line, days);
  if (!span) return <>—</>;
  return (
    <span className="forecasts-span">
      <b>{units(span.mean_milli)}</b>
      <span className="note">{bounds(span.low_80, span.high_80)}</span>
    </span>
  );
}

function Method({ line }: { line: ForecastLine }) {
  const { t } = useTranslation("forecasts");
  const [first = "plain"] = line.methods;
  const more = line.methods.length - 1;
  return (
    <span className="forecasts-method">
      <span>
        {t(`methods.${first}`)}
        {more > 0 && ` ${t("andMore", { n: more })}`}
      </span>
      <span className="note">{t(`kinds.${line.kind}`)}</span>
      {line.drift && <ToneTag tone="risk">{t("drift")}</ToneTag>}
    </span>
  );
}
