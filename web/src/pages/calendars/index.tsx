import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { digest } from "@/format";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { type CalendarSeen, listQuery, nameOf, yearQuery, yearsOf } from "./calendars";
import "./calendars.css";
import { DraftForm } from "./draft-form";
import { YearGrid } from "./year-grid";

/** 日历: which days are worked, by notice or by the merchant; versions never change. */
export default function Calendars() {
  const { t } = useTranslation(["calendars", "common"]);
  const { asked, ask } = useAsked();
  const mayWrite = useMay("calendar.write");
  const list = useQuery(listQuery);
  const items = list.data?.items.filter((one) => one.version !== "") ?? [];
  const picked = items.find((one) => nameOf(one) === asked("calendar")) ?? items[0];
  const isMaking = asked("edit") !== "";
  const thisYear = new Date().getFullYear();
  const missing = items.filter(
    (one) => one.newest && !one.every_year_from && !one.years.includes(thisYear + 1),
  );
  return (
    <>
      <PageHead
        fact={
          list.data &&
          (missing.length > 0
            ? t("ends", { names: missing.map((one) => one.id).join(t("comma")), year: thisYear + 1 })
            : t("fact"))
        }
        actions={
          mayWrite &&
          picked &&
          !isMaking && (
            <Button
              type="primary"
              icon={<PlusOutlined />}
              onClick={() => ask({ edit: picked.own ? "next" : "new", calendar: nameOf(picked) }, true)}
            >
              {t(picked.own ? "next" : "make")}
            </Button>
          )
        }
      />
      {list.error && (
        <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
      )}
      {list.isLoading && <Skeleton kind="page" />}
      {picked && (
        <div className="calendars">
          <nav aria-label={t("list")}>
            <ul className="calendars-list">
              {items.map((one) => (
                <li key={nameOf(one)}>
                  <button
                    type="button"
                    aria-current={one === picked}
                    onClick={() => ask({ calendar: nameOf(one), edit: "" }, true)}
                  >
                    <b>{byLocale(one.name_zh, one.name_en)}</b>
                    <span className="mono note">{nameOf(one)}</span>
                    {!one.newest && <span className="note">{t("older")}</span>}
                  </button>
                </li>
              ))}
            </ul>
            <p className="note">{t("elapsed")}</p>
          </nav>
          {isMaking ? (
            <DraftForm key={nameOf(picked)} from={picked} calendars={items} />
          ) : (
            <Sheet key={nameOf(picked)} calendar={picked} />
          )}
        </div>
      )}
    </>
  );
}

function Sheet({ calendar }: { calendar: CalendarSeen }) {
  const { t } = useTranslation(["calendars", "common"]);
  const thisYear = new Date().getFullYear();
  const years = yearsOf(calendar, thisYear);
  const [year, setYear] = useState(years.includes(thisYear) ? thisYear : (years.at(-1) ?? thisYear));
  const days = useQuery(yearQuery(nameOf(calendar), year));
  return (
    <div className="calendars-sheet">
      <Card
        title={byLocale(calendar.name_zh, calendar.name_en)}
        note={[
          calendar.hours.join(t("comma")),
          t("weekdays", { days: calendar.weekdays.map((n) => t(`days.${n}`)).join("") }),
          calendar.tz,
        ].join(" · ")}
        extra={
          <Segmented
            size="small"
            aria-label={t("year")}
            value={year}
            options={years}
            onChange={setYear}
          />
        }
      >
        {days.error && (
          <ProblemNote problem={asProblem(days.error)} onRetry={() => void days.refetch()} />
        )}
        {days.isLoading && <Skeleton kind="card" />}
        {days.data && <YearGrid days={days.data.days} />}
        <dl className="calendars-facts">
          {calendar.base && (
            <>
              <dt>{t("base")}</dt>
              <dd className="mono">
                {calendar.base} · {t("changes", { count: calendar.changes.length })}
              </dd>
            </>
          )}
          {calendar.sources.length > 0 && (
            <>
              <dt>{t("sources")}</dt>
              <dd>{[...new Set(calendar.sources)].join(t("semicolon"))}</dd>
            </>
          )}
          <dt>{t("digest")}</dt>
          <dd className="mono" title={calendar.digest}>
            {digest(calendar.digest)}
          </dd>
        </dl>
      </Card>
    </div>
  );
}
