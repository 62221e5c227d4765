import { Button, Segmented, Select } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { SignalItem, SignalsPage, SignalVariable } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { age, exact } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { LOOK_MS, STATES, type State, TONES, words } from "./signals";

/** What is known now, as decisions read it; ages go on while the page is open. */
export function Values({ variables }: { variables: readonly SignalVariable[] }) {
  const { t } = useTranslation("signals");
  const { asked, ask } = useAsked();
  const [status, key, warehouse] = [asked("status"), asked("key"), asked("warehouse")];
  const list = useKeyset<SignalItem, SignalsPage>({
    queryKey: ["signals", "values", status, key, warehouse],
    fetch: (cursor, signal) =>
      askHub(`/v1/signals?${query({ status, key, warehouse, cursor, limit: 100 })}`, { signal }),
  });
  const { onRetry } = list;
  useEffect(() => {
    const timer = window.setInterval(onRetry, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [onRetry]);
  const units = new Map(variables.map((one) => [one.key, one.unit]));
  const columns: SmallColumn<SignalItem>[] = [
    { key: "key", title: t("columns.variable"), render: (i) => t(`names.${i.key}`) },
    { key: "subject", title: t("columns.subject"), render: (i) => <code>{i.subject}</code> },
    {
      key: "value",
      title: t("columns.value"),
      isNumber: true,
      render: (i) => words(i, units.get(i.key) ?? "", t),
    },
    {
      key: "state",
      title: t("columns.state"),
      render: (i) => (
        <ToneTag tone={TONES[i.status as State]}>
          {t(`states.${i.status}`)}
          {i.status === "stale" && ` · ${t(`onStale.${i.on_stale}`)}`}
        </ToneTag>
      ),
    },
    {
      key: "age",
      title: t("columns.age"),
      render: (i) => (i.observed ? <span title={exact(i.observed)}>{age(i.observed)}</span> : "—"),
    },
    { key: "source", title: t("columns.source"), render: (i) => i.source || "—" },
  ];
  return (
    <Card title={t("now")} note={t("nowNote")} isFlush>
      <div className="signals-bar">
        <Segmented
          aria-label={t("columns.state")}
          value={status}
          options={["", ...STATES].map((one) => ({
            value: one,
            label: t(one ? `states.${one}` : "all"),
          }))}
          onChange={(value) => ask({ status: value })}
        />
        <Select
          allowClear
          value={key || null}
          placeholder={t("anyVariable")}
          aria-label={t("columns.variable")}
          options={variables
            .filter((one) => one.per.length)
            .map((one) => ({ value: one.key, label: t(`names.${one.key}`) }))}
          onChange={(value) => ask({ key: value ?? "" })}
        />
      </div>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading ? (
        <Skeleton kind="page" rows={4} />
      ) : (
        <SmallTable
          caption={t("now")}
          columns={columns}
          rows={list.rows}
          keyOf={(i) => `${i.key} ${i.subject}`}
          empty={t(status || key ? "emptyFiltered" : "empty")}
        />
      )}
      {list.hasMore && (
        <div className="signals-more">
          <Button onClick={list.onMore}>{t("more")}</Button>
        </div>
      )}
    </Card>
  );
}
