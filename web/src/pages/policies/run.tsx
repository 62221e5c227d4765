import { PlayCircleOutlined } from "@ant-design/icons";
import { Alert, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNotice } from "@/parts/notice";
import type { Context, Effect, Graph, Ran, Vocabulary } from "./api";
import { fieldsOf, valueAt, withValue } from "./model";
import { type Call, type Sayer, useSayer } from "./sayer";
import { Value } from "./test-editor";

interface FormProps {
  paths: readonly string[];
  context: Context;
  sayer: Sayer;
  isDisabled?: boolean;
  onChange: (context: Context) => void;
}

/** A context by form: the fields that the policy looks at; what is not told has a sample's value. */
export function ContextForm({ paths, context, sayer, isDisabled, onChange }: FormProps) {
  const { t } = useTranslation("policies");
  const told = sayer.words.context.map((one) => one.path).filter((path) => valueAt(context, path) !== undefined);
  const shown = [...new Set([...paths, ...told])];
  const free = sayer.words.context.filter((field) => !shown.includes(field.path));
  return (
    <div className="policy-context">
      {shown.map((path) => {
        const field = sayer.context.get(path);
        if (!field) return null;
        const value = valueAt(context, path);
        const read = (text: string): unknown =>
          field.kind === "bool" ? text === "true" : field.kind === "int" || field.kind === "ratio" ? Number(text) : text;
        return (
          <div key={path} className="policy-cell">
            <span>{sayer.name(field)}</span>
            {value === undefined ? (
              <Button size="small" disabled={isDisabled ?? false} onClick={() => onChange(withValue(context, path, field.kind === "bool" ? true : field.kind === "text" ? "" : (field.values[0]?.[0] ?? 0)))}>
                {t("run.tell", { field: sayer.name(field) })}
              </Button>
            ) : (
              <Value
                field={field}
                label={sayer.name(field)}
                choices={sayer.choices(field)}
                value={String(value)}
                isDisabled={isDisabled ?? false}
                onChange={(text) => onChange(withValue(context, path, read(text)))}
              />
            )}
          </div>
        );
      })}
      {!isDisabled && (
        <Select
          aria-label={t("run.more")}
          placeholder={t("run.more")}
          value={null}
          showSearch={{ optionFilterProp: "label" }}
          popupMatchSelectWidth={false}
          options={free.map((field) => ({ value: field.path, label: sayer.name(field) }))}
          onChange={(path: string | null) => {
            const field = sayer.context.get(path ?? "");
            if (field) onChange(withValue(context, field.path, field.kind === "bool" ? true : field.kind === "text" ? "" : (field.values[0]?.[0] ?? 0)));
          }}
        />
      )}
    </div>
  );
}

type Shown = Pick<Effect, "effect" | "where" | "fen" | "most" | "reason"> & Partial<Call>;

/** Effects in words, one a line. */
export function EffectList({ effects, sayer }: { effects: readonly Shown[]; sayer: Sayer }) {
  const { t } = useTranslation("policies");
  if (effects.length === 0) return <p className="note">{t("run.nothing")}</p>;
  return (
    <ul className="policy-effects">
      {effects.map((one, at) => (
        <li key={at}>
          <b>{sayer.sentence(one)}</b>
          {one.reason && <span className="note">{t("clauses.because", { reason: one.reason })}</span>}
        </li>
      ))}
    </ul>
  );
}

interface Props {
  graph: Graph;
  words: Vocabulary;
  onRun: (graph: string, context: Context) => Promise<Ran>;
  onRan: (ran: Ran) => void;
}

/** 试运行: one policy on one order, worked out by the server; the path lights up on the canvas. */
export function Run({ graph, words, onRun, onRan }: Props) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const notice = useNotice();
  const [context, setContext] = useState<Context>({});
  const [ran, setRan] = useState<Ran | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function run() {
    setBusy(true);
    try {
      const result = await onRun(graph.code, context);
      setRan(result);
      onRan(result);
    } catch (error) {
      notice.failed(error);
    }
    setBusy(false);
  }
  return (
    <div className="policy-run">
      <ContextForm paths={fieldsOf([graph], words)} context={context} sayer={sayer} onChange={setContext} />
      <Button icon={<PlayCircleOutlined />} loading={isBusy} onClick={() => void run()}>
        {t("run.act")}
      </Button>
      {ran && (
        <section aria-label={t("run.result")} role="status">
          {ran.error ? <Alert type="error" showIcon title={t("run.failed", { why: ran.error })} /> : <EffectList effects={ran.effects} sayer={sayer} />}
        </section>
      )}
    </div>
  );
}
