import { CloseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastDetail, ForecastTried } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { Chart } from "@/parts/chart";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useLook } from "@/theme/look";
import { fan } from "./fan";
import { bounds, KEY, ratio, units } from "./words";

interface Props {
  place: string;
  sku: string;
  onClose: () => void;
}

/** One series: its past, the fan of what may come, and why it is forecast as it is. */
export function Detail({ place, sku, onClose }: Props) {
  const { t } = useTranslation("forecasts");
  const found = useQuery({
    queryKey: [...KEY, "one", place, sku],
    queryFn: ({ signal }) => fetchJson<ForecastDetail>(`/v1/forecasts/series?${query({ place, sku })}`, { signal }),
  });
  const one = found.data;
  return (
    <Card
      title={one?.line.name || sku}
      note={`${place} · ${sku}`}
      className="forecasts-detail"
      extra={<Button type="text" icon={<CloseOutlined />} aria-label={t("close")} onClick={onClose} />}
    >
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="card" rows={4} />}
      {one && <One one={one} />}
    </Card>
  );
}

function One({ one }: { one: ForecastDetail }) {
  const { t } = useTranslation("forecasts");
  const { look } = useLook();
  const words = useMemo(
    () => ({
      past: t("past"),
      mean: t("mean"),
      low: t("lowEnd"),
      band: (n: number) => t("band", { n }),
    }),
    [t],
  );
  const option = useMemo(() => fan(one, words, look), [one, words, look]);
  const { line } = one;
  return (
    <>
      <Chart
        label={t("chart", { name: line.name || line.sku })}
        option={option}
        height_px={260}
        table={{
          head: [t("day"), t("mean"), t("band", { n: 50 }), t("band", { n: 80 }), t("band", { n: 95 })],
          rows: [
            ...one.past.map((day) => [day.day, count(day.units), "", "", ""]),
            ...one.days.map((day) => {
              const q = day.quantiles_milli;
              return [
                day.day,
                units(day.mean_milli),
                bounds(q[2] ?? 0, q[4] ?? 0),
                bounds(q[1] ?? 0, q[5] ?? 0),
                bounds(q[0] ?? 0, q[6] ?? 0),
              ];
            }),
          ],
        }}
      />
      {one.promotions.length > 0 && (
        <p className="note">
          {one.promotions
            .map((each) => t("mark", { name: each.name, first: each.first_day, last: each.last_day }))
            .join(t("and"))}
        </p>
      )}
      {line.drift && (
        <p>{t("driftLine", { outside: line.drift.outside, days: line.drift.days })}</p>
      )}
      {line.similar.length > 0 && <p>{t("similar", { skus: line.similar.join(t("and")) })}</p>}
      <Tried tried={one.tried} />
    </>
  );
}

/** Why: how every method did at past moments that it had not seen. */
function Tried({ tried }: { tried: readonly ForecastTried[] }) {
  const { t } = useTranslation("forecasts");
  return (
    <>
      <h3>{t("why")}</h3>
      <p className="note">{t("whyNote")}</p>
      <SmallTable
        caption={t("why")}
        columns={[
          { key: "method", title: t("columns.method"), render: (one) => t(`methods.${one.method}`) },
          { key: "rmsse", title: "RMSSE", render: (one) => ratio(one.rmsse), isNumber: true },
          { key: "mase", title: "MASE", render: (one) => ratio(one.mase), isNumber: true },
          { key: "used", title: t("voice"), render: (one) => t(one.used ? "used" : "unused") },
        ]}
        rows={tried}
        keyOf={(one) => one.method}
        empty={t("untried")}
      />
    </>
  );
}
