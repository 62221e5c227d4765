import { ExperimentOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, InputNumber, Progress } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count, decimal, money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { beginTrial, cancelTrial, type Changed, type Draft, type Figures, type Pair, readDraft, readTrial, type Trial } from "./api";
import { StopsResult } from "./stops";

const LOOK_MS = 1_000;
const isOver = (trial: Trial | undefined) => trial !== undefined && trial.state !== "queued" && trial.state !== "running";

interface Props {
  draft: Draft;
  isDirty: boolean;
  onSave: () => Promise<Draft | null>;
  onDraft: (draft: Draft) => void;
}

/** 试算: the draft on the orders of a past day, beside what rules. */
export function TrialCard({ draft, isDirty, onSave, onDraft }: Props) {
  const { t } = useTranslation("policies");
  const notice = useNotice();
  const mayWrite = useMay("routing.write");
  const [day, setDay] = useState<Dayjs>(() => dayjs());
  const [id, setId] = useState(draft.simulation);
  const [isBusy, setBusy] = useState(false);
  const isStop = draft.kind === "intercept";
  const [days, setDays] = useState(isStop ? 7 : 1);
  const found = useQuery({
    queryKey: ["routing", "trial", id],
    queryFn: () => readTrial(id),
    enabled: id !== "",
    refetchInterval: (query) => (isOver(query.state.data) ? false : LOOK_MS),
  });
  const trial = found.data;
  const isDone = trial?.state === "done" && trial.digest === draft.digest;
  useEffect(() => {
    // The draft says itself whether it was tried as it is.
    if (isDone && draft.simulation === "") void readDraft(draft.id).then(onDraft);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isDone, draft.id, draft.simulation]);

  async function begin() {
    setBusy(true);
    try {
      const saved = await onSave();
      if (saved) setId((await beginTrial(saved.id, day.format("YYYY-MM-DD"), days)).id);
    } catch (error) {
      notice.failed(error);
    }
    setBusy(false);
  }

  return (
    <Card
      title={t("trial.title")}
      note={trial ? t("trial.note", { day: trial.day, count: trial.stops?.orders ?? trial.figures.orders }) : t(isStop ? "stops.what" : "trial.what")}
    >
      {mayWrite && draft.state === "draft" && (
        <div className="policy-trial-ask">
          <DatePicker aria-label={t("trial.day")} value={day} allowClear={false} maxDate={dayjs()} onChange={(value) => value && setDay(value)} />
          {isStop && (
            <InputNumber aria-label={t("stops.days")} min={1} max={31} precision={0} value={days} suffix={t("stops.daysUnit")} onChange={(value) => setDays(value ?? 1)} />
          )}
          <Button icon={<ExperimentOutlined />} loading={isBusy} onClick={() => void begin()}>
            {t("trial.act")}
          </Button>
        </div>
      )}
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {trial && !isOver(trial) && (
        <div className="policy-trial-run" role="status">
          <Progress percent={trial.total ? Math.round((100 * trial.done) / trial.total) : 0} aria-label={t("trial.progress")} />
          <span className="note">{t("trial.going", { done: count(trial.done), total: count(trial.total) })}</span>
          <Button size="small" onClick={() => void cancelTrial(trial.id).then(() => found.refetch()).catch(notice.failed)}>
            {t("trial.cancel")}
          </Button>
        </div>
      )}
      {trial && trial.state !== "queued" && <Result trial={trial} isOld={isDirty || trial.digest !== draft.digest} />}
    </Card>
  );
}

type Good = "less" | "neither";
interface Line {
  key: string;
  pair: Pair;
  show: (value: number) => string;
  good: Good;
}

function lines(figures: Figures): Line[] {
  const each = Math.max(1, figures.orders);
  const share = (value: number) => `${decimal((100 * value) / each, 1)}%`;
  return [
    { key: "cost", pair: figures.cost_fen, show: (value) => money(Math.round(value / each)), good: "less" },
    { key: "late", pair: figures.late_permille, show: (value) => share(value / 1000), good: "less" },
    { key: "split", pair: figures.split_orders, show: share, good: "less" },
    { key: "parcels", pair: figures.parcels, show: count, good: "less" },
    { key: "held", pair: figures.held, show: count, good: "neither" },
    { key: "unfulfilled", pair: figures.unfulfilled, show: count, good: "less" },
    { key: "co2", pair: figures.co2_g, show: (value) => `${decimal(value / each / 1000, 2)} kg`, good: "less" },
  ];
}

function Result({ trial, isOld }: { trial: Trial; isOld: boolean }) {
  const { t } = useTranslation("policies");
  const { figures } = trial;
  if (trial.stops) {
    return (
      <>
        {isOld && <p className="note">{t("trial.old")}</p>}
        {trial.state === "failed" && <p className="note">{t("trial.failed")}</p>}
        <StopsResult trial={trial} stops={trial.stops} />
      </>
    );
  }
  return (
    <>
      {isOld && <p className="note">{t("trial.old")}</p>}
      {trial.state === "cancelled" && <p className="note">{t("trial.cancelled")}</p>}
      {trial.state === "failed" && <p className="note">{t("trial.failed")}</p>}
      {trial.state === "done" && figures.orders === 0 && <p className="note">{t("trial.noOrders")}</p>}
      <FigureTable figures={figures} />
      <ByWarehouse figures={figures} />
      <ChangedOrders trial={trial} />
    </>
  );
}

/** Both sets side by side; green or amber by whether the change is good, not by its sign. */
export function FigureTable({ figures }: { figures: Figures }) {
  const { t } = useTranslation("policies");
  return (
      <table className="policy-figures">
        <caption className="visually-hidden">{t("trial.table")}</caption>
        <thead>
          <tr>
            {["figure", "live", "draft", "change"].map((name) => (
              <th key={name} scope="col">{t(`trial.${name}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines(figures).map(({ key, pair, show, good }) => {
            const by = pair.after - pair.before;
            const tone = by === 0 || good === "neither" ? "plain" : by < 0 ? "kept" : "risk";
            return (
              <tr key={key}>
                <th scope="row">{t(`trial.figures.${key}`)}</th>
                <td>{show(pair.before)}</td>
                <td><b>{show(pair.after)}</b></td>
                <td data-tone={tone}>{by === 0 ? "—" : `${by > 0 ? "+" : "−"}${show(Math.abs(by))}`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
  );
}

function ByWarehouse({ figures }: { figures: Figures }) {
  const { t } = useTranslation("policies");
  const rows = Object.entries(figures.by_warehouse).filter(([, pair]) => pair.before !== pair.after);
  if (rows.length === 0) return null;
  return (
    <ul className="policy-by">
      {rows.map(([code, pair]) => (
        <li key={code}>{t("trial.moved", { code, before: count(pair.before), after: count(pair.after) })}</li>
      ))}
    </ul>
  );
}

function ChangedOrders({ trial }: { trial: Trial }) {
  const { t } = useTranslation("policies");
  const notice = useNotice();
  const [more, setMore] = useState<{ items: readonly Changed[]; next: string } | null>(null);
  useEffect(() => setMore(null), [trial.id]);
  const rows = [...trial.changed, ...(more?.items ?? [])];
  const next = more ? more.next : trial.next;
  const place = (codes: readonly string[]) => [...new Set(codes)].map((code) => code || t("trial.nowhere")).join(t("comma"));
  const columns: SmallColumn<Changed>[] = [
    { key: "number", title: t("trial.order"), render: (one) => <Link to={`/orders/${one.order}`}>{one.number}</Link> },
    { key: "before", title: t("trial.live"), render: (one) => place(one.before) },
    { key: "after", title: t("trial.draft"), render: (one) => (one.held ? t("trial.heldOne", { why: one.held }) : place(one.after)) },
    { key: "by", title: t("trial.change"), isNumber: true, render: (one) => (one.after_fen === one.before_fen ? "—" : `${one.after_fen > one.before_fen ? "+" : ""}${money(one.after_fen - one.before_fen)}`) },
  ];
  async function load() {
    try {
      const page = await readTrial(trial.id, next);
      setMore({ items: [...(more?.items ?? []), ...page.changed], next: page.next });
    } catch (error) {
      notice.failed(error);
    }
  }
  return (
    <section aria-label={t("trial.changed", { count: trial.figures.changed })}>
      <h3>{t("trial.changed", { count: trial.figures.changed })}</h3>
      <SmallTable caption={t("trial.changed", { count: trial.figures.changed })} columns={columns} rows={rows} keyOf={(one) => one.order} empty={t("trial.none")} />
      {next && <Button block type="text" onClick={() => void load()}>{t("trial.more")}</Button>}
    </section>
  );
}
