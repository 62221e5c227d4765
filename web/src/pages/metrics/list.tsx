import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MetricBook, MetricItem } from "@/api/types.gen";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ToneTag } from "@/parts/status-tag";
import { titleOf, useCodes } from "./model";

interface Props {
  book: MetricBook;
  picked: string;
  onPick: (code: string) => void;
}

function suits(one: MetricItem, wanted: string): boolean {
  const told = [one.code, one.title.zh, one.title.en, one.owner, one.rule, ...one.words, ...Object.values(one.about)];
  return wanted.split(/\s+/).every((word) => told.some((text) => text?.toLowerCase().includes(word)));
}

/** Every metric that holds: what it is called, its unit and owner, its version, its rule. */
export function MetricList({ book, picked, onPick }: Props) {
  const { t } = useTranslation("metrics");
  const codes = useCodes();
  const [wanted, search] = useState("");
  const shown = useMemo(
    () =>
      book.metrics
        .filter((one) => suits(one, wanted.trim().toLowerCase()))
        .sort((a, b) => a.owner.localeCompare(b.owner)),
    [book, wanted],
  );
  const drafted = new Map(book.drafts.map((one) => [one.code, one.state]));
  return (
    <Card title={t("list")} note={t("listed", { count: count(shown.length) })} isFlush className="metric-list">
      <Input
        prefix={<SearchOutlined />}
        allowClear
        aria-label={t("search")}
        placeholder={t("search")}
        value={wanted}
        onChange={(event) => search(event.target.value)}
      />
      {shown.length === 0 && <p className="note metric-none">{t("noneFound")}</p>}
      <ul aria-label={t("list")}>
        {shown.map((one) => (
          <li key={one.code}>
            <button
              type="button"
              aria-current={one.code === picked}
              onClick={() => onPick(one.code)}
            >
              <b>{titleOf(one.title, one.code)}</b>
              <span className="metric-marks">
                {drafted.has(one.code) && (
                  <ToneTag tone="pend">{t(`states.${drafted.get(one.code) as "draft"}`)}</ToneTag>
                )}
                <span className="mono">{one.is_shipped ? t("shipped") : `v${one.version}`}</span>
              </span>
              <span className="note">
                {byLocale(one.about.zh ?? "", one.about.en ?? "")}
              </span>
              <span className="note metric-marks">
                {codes.owner(one.owner)}
                {one.rule && <RuleMark item={one} />}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** By which rule it counts, and whether somebody has laid it beside the rule's text. */
export function RuleMark({ item }: { item: { rule: string; clause: string; verified_by: string } }) {
  const { t } = useTranslation("metrics");
  return item.verified_by ? (
    <ToneTag tone="kept">{t("verified", { who: item.verified_by })}</ToneTag>
  ) : (
    <ToneTag tone="risk">{t("unverified")}</ToneTag>
  );
}
