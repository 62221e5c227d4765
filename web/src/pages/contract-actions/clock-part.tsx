import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Action, Clock, Promised, Vocabulary } from "@/api/types.gen";
import { ClockLine } from "./clock-line";
import { Labelled } from "./evidence-rows";
import { Field, Many, SpanInput, TextsInput } from "./field";
import { type Change, type Choice, choices, CLOCK, namesIn } from "./model";

interface Props {
  action: Action;
  words: Vocabulary;
  calendars: readonly Choice[];
  onChange: Change;
}

/** 承诺 and its clock: what the customer reads, and how its time is counted. */
export function ClockPart({ action, words, calendars, onChange }: Props) {
  const { t } = useTranslation("contractActions");
  const clock = action.clock ?? CLOCK;
  const events = choices(words.events);
  const set = (changes: Partial<Clock>) => onChange({ clock: { ...clock, ...changes } });
  const isLimit = !clock.until;
  return (
    <>
      <PromiseTexts action={action} words={words} onChange={onChange} />
      <ClockLine clock={clock} words={words} />
      <div className="action-grid">
        {(["start", "stop"] as const).map((end) => (
          <Field key={end} label={t(`clock.${end}`)} at={`/clock/${end}`}>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              aria-label={t(`clock.${end}`)}
              value={clock[end]}
              options={events}
              onChange={(event: string) => set({ [end]: event })}
            />
          </Field>
        ))}
        <Field label={t("clock.limit")} at="/clock/limit">
          <span className="action-span">
            <Select
              aria-label={t("clock.how")}
              value={isLimit ? "limit" : "until"}
              options={["limit", "until"].map((value) => ({ value, label: t(`clock.hows.${value}`) }))}
              onChange={(how) =>
                how === "limit"
                  ? set({ limit: "PT48H", until: null })
                  : set({ limit: "", pause: [], calendar: "elapsed", until: { days: 1, time: "23:59:59" } })
              }
            />
            {isLimit ? (
              <SpanInput
                label={t("clock.limit")}
                value={clock.limit ?? ""}
                units={["M", "H", "D"]}
                onChange={(limit) => set({ limit })}
              />
            ) : (
              <>
                <InputNumber<number>
                  aria-label={t("clock.days")}
                  min={0}
                  precision={0}
                  suffix={t("units.D")}
                  value={clock.until?.days ?? 1}
                  onChange={(days) =>
                    set({ until: { time: clock.until?.time ?? "", days: days ?? 0 } })
                  }
                />
                <Input
                  aria-label={t("clock.time")}
                  value={clock.until?.time ?? ""}
                  onChange={(event) =>
                    set({ until: { days: clock.until?.days ?? 0, time: event.target.value } })
                  }
                />
              </>
            )}
          </span>
        </Field>
        <Field label={t("clock.calendar")} at="/clock/calendar">
          <Select
            aria-label={t("clock.calendar")}
            value={(clock.calendar ?? "elapsed").split("#")[0] ?? "elapsed"}
            disabled={!isLimit}
            options={[...calendars]}
            onChange={(calendar: string) => set({ calendar })}
          />
        </Field>
        <Field label={t("clock.compared")} at="/clock/stop_alt">
          <Many
            label={t("clock.compared")}
            value={clock.stop_alt ?? []}
            options={events}
            onChange={(stop_alt) => set({ stop_alt })}
          />
        </Field>
        <Field label={t("clock.void")} at="/clock/void">
          <Many
            label={t("clock.void")}
            value={clock.void ?? []}
            options={events}
            onChange={(ends) => set({ void: ends })}
          />
        </Field>
        <Field label={t("clock.warn")} at="/clock/warn">
          <Many
            label={t("clock.warn")}
            value={(clock.warn ?? []).map((level) =>
              typeof level === "number" ? `${level / 10}%` : level,
            )}
            onChange={(levels) => set({ warn: levels.map(readLevel) })}
          />
        </Field>
        <Field label={t("clock.precedence")} at="/clock/precedence">
          <Many
            label={t("clock.precedence")}
            value={clock.precedence ?? []}
            onChange={(precedence) => set({ precedence })}
          />
        </Field>
        <Field label={t("clock.more")} at="/clock/platform">
          <Checkbox
            checked={clock.platform === "ship_by"}
            onChange={(event) => set({ platform: event.target.checked ? "ship_by" : "" })}
          >
            {t("clock.platform")}
          </Checkbox>
          <Checkbox
            checked={clock.early_stop ?? true}
            onChange={(event) => set({ early_stop: event.target.checked })}
          >
            {t("clock.early")}
          </Checkbox>
          <Checkbox
            checked={action.deontic.perdurant ?? true}
            onChange={(event) =>
              onChange({ deontic: { ...action.deontic, perdurant: event.target.checked } })
            }
          >
            {t("clock.perdurant")}
          </Checkbox>
        </Field>
      </div>
      {isLimit && <Pauses clock={clock} events={events} onChange={set} />}
    </>
  );
}

/** A warning as people write it: 70% becomes permille, PT2H stays. */
function readLevel(text: string): number | string {
  const share = /^(\d+(?:\.\d)?)%$/.exec(text.trim());
  return share ? Math.round(Number(share[1]) * 10) : text.trim();
}

function Pauses(props: {
  clock: Clock;
  events: readonly Choice[];
  onChange: (changes: Partial<Clock>) => void;
}) {
  const { t } = useTranslation("contractActions");
  const pauses = props.clock.pause ?? [];
  const set = (at: number, changes: Partial<(typeof pauses)[number]>) =>
    props.onChange({ pause: pauses.map((one, n) => (n === at ? { ...one, ...changes } : one)) });
  return (
    <>
      <h4>
        {t("clock.pause")}
        <Button
          size="small"
          type="link"
          icon={<PlusOutlined />}
          onClick={() => props.onChange({ pause: [...pauses, { on: "", until: "", max: "PT24H" }] })}
        >
          {t("clock.pauseAdd")}
        </Button>
      </h4>
      <ul className="action-rows">
        {pauses.map((pause, at) => {
          const name = `${t("clock.pause")} ${at + 1}`;
          return (
            <li key={at} aria-label={name}>
              {(["on", "until"] as const).map((end) => (
                <Labelled key={end} label={t(`clock.pauses.${end}`)}>
                  <Select
                    showSearch={{ optionFilterProp: "label" }}
                    aria-label={`${name} · ${t(`clock.pauses.${end}`)}`}
                    value={pause[end] || null}
                    options={[...props.events]}
                    onChange={(event: string) => set(at, { [end]: event })}
                  />
                </Labelled>
              ))}
              <Labelled label={t("clock.pauses.max")}>
                <SpanInput
                  label={`${name} · ${t("clock.pauses.max")}`}
                  value={pause.max}
                  units={["M", "H", "D"]}
                  onChange={(max) => set(at, { max })}
                />
              </Labelled>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("evidence.drop", { name })}
                onClick={() => props.onChange({ pause: pauses.filter((_, n) => n !== at) })}
              />
            </li>
          );
        })}
      </ul>
    </>
  );
}

function PromiseTexts({ action, words, onChange }: Omit<Props, "calendars">) {
  const { t } = useTranslation("contractActions");
  const shown: Promised = action.promise ?? { text: { zh: "", en: "" } };
  const set = (changes: Partial<Promised>) => onChange({ promise: { ...shown, ...changes } });
  const names = namesIn(shown.text.zh, shown.text.en, shown.breach?.zh, shown.breach?.en);
  const params = shown.params ?? {};
  return (
    <div className="action-grid">
      <TextsInput
        label={t("promise.text")}
        at="/promise/text"
        rows={2}
        value={shown.text}
        onChange={(text) => set({ text })}
      />
      <p className="note action-wide">{t("promise.pinned")}</p>
      <TextsInput
        label={t("promise.breach")}
        at="/promise/breach"
        rows={2}
        value={shown.breach ?? { zh: "", en: "" }}
        onChange={(breach) => set({ breach: breach.zh || breach.en ? breach : null })}
      />
      {names.map((name) => (
        <Field key={name} label={`{${name}}`} at={`/promise/params/${name}`}>
          <Input
            aria-label={`{${name}}`}
            value={String(params[name] ?? "")}
            onChange={(event) => {
              const text = event.target.value;
              set({ params: { ...params, [name]: /^\d{1,12}$/.test(text) ? Number(text) : text } });
            }}
          />
        </Field>
      ))}
      <Field label={t("promise.shownAt")} at="/promise/shown_at">
        <Many
          label={t("promise.shownAt")}
          value={shown.shown_at ?? []}
          options={choices(words.shown_at)}
          onChange={(shown_at) => set({ shown_at })}
        />
      </Field>
    </div>
  );
}
