import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, InputNumber, Select } from "antd";
import { use } from "react";
import { useTranslation } from "react-i18next";
import type { Action, Amount, Excuse, Remedy, Vocabulary } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Labelled } from "./evidence-rows";
import { Findings, Many, SpanInput } from "./field";
import { below, type Change, type Choice, choices, STEP } from "./model";

interface Props {
  action: Action;
  words: Vocabulary;
  others: readonly Choice[];
  roles: readonly Choice[];
  onChange: Change;
}

const KINDS = ["notify", "compensate", "power"] as const;
const EMPTY: Readonly<Record<(typeof KINDS)[number], Remedy>> = {
  notify: STEP,
  compensate: { do: "compensate", amount: { permille: 50 }, due: "PT72H" },
  power: { do: "power", holder: "buyer", action: "ask_platform" },
};

/** What follows a breach, step by step, and what excuses one. */
export function RemedyRows({ action, words, others, roles, onChange }: Props) {
  const { t } = useTranslation("contractActions");
  const findings = use(Findings);
  const steps = action.breach ?? [];
  const set = (at: number, step: Remedy) =>
    onChange({ breach: steps.map((one, place) => (place === at ? step : one)) });
  return (
    <section className="action-part" aria-label={t("breach.title")}>
      <h3>
        {t("breach.title")}
        <span className="note">{t("breach.note")}</span>
        <Button
          size="small"
          type="link"
          icon={<PlusOutlined />}
          onClick={() => onChange({ breach: [...steps, STEP] })}
        >
          {t("breach.add")}
        </Button>
      </h3>
      <ol className="action-rows">
        {steps.map((step, at) => {
          const name = t("breach.nth", { count: at + 1 });
          return (
            <li key={at} aria-label={name}>
              <Labelled label={name}>
                <Select
                  aria-label={name}
                  value={step.do}
                  options={KINDS.map((value) => ({ value, label: t(`breach.kinds.${value}`) }))}
                  onChange={(kind) => set(at, EMPTY[kind])}
                />
              </Labelled>
              <StepFields
                name={name}
                step={step}
                words={words}
                others={others}
                roles={roles}
                onChange={(changes) => set(at, { ...step, ...changes })}
              />
              {step.do !== "power" && (
                <Labelled label={t("breach.due")}>
                  <SpanInput
                    label={`${name} · ${t("breach.due")}`}
                    value={step.due ?? ""}
                    units={["M", "H", "D"]}
                    onChange={(due) => set(at, { ...step, due })}
                  />
                </Labelled>
              )}
              <Labelled label={t("breach.after")}>
                <SpanInput
                  label={`${name} · ${t("breach.after")}`}
                  value={step.after ?? ""}
                  units={["M", "H", "D"]}
                  mayLack
                  onChange={(after) => set(at, { ...step, after })}
                />
              </Labelled>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("evidence.drop", { name })}
                onClick={() => onChange({ breach: steps.filter((_, place) => place !== at) })}
              />
              {below(findings, `/breach/${at}`).map((said) => (
                <span key={said.code} className="action-said" data-severity={said.severity}>
                  {byLocale(said.zh, said.en)}
                </span>
              ))}
            </li>
          );
        })}
      </ol>
      <Excuses action={action} words={words} onChange={onChange} />
    </section>
  );
}

interface StepProps {
  name: string;
  step: Remedy;
  words: Vocabulary;
  others: readonly Choice[];
  roles: readonly Choice[];
  onChange: (changes: Partial<Remedy>) => void;
}

function StepFields({ name, step, words, others, roles, onChange }: StepProps) {
  const { t } = useTranslation("contractActions");
  const parties = choices(words.parties);
  if (step.do === "notify") {
    return (
      <Labelled label={t("breach.to")}>
        <Select
          aria-label={`${name} · ${t("breach.to")}`}
          value={step.to || null}
          options={[...parties, ...roles.filter((one) => parties.every((p) => p.value !== one.value))]}
          onChange={(to: string) => onChange({ to })}
        />
      </Labelled>
    );
  }
  if (step.do === "power") {
    return (
      <>
        <Labelled label={t("breach.holder")}>
          <Select
            aria-label={`${name} · ${t("breach.holder")}`}
            value={step.holder || null}
            options={parties}
            onChange={(holder: string) => onChange({ holder })}
          />
        </Labelled>
        <Labelled label={t("breach.may")}>
          <Select
            aria-label={`${name} · ${t("breach.may")}`}
            value={step.action || null}
            options={[...choices(words.powers), ...others]}
            onChange={(act: string) => onChange({ action: act })}
          />
        </Labelled>
      </>
    );
  }
  const amount: Amount = step.amount ?? {};
  const pay = (changes: Partial<Amount>) => onChange({ amount: { ...amount, ...changes } });
  return (
    <>
      <Labelled label={t("breach.share")}>
        <InputNumber<number>
          aria-label={`${name} · ${t("breach.share")}`}
          min={0}
          max={100}
          precision={1}
          suffix="%"
          value={amount.permille ? amount.permille / 10 : null}
          onChange={(share) => pay({ permille: Math.round((share ?? 0) * 10) })}
        />
      </Labelled>
      {(["fixed_fen", "floor_fen", "cap_fen"] as const).map((part) => (
        <Labelled key={part} label={t(`breach.${part}`)}>
          <InputNumber<number>
            aria-label={`${name} · ${t(`breach.${part}`)}`}
            min={0}
            precision={2}
            prefix="¥"
            value={amount[part] ? amount[part] / 100 : null}
            onChange={(yuan) => pay({ [part]: Math.round((yuan ?? 0) * 100) })}
          />
        </Labelled>
      ))}
      <Checkbox
        checked={step.auto ?? false}
        onChange={(event) => onChange({ auto: event.target.checked })}
      >
        {t("breach.auto")}
      </Checkbox>
    </>
  );
}

function Excuses({ action, words, onChange }: Pick<Props, "action" | "words" | "onChange">) {
  const { t } = useTranslation("contractActions");
  const excuses = action.excuse ?? [];
  const set = (at: number, changes: Partial<Excuse>) =>
    onChange({ excuse: excuses.map((one, n) => (n === at ? { ...one, ...changes } : one)) });
  return (
    <>
      <h4>
        {t("excuse.title")}
        <Button
          size="small"
          type="link"
          icon={<PlusOutlined />}
          onClick={() =>
            onChange({
              excuse: [...excuses, { ground: "force_majeure", needs: ["gov_notice"], approve: "legal" }],
            })
          }
        >
          {t("excuse.add")}
        </Button>
      </h4>
      <ul className="action-rows">
        {excuses.map((excuse, at) => {
          const name = `${t("excuse.title")} ${at + 1}`;
          return (
            <li key={at} aria-label={name}>
              <Labelled label={t("excuse.ground")}>
                <Select
                  aria-label={`${name} · ${t("excuse.ground")}`}
                  value={excuse.ground}
                  options={choices(words.grounds)}
                  onChange={(ground: string) => set(at, { ground })}
                />
              </Labelled>
              <Labelled label={t("excuse.needs")}>
                <Many
                  label={`${name} · ${t("excuse.needs")}`}
                  value={excuse.needs ?? []}
                  options={choices(words.papers)}
                  onChange={(needs) => set(at, { needs })}
                />
              </Labelled>
              <Labelled label={t("excuse.approve")}>
                <Select
                  aria-label={`${name} · ${t("excuse.approve")}`}
                  value={excuse.approve ?? "legal"}
                  options={choices(words.roles)}
                  onChange={(approve: string) => set(at, { approve })}
                />
              </Labelled>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("evidence.drop", { name })}
                onClick={() => onChange({ excuse: excuses.filter((_, n) => n !== at) })}
              />
            </li>
          );
        })}
      </ul>
    </>
  );
}
