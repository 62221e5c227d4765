import {
  CheckCircleOutlined,
  ClockCircleOutlined,
  CloseCircleOutlined,
  FireOutlined,
  FlagOutlined,
  HourglassOutlined,
  PauseCircleOutlined,
  PauseOutlined,
  QuestionCircleOutlined,
  RedoOutlined,
  SafetyOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";

/** What the contract engine says of a promise; no page computes or softens it. */
export type PromiseState =
  | "pending"
  | "running"
  | "warned"
  | "predicted"
  | "paused"
  | "kept"
  | "kept_self"
  | "borderline"
  | "broken"
  | "late"
  | "excused"
  | "superseded"
  | "unproven";

export type Tone = "plain" | "primary" | "kept" | "risk" | "broken" | "pend" | "excused" | "info";

interface Look {
  tone: Tone;
  outline: "tint" | "line" | "dashed";
  Icon: ComponentType;
}

/** How each state looks; colour never speaks alone: icon, word and outline differ too. */
export const LOOKS: Record<PromiseState, Look> = {
  pending: { tone: "excused", outline: "tint", Icon: SafetyOutlined },
  running: { tone: "primary", outline: "line", Icon: ClockCircleOutlined },
  warned: { tone: "risk", outline: "tint", Icon: HourglassOutlined },
  predicted: { tone: "risk", outline: "tint", Icon: HourglassOutlined },
  paused: { tone: "excused", outline: "tint", Icon: PauseOutlined },
  kept: { tone: "kept", outline: "tint", Icon: CheckCircleOutlined },
  kept_self: { tone: "kept", outline: "dashed", Icon: CheckCircleOutlined },
  borderline: { tone: "pend", outline: "tint", Icon: PauseCircleOutlined },
  broken: { tone: "broken", outline: "tint", Icon: CloseCircleOutlined },
  late: { tone: "broken", outline: "line", Icon: RedoOutlined },
  excused: { tone: "excused", outline: "tint", Icon: SafetyOutlined },
  superseded: { tone: "excused", outline: "line", Icon: SafetyOutlined },
  unproven: { tone: "excused", outline: "dashed", Icon: QuestionCircleOutlined },
};

interface Props {
  state: PromiseState;
  /** More after the word: a probability, the pause's name. */
  more?: string;
}

/** The engine's state as icon, word and outline. */
export function StatusTag({ state, more }: Props) {
  const { t } = useTranslation();
  const { tone, outline, Icon } = LOOKS[state];
  return (
    <span className="status" data-tone={tone} data-outline={outline} data-state={state}>
      <Icon />
      <span>
        {t(`states.${state}`)}
        {more ? ` ${more}` : ""}
      </span>
    </span>
  );
}

/** A small word in a tone, for what is no state of a promise: 预警, 信号, a tag of an order. */
export function ToneTag({ tone = "plain", children }: { tone?: Tone; children: React.ReactNode }) {
  return (
    <span className="status" data-tone={tone} data-outline={tone === "plain" ? "line" : "tint"}>
      <span>{children}</span>
    </span>
  );
}

const ALERTS = {
  red: { tone: "broken", Icon: FireOutlined },
  yellow: { tone: "risk", Icon: FlagOutlined },
  blue: { tone: "info", Icon: FlagOutlined },
} as const;

/** Alert level 红, 黄, 蓝 with its own icon. */
export function AlertTag({ level }: { level: keyof typeof ALERTS }) {
  const { t } = useTranslation();
  const { tone, Icon } = ALERTS[level];
  return (
    <span className="status" data-tone={tone} data-outline="tint">
      <Icon />
      <span>{t(`alerts.${level}`)}</span>
    </span>
  );
}

const REVERSIBLE = { yes: "kept", half: "risk", no: "broken" } as const;

/** 可逆, 半可逆, 不可逆. */
export function ReversibilityTag({ value }: { value: keyof typeof REVERSIBLE }) {
  const { t } = useTranslation();
  return <ToneTag tone={REVERSIBLE[value]}>{t(`reversible.${value}`)}</ToneTag>;
}
