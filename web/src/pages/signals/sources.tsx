import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { SourceItem, SourcesPage } from "@/api/types.gen";
import { ask, fetchHub } from "@/client";
import { age, exact } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const KEY = ["signals", "sources"];

/** Who ever spoke, with the last word; a device that was taken down is retired here. */
export function Sources() {
  const { t } = useTranslation("signals");
  const { asked } = useAsked();
  const { message } = App.useApp();
  const client = useQueryClient();
  const mayRetire = useMay("signal.retire");
  const key = asked("key");
  const list = useKeyset<SourceItem, SourcesPage>({
    queryKey: [...KEY, key],
    fetch: (cursor, signal) =>
      ask(`/v1/signals/sources?${query({ key, cursor, limit: 50 })}`, { signal }),
  });
  const retire = useMutation({
    mutationFn: (source: SourceItem) =>
      fetchHub(`/v1/signals/sources/${source.no}`, { method: "DELETE" }),
    onSuccess: (_, source) => {
      void message.success(t("retired", { source: source.source, subject: source.subject }));
      void client.invalidateQueries({ queryKey: ["signals"] });
    },
  });
  const columns: SmallColumn<SourceItem>[] = [
    { key: "source", title: t("columns.source"), render: (s) => s.source },
    { key: "key", title: t("columns.variable"), render: (s) => t(`names.${s.key}`) },
    { key: "subject", title: t("columns.subject"), render: (s) => <code>{s.subject}</code> },
    {
      key: "age",
      title: t("columns.lastWord"),
      render: (s) => (s.observed ? <span title={exact(s.observed)}>{age(s.observed)}</span> : "—"),
    },
    {
      key: "quality",
      title: t("columns.quality"),
      render: (s) =>
        s.retired ? (
          <ToneTag tone="excused">{t("isRetired")}</ToneTag>
        ) : (
          t(`qualities.${s.quality || "good"}`)
        ),
    },
    ...(mayRetire
      ? [
          {
            key: "act",
            title: t("columns.act"),
            render: (s: SourceItem) =>
              !s.retired && (
                <Button
                  size="small"
                  loading={retire.isPending && retire.variables?.no === s.no}
                  onClick={() => retire.mutate(s)}
                >
                  {t("retire")}
                </Button>
              ),
          },
        ]
      : []),
  ];
  return (
    <Card title={t("sources")} note={t("sourcesNote")} isFlush>
      {retire.error && <ProblemNote problem={asProblem(retire.error)} />}
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      <SmallTable
        caption={t("sources")}
        columns={columns}
        rows={list.rows}
        keyOf={(s) => String(s.no)}
        empty={t("emptySources")}
      />
      {list.hasMore && (
        <div className="signals-more">
          <Button onClick={list.onMore}>{t("more")}</Button>
        </div>
      )}
    </Card>
  );
}
