import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Segmented, Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import {
  type CalendarSeen,
  type Day,
  type DayChange,
  nameOf,
  publish,
  yearQuery,
  yearsOf,
} from "./calendars";
import { YearGrid } from "./year-grid";

interface Props {
  /** The calendar that it is made of, or the own one whose next version it is. */
  from: CalendarSeen;
  calendars: readonly CalendarSeen[];
}

interface Values {
  id: string;
  name_zh: string;
  name_en: string;
  base: string;
}

/** A calendar of the merchant's own: other days on the ground of a notice, as a new version. */
export function DraftForm({ from, calendars }: Props) {
  const { t } = useTranslation(["calendars", "common"]);
  const { ask } = useAsked();
  const notice = useNotice();
  const [form] = Form.useForm<Values>();
  const [isBusy, setBusy] = useState(false);
  const [isLeft, leave] = useState(false);
  const [changes, setChanges] = useState<ReadonlyMap<string, DayChange>>(
    () => new Map(from.changes.map((one) => [one.date, one])),
  );
  const first = from.own ? from.base : nameOf(from);
  const base = Form.useWatch("base", form) ?? first;
  const bases = calendars.filter((one) => !one.own);
  const held = bases.find((one) => nameOf(one) === base) ?? from;
  const thisYear = new Date().getFullYear();
  const years = yearsOf(held, thisYear);
  const [year, setYear] = useState(years.includes(thisYear) ? thisYear : (years.at(-1) ?? thisYear));
  const days = useQuery(yearQuery(base, year));
  useUnsaved(!isLeft && changes.size !== from.changes.length);
  const changed = useMemo(
    () => new Map([...changes.values()].map((one) => [one.date, one.works])),
    [changes],
  );

  function turn(day: Day) {
    const next = new Map(changes);
    if (next.has(day.date)) next.delete(day.date);
    else next.set(day.date, { date: day.date, works: !day.works, name: "" });
    setChanges(next);
  }

  function rename(date: string, name: string) {
    const one = changes.get(date);
    if (one) setChanges(new Map(changes).set(date, { ...one, name }));
  }

  async function submit(values: Values) {
    setBusy(true);
    try {
      const made = await publish({ ...values, days: [...changes.values()] });
      leave(true);
      notice.done(t("published", { name: nameOf(made) }));
      ask({ edit: "", calendar: nameOf(made) });
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }

  return (
    <div className="calendars-sheet">
      <Card title={t(from.own ? "next" : "make")} note={t("pinned")}>
        <Form
          form={form}
          layout="vertical"
          className="calendars-form"
          initialValues={
            from.own
              ? { id: from.id, name_zh: from.name_zh, name_en: from.name_en, base: first }
              : { id: "own-", name_zh: "", name_en: "", base: first }
          }
          onFinish={(values) => void submit(values)}
        >
          <Form.Item
            name="id"
            label={t("fields.id")}
            rules={[{ pattern: /^own(-[a-z]+)+$/, required: true, message: t("idForm") }]}
          >
            <Input disabled={from.own} maxLength={40} />
          </Form.Item>
          <Form.Item
            name="name_zh"
            label={t("fields.nameZh")}
            rules={[{ required: true, whitespace: true, message: t("needed") }]}
          >
            <Input maxLength={64} />
          </Form.Item>
          <Form.Item
            name="name_en"
            label={t("fields.nameEn")}
            rules={[{ required: true, whitespace: true, message: t("needed") }]}
          >
            <Input maxLength={64} />
          </Form.Item>
          <Form.Item name="base" label={t("base")}>
            <Select options={bases.map((one) => ({ value: nameOf(one), label: nameOf(one) }))} />
          </Form.Item>
        </Form>
        <p className="note">{t("turn")}</p>
        <Segmented
          size="small"
          aria-label={t("year")}
          value={year}
          options={years}
          onChange={setYear}
        />
        {days.error && <ProblemNote problem={asProblem(days.error)} />}
        {days.isLoading && <Skeleton kind="card" />}
        {days.data && <YearGrid days={days.data.days} changed={changed} onTurn={turn} />}
        {changes.size > 0 && (
          <ul className="calendars-changes" aria-label={t("changes", { count: changes.size })}>
            {[...changes.values()]
              .sort((a, b) => a.date.localeCompare(b.date))
              .map((one) => (
                <li key={one.date}>
                  <span>
                    {one.date} {t(one.works ? "works" : "rests")}
                  </span>
                  <Input
                    size="small"
                    maxLength={64}
                    value={one.name ?? ""}
                    placeholder={t("dayName")}
                    aria-label={`${one.date} ${t("dayName")}`}
                    onChange={(event) => rename(one.date, event.target.value)}
                  />
                </li>
              ))}
          </ul>
        )}
        <div className="calendars-acts">
          <Button onClick={() => ask({ edit: "" })}>{t("common:acts.back")}</Button>
          <Button type="primary" loading={isBusy} onClick={() => form.submit()}>
            {t("publish")}
          </Button>
        </div>
      </Card>
    </div>
  );
}
