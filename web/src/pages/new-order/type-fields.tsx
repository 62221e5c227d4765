import { useQuery } from "@tanstack/react-query";
import { Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { listOrderTypesOptions } from "@/api/@tanstack/react-query.gen";
import { byLocale } from "@/i18n";
import type { Draft } from "./draft";

interface Props {
  draft: Draft;
  onChange: (changes: Partial<Draft>) => void;
}

/** Which order type it follows; nothing is shown to a merchant who has none. */
export function TypeFields({ draft, onChange }: Props) {
  const { t } = useTranslation("new-order");
  const read = useQuery(listOrderTypesOptions());
  const types = (read.data?.versions ?? []).filter((one) => one.active);
  const picked = types.find((one) => one.type.type === draft.type)?.type;
  if (types.length === 0) return null;
  return (
    <div className="new-order-fields">
      <label>
        <span>{t("type")}</span>
        <Select
          aria-label={t("type")}
          value={draft.type}
          options={[
            { value: "", label: t("noType") },
            ...types.map((one) => ({
              value: one.type.type,
              label: byLocale(one.type.name.zh ?? "", one.type.name.en ?? ""),
            })),
          ]}
          onChange={(type) => onChange({ type })}
        />
      </label>
      {picked && (
        <label>
          <span>{t("buyer")}</span>
          <Input
            value={draft.buyer}
            maxLength={64}
            onChange={(event) => onChange({ buyer: event.target.value })}
          />
        </label>
      )}
      {picked?.group && (
        <label>
          <span>{t("group")}</span>
          <Input
            className="mono"
            value={draft.group}
            maxLength={64}
            onChange={(event) => onChange({ group: event.target.value })}
          />
        </label>
      )}
    </div>
  );
}
