import { Checkbox, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { Action, Holds, Measure, Vocabulary } from "@/api/types.gen";
import { ClockPart } from "./clock-part";
import { EvidenceRows } from "./evidence-rows";
import { Field, Many, SpanInput, TextsInput } from "./field";
import { type Change, type Choice, choices, CLOCK } from "./model";
import { RemedyRows } from "./remedy-rows";

interface Props {
  action: Action;
  words: Vocabulary;
  /** The merchant's actions, to be named. */
  others: readonly Choice[];
  calendars: readonly Choice[];
  onChange: Change;
}

const DUTIES = ["achievement", "maintenance", "prohibition"] as const;
const GRADES = ["A", "B", "C", "D"] as const;
const HOLDS: Holds = { quantity: "temp", low: 2000, high: 8000, tolerance: "PT5M", gap: "PT2M" };
const MEASURE: Measure = { start: "scan.first", end: "sign", min_ms: 3000 };

/** An action as a form: all that its YAML says, in a lawyer's words. */
export function ActionForm({ action, words, others, calendars, onChange }: Props) {
  const { t } = useTranslation("contractActions");
  const { who, deontic, measure } = action;
  const roles = choices([...words.roles, ...words.outsiders]);
  const rest = others.filter((one) => one.value !== action.action);
  return (
    <div className="action-form">
      <div className="action-grid">
        <TextsInput
          label={t("name")}
          at="/name"
          value={action.name}
          onChange={(name) => onChange({ name })}
        />
        <Field label={t("applies")} at="/applies">
          <Applies action={action} onChange={onChange} />
        </Field>
        <Field label={t("duty")} at="/deontic/type">
          <Select
            aria-label={t("duty")}
            value={deontic.type}
            options={DUTIES.map((value) => ({ value, label: t(`duties.${value}`) }))}
            onChange={(type) => onChange({ deontic: { ...deontic, type } })}
          />
        </Field>
        <Field label={t("who")} at="/who/roles">
          <Many
            label={t("who")}
            value={who.roles}
            options={roles}
            onChange={(chosen) => onChange({ who: { ...who, roles: chosen } })}
          />
        </Field>
        <Field label={t("grade")} at="/who/device_bound">
          <Select
            aria-label={t("grade")}
            value={who.grade ?? "B"}
            options={GRADES.map((value) => ({ value, label: t(`grades.${value}`) }))}
            onChange={(grade) =>
              onChange({ who: { ...who, grade, device_bound: grade === "A" && !!who.device_bound } })
            }
          />
          <Checkbox
            checked={who.device_bound ?? false}
            disabled={who.grade !== "A"}
            onChange={(event) => onChange({ who: { ...who, device_bound: event.target.checked } })}
          >
            {t("deviceBound")}
          </Checkbox>
        </Field>
        <Field label={t("separation")} at="/who/separation_from">
          <Many
            label={t("separation")}
            value={who.separation_from ?? []}
            options={rest}
            onChange={(codes) => onChange({ who: { ...who, separation_from: codes } })}
          />
        </Field>
        <Field label={t("least")} at="/measure" note={t("leastNote")}>
          <InputNumber<number>
            aria-label={t("least")}
            min={0}
            precision={1}
            suffix={t("units.S")}
            value={measure ? measure.min_ms / 1000 : null}
            placeholder="—"
            onChange={(seconds) =>
              onChange({
                measure: seconds
                  ? { ...(measure ?? MEASURE), min_ms: Math.round(seconds * 1000) }
                  : null,
              })
            }
          />
        </Field>
        <Field label={t("requires")} at="/requires">
          <Many
            label={t("requires")}
            value={action.requires ?? []}
            options={rest}
            onChange={(requires) => onChange({ requires })}
          />
        </Field>
      </div>
      {deontic.type === "maintenance" && <HoldsPart action={action} onChange={onChange} />}
      <section className="action-part" aria-label={t("evidence.title")}>
        <EvidenceRows
          evidence={action.evidence ?? []}
          words={words}
          onChange={(evidence) => onChange({ evidence })}
        />
      </section>
      <section className="action-part" aria-label={t("statement")}>
        <div className="action-grid">
          <TextsInput
            label={t("statement")}
            at="/statement"
            rows={2}
            value={action.statement}
            onChange={(statement) => onChange({ statement })}
          />
        </div>
        <p className="note">
          {t("places", { names: words.places.map((one) => `{${one.code}}`).join(" ") })}
        </p>
      </section>
      <section className="action-part" aria-label={t("promise.title")}>
        <h3>
          {t("promise.title")}
          <Switch
            size="small"
            aria-label={t("promise.title")}
            checked={Boolean(action.promise)}
            onChange={(on) =>
              onChange(
                on
                  ? { promise: { text: { zh: "", en: "" }, params: {}, shown_at: [] }, clock: CLOCK }
                  : { promise: null, clock: null },
              )
            }
          />
          <span className="note">{t(action.promise ? "promise.note" : "promise.none")}</span>
        </h3>
        {action.promise && (
          <ClockPart action={action} words={words} calendars={calendars} onChange={onChange} />
        )}
      </section>
      <RemedyRows action={action} words={words} others={others} roles={roles} onChange={onChange} />
      <section className="action-part" aria-label={t("effects.title")}>
        <h3>{t("effects.title")}</h3>
        <div className="action-grid">
          <Field label={t("effects.moves")} at="/moves">
            <Select
              allowClear
              aria-label={t("effects.moves")}
              value={action.moves || null}
              placeholder="—"
              options={choices(words.moves)}
              onChange={(moves: string | null) => onChange({ moves: moves ?? "" })}
            />
          </Field>
          <Field label={t("effects.says")} at="/says">
            <Select
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              aria-label={t("effects.says")}
              value={action.says || null}
              placeholder="—"
              options={choices(words.events)}
              onChange={(says: string | null) => onChange({ says: says ?? "" })}
            />
          </Field>
          {(["bearer", "counterparty"] as const).map((side) => (
            <Field key={side} label={t(`effects.${side}`)} at={`/deontic/${side}`}>
              <Select
                aria-label={t(`effects.${side}`)}
                value={deontic[side] ?? (side === "bearer" ? "merchant" : "buyer")}
                options={choices(words.parties)}
                onChange={(party: string) => onChange({ deontic: { ...deontic, [side]: party } })}
              />
            </Field>
          ))}
          <Field label={t("effects.certificates")} at="/who/certificates">
            <Many
              label={t("effects.certificates")}
              value={who.certificates ?? []}
              onChange={(certificates) => onChange({ who: { ...who, certificates } })}
            />
          </Field>
          <Field label={t("effects.states")} at="/states" note={t("effects.statesNote")}>
            <Many
              label={t("effects.states")}
              value={Object.entries(action.states ?? {}).map(([name, state]) => `${name}=${state}`)}
              onChange={(pairs) => onChange({ states: readStates(pairs) })}
            />
          </Field>
          <Field label={t("effects.legal")} at="/legal" note={t("effects.legalNote")}>
            <Many
              label={t("effects.legal")}
              value={action.legal ?? []}
              onChange={(legal) => onChange({ legal })}
            />
          </Field>
        </div>
      </section>
    </div>
  );
}

function Applies({ action, onChange }: { action: Action; onChange: Change }) {
  const { t } = useTranslation("contractActions");
  const { applies } = action;
  const kind = applies.all
    ? "all"
    : applies.presale === true
      ? "presale"
      : applies.presale === false
        ? "notPresale"
        : applies.requested
          ? "requested"
          : "channels";
  const made = {
    all: { all: true },
    presale: { presale: true },
    notPresale: { presale: false },
    requested: { requested: true },
    channels: { channels: applies.channels ?? [] },
  };
  return (
    <>
      <Select
        aria-label={t("applies")}
        value={kind}
        options={Object.keys(made).map((value) => ({ value, label: t(`orders.${value}`) }))}
        onChange={(next: keyof typeof made) => onChange({ applies: made[next] })}
      />
      {kind === "channels" &&
        (["channels", "channels_not", "regions"] as const).map((part) => (
          <label key={part} className="action-cell">
            <span className="note">{t(`orderParts.${part}`)}</span>
            <Many
              label={t(`orderParts.${part}`)}
              value={applies[part] ?? []}
              onChange={(names) => onChange({ applies: { ...applies, [part]: names } })}
            />
          </label>
        ))}
    </>
  );
}

/** Read `platform=STATE` pairs; one without a state is kept until it has one. */
function readStates(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...state] = pair.split("=");
      return [name.trim(), state.join("=").trim()];
    }),
  );
}

function HoldsPart({ action, onChange }: { action: Action; onChange: Change }) {
  const { t } = useTranslation("contractActions");
  const holds = action.holds ?? HOLDS;
  const set = (changes: Partial<Holds>) => onChange({ holds: { ...holds, ...changes } });
  return (
    <section className="action-part" aria-label={t("holds.title")}>
      <h3>{t("holds.title")}</h3>
      <div className="action-grid">
        {(["low", "high"] as const).map((end) => (
          <Field key={end} label={t(`holds.${end}`)} at="/holds">
            <InputNumber<number>
              aria-label={t(`holds.${end}`)}
              suffix="℃"
              precision={3}
              value={action.holds ? holds[end] / 1000 : null}
              onChange={(degrees) => set({ [end]: Math.round((degrees ?? 0) * 1000) })}
            />
          </Field>
        ))}
        <Field label={t("holds.tolerance")} at="/holds/tolerance">
          <SpanInput
            label={t("holds.tolerance")}
            value={holds.tolerance}
            units={["S", "M"]}
            onChange={(tolerance) => set({ tolerance })}
          />
        </Field>
        <Field label={t("holds.gap")} at="/holds/gap" note={t("holds.gapNote")}>
          <SpanInput
            label={t("holds.gap")}
            value={holds.gap}
            units={["S", "M"]}
            onChange={(gap) => set({ gap })}
          />
        </Field>
      </div>
    </section>
  );
}
