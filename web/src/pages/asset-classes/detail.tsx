import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ClassifiedField, StewardAnswer } from "@/api/types.gen";
import { brief, count, share } from "@/format";
import { byLocale } from "@/i18n";
import { drifted, found } from "./columns";
import { LevelTag } from "./level-tag";
import { HOUSE, isAnswered, LEVELS, useClassName, useLibrary } from "./model";

type Given = Pick<StewardAnswer, "act" | "klass" | "level">;

interface Props {
  row: ClassifiedField;
  mayWrite: boolean;
  isSaying: boolean;
  onSay: (given: Given) => void;
}

/** All that is known of a field, the rules that its class rests on, and a steward's answer. */
export function FieldDetail({ row, mayWrite, isSaying, onSay }: Props) {
  const { t } = useTranslation("assetClasses");
  const name = useClassName();
  return (
    <div className="asset-classes-detail">
      <dl>
        <dt>{t("columns.place")}</dt>
        <dd>{row.place}</dd>
        <dt>{t("inForce")}</dt>
        <dd>
          <LevelTag level={row.in_force} /> {t(isAnswered(row) ? "bySteward" : "byHighest")}
        </dd>
        <dt>{t("declared")}</dt>
        <dd>L{row.declared}</dd>
        <dt>{t("recognised")}</dt>
        <dd>
          {row.klass
            ? t("recognisedAs", {
                class: name(row.klass),
                level: row.level,
                sure: share(row.confidence / 1_000, 0),
                found: found(row) || t("byName"),
              })
            : t("nothing")}
        </dd>
        {row.carried > 1 && (
          <>
            <dt>{t("carried")}</dt>
            <dd>{t("carriedFrom", { level: row.carried, from: row.came_from })}</dd>
          </>
        )}
        {row.held.example && (
          <>
            <dt>{t("columns.example")}</dt>
            <dd>
              <code>{row.held.example}</code>
            </dd>
          </>
        )}
        {row.drift && (
          <>
            <dt>{t("columns.drift")}</dt>
            <dd>{t(`drifts.${row.drift}`, drifted(row, name))}</dd>
          </>
        )}
        {row.at && (
          <>
            <dt>{t("columns.said")}</dt>
            <dd>{t("saidBy", { by: row.by, at: brief(row.at), version: row.rules })}</dd>
          </>
        )}
      </dl>
      <Counts row={row} />
      <Clauses code={row.held_klass} />
      {mayWrite && <Answer row={row} isSaying={isSaying} onSay={onSay} />}
    </div>
  );
}

function Counts({ row }: { row: ClassifiedField }) {
  const { t } = useTranslation("assetClasses");
  const name = useClassName();
  const counts = row.held.counts ?? [];
  if (counts.length < 2) return null;
  return (
    <ul className="note">
      {counts.map((one) => (
        <li key={one.klass}>
          {t("counted", { class: name(one.klass), n: count(one.values), masked: count(one.masked ?? 0) })}
        </li>
      ))}
    </ul>
  );
}

function Clauses({ code }: { code: string }) {
  const { t } = useTranslation("assetClasses");
  const library = useLibrary().data;
  const klass = library?.classes.find((one) => one.code === code);
  if (!library || !klass) return null;
  return (
    <ul className="asset-classes-clauses">
      {klass.rules.map((rule) => {
        const standard = library.standards.find((one) => one.code === rule.standard);
        return (
          <li key={`${rule.standard} ${rule.clause}`}>
            {standard ? byLocale(standard.zh, standard.en) : rule.standard} {rule.clause}{" "}
            {rule.standard !== HOUSE && !rule.verified_by && <em>{t("unread")}</em>}
          </li>
        );
      })}
    </ul>
  );
}

function Answer({ row, isSaying, onSay }: Omit<Props, "mayWrite">) {
  const { t } = useTranslation("assetClasses");
  const classes = useLibrary().data?.classes ?? [];
  const [klass, choose] = useState(row.held_klass);
  const least = Math.max(classes.find((one) => one.code === klass)?.level ?? 1, row.declared);
  const [level, set] = useState(Math.max(row.in_force, least));
  return (
    <div className="asset-classes-answer">
      <Select
        aria-label={t("class")}
        value={klass || undefined}
        placeholder={t("chooseClass")}
        showSearch
        optionFilterProp="label"
        options={classes.map((one) => ({ value: one.code, label: byLocale(one.zh, one.en) }))}
        onChange={(code: string) => {
          choose(code);
          const own = classes.find((one) => one.code === code)?.level ?? 1;
          set(Math.max(own, row.declared));
        }}
      />
      <Select
        aria-label={t("level")}
        value={level}
        options={LEVELS.map((one) => ({
          value: one,
          label: `L${one} ${t(`levels.${one}`)}`,
          disabled: one < least,
        }))}
        onChange={set}
      />
      <Button
        disabled={!klass}
        loading={isSaying}
        onClick={() => onSay({ act: "correct", klass, level })}
      >
        {t("setThis")}
      </Button>
      <span className="asset-classes-acts">
        <Button type="primary" disabled={!row.klass} loading={isSaying} onClick={() => onSay({ act: "confirm" })}>
          {t("confirm")}
        </Button>
        <Button loading={isSaying} onClick={() => onSay({ act: "decline" })}>
          {t("decline")}
        </Button>
      </span>
    </div>
  );
}
