import { ColumnHeightOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import type { Density } from "@/theme/look";

const DENSITIES: readonly Density[] = ["loose", "compact", "dense"];

/** 紧凑: how high the rows are. */
export function DensityPicker({
  density,
  onChange,
}: {
  density: Density;
  onChange: (density: Density) => void;
}) {
  const { t } = useTranslation();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectable: true,
        selectedKeys: [density],
        items: DENSITIES.map((one) => ({ key: one, label: t(`person.${one}`) })),
        onClick: ({ key }) => onChange(key as Density),
      }}
    >
      <Button icon={<ColumnHeightOutlined />} aria-label={t("person.density")}>
        {t(`person.${density}`)}
      </Button>
    </Dropdown>
  );
}
