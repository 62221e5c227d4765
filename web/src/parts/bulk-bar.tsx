import { Button } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { count as counted } from "@/format/numbers";

/** An act that at least one selected row allows. */
export interface BulkAct {
  key: string;
  label: string;
  icon?: ReactNode;
  run: () => void;
  isDanger?: boolean;
}

interface Props {
  /** Selected rows; the bar hides at 0. */
  count: number;
  /** All rows that match, where known. */
  total?: number | undefined;
  /** The rows' unit: 单, orders. */
  unit: string;
  /** True when all that match are meant, not just those that are loaded. */
  isAll?: boolean;
  onAll?: (() => void) | undefined;
  onClear: () => void;
  acts: readonly BulkAct[];
}

/** The dark bar at the bottom: how many, all that match, what can be done with them. */
export function BulkBar({ count, total, unit, isAll, onAll, onClear, acts }: Props) {
  const { t } = useTranslation();
  if (count === 0 && !isAll) return null;
  const number = counted(isAll ? total : count);
  return (
    <section className="bulk" aria-label={t("bulk.label")}>
      <b role="status">{t("bulk.selected", { number, unit })}</b>
      {onAll && !isAll && total !== undefined && total > count && (
        <button type="button" className="bulk-all" onClick={onAll}>
          {t("bulk.all", { number: counted(total), unit })}
        </button>
      )}
      <i aria-hidden />
      {acts.map((act) => (
        <Button key={act.key} icon={act.icon} onClick={act.run}>
          {act.label}
        </Button>
      ))}
      <button type="button" className="bulk-clear" onClick={onClear} aria-label={t("bulk.clear")}>
        Esc
      </button>
    </section>
  );
}
