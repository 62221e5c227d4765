import { CalendarOutlined, FilterOutlined, NodeIndexOutlined, PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, DatePicker, Input, type InputRef, Popover, Segmented, Select } from "antd";
import dayjs from "dayjs";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { CatalogueEntry } from "@/api/types.gen";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Answer } from "./answer";
import "./assets.css";
import { Describe } from "./describe";
import { Matches } from "./matches";
import { type Filters, filtered, ownerOf, useAnswer, useCatalogue } from "./model";
import { Preview } from "./preview";
import { Terms } from "./terms";
import { Unanswered } from "./unanswered";

const PURPOSES = ["operations", "service", "supply", "finance", "marketing", "legal"] as const;
type Open = "" | "describe" | "register" | "terms" | "unanswered";

/** 资产目录: one box for a question in business words, its answer, and the assets that match. */
export default function Catalogue() {
  const { t } = useTranslation("assets");
  const { asked, ask } = useAsked();
  const go = useNavigate();
  const mayWrite = useMay("asset.write");
  const [open, setOpen] = useState<Open>("");
  const box = useRef<InputRef>(null);
  const [q, metric, peek, asOf] = [asked("q"), asked("metric"), asked("peek"), asked("as_of")];
  const asOfMs = asOf ? dayjs(asOf).endOf("day").valueOf() : 0;
  const answer = useAnswer(q, metric, asOfMs);
  const list = useCatalogue(q, answer.data?.figures?.asset ?? "");
  const filters: Filters = { level: asked("level"), owner: asked("owner"), purpose: asked("purpose") };
  const all = list.data?.items ?? [];
  const items = filtered(all, filters);
  const at = Math.max(0, items.findIndex((one) => one.name === peek));
  const chosen = items[at];
  const move = (step: number) => {
    const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
    if (next) ask({ peek: next.name });
  };
  const openAsset = (name: string) => {
    if (all.find((one) => one.name === name)?.kind === "built") void go(`/assets/${name}`);
  };
  useKeys([
    { keys: "/", label: t("keys.search"), run: (event) => (event.preventDefault(), box.current?.focus()) },
    { keys: "j", label: t("keys.next"), run: () => move(1) },
    { keys: "k", label: t("keys.back"), run: () => move(-1) },
    { keys: "ArrowDown", label: "", run: () => move(1) },
    { keys: "ArrowUp", label: "", run: () => move(-1) },
    { keys: "Enter", label: t("open"), run: () => chosen && openAsset(chosen.name) },
  ]);
  const counts = list.data?.counts;
  return (
    <>
      <PageHead
        fact={counts && t("fact", { assets: counts.assets, owned: counts.owned, valued: counts.valued })}
        actions={
          <>
            <Link to="/assets/map">
              <Button icon={<NodeIndexOutlined />} tabIndex={-1}>
                {t("map")}
              </Button>
            </Link>
            <AsOf day={asOf} onDay={(day) => ask({ as_of: day })} />
            {mayWrite && (
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen("register")}>
                {t("register")}
              </Button>
            )}
          </>
        }
      />
      <section className="card assets-ask" aria-label={t("ask")}>
        <div className="assets-box">
          <Input
            key={q}
            ref={box}
            size="large"
            prefix={<SearchOutlined />}
            suffix={<kbd>Enter</kbd>}
            defaultValue={q}
            maxLength={200}
            allowClear
            placeholder={t("placeholder")}
            aria-label={t("ask")}
            onPressEnter={(event) => ask({ q: event.currentTarget.value.trim(), metric: "", peek: "" }, true)}
            onClear={() => ask({ q: "", metric: "", peek: "" })}
          />
          <Narrow filters={filters} items={all} onNarrow={(changes) => ask(changes)} />
        </div>
        {q ? (
          <Answer q={q} metric={metric} asOf={asOfMs} entries={all} onChoose={(code) => ask({ metric: code }, true)} />
        ) : (
          <p className="assets-examples">
            {t("try")}
            {(t("examples", { returnObjects: true }) as string[]).map((one) => (
              <Button key={one} type="link" size="small" onClick={() => ask({ q: one }, true)}>
                {one}
              </Button>
            ))}
            <Button type="link" size="small" onClick={() => setOpen("terms")}>
              {t("terms")}
            </Button>
            {mayWrite && (
              <Button type="link" size="small" onClick={() => setOpen("unanswered")}>
                {t("unanswered")}
              </Button>
            )}
          </p>
        )}
      </section>
      <div className="assets-below">
        <Card
          title={q ? t("matches", { count: items.length }) : t("all", { count: items.length })}
          isFlush
          extra={
            <Segmented
              size="small"
              aria-label={t("shown")}
              value={asked("view") || "list"}
              options={["list", "cards"].map((value) => ({ value, label: t(`views.${value}`) }))}
              onChange={(value) => ask({ view: value === "list" ? "" : String(value) })}
            />
          }
        >
          {list.error && <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />}
          {list.isPending && <Skeleton kind="rows" rows={8} />}
          {list.data && items.length === 0 && <p className="note assets-none">{t(q ? "noMatch" : "none")}</p>}
          {items.length > 0 && (
            <Matches
              items={items}
              chosen={chosen?.name ?? ""}
              isCards={asked("view") === "cards"}
              onChoose={(name) => ask({ peek: name })}
              onOpen={openAsset}
            />
          )}
        </Card>
        {chosen && <Preview key={chosen.name} entry={chosen} onDescribe={() => setOpen("describe")} />}
      </div>
      {open === "describe" && chosen && <Describe entry={chosen} onClose={() => setOpen("")} />}
      {open === "register" && (
        <Describe
          entry={null}
          onClose={(name) => {
            setOpen("");
            if (name) ask({ q: "", peek: name });
          }}
        />
      )}
      {open === "terms" && <Terms onClose={() => setOpen("")} onAsk={(word) => (setOpen(""), ask({ q: word }, true))} />}
      {open === "unanswered" && <Unanswered onClose={() => setOpen("")} />}
    </>
  );
}

/** 按某日口径看: what was known on a day, by the formulas of that day. */
function AsOf({ day, onDay }: { day: string; onDay: (day: string) => void }) {
  const { t } = useTranslation("assets");
  return (
    <Popover
      trigger="click"
      content={
        <DatePicker
          aria-label={t("asOf")}
          value={day ? dayjs(day) : null}
          maxDate={dayjs()}
          onChange={(chosen) => onDay(chosen ? chosen.format("YYYY-MM-DD") : "")}
        />
      }
    >
      <Button icon={<CalendarOutlined />}>{day ? t("asOfDay", { day }) : t("asOf")}</Button>
    </Popover>
  );
}

interface NarrowProps {
  filters: Filters;
  items: readonly CatalogueEntry[];
  onNarrow: (changes: Record<string, string>) => void;
}

function Narrow({ filters, items, onNarrow }: NarrowProps) {
  const { t } = useTranslation(["assets", "common"]);
  const owners = useMemo(() => [...new Set(items.map(ownerOf).filter(Boolean))].sort(), [items]);
  const on = Object.values(filters).filter(Boolean).length;
  const selects = [
    { key: "level", options: [1, 2, 3, 4, 5].map((one) => ({ value: String(one), label: t(`levels.${one}`) })) },
    { key: "owner", options: owners.map((one) => ({ value: one, label: t(`common:roles.${one}`, { defaultValue: one }) })) },
    { key: "purpose", options: PURPOSES.map((one) => ({ value: one as string, label: t(`purposes.${one}`) })) },
  ] as const;
  return (
    <Popover
      trigger="click"
      content={
        <div className="assets-narrow">
          {selects.map(({ key, options }) => (
            <Select
              key={key}
              allowClear
              aria-label={t(`filters.${key}`)}
              placeholder={t(`filters.${key}`)}
              value={filters[key] || undefined}
              options={[...options]}
              onChange={(value: string | undefined) => onNarrow({ [key]: value ?? "" })}
            />
          ))}
        </div>
      }
    >
      <Button size="large" icon={<FilterOutlined />}>
        {on ? t("narrowed", { n: count(on) }) : t("narrow")}
      </Button>
    </Popover>
  );
}
