import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { ClassifiedField } from "@/api/types.gen";
import { brief, count, share } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { ToneTag } from "@/parts/status-tag";
import { LevelTag } from "./level-tag";
import { isAnswered, unread, useClassName, useLibrary } from "./model";

const TONES = { waiting: "risk", plain: "plain", confirmed: "kept", corrected: "info", declined: "excused" } as const;

/** The columns of the list; of drift, what changed stands in place of the state. */
export function useColumns(isDrift: boolean): Column<ClassifiedField>[] {
  const { t } = useTranslation("assetClasses");
  const name = useClassName();
  const plain = (
    key: string,
    width: number,
    text: (row: ClassifiedField) => string,
  ): Column<ClassifiedField> => ({ key, title: t(`columns.${key}`), width, text, render: text });
  const change: Column<ClassifiedField> = {
    ...plain("drift", 320, (row) => t(`drifts.${row.drift}`, drifted(row, name))),
  };
  const state: Column<ClassifiedField> = {
    ...plain("state", 110, (row) => t(`states.${row.state}`)),
    render: (row) => <ToneTag tone={TONES[row.state]}>{t(`states.${row.state}`)}</ToneTag>,
  };
  return [
    {
      ...plain("field", 230, (row) => row.field),
      fixed: true,
      render: (row) => <span title={row.field}>{tail(row.field)}</span>,
    },
    plain("place", 170, (row) => row.place),
    {
      ...plain("class", 230, (row) => name(row.held_klass)),
      render: (row) => <ClassCell code={row.held_klass} />,
    },
    {
      ...plain("level", 100, (row) => `L${row.in_force}`),
      render: (row) => <LevelTag level={row.in_force} />,
    },
    {
      ...plain("confidence", 80, (row) => (row.klass ? share(row.confidence / 1_000, 0) : "")),
      align: "right",
    },
    { ...plain("found", 110, (row) => found(row)), align: "right" },
    plain("example", 150, (row) => row.held.example ?? ""),
    isDrift ? change : state,
    plain("said", 170, (row) => (row.at ? `${row.by} ${brief(row.at)}` : "")),
  ];
}

/** A class with a mark where no rule of it was compared with the standard's text. */
export function ClassCell({ code }: { code: string }) {
  const { t } = useTranslation("assetClasses");
  const name = useClassName();
  const klass = useLibrary().data?.classes.find((one) => one.code === code);
  if (!code) return <>—</>;
  return (
    <span className="asset-classes-class">
      {name(code)}
      {klass?.grade && <small>{klass.grade}</small>}
      {unread(klass) > 0 && (
        <Tooltip title={t("unreadNote")}>
          <em>{t("unread")}</em>
        </Tooltip>
      )}
    </span>
  );
}

/** A field as a card, below 768 px. */
export function FieldCard({ row, onOpen }: { row: ClassifiedField; onOpen: () => void }) {
  const { t } = useTranslation("assetClasses");
  return (
    <div className="asset-classes-card">
      <button type="button" className="link" onClick={onOpen}>
        <b>{tail(row.field)}</b>
      </button>
      <span className="note">{row.place}</span>
      <span className="asset-classes-tags">
        <LevelTag level={row.in_force} />
        <ClassCell code={row.held_klass} />
        <ToneTag tone={TONES[row.state]}>{t(`states.${row.state}`)}</ToneTag>
      </span>
      {row.held.example && !isAnswered(row) && <code>{row.held.example}</code>}
    </div>
  );
}

/** The end of a path, which says most: `…ShippingAddress.Name`. */
export function tail(field: string): string {
  const parts = field.split(".");
  return parts.length > 2 ? `…${parts.slice(-2).join(".")}` : field;
}

/** How many of the values looked at held the class. */
export function found(row: ClassifiedField): string {
  const held = row.held.counts?.find((one) => one.klass === row.klass)?.values ?? 0;
  return row.held.values ? `${count(held)} / ${count(row.held.values)}` : "";
}

/** What the words of a drift need. */
export function drifted(row: ClassifiedField, name: (code: string) => string) {
  return {
    class: name(row.drift_klass),
    share: share(row.drift_share / 1_000, 1),
    before: share(row.drift_before / 1_000, 1),
  };
}
