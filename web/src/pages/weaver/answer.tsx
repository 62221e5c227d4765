import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { WovenReading } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { Add, Expression, FieldHead, Remove } from "./request";
import { SaidAt } from "./said";
import { type Field, type Leaf, NO_FIELD, NO_LEAF, put, type Rule, type Whole } from "./woven";

const TYPES = ["text", "integer", "number", "boolean", "list", "any"] as const;
const LEAVES = ["text", "integer", "number", "boolean", "any"] as const;
const VERDICTS = ["done", "refused", "again", "pending", "broken"] as const;

interface Props {
  woven: Whole;
  isOpen: boolean;
  onChange: (changes: Partial<Whole>) => void;
}

/** The answer: each of its fields as an expression over the response. */
export function AnswerPart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const rows = woven.answer;
  const set = (at: number, row: Field | undefined) => onChange({ answer: put(rows, at, row) });
  return (
    <Card title={t("answer")} note={t("answerNote")}>
      <SaidAt at="/answer" />
      <ul className="weaver-rows" aria-label={t("answer")}>
        {rows.map((row, at) => (
          <li key={at} className="weaver-block">
            <div className="weaver-row" data-kind="answer">
              <FieldHead
                row={row}
                at={`/answer/${at}`}
                types={TYPES}
                isOpen={isOpen}
                onChange={(changes) => set(at, { ...row, ...changes })}
              />
              <Expression
                name={row.name}
                at={`/answer/${at}/expression`}
                value={row.expression}
                isOpen={isOpen}
                onChange={(expression) => set(at, { ...row, expression })}
              />
              {isOpen && <Remove name={row.name} onClick={() => set(at, undefined)} />}
            </div>
            {row.type === "list" && (
              <Leaves
                row={row}
                at={`/answer/${at}/of`}
                isOpen={isOpen}
                onChange={(of) => set(at, { ...row, of })}
              />
            )}
          </li>
        ))}
      </ul>
      {isOpen && (
        <Add onClick={() => onChange({ answer: [...rows, NO_FIELD] })}>{t("addField")}</Add>
      )}
    </Card>
  );
}

interface LeavesProps {
  row: Field;
  at: string;
  isOpen: boolean;
  onChange: (of: readonly Leaf[]) => void;
}

function Leaves({ row, at, isOpen, onChange }: LeavesProps) {
  const { t } = useTranslation("weaver");
  return (
    <div className="weaver-leaves">
      <ul className="weaver-rows" aria-label={t("rowsOf", { name: row.name })}>
        {row.of.map((leaf, number) => (
          <li key={number} className="weaver-row" data-kind="answer">
            <FieldHead
              row={leaf}
              at={`${at}/${number}`}
              types={LEAVES}
              isOpen={isOpen}
              onChange={(changes) => onChange(put(row.of, number, { ...leaf, ...changes }))}
            />
            <Expression
              name={leaf.name}
              at={`${at}/${number}/expression`}
              value={leaf.expression}
              isOpen={isOpen}
              onChange={(expression) => onChange(put(row.of, number, { ...leaf, expression }))}
            />
            {isOpen && (
              <Remove name={leaf.name} onClick={() => onChange(put(row.of, number, undefined))} />
            )}
          </li>
        ))}
      </ul>
      {isOpen && <Add onClick={() => onChange([...row.of, NO_LEAF])}>{t("addColumn")}</Add>}
    </div>
  );
}

/** What an answer means: the first rule that fits. */
export function RulesPart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const rows = woven.rules;
  const set = (at: number, row: Rule | undefined) => onChange({ rules: put(rows, at, row) });
  return (
    <Card title={t("rules")} note={t("rulesNote")}>
      <ol className="weaver-rows" aria-label={t("rules")}>
        {rows.map((row, at) => (
          <li key={at} className="weaver-row" data-kind="rule">
            <Input
              className="mono"
              aria-label={t("status")}
              placeholder={t("anyStatus")}
              maxLength={3}
              disabled={!isOpen}
              value={row.status}
              onChange={(event) => set(at, { ...row, status: event.target.value.trim() })}
            />
            <RuleText row={row} at={at} name="when" isOpen={isOpen} onChange={set} />
            <Select
              aria-label={t("verdict")}
              disabled={!isOpen}
              value={row.verdict}
              options={VERDICTS.map((value) => ({ value, label: t(`verdicts.${value}`) }))}
              onChange={(verdict) => set(at, { ...row, verdict })}
            />
            <RuleText row={row} at={at} name="code" isOpen={isOpen} onChange={set} />
            <RuleText row={row} at={at} name="reason" isOpen={isOpen} onChange={set} />
            {isOpen && (
              <Remove name={t("rule", { number: at + 1 })} onClick={() => set(at, undefined)} />
            )}
          </li>
        ))}
      </ol>
      {isOpen && (
        <Add
          onClick={() =>
            onChange({
              rules: [...rows, { status: "", when: "", verdict: "refused", code: "", reason: "" }],
            })
          }
        >
          {t("addRule")}
        </Add>
      )}
    </Card>
  );
}

interface RuleTextProps {
  row: Rule;
  at: number;
  name: "when" | "code" | "reason";
  isOpen: boolean;
  onChange: (at: number, row: Rule) => void;
}

function RuleText({ row, at, name, isOpen, onChange }: RuleTextProps) {
  const { t } = useTranslation("weaver");
  return (
    <span className="weaver-cell">
      <Input
        className="mono"
        aria-label={t(`rule_${name}`)}
        placeholder={t(`rule_${name}`)}
        spellCheck={false}
        disabled={!isOpen}
        value={row[name]}
        onChange={(event) => onChange(at, { ...row, [name]: event.target.value })}
      />
      <SaidAt at={`/rules/${at}/${name}`} />
    </span>
  );
}

const VARIABLES = [
  "pick_backlog",
  "labour_redundancy",
  "lane_eta",
  "lane_road",
  "station_saturation",
  "dock_queue",
  "rider_heat",
] as const;

/** What an answer says of routing variables, where it is polled. */
export function ReadingsPart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const rows = woven.readings;
  const set = (at: number, row: WovenReading | undefined) =>
    onChange({ readings: put(rows, at, row) });
  return (
    <Card title={t("readings")} note={t("readingsNote")}>
      <ul className="weaver-rows" aria-label={t("readings")}>
        {rows.map((row, at) => (
          <li key={at} className="weaver-row" data-kind="reading">
            <Select
              aria-label={t("variable")}
              disabled={!isOpen}
              value={row.key}
              options={VARIABLES.map((value) => ({ value, label: t(`variables.${value}`) }))}
              onChange={(key) => set(at, { ...row, key })}
            />
            {(["rows", "subject", "value"] as const).map((name) => (
              <span key={name} className="weaver-cell">
                <Input
                  className="mono"
                  aria-label={t(`reading_${name}`)}
                  placeholder={t(`reading_${name}`)}
                  spellCheck={false}
                  disabled={!isOpen}
                  value={row[name]}
                  onChange={(event) => set(at, { ...row, [name]: event.target.value })}
                />
                <SaidAt at={`/readings/${at}/${name}`} />
              </span>
            ))}
            {isOpen && <Remove name={row.key} onClick={() => set(at, undefined)} />}
          </li>
        ))}
      </ul>
      {rows.length > 0 && (
        <label className="weaver-field">
          <span className="weaver-label">{t("poll")}</span>
          <Input
            className="mono"
            disabled={!isOpen}
            value={woven.poll}
            onChange={(event) => onChange({ poll: event.target.value })}
          />
          <SaidAt at="/poll" />
        </label>
      )}
      {isOpen && (
        <Button
          type="dashed"
          onClick={() =>
            onChange({
              readings: [...rows, { key: "pick_backlog", rows: "$", subject: "", value: "" }],
            })
          }
        >
          {t("addReading")}
        </Button>
      )}
    </Card>
  );
}
