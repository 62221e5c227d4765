import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { SignalVariable } from "@/api/types.gen";
import { count, duration } from "@/format";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { STATES } from "./signals";

/** The 17 variables: how long each is fresh, what it becomes, and how many values are what. */
export function Variables({ variables }: { variables: readonly SignalVariable[] }) {
  const { t } = useTranslation("signals");
  const columns: SmallColumn<SignalVariable>[] = [
    { key: "number", title: t("columns.number"), isNumber: true, render: (v) => v.number },
    {
      key: "key",
      title: t("columns.variable"),
      render: (v) =>
        v.per.length ? <Link to={`/signals?key=${v.key}`}>{t(`names.${v.key}`)}</Link> : t(`names.${v.key}`),
    },
    {
      key: "ttl",
      title: t("columns.ttl"),
      render: (v) => (v.ttl_s ? duration(v.ttl_s * 1000) : t("always")),
    },
    { key: "on_stale", title: t("columns.onStale"), render: (v) => t(`onStale.${v.on_stale}`) },
    ...STATES.map((state) => ({
      key: state,
      title: t(`states.${state}`),
      isNumber: true,
      render: (v: SignalVariable) => (v.per.length ? count(v[state]) : t("own")),
    })),
  ];
  return (
    <SmallTable
      caption={t("variables")}
      columns={columns}
      rows={variables}
      keyOf={(v) => v.key}
      empty={t("empty")}
    />
  );
}
