import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Failure, FailurePage } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { JOBS_KEY } from "./job-words";

const HEIGHT_PX = 420;
const keyOf = (one: Failure) => one.order;
const nameOf = (one: Failure) => one.number;
const hrefOf = (one: Failure) => `/orders/${one.order}`;

/** The orders that a job could not do: their reasons counted, then each one. */
export function Failures({ id, failed }: { id: string; failed: number }) {
  const { t } = useTranslation("jobs");
  const { asked, ask } = useAsked();
  const code = asked("code");
  const list = useKeyset<Failure, FailurePage>({
    queryKey: [...JOBS_KEY, id, "failures", code, failed],
    fetch: (cursor, signal) =>
      askHub(`/v1/jobs/${id}/failures?${query({ code, cursor, limit: 50 })}`, { signal }),
  });
  const columns = useMemo<Column<Failure>[]>(() => {
    const reason = (one: Failure) => byLocale(one.reason, one.reason_en);
    return [
      {
        key: "number",
        title: t("columns.number"),
        width: 220,
        fixed: true,
        text: nameOf,
        render: (one) => (
          <Link to={hrefOf(one)} className="mono" tabIndex={-1}>
            {one.number}
          </Link>
        ),
      },
      { key: "reason", title: t("columns.reason"), width: 320, text: reason, render: reason },
    ];
  }, [t]);
  const reasons = list.first?.reasons ?? [];
  return (
    <Card
      title={t("failures")}
      note={count(failed)}
      isFlush
      extra={
        <Button
          size="small"
          icon={<DownloadOutlined />}
          href={`/v1/jobs/${id}/failures/csv?${query({ code, lang: byLocale("zh", "en") })}`}
          download
        >
          {t("csv")}
        </Button>
      }
    >
      <p className="jobs-reasons" role="group" aria-label={t("columns.reason")}>
        {reasons.map((one) => (
          <button
            key={`${one.code} ${one.reason}`}
            type="button"
            className="jobs-reason"
            aria-pressed={code === one.code}
            onClick={() => ask({ code: code === one.code ? "" : one.code })}
          >
            {byLocale(one.reason, one.reason_en)} <b>{count(one.count)}</b>
          </button>
        ))}
      </p>
      <LedgerTable<Failure>
        caption={t("failures")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={nameOf}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        height_px={HEIGHT_PX}
        card={(one) => (
          <Link to={hrefOf(one)} className="jobs-card">
            <b className="mono">{one.number}</b>
            <span>{byLocale(one.reason, one.reason_en)}</span>
          </Link>
        )}
      />
    </Card>
  );
}
