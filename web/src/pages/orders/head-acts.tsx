import { DownloadOutlined, EnvironmentOutlined, PlusOutlined, ScanOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useMay } from "@/session";

interface Props {
  onScan: () => void;
  onExport: () => void;
  onReaddress: () => void;
}

/** 扫码, 按表改址, 导出, 建单. */
export function HeadActs({ onScan, onExport, onReaddress }: Props) {
  const { t } = useTranslation("orders");
  const go = useNavigate();
  const mayExport = useMay("export.make");
  const mayAmend = useMay("order.amend");
  const mayPlace = useMay("order.place");
  return (
    <>
      <Button icon={<ScanOutlined />} onClick={onScan}>
        {t("scan")}
      </Button>
      {mayAmend && (
        <Button icon={<EnvironmentOutlined />} onClick={onReaddress}>
          {t("readdress.byTable")}
        </Button>
      )}
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
