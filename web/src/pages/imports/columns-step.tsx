import { useQuery } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem, type Problem } from "@/problem";
import {
  choose,
  type Import,
  type ImportField,
  type ImportKind,
  kindsQuery,
  nameOf,
  type Source,
} from "./imports";

const NONE = -1;
const FIXED = -2;
type Chosen = Readonly<Record<string, Source>>;

/** Step 2: which column is which field, in which unit. */
export function ColumnsStep({ made }: { made: Import }) {
  const kinds = useQuery(kindsQuery);
  const spec = kinds.data?.items.find((one) => one.kind === made.kind);
  if (kinds.error) {
    return <ProblemNote problem={asProblem(kinds.error)} onRetry={() => void kinds.refetch()} />;
  }
  return spec ? <Choice made={made} spec={spec} /> : <Skeleton kind="card" />;
}

function Choice({ made, spec }: { made: Import; spec: ImportKind }) {
  const { t } = useTranslation(["imports", "common"]);
  const go = useNavigate();
  const [chosen, setChosen] = useState<Chosen>(made.columns);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isLeft, leave] = useState(false);
  useUnsaved(!isLeft && chosen !== made.columns);
  const missing = spec.fields.filter((one) => one.is_key && !chosen[one.name]);
  const unused = made.header.filter(
    (_, at) => !Object.values(chosen).some((source) => source.at === at),
  );

  async function send(columns: Chosen | null, header_row: number, sheet: string) {
    setBusy(true);
    setProblem(null);
    try {
      leave(true);
      await choose(made.id, { header_row, sheet, columns });
      if (columns) void go(`/imports/${made.id}/preview`);
    } catch (error) {
      leave(false);
      setProblem(asProblem(error));
      setBusy(false);
    }
  }

  return (
    <>
      {problem && <ProblemNote problem={problem} />}
      <div className="imports-columns">
        <Card title={t("map.title")} note={t("map.note")} isFlush>
          <table>
            <caption className="visually-hidden">{t("map.title")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("map.field")}</th>
                <th scope="col">{t("map.column")}</th>
                <th scope="col">{t("map.unit")}</th>
                <th scope="col">{t("map.sample")}</th>
              </tr>
            </thead>
            <tbody>
              {spec.fields.map((field) => (
                <Field
                  key={field.name}
                  field={field}
                  made={made}
                  source={chosen[field.name]}
                  onChange={(source) => setChosen(withField(chosen, field.name, source))}
                />
              ))}
            </tbody>
          </table>
        </Card>
        <Card title={t("map.file")} note={t("map.firstRows")}>
          <div className="imports-form">
            {made.tabs.length > 1 && (
              <label>
                {t("map.tab")}
                <Select
                  size="small"
                  value={made.form.sheet}
                  options={made.tabs.map((one) => ({ value: one, label: one }))}
                  onChange={(tab) => void send(null, 1, tab)}
                />
              </label>
            )}
            <label>
              {t("map.headerRow")}
              <Select
                size="small"
                value={made.form.header_row}
                options={made.first.map((row, at) => ({
                  value: at + 1,
                  label: `${at + 1} · ${row.filter(Boolean).slice(0, 3).join(" ") || "—"}`,
                }))}
                onChange={(row) => void send(null, row, made.form.sheet ?? "")}
              />
            </label>
            <span className="note">
              {[made.form.form?.toUpperCase(), made.form.encoding].filter(Boolean).join(" · ")}
            </span>
          </div>
          <FirstRows made={made} />
          {unused.length > 0 && (
            <p className="note">{t("map.unused", { names: unused.join(t("comma")) })}</p>
          )}
        </Card>
      </div>
      <div className="imports-acts">
        {missing.length > 0 && (
          <span className="note">
            {t("map.missing", { names: missing.map(nameOf).join(t("comma")) })}
          </span>
        )}
        <Button
          type="primary"
          loading={isBusy}
          disabled={missing.length > 0}
          onClick={() => void send(chosen, made.form.header_row ?? 1, made.form.sheet ?? "")}
        >
          {t("map.next")}
        </Button>
      </div>
    </>
  );
}

function withField(chosen: Chosen, name: string, source: Source | null): Chosen {
  const { [name]: _, ...others } = chosen;
  return source ? { ...others, [name]: source } : others;
}

interface FieldProps {
  field: ImportField;
  made: Import;
  source: Source | undefined;
  onChange: (source: Source | null) => void;
}

function Field({ field, made, source, onChange }: FieldProps) {
  const { t } = useTranslation("imports");
  const at = source?.at ?? NONE;
  const isFixed = source !== undefined && at < 0;
  const samples = at >= 0 ? made.samples.map((row) => row[at]).filter(Boolean) : [];
  const unit = source?.unit || field.unit;

  function pick(value: number) {
    if (value === NONE) onChange(null);
    else if (value === FIXED) onChange({ at: NONE, fixed: " ", unit });
    else onChange({ at: value, fixed: "", unit });
  }

  return (
    <tr>
      <th scope="row">
        {nameOf(field)}
        {field.is_key && <span className="note"> {t("map.key")}</span>}
        {!field.is_key && field.required && <span className="note"> {t("map.required")}</span>}
      </th>
      <td>
        <Select
          showSearch={{ optionFilterProp: "label" }}
          aria-label={t("map.columnOf", { field: nameOf(field) })}
          value={isFixed ? FIXED : at}
          options={[
            { value: NONE, label: t("map.none") },
            ...made.header.map((name, index) => ({ value: index, label: name })),
            { value: FIXED, label: t("map.fixed") },
          ]}
          onChange={pick}
        />
        {isFixed && (
          <Input
            aria-label={t("map.fixedOf", { field: nameOf(field) })}
            value={source.fixed?.trimStart()}
            maxLength={200}
            onChange={(event) => onChange({ ...source, fixed: event.target.value || " " })}
          />
        )}
      </td>
      <td>
        {field.units.length > 0 && source ? (
          <Select
            aria-label={t("map.unitOf", { field: nameOf(field) })}
            value={unit}
            options={field.units.map((one) => ({
              value: one.name,
              label: one.words[0] ?? one.name,
            }))}
            onChange={(next) => onChange({ ...source, unit: next })}
          />
        ) : (
          <span className="muted">—</span>
        )}
      </td>
      <td className="muted imports-sample">{samples.slice(0, 3).join(" · ") || "—"}</td>
    </tr>
  );
}

function FirstRows({ made }: { made: Import }) {
  const { t } = useTranslation("imports");
  const head = (made.form.header_row ?? 1) - 1;
  return (
    <div className="imports-first" tabIndex={0} role="region" aria-label={t("map.firstRows")}>
      <table>
        <caption className="visually-hidden">{t("map.firstRows")}</caption>
        <tbody>
          {made.first.slice(0, head + 7).map((row, at) => (
            // rows of a file have no name but their place
            <tr key={at} data-head={at === head}>
              <th scope="row">{at + 1}</th>
              {made.header.map((name, column) => (
                <td key={name}>{row[column]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
