import { useQueries } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Total } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { useFilterWords } from "@/parts/filter-words";
import type { Filter, FilterField } from "@/parts/filters";
import { query } from "@/parts/use-asked";
import { without } from "./layout";

const ASKED = 6;

interface Props {
  filters: readonly Filter[];
  fields: readonly FilterField[];
  onChange: (f: string) => void;
}

/** 没有符合的订单。去掉「冷链」看看？有 1,204 单。 */
export function Nothing({ filters, fields, onChange }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const words = useFilterWords();
  const tries = filters.slice(-ASKED).map((one) => ({ one, f: without(filters, one) }));
  const totals = useQueries({
    queries: tries.map(({ f }) => ({
      queryKey: ["workbench", "count", f],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        ask<Total>(`/v1/workbench/count?${query({ f })}`, { signal }),
    })),
  });
  const ways = tries.flatMap(({ one, f }, at) => {
    const total = totals[at]?.data;
    return total && total.count > 0 ? [{ one, f, total }] : [];
  });
  if (filters.length === 0) {
    return (
      <>
        {t("empty")} <Link to="/channels">{t("emptyChannels")}</Link>
      </>
    );
  }
  return (
    <div className="orders-nothing">
      <p>{t("emptyFiltered")}</p>
      {ways.map(({ one, f, total }) => {
        const field = fields.find((each) => each.key === one.field);
        const what = field ? `${field.label} ${words(field, one)}` : one.field;
        return (
          <Button key={f + one.op} type="link" onClick={() => onChange(f)}>
            {t("dropOne", {
              what,
              number: `${total.exact ? "" : t("about")}${count(total.count)}`,
            })}
          </Button>
        );
      })}
      {filters.length > 1 && (
        <Button type="link" onClick={() => onChange("")}>
          {t("dropAll")}
        </Button>
      )}
    </div>
  );
}
