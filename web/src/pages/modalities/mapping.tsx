import { useQuery } from "@tanstack/react-query";
import { Alert, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MappingShown, PerceiverMapping } from "@/api/types.gen";
import { ask } from "@/client";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { DraftShown } from "./draft-shown";
import { KEY, PATH, within } from "./model";
import { SampleTree } from "./sample-tree";

const WHOLE = ["text", "rows", "figures", "pages", "version", "refuses"] as const;
const ROW = ["text", "confidence", "box", "page", "from_ms", "to_ms", "path", "kind"] as const;
const SENDS = ["raw", "form", "json"] as const;
const AUTHS = ["none", "header", "query", "basic", "bearer"] as const;
const REST_MS = 400;

export type Place = { part: "whole"; name: (typeof WHOLE)[number] } | { part: "row"; name: (typeof ROW)[number] };

interface Props {
  kind: string;
  mapping: PerceiverMapping;
  onChange: (mapping: PerceiverMapping) => void;
}

/** How a service is asked and what of its answer is what; a sample shows at once what comes of it. */
export function MappingEditor({ kind, mapping, onChange }: Props) {
  const { t } = useTranslation("modalities");
  const [text, write] = useState("");
  const [place, choose] = useState<Place>({ part: "whole", name: "rows" });
  const sample = parse(text);
  const set = (changes: Partial<PerceiverMapping>) => onChange({ ...mapping, ...changes });
  const put = (at: Place, expression: string) =>
    at.part === "whole"
      ? set({ [at.name]: expression })
      : set({ row: { ...mapping.row, [at.name]: expression } });
  const point = (path: string) =>
    put(place, place.part === "row" ? (within(mapping.rows ?? "", path) ?? path) : path);
  return (
    <fieldset className="modalities-mapping">
      <legend>{t("mapping")}</legend>
      <Asking mapping={mapping} onChange={set} />
      <p className="note">{t("mappingNote")}</p>
      <div className="modalities-halves">
        <div>
          <label htmlFor="modalities-sample">{t("answerSample")}</label>
          <Input.TextArea
            id="modalities-sample"
            className="mono"
            spellCheck={false}
            rows={5}
            maxLength={400_000}
            placeholder={'{"data": {"lines": []}}'}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
          {text && sample === undefined && <p className="modalities-trouble">{t("notJson")}</p>}
          {sample !== undefined && <SampleTree value={sample} onPick={point} />}
        </div>
        <Expressions mapping={mapping} place={place} onChoose={choose} onChange={put} />
      </div>
      {sample !== undefined && <Preview kind={kind} mapping={mapping} sample={sample} />}
    </fieldset>
  );
}

function Asking({ mapping, onChange }: { mapping: PerceiverMapping; onChange: (changes: Partial<PerceiverMapping>) => void }) {
  const { t } = useTranslation("modalities");
  const sends = mapping.sends ?? "raw";
  const auth = mapping.auth ?? {};
  return (
    <div className="modalities-three">
      <label>
        {t("path")}
        <Input
          className="mono"
          maxLength={500}
          placeholder="/v1/ocr"
          value={mapping.path ?? ""}
          onChange={(event) => onChange({ path: event.target.value })}
        />
      </label>
      <label>
        {t("sends")}
        <Select
          aria-label={t("sends")}
          value={sends}
          onChange={(value) => onChange({ sends: value })}
          options={SENDS.map((value) => ({ value, label: t(`sendsBy.${value}`) }))}
        />
      </label>
      {sends !== "raw" && (
        <label>
          {t("field")}
          <Input
            className="mono"
            maxLength={200}
            value={mapping.field ?? ""}
            onChange={(event) => onChange({ field: event.target.value })}
          />
        </label>
      )}
      <label>
        {t("proof")}
        <Select
          aria-label={t("proof")}
          value={AUTHS.find((each) => each === auth.kind) ?? "none"}
          onChange={(value) => onChange({ auth: { ...auth, kind: value } })}
          options={AUTHS.map((value) => ({ value, label: t(`proofs.${value}`) }))}
        />
      </label>
      {(auth.kind === "header" || auth.kind === "query" || auth.kind === "basic") && (
        <label>
          {t(auth.kind === "basic" ? "user" : "keyName")}
          <Input
            className="mono"
            maxLength={64}
            value={(auth.kind === "basic" ? auth.user : auth.name) ?? ""}
            onChange={(event) =>
              onChange({ auth: { ...auth, [auth.kind === "basic" ? "user" : "name"]: event.target.value } })
            }
          />
        </label>
      )}
    </div>
  );
}

interface ExpressionsProps {
  mapping: PerceiverMapping;
  place: Place;
  onChoose: (place: Place) => void;
  onChange: (place: Place, expression: string) => void;
}

function Expressions({ mapping, place, onChoose, onChange }: ExpressionsProps) {
  const { t } = useTranslation("modalities");
  const field = (at: Place, value: string, label: string) => (
    <label key={`${at.part}/${at.name}`} data-chosen={at.part === place.part && at.name === place.name}>
      {label}
      <Input
        className="mono"
        maxLength={4_000}
        spellCheck={false}
        value={value}
        onFocus={() => onChoose(at)}
        onChange={(event) => onChange(at, event.target.value)}
      />
    </label>
  );
  return (
    <div className="modalities-expressions">
      {WHOLE.map((name) => field({ part: "whole", name }, mapping[name] ?? "", t(`parts.${name}`)))}
      {mapping.rows && (
        <div className="modalities-row" role="group" aria-label={t("ofEachRow")}>
          <span className="note">{t("ofEachRow")}</span>
          {ROW.map((name) => field({ part: "row", name }, mapping.row?.[name] ?? "", t(`leaves.${name}`)))}
        </div>
      )}
    </div>
  );
}

/** What the sample would be understood as, asked for as the mapping rests. */
function Preview({ kind, mapping, sample }: { kind: string; mapping: PerceiverMapping; sample: unknown }) {
  const { t } = useTranslation("modalities");
  const words = useProblemWords();
  const asked = useRested(JSON.stringify({ kind, mapping, answer: sample }));
  const shown = useQuery({
    queryKey: [...KEY, "preview", asked],
    queryFn: ({ signal }) =>
      ask<MappingShown>(`${PATH}/preview`, { method: "POST", json: JSON.parse(asked) as unknown, signal }),
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <section className="modalities-preview" aria-label={t("preview")} aria-live="polite">
      <h3>{t("preview")}</h3>
      {shown.error && <Alert type="warning" showIcon title={words(asProblem(shown.error))} />}
      {!shown.error && shown.data?.faults.map((fault) => (
        <p key={fault.pointer + fault.detail} className="modalities-trouble">
          <code>{fault.pointer}</code> {fault.detail}
        </p>
      ))}
      {!shown.error && shown.data && <DraftShown told={shown.data} />}
    </section>
  );
}

/** The value as it is once it has not changed for a moment. */
function useRested(value: string): string {
  const [rested, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

function parse(text: string): unknown {
  try {
    return text.trim() ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
