import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { listWarehousesOptions } from "@/api/@tanstack/react-query.gen";

/** Choose a warehouse by code or name; "" = not known. */
export function WarehouseSelect(props: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation("authorisation");
  const list = useQuery(listWarehousesOptions({ query: { limit: 200 } }));
  return (
    <Select
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      placeholder={t("who.any")}
      value={props.value || null}
      options={(list.data?.items ?? []).map((one) => ({
        value: one.code,
        label: `${one.code} ${one.name}`,
      }))}
      onChange={(value: string | null) => props.onChange(value ?? "")}
    />
  );
}
