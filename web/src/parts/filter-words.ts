import { useTranslation } from "react-i18next";
import { money } from "@/format/numbers";
import type { Filter, FilterField } from "./filters";

const SHOWN = 2;

/** A filter's values in words: 淘宝、京东 · 2 时内 · 不含 测试单 · 大于 ¥500.00. */
export function useFilterWords() {
  const { t } = useTranslation();
  return (field: FilterField, filter: Filter): string => {
    const names = filter.values.map((value) => wordOf(field, value));
    const text =
      names.length > SHOWN
        ? t("filters.some", { names: names.slice(0, SHOWN).join("、"), count: names.length })
        : names.join("、");
    if (field.kind === "flag") return t(`filters.flag.${filter.values[0] ?? "yes"}`);
    return filter.op === "in" ? text : t(`filters.ops.${field.kind}.${filter.op}`, { text });

    function wordOf(of: FilterField, value: string): string {
      const option = of.options?.find((one) => one.value === value);
      if (option) return option.label;
      if (of.kind === "money") return money(Number(value));
      const span = /^(\d+)([mhd])$/.exec(value);
      if (of.kind === "time" && span) return t(`filters.span.${span[2]}`, { count: Number(span[1]) });
      return value;
    }
  };
}
