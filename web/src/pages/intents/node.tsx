import { DeleteOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { IntentFinding, IntentGraph } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { blank, find, type Kind, nameOf, type Node, nodes } from "./model";

interface Props {
  kind: Kind;
  code: string;
  base: IntentGraph;
  own: IntentGraph;
  whole: IntentGraph;
  findings: readonly IntentFinding[];
  isOpen: boolean;
  onChange: (node: Node | undefined) => void;
}

const LINKS = {
  equipment: "equipment",
  regulations: "regulation",
  requires: "action",
  forbids: "action",
  replaces: "regulation",
  contradicts: "action",
} as const;
const TEXTS = ["number", "title", "title_en", "clause", "text", "source", "verified_by", "release"] as const;
const MEMBERS: Readonly<Record<Kind, readonly (keyof Node)[]>> = {
  symptom: ["title", "title_en", "spellings", "equipment", "regulations"],
  regulation: [
    ...(["number", "title", "title_en", "clause", "text", "source", "verified_by"] as const),
    ...(["equipment", "requires", "forbids", "replaces"] as const),
  ],
  action: ["title", "title_en", "spellings", "level", "service", "release", "parts", "contradicts"],
  equipment: ["title", "title_en", "spellings"],
};

/** One node: what it is, and in a draft the form for what the merchant says of it. */
export function NodeCard(props: Props) {
  const { kind, code, isOpen, whole, own } = props;
  const { t } = useTranslation("intents");
  const node = find(whole, kind, code);
  const isShipped = find(props.base, kind, code) !== undefined;
  const mine = find(own, kind, code);
  if (!node) return null;
  const wrong = props.findings.filter((one) => one.kind === kind && one.node === code);
  return (
    <Card
      title={nameOf(node)}
      note={t(`kinds.${kind}`)}
      extra={
        isOpen &&
        mine && (
          <Button size="small" danger icon={<DeleteOutlined />} onClick={() => props.onChange(undefined)}>
            {t(isShipped ? "dropMine" : "dropNode")}
          </Button>
        )
      }
    >
      {wrong.map((one) => (
        <p key={one.code + one.value} className="intents-said" role="status">
          {t(`findings.${one.code}`, { value: one.value, defaultValue: one.detail })}
        </p>
      ))}
      {(isShipped || !isOpen) && <Said node={node} whole={whole} />}
      {isOpen && isShipped && <p className="note">{t("onlyAdd")}</p>}
      {isOpen && <NodeForm {...props} mine={mine ?? blank(kind, code)} />}
    </Card>
  );
}

/** What the graph says of a node, in words. */
function Said({ node, whole }: { node: Node; whole: IntentGraph }) {
  const { t } = useTranslation("intents");
  const called = (kind: Kind, codes: readonly string[]) =>
    codes.map((code) => nameOf(find(whole, kind, code)) || code).join(t("comma"));
  const rows = MEMBERS[node.kind].flatMap((name): [string, ReactNode][] => {
    const value = node[name];
    const label = t(`members.${name as "title"}`);
    if (name === "title" || name === "title_en") return [];
    if (name === "level") return [[label, t(`levelWords.${(node.level || 1) as 1 | 2 | 3}`)]];
    if (name === "service")
      return [[label, t(`services.${(node.service || "none") as "none"}`)]];
    if (name === "verified_by") return [[label, node.verified_by || t("unverifiedLong")]];
    if (name in LINKS) {
      const codes = value as readonly string[];
      if (codes.length > 0) return [[label, called(LINKS[name as keyof typeof LINKS], codes)]];
      return name === "equipment" ? [[label, t("anyEquipment")]] : [];
    }
    const text = Array.isArray(value) ? value.join(t("comma")) : String(value);
    return text ? [[label, text]] : [];
  });
  return (
    <dl className="intents-said-of">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function NodeForm(props: Props & { mine: Node }) {
  const { kind, mine, whole, code } = props;
  const { t } = useTranslation("intents");
  const put = (changes: Partial<Node>) => props.onChange({ ...mine, ...changes });
  return (
    <div className="intents-form">
      {MEMBERS[kind].map((name) => (
        <label key={name} className="intents-field">
          <span>{t(`members.${name as "title"}`)}</span>
          <Control name={name} mine={mine} whole={whole} code={code} put={put} />
        </label>
      ))}
    </div>
  );
}

interface ControlProps {
  name: keyof Node;
  mine: Node;
  whole: IntentGraph;
  code: string;
  put: (changes: Partial<Node>) => void;
}

function Control({ name, mine, whole, code, put }: ControlProps) {
  const { t } = useTranslation("intents");
  const label = t(`members.${name as "title"}`);
  if (name in LINKS) {
    const of = LINKS[name as keyof typeof LINKS];
    return (
      <Select
        aria-label={label}
        mode="multiple"
        showSearch={{ optionFilterProp: "label" }}
        value={mine[name] as string[]}
        options={nodes(whole, of)
          .filter((one) => one.code !== code || of !== mine.kind)
          .map((one) => ({ value: one.code, label: nameOf(one) }))}
        onChange={(codes: string[]) => put({ [name]: codes })}
      />
    );
  }
  if (name === "spellings" || name === "parts")
    return (
      <Select
        aria-label={label}
        mode="tags"
        tokenSeparators={[",", "，", "、"]}
        placeholder={t(`hints.${name}`)}
        value={mine[name]}
        onChange={(values: string[]) => put({ [name]: values })}
      />
    );
  if (name === "level")
    return (
      <Select
        aria-label={label}
        value={mine.level || undefined}
        placeholder={t("asIs")}
        allowClear
        options={([1, 2, 3] as const).map((value) => ({ value, label: t(`levelWords.${value}`) }))}
        onChange={(value: number | undefined) => put({ level: value ?? 0 })}
      />
    );
  if (name === "service")
    return (
      <Select
        aria-label={label}
        value={mine.service || undefined}
        placeholder={t("asIs")}
        allowClear
        options={(["repair", "inspect", "refill", "none"] as const).map((value) => ({
          value,
          label: t(`services.${value}`),
        }))}
        onChange={(value: string | undefined) => put({ service: value ?? "" })}
      />
    );
  const text = name as (typeof TEXTS)[number];
  if (text === "text")
    return (
      <Input.TextArea
        aria-label={label}
        rows={3}
        maxLength={2_000}
        value={mine.text}
        onChange={(event) => put({ text: event.target.value.replace(/\s*\n\s*/g, " ") })}
      />
    );
  return (
    <Input
      aria-label={label}
      maxLength={100}
      value={mine[text]}
      onChange={(event) => put({ [text]: event.target.value })}
    />
  );
}
