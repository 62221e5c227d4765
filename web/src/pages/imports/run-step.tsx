import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Progress, Segmented } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { showJob } from "@/parts/jobs";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { Counts, saveRejects } from "./counts";
import { act, BUSY, type Import } from "./imports";
import { RowsTable } from "./rows-table";

const PAGES: Record<string, string> = {
  skus: "/settings/masters",
  warehouses: "/settings/masters?kind=warehouses",
  regions: "/settings/masters?kind=regions",
  lanes: "/settings/masters?kind=lanes",
  bundles: "/settings/masters?kind=bundles",
  stock: "/stock",
};
const FATES = ["restored", "changed_since", "kept"] as const;

/** Step 4: the writing as it goes, what came of it, and the way back. */
export function RunStep({ made }: { made: Import }) {
  const { t } = useTranslation(["imports", "common"]);
  const confirm = useConfirm();
  const notice = useNotice();
  const { counts } = made;
  const isBusy = BUSY.includes(made.state);
  useTray(made);

  async function undo() {
    const isMeant = await confirm({
      title: t("run.undoTitle", { name: made.name || t("drop.nameless") }),
      text: t(`run.undoText.${made.kind}`, { defaultValue: t("run.undoText.skus") }),
      act: t("run.undo"),
      isDanger: true,
    });
    if (!isMeant) return;
    try {
      await act(made.id, "undo");
    } catch (error) {
      notice.failed(error);
    }
  }

  async function retry() {
    try {
      await act(made.id, "apply", { mode: made.mode });
    } catch (error) {
      notice.failed(error);
    }
  }

  const share = counts.rows ? Math.min(100, Math.round((made.line / counts.rows) * 100)) : 0;
  return (
    <>
      {isBusy && (
        <Card title={t(`run.${made.state}`)} note={t("run.leave")}>
          <Progress percent={share} aria-label={t(`run.${made.state}`)} />
          <p className="note" role="status">
            {t("run.line", { n: count(made.line), all: count(counts.rows) })}
          </p>
        </Card>
      )}
      {made.trouble && (
        <Alert
          type="error"
          showIcon
          title={t("run.trouble")}
          description={made.trouble}
          action={made.acts.includes("apply") && <Button onClick={() => void retry()}>{t("run.retry")}</Button>}
        />
      )}
      <Counts counts={counts} />
      {!isBusy && (
        <div className="imports-acts">
          <span className="note">{t(`run.said.${made.state}`, { defaultValue: "" })}</span>
          {counts.rejected > 0 && (
            <Button icon={<DownloadOutlined />} onClick={() => void saveRejects(made).catch(notice.failed)}>
              {t("preview.rejects")}
            </Button>
          )}
          {made.acts.includes("undo") && <Button onClick={() => void undo()}>{t("run.undo")}</Button>}
          <Link to={PAGES[made.kind] ?? "/imports"}>
            <Button type="primary">{t(`run.look.${made.kind}`)}</Button>
          </Link>
        </div>
      )}
      {made.state === "undone" ? <Undone made={made} /> : !isBusy && <RowsTable made={made} />}
    </>
  );
}

/** After undoing: what has its value from before, what was changed since, what stays. */
function Undone({ made }: { made: Import }) {
  const { t } = useTranslation("imports");
  const { counts } = made;
  const [fate, setFate] = useState<string>(counts.changed_since ? "changed_since" : "restored");
  return (
    <>
      <div className="imports-bar">
        <Segmented
          aria-label={t("columns.outcome")}
          value={fate}
          options={FATES.map((one) => ({
            value: one,
            label: `${t(`outcomes.${one}`)} ${count(counts[one])}`,
          }))}
          onChange={setFate}
        />
      </div>
      <RowsTable made={made} undone={fate} />
    </>
  );
}

/** The writing goes on when the page is left; the tray tells how far it has come. */
function useTray(made: Import): void {
  const { t } = useTranslation("imports");
  const isBusy = BUSY.includes(made.state);
  const [wasBusy, setWas] = useState(isBusy);
  useEffect(() => {
    if (!isBusy && !wasBusy) return;
    setWas(isBusy);
    const state = isBusy ? "running" : made.state === "failed" ? "failed" : "done";
    showJob({
      id: made.id,
      title: t("run.job", { name: made.name || t(`kinds.${made.kind}`) }),
      done: isBusy ? made.line : made.counts.rows,
      total: made.counts.rows,
      failed: made.counts.rejected,
      state,
      to: `/imports/${made.id}/run`,
    });
    if (!isBusy) void queries.invalidateQueries({ queryKey: ["stock"] });
  }, [made, isBusy, wasBusy, t]);
}
