import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ParcelGroup, ParcelMember } from "@/api/types.gen";
import { count, dated, exact, leftWords, weight } from "@/format";
import { useNow } from "@/live/use-live";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";

const PACKED = new Set(["packed", "shipped", "delivered", "lost", "refused", "returned"]);

interface Props {
  group: ParcelGroup;
  isBusy: boolean;
  onMerge?: (() => void) | undefined;
  onUnmerge?: (() => void) | undefined;
}

/** Fulfilment orders that leave as one parcel, or could: each with its own promise. */
export function GroupCard({ group, isBusy, onMerge, onUnmerge }: Props) {
  const { t } = useTranslation(["merging", "common"]);
  const title = t("groupTitle", {
    count: group.members.length,
    place: [...new Set([group.province, group.place])].filter(Boolean).join(" "),
  });
  const isPacked = group.members.some((one) => PACKED.has(one.state));
  const columns: SmallColumn<ParcelMember>[] = [
    {
      key: "number",
      title: t("columns.number"),
      render: (one) => <Link to={`/orders/${one.order}`}>{one.number}</Link>,
    },
    { key: "shop", title: t("columns.shop"), render: (one) => one.shop || one.channel },
    {
      key: "state",
      title: t("columns.state"),
      render: (one) => t(`common:stages.${one.state}`),
    },
    { key: "units", title: t("columns.units"), isNumber: true, render: (one) => count(one.units) },
    { key: "due", title: t("columns.due"), render: (one) => <Due at={one.due} /> },
  ];
  return (
    <li className="card merging-group" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span className="note">
          {t("groupNote", {
            warehouse: group.warehouse_name,
            units: count(group.units),
            weight: weight(group.weight_g),
          })}
        </span>
        <span className="card-extra">
          {onMerge && (
            <Button size="small" disabled={isBusy} onClick={onMerge}>
              {t("merge", { count: group.members.length })}
            </Button>
          )}
          {group.group && <ToneTag tone="primary">{t("isMerged")}</ToneTag>}
          {onUnmerge && (
            <Button
              size="small"
              disabled={isPacked}
              title={isPacked ? t("packedAlready") : undefined}
              onClick={onUnmerge}
            >
              {t("unmerge")}
            </Button>
          )}
        </span>
      </header>
      <SmallTable
        caption={title}
        columns={columns}
        rows={group.members}
        keyOf={(one) => `${one.order}/${one.fulfilment}`}
        empty=""
      />
    </li>
  );
}

function Due({ at }: { at: string }) {
  const { t } = useTranslation("merging");
  const now = useNow(at ? new Date(at).getTime() : null);
  if (!at) return <>—</>;
  return (
    <time dateTime={at} title={exact(at)}>
      {t("leftAndDue", { left: leftWords(at, now), due: dated(at, now) })}
    </time>
  );
}
