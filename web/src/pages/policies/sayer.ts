import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count, decimal, money } from "@/format";
import type { Column, Content, Effect, Field, Graph, Row, Vocabulary, Word } from "./api";
import { type Clause, type Op, readCell, readText, readWhere, type Test, writeWhere } from "./cells";
import { TABLE } from "./model";

interface Choice {
  value: string;
  label: string;
}

/** Selectors that are offered before anybody wrote one; texts in them have single quotes. */
const WHERE = [
  "kind in ['ground', 'underground']",
  "kind in ['ground', 'underground'] and weather_type == 2 and weather_level >= 4",
  "kind in ['ground', 'underground'] and weather_type == 2 and weather_level == 3",
  "kind == 'elevated'",
  "kind == 'store'",
  "lockdown",
  "backlog_min > 240",
  "equipment < 0.5",
  "cold_evidence >= 2",
];
const NUMBERS: readonly Op[] = ["ge", "gt", "le", "lt", "between"];

/** What a negotiation that policy wants is told by. */
export type Call = Pick<Effect, "windows" | "window_min" | "expiry_s">;

/** Says what policies mean, in the words of the vocabulary. */
export class Sayer {
  readonly context: ReadonlyMap<string, Field>;
  readonly warehouse: ReadonlyMap<string, Field>;

  constructor(
    readonly words: Vocabulary,
    private readonly isEnglish: boolean,
    private readonly t: (key: string, values?: Record<string, unknown>) => string,
  ) {
    this.context = new Map(words.context.map((field) => [field.path, field]));
    this.warehouse = new Map(words.warehouse.map((field) => [field.path, field]));
  }

  /** A word by its language. */
  name(one: { zh: string; en: string }): string {
    return this.isEnglish ? one.en || one.zh : one.zh || one.en;
  }

  /** What may be chosen for a field; null where it is typed. */
  choices(field: Field): Choice[] | null {
    const listed = (words: readonly Word[]) =>
      words.map((one) => ({ value: one.value, label: this.name(one) }));
    if (field.kind === "bool") {
      return [
        { value: "true", label: this.t("say.yes") },
        { value: "false", label: this.t("say.no") },
      ];
    }
    if (field.kind === "enum") {
      return field.values.map(([value, zh, en]) => ({ value, label: this.name({ zh, en }) }));
    }
    if (field.path.endsWith("weather_level")) return listed(this.words.levels);
    if (field.path.endsWith("weather_type")) return listed(this.words.weather);
    return null;
  }

  /** A value in words: 红色, 是, ¥8.00, 4 时. */
  value(field: Field | undefined, value: string): string {
    const found = field && this.choices(field)?.find((one) => one.value === value);
    if (found) return found.label;
    if (!field || !/^-?\d/.test(value)) return value;
    if (field.unit === "分") return money(Number(value));
    const unit = { min: this.t("say.minutes"), g: "g" }[field.unit] ?? field.unit;
    if (field.path === "now.date") return value;
    const text = field.kind === "ratio" ? decimal(Number(value), (value.split(".")[1] ?? "").length) : count(Number(value));
    return unit ? `${text} ${unit}` : text;
  }

  /** 收货地预警级别 ≥ 橙色. */
  test(field: Field | undefined, name: string, test: Test): string {
    const label = field ? this.name(field).replace(/[((].*[))]$/, "") : name;
    if (test.op === "any") return this.t("say.any", { field: label });
    const values = test.values.map((value) => this.value(field, value));
    if (field?.kind === "bool") {
      return test.values[0] === "true" ? label : this.t("say.not", { field: label });
    }
    if (test.op === "between") {
      return this.t("say.between", { field: label, from: values[0], to: values[1] });
    }
    if (test.op === "in" || test.op === "notIn") {
      return this.t(`say.${test.op}`, { field: label, values: values.join(this.t("say.or")) });
    }
    const sign = NUMBERS.includes(test.op) || (field && field.kind !== "enum" && !this.choices(field));
    return sign && test.op !== "eq" && test.op !== "ne"
      ? `${label} ${this.t(`say.signs.${test.op}`)} ${values[0] ?? ""}`
      : this.t(`say.${test.op}`, { field: label, value: values[0] ?? "" });
  }

  /** A condition cell; null: no words for it, people see the text. */
  cell(column: Column, cell: string): string | null {
    const field = this.context.get(column.field ?? "");
    const test = readCell(cell);
    return test && this.test(field, column.name, test);
  }

  /** A selector of warehouses in words. */
  where(where: string): string {
    const clauses = readWhere(where);
    if (!clauses) return where;
    if (clauses.length === 0) return this.t("say.everywhere");
    return clauses.map((one) => this.clause(one)).join(this.t("say.and"));
  }

  clause({ field, test }: Clause): string {
    return this.test(this.warehouse.get(field), field, test);
  }

  effect(value: string): string {
    const found = this.words.effects.find((one) => one.value === value);
    return found ? this.name(found) : value;
  }

  /** An effect in a sentence: 禁用 仓类型是地面仓、且预警级别 ≥ 红色的仓. */
  sentence(told: Pick<Effect, "effect" | "where" | "fen" | "most"> & Partial<Call>): string {
    const effect = this.effect(told.effect);
    const where = this.where(told.where);
    if (told.effect === "prefer" || told.effect === "avoid") {
      const weight = told.fen ? `${effect} ${money(told.fen)}` : effect;
      return this.t("say.chosen", { effect: weight, where });
    }
    if (told.effect === "forbid" || told.effect === "require") {
      return this.t("say.chosen", { effect, where });
    }
    if (told.effect === "negotiate" && told.windows) {
      const { windows, window_min: minutes = 0, expiry_s: seconds = 0 } = told;
      return this.t("say.call", { effect, windows, minutes, seconds });
    }
    return told.effect === "parcels_max" ? this.t("say.most", { effect, most: told.most }) : effect;
  }

  /** The result side of a row, as an effect; null where a cell is no plain value. */
  told(table: Content, row: Row): (Effect & { isPlain: boolean }) | null {
    const at = (field: string) => {
      const column = (table.outputs ?? []).find((one) => one.field === field);
      return column ? (row[column.id] ?? "") : "";
    };
    const texts = { effect: readText(at("effect")), where: readText(at("where")), reason: readText(at("reason")) };
    if (texts.effect === null || texts.where === null) return null;
    return {
      effect: texts.effect,
      where: texts.where,
      reason: texts.reason ?? at("reason"),
      fen: Number(at("fen")) || 0,
      most: Number(at("most")) || 0,
      windows: Number(at("windows")) || 0,
      window_min: Number(at("window_min")) || 0,
      expiry_s: Number(at("expiry_s")) || 0,
      rule: row._id ?? "",
      isPlain: texts.reason !== null,
    };
  }

  /** Dictionaries for the editor's cells: what is stored, and the words that are shown. */
  dictionaries(graphs: readonly Graph[]): Record<string, Choice[]> {
    const found = new Map<string, string>();
    const add = (where: string) => where && found.set(where, this.where(where));
    for (const graph of graphs) {
      for (const node of graph.nodes) {
        if (node.type !== TABLE) continue;
        for (const row of node.content?.rules ?? []) {
          const told = this.told(node.content as Content, row);
          if (told) add(told.where);
        }
      }
    }
    const known = new Set(found.values());
    for (const where of WHERE) if (!known.has(this.where(where))) add(where);
    const out: Record<string, Choice[]> = {
      effect: this.words.effects.map((one) => ({ value: one.value, label: this.name(one) })),
      where: [...found].map(([value, label]) => ({ value, label })),
    };
    for (const field of this.words.context) {
      if (field.kind === "enum") out[field.path] = this.choices(field) ?? [];
    }
    return out;
  }

  /** The kind of a warehouse's field, for writing a selector. */
  kindOf = (field: string): string => this.warehouse.get(field)?.kind ?? "text";

  writeWhere(clauses: readonly Clause[]): string {
    return writeWhere(clauses, this.kindOf);
  }
}

export function useSayer(words: Vocabulary): Sayer {
  const { t, i18n } = useTranslation("policies");
  return useMemo(
    () => new Sayer(words, i18n.language === "en", (key, values) => t(key, values ?? {})),
    [words, t, i18n.language],
  );
}
