import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/types.gen";

interface Choice {
  value: string;
  label: string;
}

/** The channels and warehouses that can be chosen: those seen while none was. */
export function useScopes(board: Overview | undefined): {
  channels: Choice[];
  warehouses: Choice[];
} {
  const { t } = useTranslation();
  const [seen, see] = useState<Choice[]>([]);
  const channels = (board?.channels ?? []).map((row) => ({
    value: row.channel,
    label: t(`channels.${row.channel}`, { defaultValue: row.title }),
  }));
  const fresh = channels.filter((one) => !seen.some((old) => old.value === one.value));
  if (fresh.length > 0) see([...seen, ...fresh]);
  const warehouses = (board?.warehouses ?? []).map((node) => ({
    value: node.code,
    label: node.name,
  }));
  return { channels: seen, warehouses };
}
