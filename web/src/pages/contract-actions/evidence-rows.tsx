import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, InputNumber, Select } from "antd";
import { use } from "react";
import { useTranslation } from "react-i18next";
import type { Vocabulary, Wanted } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Findings, SpanInput } from "./field";
import { below, choices, EVIDENCE } from "./model";
import { RuleInput } from "./rule-input";

interface Props {
  evidence: readonly Wanted[];
  words: Vocabulary;
  onChange: (evidence: Wanted[]) => void;
}

const PER = ["action", "line", "lot"] as const;

/** 证据: what must be there before the action is done, all of it. */
export function EvidenceRows({ evidence, words, onChange }: Props) {
  const { t } = useTranslation("contractActions");
  const findings = use(Findings);
  const set = (at: number, changes: Partial<Wanted>) =>
    onChange(evidence.map((one, place) => (place === at ? { ...one, ...changes } : one)));
  return (
    <>
      <h3>
        {t("evidence.title")}
        <span className="note">{t("evidence.all")}</span>
        <Button
          size="small"
          type="link"
          icon={<PlusOutlined />}
          onClick={() => onChange([...evidence, EVIDENCE])}
        >
          {t("evidence.add")}
        </Button>
      </h3>
      {evidence.length === 0 && <p className="note">{t("evidence.none")}</p>}
      <ul className="action-rows">
        {evidence.map((one, at) => {
          const kinds = one.kind.split("|").filter(Boolean);
          const known = words.kinds.find((kind) => kind.code === kinds[0]);
          const name = t("evidence.nth", { count: at + 1 });
          return (
            <li key={at} aria-label={name}>
              <Labelled label={t("evidence.kind")}>
                <Select<string[]>
                  mode="multiple"
                  className="action-kind"
                  aria-label={`${name} · ${t("evidence.kind")}`}
                  value={kinds}
                  optionFilterProp="label"
                  options={choices(words.kinds)}
                  onChange={(chosen) => set(at, { kind: chosen.join("|") })}
                />
              </Labelled>
              <Labelled label={t("evidence.min")}>
                <span className="action-span">
                  <Select
                    aria-label={`${name} · ${t("evidence.per")}`}
                    value={one.per ?? "action"}
                    options={PER.map((value) => ({ value, label: t(`evidence.pers.${value}`) }))}
                    onChange={(per) => set(at, { per })}
                  />
                  <InputNumber<number>
                    aria-label={`${name} · ${t("evidence.min")}`}
                    min={1}
                    precision={0}
                    prefix="≥"
                    value={one.min ?? 1}
                    onChange={(min) => set(at, { min: min ?? 1 })}
                  />
                </span>
              </Labelled>
              <Labelled label={t("evidence.by")}>
                <Select
                  aria-label={`${name} · ${t("evidence.by")}`}
                  value={one.by ?? "person"}
                  options={words.by.map((by) => ({
                    value: by.code,
                    label: collectorsOf(words, kinds, by.code) || byLocale(by.zh, by.en),
                  }))}
                  onChange={(by) => set(at, { by })}
                />
              </Labelled>
              <Labelled label={t("evidence.age")}>
                <SpanInput
                  label={`${name} · ${t("evidence.age")}`}
                  value={one.max_age || one.within || ""}
                  units={["M", "H", "D"]}
                  mayLack
                  onChange={(max_age) => set(at, { max_age, within: "" })}
                />
              </Labelled>
              <Labelled label={t("evidence.rule")}>
                <RuleInput
                  name={name}
                  rule={one.rule ?? ""}
                  quantities={known?.quantities ?? []}
                  onChange={(rule) => set(at, { rule })}
                />
              </Labelled>
              <Labelled label={t("evidence.source")}>
                <Select
                  allowClear
                  aria-label={`${name} · ${t("evidence.source")}`}
                  value={one.source || null}
                  placeholder="—"
                  options={choices(words.sources)}
                  onChange={(source: string | null) => set(at, { source: source ?? "" })}
                />
              </Labelled>
              <Labelled label={t("evidence.retain")}>
                <SpanInput
                  label={`${name} · ${t("evidence.retain")}`}
                  value={one.retain ?? "P3Y"}
                  units={["D", "Y"]}
                  onChange={(retain) => set(at, { retain })}
                />
              </Labelled>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("evidence.drop", { name })}
                onClick={() => onChange(evidence.filter((_, place) => place !== at))}
              />
              {below(findings, `/evidence/${at}`).map((said) => (
                <span key={said.code} className="action-said" data-severity={said.severity}>
                  {byLocale(said.zh, said.en)}
                </span>
              ))}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Name what collects these kinds by a person, a device or a system; "" when nothing does. */
function collectorsOf(words: Vocabulary, kinds: readonly string[], by: string): string {
  const names = new Set<string>();
  for (const code of kinds) {
    const kind = words.kinds.find((one) => one.code === code);
    const able = by === "person" || by === "device" || by === "system" ? (kind?.[by] ?? []) : [];
    if (able.length === 0) return "";
    for (const each of able) {
      const word = words.collectors.find((one) => one.code === each);
      names.add(word ? byLocale(word.zh, word.en) : each);
    }
  }
  return [...names].join(" / ");
}

export function Labelled({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="action-cell">
      <span className="action-label" aria-hidden>
        {label}
      </span>
      {children}
    </div>
  );
}
