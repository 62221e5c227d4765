import { DownloadOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { count } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { act, type Import } from "./imports";
import { Counts, saveRejects } from "./counts";
import { RowsTable } from "./rows-table";

const OUTCOMES = ["", "rejected", "changed", "new", "same"] as const;

/** Step 3: what each row would do, and why some cannot be taken; nothing is written yet. */
export function PreviewStep({ made }: { made: Import }) {
  const { t } = useTranslation(["imports", "common"]);
  const go = useNavigate();
  const confirm = useConfirm();
  const notice = useNotice();
  const [isBusy, setBusy] = useState(false);
  const { counts } = made;
  const [outcome, setOutcome] = useState<string>(counts.rejected ? "rejected" : "");
  const good = counts.new + counts.changed + counts.same;
  const canApply = made.acts.includes("apply");

  async function apply(mode: "all" | "good") {
    if (mode === "good") {
      const isMeant = await confirm({
        title: t("preview.goodTitle", { n: count(good) }),
        text: t("preview.goodText", { n: count(counts.rejected) }),
        act: t("preview.good", { n: count(good) }),
      });
      if (!isMeant) return;
    }
    setBusy(true);
    try {
      await act(made.id, "apply", { mode });
      void go(`/imports/${made.id}/run`);
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }

  return (
    <>
      <Counts counts={counts} />
      {made.state === "refused" && <p className="imports-said">{t("preview.refused")}</p>}
      <div className="imports-bar">
        <Segmented
          aria-label={t("columns.outcome")}
          value={outcome}
          options={OUTCOMES.map((one) => ({
            value: one,
            label: `${t(`outcomes.${one || "all"}`)} ${count(one ? counts[one] : counts.rows)}`,
          }))}
          onChange={setOutcome}
        />
        {counts.rejected > 0 && (
          <Button icon={<DownloadOutlined />} onClick={() => void saveRejects(made).catch(notice.failed)}>
            {t("preview.rejects")}
          </Button>
        )}
      </div>
      <RowsTable made={made} outcome={outcome} />
      {canApply && (
        <div className="imports-acts">
          {counts.rejected > 0 ? (
            <>
              <span className="note">{t("preview.mend")}</span>
              <Button
                type="primary"
                loading={isBusy}
                disabled={good === 0}
                onClick={() => void apply("good")}
              >
                {t("preview.good", { n: count(good) })}
              </Button>
            </>
          ) : (
            <Button type="primary" loading={isBusy} onClick={() => void apply("all")}>
              {t("preview.all", { n: count(counts.rows) })}
            </Button>
          )}
        </div>
      )}
    </>
  );
}
