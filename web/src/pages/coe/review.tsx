import { PrinterOutlined, ReloadOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { WeeklyReviewPage, WeeklyReviewProof, WeeklyReviewWhole } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { brief, dated, digest } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Curve } from "./curve";
import { Sentences } from "./sentences";
import { Trees } from "./trees";
import { KEY, PATH, SECTIONS } from "./words";

/** 周会: the review of a week as it was written from the log. */
export function Review() {
  const { t } = useTranslation("coe");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("coe.write");
  const list = useQuery({
    queryKey: [...KEY, "reviews"],
    queryFn: ({ signal }) => fetchJson<WeeklyReviewPage>(`${PATH}/reviews?limit=50`, { signal }),
  });
  const week = asked("week") || list.data?.items[0]?.week || "";
  const whole = useQuery({
    queryKey: [...KEY, "review", week],
    queryFn: ({ signal }) => fetchJson<WeeklyReviewWhole>(`${PATH}/reviews/${week}`, { signal }),
    enabled: week !== "",
  });
  const make = useMutation({
    mutationFn: (of: string) =>
      fetchJson<WeeklyReviewWhole>(`${PATH}/reviews`, { method: "POST", json: { week: of } }),
    onSuccess: (made) => {
      queries.setQueryData([...KEY, "review", made.review.week], made);
      void queries.invalidateQueries({ queryKey: [...KEY, "reviews"] });
      ask({ week: made.review.week });
    },
  });
  if (list.error)
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton kind="rows" rows={8} />;
  const days = [...new Set([list.data.ended, list.data.today])];
  return (
    <div className="coe-review">
      <div className="coe-bar">
        <Select
          aria-label={t("week")}
          value={week || undefined}
          placeholder={t("week")}
          options={list.data.items.map((one) => ({ value: one.week, label: one.week }))}
          onChange={(of) => ask({ week: of })}
        />
        {mayWrite &&
          days.map((of) => (
            <Button
              key={of}
              icon={<ReloadOutlined />}
              loading={make.isPending && make.variables === of}
              onClick={() => make.mutate(of)}
            >
              {t(of === list.data.ended ? "makeWeek" : "makeToday", { week: of })}
            </Button>
          ))}
        {whole.data && (
          <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
            {t("print")}
          </Button>
        )}
      </div>
      {make.error && <ProblemNote problem={asProblem(make.error)} />}
      {whole.error && (
        <ProblemNote problem={asProblem(whole.error)} onRetry={() => void whole.refetch()} />
      )}
      {week === "" && <p className="note">{t("noReview")}</p>}
      {week !== "" && whole.isPending && <Skeleton kind="rows" rows={8} />}
      {whole.data && <Whole whole={whole.data} />}
    </div>
  );
}

function Whole({ whole }: { whole: WeeklyReviewWhole }) {
  const { t } = useTranslation("coe");
  const { done } = useNotice();
  const { body, review } = whole;
  const prove = useMutation({
    mutationFn: () => fetchJson<WeeklyReviewProof>(`${PATH}/reviews/${review.week}/proof`),
    onSuccess: (told) => done(t(told.is_same ? "proven" : "notProven")),
  });
  const sections = SECTIONS.map((code) => body.sections.find((one) => one.code === code));
  return (
    <>
      <p className="note coe-fact">
        {t("span", { since: dated(body.since_ms), until: dated(body.until_ms - 1) })}
        {body.is_partial && ` · ${t("partial", { at: brief(body.as_of_ms) })}`}
        {` · ${t("version", { n: whole.version })} · `}
        <code>{digest(review.digest)}</code>
        <Button type="link" size="small" loading={prove.isPending} onClick={() => prove.mutate()}>
          {t("prove")}
        </Button>
      </p>
      {prove.error && <ProblemNote problem={asProblem(prove.error)} />}
      <div className="coe-sections">
        {sections.map(
          (section) =>
            section && (
              <Card
                key={section.code}
                title={t(`sections.${section.code}`)}
                note={section.more ? t("more", { n: section.more }) : undefined}
                className={`coe-${section.code}`}
              >
                <Sentences section={section} whole={whole} />
              </Card>
            ),
        )}
      </div>
      <Curve body={body} />
      <Trees trees={body.trees} />
    </>
  );
}
