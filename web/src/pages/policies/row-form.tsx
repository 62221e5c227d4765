import { Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Column, Content, Row } from "./api";
import { readCell, readText, writeCell, writeText } from "./cells";
import type { Sayer } from "./sayer";
import { TestEditor } from "./test-editor";
import { WhereEditor } from "./where-editor";

interface Props {
  table: Content;
  row: Row;
  sayer: Sayer;
  onCell: (column: string, cell: string) => void;
}

/** A row of a table by form controls with labels; what no control can show is typed as it is. */
export function RowForm({ table, row, sayer, onCell }: Props) {
  const { t } = useTranslation("policies");
  const effect = sayer.told(table, row)?.effect ?? "";
  return (
    <div className="policy-row-form">
      <label>
        <span>{t("edit.description")}</span>
        <Input
          value={row._description ?? ""}
          maxLength={100}
          onChange={(event) => onCell("_description", event.target.value)}
        />
      </label>
      {(table.inputs ?? []).map((column) => (
        <Condition key={column.id} column={column} cell={row[column.id] ?? ""} sayer={sayer} onCell={onCell} />
      ))}
      {(table.outputs ?? []).map((column) => (
        <Output key={column.id} column={column} cell={row[column.id] ?? ""} effect={effect} sayer={sayer} onCell={onCell} />
      ))}
    </div>
  );
}

interface CellProps {
  column: Column;
  cell: string;
  sayer: Sayer;
  onCell: (column: string, cell: string) => void;
}

function Condition({ column, cell, sayer, onCell }: CellProps) {
  const field = sayer.context.get(column.field ?? "");
  const test = readCell(cell);
  return (
    <div className="policy-cell">
      <span>{column.name}</span>
      {field && test ? (
        <TestEditor
          field={field}
          test={test}
          sayer={sayer}
          onChange={(next) => onCell(column.id, writeCell(next, field.kind))}
        />
      ) : (
        <Raw column={column} cell={cell} onCell={onCell} />
      )}
    </div>
  );
}

function Raw({ column, cell, onCell }: Omit<CellProps, "sayer">) {
  return (
    <Input
      className="mono"
      aria-label={column.name}
      value={cell}
      onChange={(event) => onCell(column.id, event.target.value)}
    />
  );
}

/** Fields of an effect that say something only beside some effects. */
const FOR: Readonly<Record<string, readonly string[]>> = {
  where: ["forbid", "require", "prefer", "avoid"],
  fen: ["prefer", "avoid"],
  most: ["parcels_max"],
  windows: ["negotiate"],
  window_min: ["negotiate"],
  expiry_s: ["negotiate"],
};
/** Numbers of an effect: what they count. */
const UNITS: Readonly<Record<string, string>> = {
  fen: "edit.yuan",
  most: "edit.parcels",
  windows: "edit.windows",
  window_min: "edit.minutes",
  expiry_s: "edit.seconds",
};

function Output({ column, cell, effect, sayer, onCell }: CellProps & { effect: string }) {
  const { t } = useTranslation("policies");
  const text = readText(cell);
  const put = (value: string) => onCell(column.id, value);
  const name = column.field ?? "";
  if (cell === "" && FOR[name] && !FOR[name].includes(effect)) return null;
  if (name === "where" && text !== null) {
    return (
      <div className="policy-cell policy-cell-wide">
        <WhereEditor where={text} sayer={sayer} onChange={(where) => put(where ? `'${where.replaceAll("'", '"')}'` : "")} />
      </div>
    );
  }
  return (
    <div className={`policy-cell ${name === "reason" ? "policy-cell-wide" : ""}`}>
      <span>{UNITS[name] ? column.name.replace(/[((].*[))]$/, "") : column.name}</span>
      {name === "effect" && text !== null ? (
        <Select
          aria-label={column.name}
          value={text || null}
          placeholder={t("edit.effect")}
          popupMatchSelectWidth={false}
          options={sayer.words.effects.map((one) => ({ value: one.value, label: sayer.name(one) }))}
          onChange={(value: string | null) => put(writeText(value ?? ""))}
        />
      ) : UNITS[name] ? (
        <InputNumber
          aria-label={column.name}
          min={0}
          precision={name === "fen" ? 2 : 0}
          value={cell.trim() === "" || Number.isNaN(Number(cell)) ? null : name === "fen" ? Number(cell) / 100 : Number(cell)}
          suffix={t(UNITS[name])}
          onChange={(value) => put(value === null ? "" : String(name === "fen" ? Math.round(value * 100) : value))}
        />
      ) : name === "reason" && text !== null ? (
        <Input
          aria-label={column.name}
          value={text}
          maxLength={100}
          onChange={(event) => put(writeText(event.target.value))}
        />
      ) : (
        <Raw column={column} cell={cell} onCell={onCell} />
      )}
    </div>
  );
}
