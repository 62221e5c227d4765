import { useTranslation } from "react-i18next";
import { count, money } from "@/format/numbers";
import { dated } from "@/format/times";
import type { Filter, FilterField } from "./filters";

const SHOWN = 2;

/** A filter's values in words: 淘宝、京东 · 2 时内 · 不含 测试单 · ≥ ¥500.00. */
export function useFilterWords() {
  const { t } = useTranslation();

  function moment(value: string): string {
    const span = /^(-?)(\d+)([mhd])$/.exec(value);
    if (span) {
      if (Number(span[2]) === 0) return t("filters.now");
      const length = t(`filters.span.${span[3]}`, { count: Number(span[2]) });
      return span[1] ? t("filters.ago", { length }) : length;
    }
    const day = /^(yesterday|today|tomorrow)(?:@(.+))?$/.exec(value);
    if (day) return `${t(`filters.day.${day[1]}`)} ${day[2] ?? "00:00"}`;
    return dated(value);
  }

  function wordOf(field: FilterField, value: string): string {
    const option = field.options?.find((one) => one.value === value);
    if (option) return option.label;
    if (field.kind === "money") return money(Number(value));
    if (field.kind === "number") return count(Number(value));
    if (field.kind === "time") return moment(value);
    return value;
  }

  return (field: FilterField, filter: Filter): string => {
    if (field.kind === "flag") return t(`filters.flag.${filter.values[0] ?? "yes"}`);
    const names = filter.values.map((value) => wordOf(field, value));
    const listed = names.slice(0, SHOWN).join(t("filters.comma"));
    const text =
      names.length > SHOWN ? t("filters.some", { names: listed, count: names.length }) : listed;
    const isAhead = field.kind === "time" && /^[1-9]\d*[mhd]$/.test(filter.values[0] ?? "");
    return t(`filters.say.${isAhead ? "span" : field.kind}.${filter.op}`, {
      text,
      defaultValue: text,
    });
  };
}
