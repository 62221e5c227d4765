import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count, decimal, money } from "@/format";
import { useNotice } from "@/parts/notice";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { type Changed, readTrial, type RuleStops, type Stops, type Trial } from "./api";

const TONES: Readonly<Record<string, Tone>> = { good: "broken", bad: "kept", open: "plain" };

/** What an intercept set would have stopped: how many, and how many of them were good orders. */
export function StopsResult({ trial, stops }: { trial: Trial; stops: Stops }) {
  const { t } = useTranslation("policies");
  if (trial.state === "done" && stops.orders === 0) return <p className="note">{t("trial.noOrders")}</p>;
  const share = stops.orders ? `${decimal((100 * stops.stopped) / stops.orders, 1)}%` : "—";
  const columns: SmallColumn<RuleStops>[] = [
    { key: "rule", title: t("stops.rule"), render: (one) => <code>{one.rule}</code> },
    { key: "stopped", title: t("stops.stopped"), isNumber: true, render: (one) => count(one.stopped) },
    { key: "good", title: t("stops.good"), isNumber: true, render: (one) => count(one.good) },
    { key: "bad", title: t("stops.bad"), isNumber: true, render: (one) => count(one.bad) },
  ];
  return (
    <>
      <p className="policy-stops">
        {t("stops.said", { stopped: count(stops.stopped), orders: count(stops.orders), share })}{" "}
        <b>{t("stops.false", { good: count(stops.good) })}</b>{" "}
        <span className="note">{t("stops.rest", { bad: count(stops.bad), open: count(stops.open), value: money(stops.value_fen) })}</span>
      </p>
      <SmallTable caption={t("stops.byRule")} columns={columns} rows={stops.rules} keyOf={(one) => one.rule} empty={t("stops.none")} />
      <StoppedOrders trial={trial} stops={stops} />
    </>
  );
}

function StoppedOrders({ trial, stops }: { trial: Trial; stops: Stops }) {
  const { t } = useTranslation("policies");
  const notice = useNotice();
  const [more, setMore] = useState<{ items: readonly Changed[]; next: string } | null>(null);
  useEffect(() => setMore(null), [trial.id]);
  const rows = [...trial.changed, ...(more?.items ?? [])];
  const next = more ? more.next : trial.next;
  const title = t("stops.orders", { count: stops.stopped });
  const columns: SmallColumn<Changed>[] = [
    { key: "number", title: t("trial.order"), render: (one) => <Link to={`/orders/${one.order}`}>{one.number}</Link> },
    {
      key: "fate",
      title: t("stops.fate"),
      render: (one) => <ToneTag tone={TONES[one.after[0] ?? ""] ?? "plain"}>{t(`stops.fates.${one.after[0]}`)}</ToneTag>,
    },
    { key: "why", title: t("stops.why"), render: (one) => `${t(`stops.effects.${one.held}`)} · ${one.before.join(t("comma"))}` },
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
    <section aria-label={title}>
      <h3>{title}</h3>
      <SmallTable caption={title} columns={columns} rows={rows} keyOf={(one) => one.order} empty={t("stops.none")} />
      {next && <Button block type="text" onClick={() => void load()}>{t("trial.more")}</Button>}
    </section>
  );
}
