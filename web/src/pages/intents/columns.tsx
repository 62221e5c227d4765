import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { IntentFinding, IntentGraph } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { around, type Kind, keyOf, type Line, lines, nameOf, type Node, nodes } from "./model";

const ROW = 40;
const COLUMNS = ["symptom", "regulation", "action"] as const;

interface Props {
  graph: IntentGraph;
  own: IntentGraph;
  picked: string;
  findings: readonly IntentFinding[];
  isOpen: boolean;
  onPick: (kind: Kind, code: string) => void;
  onAdd: (kind: Kind, title: string) => void;
}

/** Symptom, regulation, action as three linked columns; picking one shows what hangs on it. */
export function Columns(props: Props) {
  const { t } = useTranslation("intents");
  const [words, setWords] = useState("");
  const [equipment, setEquipment] = useState("");
  const all = lines(props.graph);
  const shown = filter(props.graph, all, words.trim().toLowerCase(), equipment);
  const near = props.picked ? around(all, props.picked) : undefined;
  const columns = COLUMNS.map((kind) =>
    nodes(props.graph, kind).filter((one) => shown.has(keyOf(kind, one.code))),
  );
  return (
    <Card
      title={t("graph")}
      note={t("graphNote")}
      extra={
        <span className="intents-filter">
          <Input
            aria-label={t("filter")}
            placeholder={t("filter")}
            allowClear
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <Select
            aria-label={t("equipmentOf")}
            value={equipment}
            options={[
              { value: "", label: t("allEquipment") },
              ...nodes(props.graph, "equipment").map((one) => ({
                value: one.code,
                label: nameOf(one),
              })),
            ]}
            onChange={setEquipment}
          />
        </span>
      }
    >
      <div className="intents-columns">
        {COLUMNS.map((kind, at) => (
          <Column
            key={kind}
            kind={kind}
            rows={columns[at] ?? []}
            near={near}
            next={columns[at + 1]}
            lines={all}
            {...props}
          />
        ))}
      </div>
      <p className="intents-legend note">
        <i data-link="requires" /> {t("links.requires")} <i data-link="forbids" />{" "}
        {t("links.forbids")} <b className="intents-own">{t("ownMark")}</b> {t("ownNote")}
      </p>
    </Card>
  );
}

/** Which nodes are shown: what the words name, for the equipment, and what is linked with it. */
function filter(
  graph: IntentGraph,
  all: readonly Line[],
  words: string,
  equipment: string,
): ReadonlySet<string> {
  const fits = (one: Node) =>
    [one.title, one.title_en, one.number, ...one.spellings].some((text) =>
      text.toLowerCase().includes(words),
    );
  const on = (one: Node) =>
    !equipment || one.equipment.length === 0 || one.equipment.includes(equipment);
  const found = new Set<string>();
  for (const kind of COLUMNS)
    for (const one of nodes(graph, kind)) {
      if (kind === "action" ? !equipment && fits(one) : on(one) && fits(one))
        for (const key of words || equipment
          ? around(all, keyOf(kind, one.code))
          : [keyOf(kind, one.code)])
          found.add(key);
    }
  if (equipment)
    for (const kind of ["symptom", "regulation"] as const)
      for (const one of nodes(graph, kind)) if (!on(one)) found.delete(keyOf(kind, one.code));
  return found;
}

interface ColumnProps extends Props {
  kind: (typeof COLUMNS)[number];
  rows: readonly Node[];
  next: readonly Node[] | undefined;
  near: ReadonlySet<string> | undefined;
  lines: readonly Line[];
}

function Column(props: ColumnProps) {
  const { kind, rows, next, near } = props;
  const { t } = useTranslation("intents");
  const isOwn = (code: string) => nodes(props.own, kind).some((one) => one.code === code);
  const wrong = (code: string) =>
    props.findings.some((one) => one.kind === kind && one.node === code);
  return (
    <>
      <section className="intents-column" aria-label={t(`kinds.${kind}`)}>
        <h3>
          {t(`kinds.${kind}`)} <span className="note">{rows.length}</span>
        </h3>
        <ul>
          {rows.map((one) => {
            const key = keyOf(kind, one.code);
            return (
              <li key={key}>
                <button
                  type="button"
                  aria-pressed={key === props.picked}
                  data-dim={near ? !near.has(key) : false}
                  data-wrong={wrong(one.code)}
                  title={nameOf(one)}
                  onClick={() => props.onPick(kind, one.code)}
                >
                  <span>{nameOf(one)}</span>
                  {kind === "regulation" && !one.verified_by && (
                    <span className="intents-tag" data-tone="pend">
                      {t("unverified")}
                    </span>
                  )}
                  {kind === "action" && <span className="intents-tag">{t(`levels.${level(one)}`)}</span>}
                  {isOwn(one.code) && <b className="intents-own">{t("ownMark")}</b>}
                </button>
              </li>
            );
          })}
          {rows.length === 0 && <li className="note">{t("nothing")}</li>}
        </ul>
        {props.isOpen && <Adding kind={kind} onAdd={(title) => props.onAdd(kind, title)} />}
      </section>
      {next && <Links {...props} next={next} />}
    </>
  );
}

const level = (node: Node) => (node.level >= 1 && node.level <= 3 ? node.level : 0) as 0 | 1 | 2 | 3;

/** The lines between two columns; what they say stands in the form beside, too. */
function Links({ rows, next, kind, lines: all, near }: ColumnProps & { next: readonly Node[] }) {
  const other = kind === "symptom" ? "regulation" : "action";
  const place = (list: readonly Node[], of: Kind) =>
    new Map(list.map((one, at) => [keyOf(of, one.code), at * ROW + ROW / 2]));
  const [left, right] = [place(rows, kind), place(next, other)];
  const height = Math.max(rows.length, next.length, 1) * ROW;
  return (
    <svg
      className="intents-links"
      viewBox={`0 0 100 ${height}`}
      preserveAspectRatio="none"
      style={{ height }}
      aria-hidden
    >
      {all.map((one) => {
        const [a, b] = [left.get(one.from), right.get(one.to)];
        if (a === undefined || b === undefined) return null;
        const isDim = near ? !(near.has(one.from) && near.has(one.to)) : false;
        return (
          <path
            key={`${one.from}${one.to}${one.link}`}
            d={`M0 ${a} C50 ${a} 50 ${b} 100 ${b}`}
            data-link={one.link}
            data-dim={isDim}
            vectorEffect="non-scaling-stroke"
          />
        );
      })}
    </svg>
  );
}

/** A new node is begun by its name. */
export function Adding({ kind, onAdd }: { kind: Kind; onAdd: (title: string) => void }) {
  const { t } = useTranslation("intents");
  const [title, setTitle] = useState("");
  const add = () => {
    if (!title.trim()) return;
    onAdd(title.trim());
    setTitle("");
  };
  return (
    <div className="intents-adding">
      <Input
        aria-label={t(`newName.${kind}`)}
        placeholder={t(`newName.${kind}`)}
        maxLength={40}
        value={title}
        onChange={(event) => setTitle(event.target.value)}
        onPressEnter={add}
      />
      <Button icon={<PlusOutlined />} disabled={!title.trim()} onClick={add}>
        {t(`add.${kind}`)}
      </Button>
    </div>
  );
}
