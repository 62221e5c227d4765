import { ThunderboltOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, Segmented, Select, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { inferWoven } from "@/api/sdk.gen";
import type { WovenInferred } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { Labelled } from "./said";
import { type Whole, whole } from "./woven";

const KINDS = ["stock_query", "capacity_match", "generic"] as const;
const MOST = 2_000_000;

interface Props {
  woven: Whole;
  isOpen: boolean;
  onChange: (changes: Partial<Whole>) => void;
}

/** Left: what the far side says of itself, as an OpenAPI document or as samples. */
export function SourcePart({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const [way, setWay] = useState<"sample" | "openapi">("sample");
  return (
    <Card title={t("source")}>
      <div className="weaver-stack">
        <Labelled label={t("kind")}>
          <Select
            aria-label={t("kind")}
            value={woven.kind}
            disabled={!isOpen}
            options={KINDS.map((value) => ({ value, label: t(`kinds.${value}`) }))}
            onChange={(kind) => onChange({ kind })}
          />
        </Labelled>
        <Segmented
          block
          aria-label={t("source")}
          value={way}
          options={[
            { value: "sample", label: t("samples") },
            { value: "openapi", label: "OpenAPI" },
          ]}
          onChange={setWay}
        />
        {way === "sample" ? (
          <Samples woven={woven} isOpen={isOpen} onChange={onChange} />
        ) : (
          <Document woven={woven} isOpen={isOpen} onChange={onChange} />
        )}
      </div>
    </Card>
  );
}

/** Take over what was proposed, but for what a person has given already. */
function adopt(woven: Whole, inferred: WovenInferred): Partial<Whole> {
  if (!inferred.woven) return {};
  const told = whole(inferred.woven);
  return {
    ...told,
    code: woven.code,
    version: woven.version,
    zh: woven.zh,
    en: woven.en,
    capability: woven.capability,
    operation: woven.operation,
    base_url: told.base_url || woven.base_url,
    path: told.path || woven.path,
    auth: told.auth.kind === "none" ? woven.auth : told.auth,
    rules: woven.rules,
    readings: woven.readings,
    poll: woven.poll,
  };
}

function Samples({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const [asked, setAsked] = useState("");
  const propose = useMutation({
    mutationFn: async () =>
      (
        await inferWoven({
          body: { kind: woven.kind, question: asked, response: woven.response_sample },
        })
      ).data,
    onSuccess: (data) =>
      onChange({ ...adopt(woven, data), method: asked.trim() ? "POST" : "GET" }),
  });
  return (
    <>
      <Labelled label={t("questionSample")} at="/question_sample">
        <Input.TextArea
          className="mono"
          rows={4}
          disabled={!isOpen}
          value={woven.question_sample}
          onChange={(event) => onChange({ question_sample: event.target.value })}
        />
      </Labelled>
      <Labelled label={t("responseSample")} at="/response_sample">
        <Input.TextArea
          className="mono"
          rows={9}
          disabled={!isOpen}
          value={woven.response_sample}
          onChange={(event) => onChange({ response_sample: event.target.value })}
        />
      </Labelled>
      {isOpen && (
        <>
          <Labelled label={t("bodySample")}>
            <Input.TextArea
              className="mono"
              rows={3}
              placeholder={t("bodySampleNote")}
              value={asked}
              onChange={(event) => setAsked(event.target.value)}
            />
          </Labelled>
          {propose.error && <ProblemNote problem={asProblem(propose.error)} />}
          <Button
            icon={<ThunderboltOutlined />}
            loading={propose.isPending}
            onClick={() => propose.mutate()}
          >
            {t("propose")}
          </Button>
          <p className="note">{t("proposeNote")}</p>
        </>
      )}
    </>
  );
}

function Document({ woven, isOpen, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const [text, setText] = useState("");
  const read = useMutation({
    mutationFn: async (operation: string) =>
      (await inferWoven({ body: { kind: woven.kind, document: text, operation } })).data,
    onSuccess: (data) => data.woven && onChange(adopt(woven, data)),
  });
  const operations = read.data?.operations ?? [];
  return (
    <>
      <Labelled label={t("document")}>
        <Input.TextArea
          className="mono"
          rows={9}
          placeholder={t("documentNote")}
          disabled={!isOpen}
          readOnly={text.length > 20_000}
          value={text.length > 20_000 ? `${text.slice(0, 20_000)}…` : text}
          onChange={(event) => setText(event.target.value)}
        />
      </Labelled>
      {isOpen && (
        <div className="weaver-acts">
          <Upload
            accept=".json,.yaml,.yml"
            showUploadList={false}
            beforeUpload={(file) => {
              if (file.size <= MOST) void file.text().then(setText);
              return false;
            }}
          >
            <Button>{t("upload")}</Button>
          </Upload>
          <Button
            type="primary"
            disabled={!text.trim()}
            loading={read.isPending}
            onClick={() => read.mutate("")}
          >
            {t("readDocument")}
          </Button>
        </div>
      )}
      {read.error && <ProblemNote problem={asProblem(read.error)} />}
      {operations.length > 0 && (
        <Labelled label={t("operationOf", { count: operations.length })}>
          <Select
            aria-label={t("operationOf", { count: operations.length })}
            showSearch
            placeholder={t("chooseOperation")}
            options={operations.map((one) => ({
              value: one.id,
              label: one.title ? `${one.id} · ${one.title}` : one.id,
            }))}
            onChange={(id: string) => read.mutate(id)}
          />
        </Labelled>
      )}
    </>
  );
}
