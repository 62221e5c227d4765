import { FileSearchOutlined } from "@ant-design/icons";
import { Button, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { WatermarkCopy, WatermarkPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem, type Problem } from "@/problem";
import { Verdict } from "./watermark-verdict";
import { type Traced, trace, useAssetName, useWho } from "./watermark-words";
import "./watermarks.css";

const DROP_PX = 120;
const TYPES = ".csv,.txt,.tsv,.xlsx,.parquet,.json,.ndjson,.jsonl";

/** 水印: the copies that went out, and whose copy a file is. */
export function Watermarks() {
  return (
    <div className="watermarks">
      <Trace />
      <Copies />
    </div>
  );
}

/** Drop a file, learn whose copy it is. */
function Trace() {
  const { t } = useTranslation("watermarks");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [traced, setTraced] = useState<Traced | null>(null);

  async function take(file: File) {
    setBusy(true);
    setProblem(null);
    setTraced(null);
    try {
      setTraced({ name: file.name, verdict: await trace(file) });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Card title={t("trace.title")} note={t("trace.note")}>
      <Upload.Dragger
        className="watermarks-drop"
        height={DROP_PX}
        accept={TYPES}
        maxCount={1}
        showUploadList={false}
        disabled={isBusy}
        beforeUpload={(file) => {
          void take(file);
          return false;
        }}
      >
        <p>
          <FileSearchOutlined />
        </p>
        <p>{t(isBusy ? "trace.busy" : "trace.drop")}</p>
      </Upload.Dragger>
      {problem && <ProblemNote problem={problem} />}
      {traced && <Verdict traced={traced} />}
    </Card>
  );
}

/** Every copy that went out, the newest first. */
function Copies() {
  const { t } = useTranslation("watermarks");
  const list = useKeyset<WatermarkCopy, WatermarkPage>({
    queryKey: ["watermarks"],
    fetch: (cursor, signal) => ask(`/v1/watermarks?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const columns = useColumns();
  return (
    <Card title={t("list.title")} note={t("list.note")} isFlush>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading ? (
        <Skeleton kind="rows" rows={4} />
      ) : (
        <SmallTable
          caption={t("list.title")}
          columns={columns}
          rows={list.rows}
          keyOf={(copy) => String(copy.code_no)}
          empty={t("list.empty")}
        />
      )}
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("list.more")}
        </Button>
      )}
    </Card>
  );
}

function useColumns(): SmallColumn<WatermarkCopy>[] {
  const { t } = useTranslation("watermarks");
  const who = useWho();
  const nameOf = useAssetName();
  const changed = (copy: WatermarkCopy) =>
    copy.cells
      ? t("list.changedValue", {
          cells: count(copy.cells),
          changed: count(copy.changed),
          most: copy.most,
        })
      : t("list.changedPlain");
  return [
    { key: "code", title: t("list.code"), render: (copy) => copy.code_no, isNumber: true },
    { key: "asset", title: t("list.asset"), render: (copy) => nameOf(copy.asset) },
    { key: "recipient", title: t("list.recipient"), render: who },
    { key: "purpose", title: t("list.purpose"), render: (copy) => copy.purpose || "—" },
    { key: "issued", title: t("list.issued"), render: (copy) => brief(copy.issued) },
    { key: "rows", title: t("list.rows"), render: (copy) => count(copy.rows), isNumber: true },
    { key: "changed", title: t("list.changed"), render: changed },
    { key: "honey", title: t("list.honey"), render: (copy) => copy.honey || "—", isNumber: true },
  ];
}
