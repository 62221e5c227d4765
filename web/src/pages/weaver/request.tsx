import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { WovenPart } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { Labelled, SaidAt, ValueAt } from "./said";
import { type Field, NO_FIELD, put, type Whole } from "./woven";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const BODIES = ["none", "json", "form"] as const;
const PLACES = ["path", "query", "header", "body"] as const;
const TYPES = ["text", "integer", "number", "boolean", "list", "any"] as const;

interface Props {
  woven: Whole;
  isOpen: boolean;
  onChange: (changes: Partial<Whole>) => void;
}

/** The question: what whoever calls has to say. */
export function QuestionPart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const rows = woven.question;
  const set = (at: number, row: Field | undefined) => onChange({ question: put(rows, at, row) });
  return (
    <Card title={t("question")} note={t("questionNote")}>
      <SaidAt at="/question" />
      <ul className="weaver-rows">
        {rows.map((row, at) => (
          <li key={at} className="weaver-row" data-kind="field">
            <FieldHead
              row={row}
              at={`/question/${at}`}
              types={TYPES}
              isOpen={isOpen}
              onChange={(changes) => set(at, { ...row, ...changes })}
            />
            {isOpen && <Remove name={row.name} onClick={() => set(at, undefined)} />}
          </li>
        ))}
      </ul>
      {isOpen && (
        <Add onClick={() => onChange({ question: [...rows, NO_FIELD] })}>{t("addField")}</Add>
      )}
    </Card>
  );
}

interface HeadProps<Row extends { name: string; type: string; required: boolean; zh: string }> {
  row: Row;
  at: string;
  types: readonly string[];
  isOpen: boolean;
  onChange: (changes: Partial<Pick<Row, "name" | "type" | "required" | "zh">>) => void;
}

/** Name, label, type, and whether it must be there. */
export function FieldHead<
  Row extends { name: string; type: string; required: boolean; zh: string },
>({ row, at, types, isOpen, onChange }: HeadProps<Row>) {
  const { t } = useTranslation("weaver");
  return (
    <>
      <span className="weaver-cell">
        <Input
          className="mono"
          aria-label={t("fieldName")}
          disabled={!isOpen}
          value={row.name}
          onChange={(event) => onChange({ name: event.target.value } as Partial<Row>)}
        />
        <SaidAt at={`${at}/name`} />
      </span>
      <Input
        aria-label={t("labelOf", { name: row.name })}
        placeholder={t("label")}
        disabled={!isOpen}
        value={row.zh}
        onChange={(event) => onChange({ zh: event.target.value } as Partial<Row>)}
      />
      <Select
        aria-label={t("typeOf", { name: row.name })}
        disabled={!isOpen}
        value={row.type}
        options={types.map((value) => ({ value, label: t(`types.${value}`) }))}
        onChange={(type: string) => onChange({ type } as Partial<Row>)}
      />
      <Select
        aria-label={t("needOf", { name: row.name })}
        disabled={!isOpen}
        value={row.required}
        options={[
          { value: true, label: t("must") },
          { value: false, label: t("may") },
        ]}
        onChange={(required: boolean) => onChange({ required } as Partial<Row>)}
      />
    </>
  );
}

/** The request: where it goes, and each of its parts as an expression over the question. */
export function RequestPart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const rows = woven.parts;
  const set = (at: number, row: WovenPart | undefined) => onChange({ parts: put(rows, at, row) });
  return (
    <Card title={t("request")} note={t("requestNote")}>
      <div className="weaver-grid">
        <Labelled label={t("baseUrl")} at="/base_url" isWide>
          <Input
            className="mono"
            placeholder="https://api.example.com"
            disabled={!isOpen}
            value={woven.base_url}
            onChange={(event) => onChange({ base_url: event.target.value.trim() })}
          />
        </Labelled>
        <Labelled label={t("method")}>
          <Select
            aria-label={t("method")}
            disabled={!isOpen}
            value={woven.method}
            options={METHODS.map((value) => ({ value }))}
            onChange={(method) => onChange({ method })}
          />
        </Labelled>
        <Labelled label={t("path")} at="/path">
          <Input
            className="mono"
            placeholder="/v1/stock/{sku}"
            disabled={!isOpen}
            value={woven.path}
            onChange={(event) => onChange({ path: event.target.value.trim() })}
          />
        </Labelled>
        <Labelled label={t("bodyForm")}>
          <Select
            aria-label={t("bodyForm")}
            disabled={!isOpen}
            value={woven.body}
            options={BODIES.map((value) => ({ value, label: t(`bodies.${value}`) }))}
            onChange={(body) => onChange({ body })}
          />
        </Labelled>
      </div>
      <SaidAt at="/parts" />
      <ul className="weaver-rows" aria-label={t("request")}>
        {rows.map((row, at) => (
          <li key={at} className="weaver-row" data-kind="part">
            <Select
              aria-label={t("placeOf", { name: row.name })}
              disabled={!isOpen}
              value={row.place}
              options={PLACES.map((value) => ({ value, label: t(`places.${value}`) }))}
              onChange={(place) => set(at, { ...row, place })}
            />
            <span className="weaver-cell">
              <Input
                className="mono"
                aria-label={t("partName")}
                placeholder={row.place === "body" ? t("wholeBody") : ""}
                disabled={!isOpen}
                value={row.name}
                onChange={(event) => set(at, { ...row, name: event.target.value })}
              />
              <SaidAt at={`/parts/${at}/name`} />
            </span>
            <Expression
              name={row.name}
              at={`/parts/${at}/expression`}
              value={row.expression}
              isOpen={isOpen}
              onChange={(expression) => set(at, { ...row, expression })}
            />
            {isOpen && <Remove name={row.name} onClick={() => set(at, undefined)} />}
          </li>
        ))}
      </ul>
      {isOpen && (
        <Add
          onClick={() =>
            onChange({
              parts: [
                ...rows,
                { place: woven.body === "none" ? "query" : "body", name: "", expression: "" },
              ],
            })
          }
        >
          {t("addPart")}
        </Add>
      )}
    </Card>
  );
}

interface ExpressionProps {
  name: string;
  at: string;
  value: string;
  isOpen: boolean;
  onChange: (expression: string) => void;
}

/** A JSONata expression, what it became with the samples, and what is wrong with it. */
export function Expression({ name, at, value, isOpen, onChange }: ExpressionProps) {
  const { t } = useTranslation("weaver");
  return (
    <span className="weaver-expression">
      <Input.TextArea
        className="mono"
        aria-label={t("expressionOf", { name })}
        rows={lines(value)}
        spellCheck={false}
        disabled={!isOpen}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <ValueAt at={at} of={name} />
      <SaidAt at={at} />
    </span>
  );
}

export function Remove({ name, onClick }: { name: string; onClick: () => void }) {
  const { t } = useTranslation("weaver");
  return (
    <Button
      type="text"
      icon={<DeleteOutlined />}
      aria-label={t("removeOf", { name })}
      onClick={onClick}
    />
  );
}

export function Add({ children, onClick }: { children: string; onClick: () => void }) {
  return (
    <Button type="dashed" icon={<PlusOutlined />} onClick={onClick}>
      {children}
    </Button>
  );
}

const ROW_CHARS = 56;
const MOST_ROWS = 6;

/** How many rows a text takes, about; the browser's own growing would need styles of its own. */
function lines(text: string): number {
  const rows = text.split("\n").map((row) => Math.max(1, Math.ceil(row.length / ROW_CHARS)));
  return Math.min(MOST_ROWS, rows.reduce((sum, n) => sum + n, 0));
}
