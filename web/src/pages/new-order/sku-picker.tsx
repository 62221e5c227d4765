import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Sku, SkuPage } from "@/api/types.gen";
import { ask } from "@/client";
import { query } from "@/parts/use-asked";

const PAUSE_MS = 200;
const FOUND = 20;

interface Props {
  sku: string;
  name: string;
  label: string;
  onPick: (sku: Sku) => void;
}

/** Find goods by code, name or barcode. */
export function SkuPicker({ sku, name, label, onPick }: Props) {
  const { t } = useTranslation("new-order");
  const [typed, type] = useState("");
  const [q, settle] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => settle(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const { data, isFetching } = useQuery({
    queryKey: ["new-order", "skus", q],
    queryFn: ({ signal }) => ask<SkuPage>(`/v1/skus?${query({ q, limit: FOUND })}`, { signal }),
    placeholderData: (old) => old,
  });
  const found = data?.items ?? [];
  return (
    <Select
      aria-label={label}
      placeholder={t("findGoods")}
      value={sku || undefined}
      loading={isFetching}
      showSearch={{ filterOption: false, onSearch: type }}
      // The chosen goods stay readable when the next search does not find them.
      labelRender={() => `${name} ${sku}`}
      options={found.map((one) => ({ value: one.code, label: `${one.name} ${one.code}` }))}
      onChange={(code: string) => {
        const one = found.find((each) => each.code === code);
        if (one) onPick(one);
      }}
    />
  );
}
