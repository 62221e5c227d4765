import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";

const Dialog = lazy(() => import("./protection/export-dialog"));

interface Props {
  asset: string;
  title: string;
  /** Only cells of these values of grain columns. */
  where?: Readonly<Record<string, string | number>>;
}

/** 申请导出: the one way to take a part of an asset out, from whichever page. */
export function AssetExport({ asset, title, where }: Props) {
  const { t } = useTranslation("assetShares");
  const [isOpen, open] = useState(false);
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => open(true)}>
        {t("ask.act")}
      </Button>
      <Suspense>
        {isOpen && (
          <Dialog
            asset={asset}
            title={title}
            onClose={() => open(false)}
            {...(where ? { where } : {})}
          />
        )}
      </Suspense>
    </>
  );
}
