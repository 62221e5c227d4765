import { useTranslation } from "react-i18next";
import type { WatermarkCopy, WatermarkSuspect } from "@/api/types.gen";
import { brief, count, decimal } from "@/format";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { type Traced, useAssetName, useWho } from "./watermark-words";

const MILLI = 1_000;
const DIGITS = 1;

/** Whose copy a file is, or nobody's; how sure that is. */
export function Verdict({ traced }: { traced: Traced }) {
  const { t } = useTranslation("watermarks");
  const who = useWho();
  const { name, verdict } = traced;
  const { guilty } = verdict;
  const [first] = guilty;
  const thresholds = { z: decimal(verdict.z_min / MILLI, 0), bound: verdict.bound_max };
  return (
    <section className="watermarks-verdict" aria-live="polite">
      <p className="note">{t("trace.file", { name, rows: count(verdict.rows) })}</p>
      {first ? (
        <h3>
          <ToneTag tone="broken">{count(guilty.length)}</ToneTag>{" "}
          {guilty.length === 1
            ? t("trace.guilty", { who: who(first.copy) })
            : t("trace.guiltyMany", { n: guilty.length })}
        </h3>
      ) : (
        <>
          <h3>
            <ToneTag tone="kept">0</ToneTag> {t("trace.nobody")}
          </h3>
          <p>{t(verdict.cells ? "trace.nobodyMarked" : "trace.nobodyPlain", thresholds)}</p>
        </>
      )}
      {guilty.map((one) => (
        <Guilty key={one.copy.code_no} one={one} />
      ))}
      {first && <p className="note">{t("trace.clue")}</p>}
      {verdict.heads.map((copy) => (
        <p key={copy.code_no}>{t("trace.head", { who: who(copy) })}</p>
      ))}
      {verdict.cells > 0 && (
        <>
          <p className="note">
            {t("trace.compared", {
              copies: count(verdict.copies),
              cells: count(verdict.cells),
              places: count(verdict.places),
            })}
          </p>
          <Marked traced={traced} />
          <Others others={verdict.others} />
        </>
      )}
      {verdict.earlier.length > 0 && <Earlier earlier={verdict.earlier} />}
    </section>
  );
}

function Guilty({ one }: { one: WatermarkSuspect }) {
  const { t } = useTranslation("watermarks");
  const who = useWho();
  const nameOf = useAssetName();
  const { copy } = one;
  return (
    <dl className="watermarks-facts">
      <dt>{t("list.recipient")}</dt>
      <dd>
        <b>{who(copy)}</b>
      </dd>
      <dt>{t("list.asset")}</dt>
      <dd>
        {nameOf(copy.asset)} #{copy.code_no} · {brief(copy.issued)}
      </dd>
      <dt>{t("list.purpose")}</dt>
      <dd>{copy.purpose || "—"}</dd>
      <dt>{t("trace.z")}</dt>
      <dd>{t("trace.zValue", { z: decimal(one.z / MILLI, DIGITS) })}</dd>
      <dt>{t("trace.bound")}</dt>
      <dd>{t("trace.boundValue", { bound: one.bound })}</dd>
      {one.honey > 0 && (
        <>
          <dt>{t("trace.honey")}</dt>
          <dd>{t("trace.honeyValue", { n: one.honey, bound: one.honey_bound })}</dd>
        </>
      )}
    </dl>
  );
}

function Marked({ traced }: { traced: Traced }) {
  const { t } = useTranslation("watermarks");
  return (
    <SmallTable
      caption={t("trace.marked")}
      columns={[
        { key: "column", title: t("trace.marked"), render: (row) => row.column },
        { key: "by", title: t("columns.by"), render: (row) => row.by },
        {
          key: "lean",
          title: t("columns.lean"),
          render: (row) => decimal(row.lean / MILLI, DIGITS),
          isNumber: true,
        },
      ]}
      rows={traced.verdict.marked}
      keyOf={(row) => `${row.column}/${row.by}`}
      empty="—"
    />
  );
}

function Others({ others }: { others: readonly WatermarkSuspect[] }) {
  const { t } = useTranslation("watermarks");
  const who = useWho();
  const columns: SmallColumn<WatermarkSuspect>[] = [
    { key: "who", title: t("trace.others"), render: (one) => who(one.copy) },
    { key: "purpose", title: t("list.purpose"), render: (one) => one.copy.purpose || "—" },
    {
      key: "z",
      title: t("trace.z"),
      render: (one) => decimal(one.z / MILLI, DIGITS),
      isNumber: true,
    },
  ];
  return (
    <SmallTable
      caption={t("trace.others")}
      columns={columns}
      rows={others}
      keyOf={(one) => String(one.copy.code_no)}
      empty="—"
    />
  );
}

function Earlier({ earlier }: { earlier: readonly WatermarkCopy[] }) {
  const { t } = useTranslation("watermarks");
  const nameOf = useAssetName();
  const columns: SmallColumn<WatermarkCopy>[] = [
    { key: "asset", title: t("trace.earlier"), render: (copy) => nameOf(copy.asset) },
    { key: "purpose", title: t("list.purpose"), render: (copy) => copy.purpose || "—" },
    { key: "issued", title: t("list.issued"), render: (copy) => brief(copy.issued) },
  ];
  return (
    <SmallTable
      caption={t("trace.earlier")}
      columns={columns}
      rows={earlier}
      keyOf={(copy) => String(copy.code_no)}
      empty="—"
    />
  );
}
