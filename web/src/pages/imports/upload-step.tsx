import { InboxOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Radio, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useAsked } from "@/parts/use-asked";
import { asProblem, type Problem } from "@/problem";
import { useMay } from "@/session";
import { type ImportKind, KINDS, type KindName, kindsQuery, nameOf, upload } from "./imports";

const TYPES = ".csv,.txt,.tsv,.xlsx,.xlsm";

/** Step 1: what it is, and the file. */
export function UploadStep() {
  const { t } = useTranslation(["imports", "common"]);
  const { asked, ask } = useAsked();
  const go = useNavigate();
  const mayMasters = useMay("master.write");
  const mayStock = useMay("stock.write");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const kinds = useQuery(kindsQuery);
  const may = (kind: KindName) => (kind === "stock" ? mayStock : mayMasters);
  const kind = KINDS.find((one) => one === asked("kind") && may(one)) ?? KINDS.find(may);
  const spec = kinds.data?.items.find((one) => one.kind === kind);

  async function take(file: File) {
    if (!kind) return;
    setBusy(true);
    setProblem(null);
    try {
      const made = await upload(kind, file);
      void go(`/imports/${made.id}/columns`);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  }

  if (!kind) return <p className="muted">{t("upload.noRight")}</p>;
  return (
    <Card title={t("upload.title")} note={t("upload.note")}>
      <Radio.Group
        className="imports-kinds"
        optionType="button"
        aria-label={t("columns.kind")}
        value={kind}
        options={KINDS.filter(may).map((one) => ({ value: one, label: t(`kinds.${one}`) }))}
        onChange={(event) => ask({ kind: String(event.target.value) })}
      />
      {spec && (
        <p className="note">
          {t("upload.fields", {
            names: spec.fields
              .filter((one) => one.required)
              .map(nameOf)
              .join(t("comma")),
          })}{" "}
          <Button size="small" type="link" onClick={() => saveTemplate(spec)}>
            {t("upload.template")}
          </Button>
        </p>
      )}
      {problem && <ProblemNote problem={problem} />}
      <Upload.Dragger
        className="imports-upload"
        accept={TYPES}
        maxCount={1}
        showUploadList={false}
        disabled={isBusy}
        beforeUpload={(file) => {
          void take(file);
          return false;
        }}
      >
        <p className="imports-drop">
          <InboxOutlined />
        </p>
        <p>{t(isBusy ? "upload.busy" : "upload.drop")}</p>
        <p className="note">{t("upload.limits")}</p>
      </Upload.Dragger>
      <p className="note">{t("upload.orders")}</p>
    </Card>
  );
}

/** A file with the names of all columns, in the person's language; the units stand in brackets. */
function saveTemplate(spec: ImportKind): void {
  const names = spec.fields.map((field) => {
    const unit = field.units.find((one) => one.name === field.unit);
    return unit ? `${nameOf(field)}(${unit.words[0] ?? unit.name})` : nameOf(field);
  });
  const url = URL.createObjectURL(
    new Blob([`\uFEFF${names.join(",")}\r\n`], { type: "text/csv;charset=utf-8" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = `${spec.kind}.csv`;
  link.click();
  URL.revokeObjectURL(url);
}
