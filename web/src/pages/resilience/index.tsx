import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, InputNumber } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { LossRun, MarkView, ResilienceDays, ResilienceView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, countTile, dated, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Heat } from "./heat";
import "./resilience.css";

const KEY = ["resilience"];
const LOOK_MS = 1_500;
const REST_MS = 30_000;
const PARTS = ["equipment", "labour", "compliance", "slack", "single"] as const;
const isOver = (run: LossRun | undefined) => !run || !["waiting", "running"].includes(run.state);

/** 业务韧性: the weakest warehouse, what losing it costs, and how the index went. */
export default function Resilience() {
  const { t } = useTranslation("resilience");
  const mayRun = useMay("replan.run");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<ResilienceView>("/v1/resilience", { signal }),
    refetchInterval: (asked) => (isOver(asked.state.data?.runs[0]) ? REST_MS : LOOK_MS),
  });
  const view = found.data;
  const run = view?.runs[0];
  const losses = view?.runs.find((one) => one.losses)?.losses;
  const names = new Map((view?.items ?? []).map((one) => [one.mark.warehouse, one.name]));
  const weakest = view?.items[0];
  const dearest = losses?.singles[0];
  return (
    <>
      <PageHead
        fact={view?.at ? t("markedAt", { at: dated(view.at) }) : undefined}
        actions={mayRun && view && <Acts run={run} />}
      />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="page" rows={8} />}
      {view && (
        <div className="resilience">
          <div className="figures">
            <Figure
              label={t("network")}
              tile={countTile(view.network?.mark.score)}
              tone={view.network && view.network.mark.score < view.threshold ? "broken" : "plain"}
              note={before(view.network, t)}
            />
            <Figure
              label={t("weakest")}
              tile={{ value: weakest?.name ?? "—", unit: "", exact: "" }}
              tone={weakest?.is_under ? "broken" : "plain"}
              note={weakest ? t("scoreOf", { n: weakest.mark.score, part: t(`parts.${weakest.part}`) }) : t("noMarks")}
            />
            <Figure
              label={t("dearest")}
              tile={{ value: dearest ? (names.get(dearest.warehouses[0] ?? "") ?? "—") : "—", unit: "", exact: "" }}
              note={dearest ? t("costs", { sum: money(dearest.total_fen) }) : t("noLosses")}
            />
            <Figure
              label={t("under")}
              tile={countTile(view.items.filter((one) => one.is_under).length)}
              note={t("gate", { n: view.threshold, sum: money(view.surcharge_fen) })}
            />
          </div>
          {run && <Running run={run} />}
          <div className="resilience-two">
            <Card title={t("losses")} note={losses ? t("lossesNote", { count: losses.orders }) : undefined} isFlush>
              <Losses run={view.runs.find((one) => one.losses)} names={names} />
            </Card>
            <Card title={t("pairs")} note={t("pairsNote")}>
              {losses && losses.singles.length > 0 ? (
                <Heat losses={losses} names={names} />
              ) : (
                <p className="note">{t("noLosses")}</p>
              )}
            </Card>
          </div>
          <Marks view={view} />
          <Days />
          {mayRun && <Gate key={`${view.threshold} ${view.surcharge_fen}`} view={view} />}
        </div>
      )}
    </>
  );
}

function before(mark: MarkView | null | undefined, t: TFunction<"resilience">) {
  if (!mark) return t("noMarks");
  return mark.before < 0 ? t("noBefore") : t("before", { n: mark.before });
}

function Acts({ run }: { run: LossRun | undefined }) {
  const { t } = useTranslation("resilience");
  return (
    <>
      <Act path="/v1/resilience/marks">{t("markNow")}</Act>
      {run && !isOver(run) ? (
        <Act key="stop" path={`/v1/resilience/runs/${run.id}/cancel`}>
          {t("stop")}
        </Act>
      ) : (
        <Act key="simulate" path="/v1/resilience/runs" json={{}} type="primary">
          {t("simulate")}
        </Act>
      )}
    </>
  );
}

/** A button that is busy with its own act alone: while one is under way the others take clicks. */
function Act({ path, json, type, children }: {
  path: string;
  json?: object;
  type?: "primary";
  children: string;
}) {
  const { failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await ask(path, { method: "POST", ...(json && { json }) });
      await client.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button {...(type && { type })} loading={isBusy} onClick={() => void act()}>
      {children}
    </Button>
  );
}

function Running({ run }: { run: LossRun }) {
  const { t } = useTranslation("resilience");
  if (run.state === "failed") {
    return (
      <p className="resilience-running" role="status">
        {t("runFailed", { why: run.trouble })}
      </p>
    );
  }
  if (isOver(run)) return null;
  return (
    <p className="resilience-running" role="status">
      {t(run.state === "waiting" ? "runWaits" : "running", { n: run.done })}
    </p>
  );
}

function Marks({ view }: { view: ResilienceView }) {
  const { t } = useTranslation("resilience");
  const columns: SmallColumn<MarkView>[] = [
    {
      key: "name",
      title: t("warehouse"),
      render: (one) => <Link to={`/twin/${encodeURIComponent(one.mark.warehouse)}`}>{one.name}</Link>,
    },
    {
      key: "score",
      title: t("index"),
      isNumber: true,
      render: (one) =>
        one.is_under ? (
          <ToneTag tone="broken">{t("isUnder", { n: one.mark.score })}</ToneTag>
        ) : (
          <b>{one.mark.score}</b>
        ),
    },
    ...PARTS.map((part) => ({
      key: part,
      title: t(`parts.${part}`),
      isNumber: true,
      render: (one: MarkView) => (
        <span className="resilience-part" data-least={one.part === part}>
          {one.mark[part]}
        </span>
      ),
    })),
    {
      key: "before",
      title: t("dayBefore"),
      isNumber: true,
      render: (one) => (one.before < 0 ? "—" : one.before),
    },
    {
      key: "lines",
      title: t("openLines"),
      isNumber: true,
      render: (one) => count(one.mark.open_lines),
    },
  ];
  return (
    <Card title={t("marks")} note={t("marksNote")} isFlush>
      <SmallTable
        caption={t("marks")}
        columns={columns}
        rows={view.items}
        keyOf={(one) => one.mark.warehouse}
        empty={t("noMarks")}
      />
    </Card>
  );
}

function Losses({ run, names }: { run: LossRun | undefined; names: Map<string, string> }) {
  const { t } = useTranslation("resilience");
  type Row = NonNullable<LossRun["losses"]>["singles"][number];
  const columns: SmallColumn<Row>[] = [
    {
      key: "name",
      title: t("lost"),
      render: (one) => one.warehouses.map((code) => names.get(code) ?? code).join(" + "),
    },
    { key: "total", title: t("total"), isNumber: true, render: (one) => money(one.total_fen) },
    { key: "cost", title: t("freight"), isNumber: true, render: (one) => money(one.cost_fen) },
    { key: "late", title: t("lateness"), isNumber: true, render: (one) => money(one.late_fen) },
    { key: "left", title: t("left"), isNumber: true, render: (one) => count(one.left) },
  ];
  return (
    <SmallTable
      caption={t("losses")}
      columns={columns}
      rows={run?.losses?.singles ?? []}
      keyOf={(one) => one.warehouses.join(" ")}
      empty={t("noLosses")}
    />
  );
}

const WIDE = 600;
const HIGH = 90;

function Days() {
  const { t } = useTranslation("resilience");
  const found = useQuery({
    queryKey: [...KEY, "days"],
    queryFn: ({ signal }) => ask<ResilienceDays>("/v1/resilience/days?days=30", { signal }),
  });
  const days = found.data?.items ?? [];
  const step = WIDE / Math.max(1, days.length);
  return (
    <Card title={t("history")} note={t("historyNote")}>
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {days.length === 0 ? (
        <p className="note">{t("noMarks")}</p>
      ) : (
        <svg
          className="resilience-days"
          viewBox={`0 0 ${WIDE} ${HIGH + 16}`}
          role="img"
          aria-label={t("historyOf", { first: days[0]?.score, last: days.at(-1)?.score })}
        >
          {days.map((day, at) => (
            <g key={day.day}>
              <title>{`${day.day} ${day.score}`}</title>
              <rect
                x={at * step + step * 0.15}
                width={Math.min(step * 0.7, 40)}
                y={HIGH - (day.score / 100) * HIGH}
                height={(day.score / 100) * HIGH}
              />
            </g>
          ))}
          <text x={0} y={HIGH + 13}>
            {days[0]?.day}
          </text>
          <text x={WIDE} y={HIGH + 13} textAnchor="end">
            {days.at(-1)?.day}
          </text>
        </svg>
      )}
    </Card>
  );
}

function Gate({ view }: { view: ResilienceView }) {
  const { t } = useTranslation("resilience");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [threshold, setThreshold] = useState(view.threshold);
  const [yuan, setYuan] = useState(view.surcharge_fen / 100);
  const wanted = { threshold, surcharge_fen: Math.round(yuan * 100) };
  const isChanged =
    wanted.threshold !== view.threshold || wanted.surcharge_fen !== view.surcharge_fen;
  const save = async () => {
    try {
      await ask("/v1/resilience/settings", { method: "PUT", json: wanted });
      await client.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Card title={t("gateTitle")} note={t("gateNote")}>
      <form
        className="resilience-gate"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label>
          <span>{t("threshold")}</span>
          <InputNumber min={0} max={100} precision={0} value={threshold} onChange={(v) => setThreshold(v ?? 0)} />
        </label>
        <label>
          <span>{t("surcharge")}</span>
          <InputNumber min={0} max={10_000} precision={2} value={yuan} onChange={(v) => setYuan(v ?? 0)} />
        </label>
        <Button htmlType="submit" disabled={!isChanged}>
          {t("save")}
        </Button>
      </form>
    </Card>
  );
}
