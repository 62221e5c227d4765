import { DownloadOutlined, PlusOutlined, ScanOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useMay } from "@/session";

/** 扫码, 导出, 建单. */
export function HeadActs({ onScan, onExport }: { onScan: () => void; onExport: () => void }) {
  const { t } = useTranslation("orders");
  const go = useNavigate();
  const mayExport = useMay("export.make");
  const mayPlace = useMay("order.place");
  return (
    <>
      <Button icon={<ScanOutlined />} onClick={onScan}>
        {t("scan")}
      </Button>
      {mayExport && (
        <Button icon={<DownloadOutlined />} onClick={onExport}>
          {t("export")}
        </Button>
      )}
      {mayPlace && (
        <Button type="primary" icon={<PlusOutlined />} onClick={() => void go("/orders/new")}>
          {t("newOrder")}
        </Button>
      )}
    </>
  );
}
