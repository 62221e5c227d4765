import { CheckCircleFilled, CloseCircleFilled, ExclamationCircleFilled } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Closing, Period, PeriodCheck, PeriodChecks } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, money } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY, SUSPENSE, usePeriodName } from "./model";

/** Where what a check found can be looked at. */
const WAYS: Partial<Record<PeriodCheck["code"], string>> = {
  suspense: `/settlement?tab=balances&account=${SUSPENSE}`,
  differences: "/reconcile",
  vouchers: "/settlement?tab=vouchers",
};

/** 关账: the checks one after the other; what has not passed is mended, or explained. */
export function CloseWalk({ period, today }: { period: Period; today: string }) {
  const { t } = useTranslation(["settlement", "rights"]);
  const nameOf = usePeriodName();
  const confirm = useConfirm();
  const notice = useNotice();
  const mayClose = useMay("settlement.close");
  const [reasons, setReasons] = useState<Readonly<Record<string, string>>>({});
  const name = nameOf(period.period);
  const read = useQuery({
    queryKey: [...KEY, "checks", period.period],
    queryFn: ({ signal }) =>
      askHub<PeriodChecks>(`/v1/settlement/periods/${period.period}`, { signal }),
  });
  const checks = read.data?.checks ?? [];
  const explained = checks.filter((one) => !one.passed && one.explainable);
  const isLeft = (one: PeriodCheck) => !one.passed && !reasons[one.code]?.trim();
  const close = useMutation({
    mutationFn: async () => {
      const json: Closing = {
        explained: explained.map((one) => ({
          code: one.code as "suspense" | "differences",
          reason: reasons[one.code]?.trim() ?? "",
        })),
      };
      const isMeant = await confirm({
        title: t("closeAsk", { period: name }),
        text: t("closeNote"),
        act: t("close", { period: name }),
      });
      if (!isMeant) return undefined;
      return askHub<Period>(`/v1/settlement/periods/${period.period}/close`, { method: "POST", json });
    },
    onSuccess: (closed) => {
      if (closed) notice.done(t("closedNow", { period: name }));
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
  const left = checks.filter(isLeft);
  const isOver = period.last < today;
  return (
    <Card title={t("closeOf", { period: name })} note={isOver ? t("walkNote") : t("runs", { day: period.last })}>
      {read.error && <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />}
      {read.isLoading && <Skeleton kind="rows" rows={6} />}
      <ol className="settlement-walk" aria-label={t("closeOf", { period: name })}>
        {checks.map((one) => (
          <li key={one.code} data-passed={one.passed}>
            <Sign check={one} />
            <div>
              <b>{t(`checks.${one.code}.name`)}</b>
              <span className="note">
                {one.passed
                  ? t(`checks.${one.code}.passed`)
                  : t(`checks.${one.code}.open`, { n: count(one.count ?? 0), sum: money(one.amount ?? 0) })}
              </span>
              {!one.passed && one.explainable && mayClose && (
                <Input
                  aria-label={t("why", { check: t(`checks.${one.code}.name`) })}
                  placeholder={t("whyHint")}
                  value={reasons[one.code] ?? ""}
                  maxLength={200}
                  onChange={(event) => setReasons({ ...reasons, [one.code]: event.target.value })}
                />
              )}
            </div>
            {!one.passed && WAYS[one.code] && <Link to={WAYS[one.code] ?? ""}>{t("look")}</Link>}
          </li>
        ))}
      </ol>
      {close.error && <ProblemNote problem={asProblem(close.error)} />}
      {mayClose ? (
        <div className="settlement-buttons">
          <Button onClick={() => void read.refetch()} loading={read.isFetching && !read.isLoading}>
            {t("checkAgain")}
          </Button>
          <Button
            type="primary"
            disabled={checks.length === 0 || left.length > 0}
            title={left[0] && t(`checks.${left[0].code}.name`)}
            loading={close.isPending}
            onClick={() => close.mutate()}
          >
            {t("close", { period: name })}
          </Button>
        </div>
      ) : (
        <p className="note">{t("mayNot", { right: t("rights:settlement.close") })}</p>
      )}
    </Card>
  );
}

function Sign({ check }: { check: PeriodCheck }) {
  const { t } = useTranslation("settlement");
  if (check.passed) return <CheckCircleFilled aria-label={t("passed")} />;
  return check.explainable ? (
    <ExclamationCircleFilled aria-label={t("toExplain")} />
  ) : (
    <CloseCircleFilled aria-label={t("notPassed")} />
  );
}
