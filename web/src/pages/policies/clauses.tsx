import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, EditOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import type { Content, Graph, GraphNode, Row, Vocabulary } from "./api";
import { addInput, addRow, moveRow, removeRow, setCell, tablesOf } from "./model";
import { RowForm } from "./row-form";
import { type Sayer, useSayer } from "./sayer";

/** The node, row and column that a finding is about. */
export interface At {
  graph: string;
  node: string;
  row: string;
}

interface Props {
  graphs: readonly Graph[];
  words: Vocabulary;
  isOpen: boolean;
  at: At | null;
  onChange: (graph: Graph) => void;
}

/** 条文: the same JSON as the canvas, as IF … THEN … cards whose cells are form controls. */
export function Clauses({ graphs, words, isOpen, at, onChange }: Props) {
  const sayer = useSayer(words);
  const { t } = useTranslation("policies");
  return (
    <div className="policy-clauses">
      {graphs.map((graph) => (
        <Card
          key={graph.code}
          title={sayer.name(graph) || graph.code}
          note={graph.purpose || t("clauses.tables", { count: tablesOf(graph).length })}
        >
          {tablesOf(graph).length === 0 && <p className="note">{t("clauses.none")}</p>}
          {tablesOf(graph).map(({ node, table }) => (
            <Table
              key={node.id}
              graph={graph}
              node={node}
              table={table}
              sayer={sayer}
              isOpen={isOpen}
              at={at?.graph === graph.code && at.node === node.name ? at.row : ""}
              onChange={onChange}
            />
          ))}
          <Others graph={graph} />
        </Card>
      ))}
    </div>
  );
}

interface TableProps {
  graph: Graph;
  node: GraphNode;
  table: Content;
  sayer: Sayer;
  isOpen: boolean;
  at: string;
  onChange: (graph: Graph) => void;
}

function Table({ graph, node, table, sayer, isOpen, at, onChange }: TableProps) {
  const { t } = useTranslation("policies");
  const rows = table.rules ?? [];
  const used = new Set((table.inputs ?? []).map((one) => one.field));
  const free = sayer.words.context.filter((field) => !used.has(field.path));
  return (
    <section aria-label={node.name}>
      <h3>
        {node.name}{" "}
        <span className="note">{t(table.hitPolicy === "collect" ? "clauses.all" : "clauses.first")}</span>
      </h3>
      <ol className="policy-rules">
        {rows.map((row, n) => (
          <Rule
            key={row._id ?? n}
            no={n + 1}
            last={n === rows.length - 1}
            row={row}
            {...{ graph, node, table, sayer, isOpen, onChange }}
            isAt={at !== "" && (at === row._description || at === String(n + 1) || at === row._id)}
          />
        ))}
      </ol>
      {isOpen && (
        <div className="policy-rule-acts">
          <Button size="small" icon={<PlusOutlined />} onClick={() => onChange(addRow(graph, node.id))}>
            {t("clauses.add")}
          </Button>
          <Select
            size="small"
            className="policy-add-input"
            aria-label={t("clauses.addInput")}
            placeholder={t("clauses.addInput")}
            value={null}
            showSearch={{ optionFilterProp: "label" }}
            popupMatchSelectWidth={false}
            options={free.map((field) => ({ value: field.path, label: sayer.name(field) }))}
            onChange={(path: string | null) => {
              const field = sayer.context.get(path ?? "");
              if (field) onChange(addInput(graph, node.id, sayer.name(field), field.path));
            }}
          />
        </div>
      )}
    </section>
  );
}

interface RuleProps extends Omit<TableProps, "at"> {
  no: number;
  last: boolean;
  row: Row;
  isAt: boolean;
}

function Rule({ no, last, row, graph, node, table, sayer, isOpen, isAt, onChange }: RuleProps) {
  const { t } = useTranslation("policies");
  const ask = useConfirm();
  const [isEdited, edit] = useState(false);
  const id = row._id ?? "";
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!isAt) return;
    card.current?.scrollIntoView({ block: "nearest" });
    if (isOpen) edit(true);
  }, [isAt, isOpen]);
  const name = row._description || t("clauses.rule", { no });
  async function remove() {
    const title = t("clauses.remove", { name });
    if (await ask({ title, act: t("clauses.removeIt"), isDanger: true })) onChange(removeRow(graph, node.id, id));
  }
  return (
    <li ref={card} className="policy-rule" data-at={isAt}>
      <div className="policy-rule-head">
        <b>{t("clauses.rule", { no })}</b>
        {row._description && <span>{row._description}</span>}
        {isOpen && (
          <span className="policy-rule-acts">
            <Button
              size="small"
              icon={<EditOutlined />}
              aria-expanded={isEdited}
              aria-label={t(isEdited ? "clauses.closeOne" : "clauses.editOne", { name })}
              onClick={() => edit(!isEdited)}
            >
              {t(isEdited ? "clauses.close" : "clauses.edit")}
            </Button>
            <Button size="small" type="text" icon={<ArrowUpOutlined />} disabled={no === 1}
              aria-label={t("clauses.up", { name })} onClick={() => onChange(moveRow(graph, node.id, id, -1))} />
            <Button size="small" type="text" icon={<ArrowDownOutlined />} disabled={last}
              aria-label={t("clauses.down", { name })} onClick={() => onChange(moveRow(graph, node.id, id, 1))} />
            <Button size="small" type="text" danger icon={<DeleteOutlined />}
              aria-label={t("clauses.remove", { name })} onClick={() => void remove()} />
          </span>
        )}
      </div>
      <RuleText table={table} row={row} sayer={sayer} />
      {isEdited && isOpen && (
        <RowForm
          table={table}
          row={row}
          sayer={sayer}
          onCell={(column, cell) => onChange(setCell(graph, node.id, id, column, cell))}
        />
      )}
    </li>
  );
}

/** A row as a sentence: 如果 … 就 …. */
export function RuleText({ table, row, sayer, marked = [] }: { table: Content; row: Row; sayer: Sayer; marked?: readonly string[] }) {
  const { t } = useTranslation("policies");
  const told = sayer.told(table, row);
  const conditions = (table.inputs ?? []).filter((column) => (row[column.id] ?? "").trim() !== "");
  return (
    <dl className="policy-rule-text">
      <div>
        <dt>{t("clauses.if")}</dt>
        <dd>
          {conditions.length === 0 && t("clauses.always")}
          {conditions.map((column, n) => {
            const cell = row[column.id] ?? "";
            const words = sayer.cell(column, cell);
            return (
              <span key={column.id} data-marked={marked.includes(column.id)}>
                {n > 0 && t("say.and")}
                {words ?? (
                  <>
                    {column.name} <code>{cell}</code>
                  </>
                )}
              </span>
            );
          })}
        </dd>
      </div>
      <div>
        <dt>{t("clauses.then")}</dt>
        <dd>
          {told ? (
            <>
              <b>{sayer.sentence(told)}</b>
              {told.reason && <span className="policy-reason">{t("clauses.because", { reason: told.reason })}</span>}
            </>
          ) : (
            (table.outputs ?? []).map((column) => (
              <span key={column.id} data-marked={marked.includes(column.id)}>
                {column.name} <code>{row[column.id] || "—"}</code>{" "}
              </span>
            ))
          )}
        </dd>
      </div>
    </dl>
  );
}

/** Nodes that are no tables: what is worked out before, and where ways part. */
function Others({ graph }: { graph: Graph }) {
  const { t } = useTranslation("policies");
  const found = graph.nodes.filter((node) => node.content?.expressions || node.content?.statements);
  return found.map((node) => (
    <section key={node.id} aria-label={node.name}>
      <h3>{node.name}</h3>
      <ul className="policy-others">
        {(node.content?.expressions ?? []).map((one) => (
          <li key={one.id}>{t("clauses.worked", { name: one.key })} <code>{one.value}</code></li>
        ))}
        {(node.content?.statements ?? []).map((one) => (
          <li key={one.id}>{t("clauses.way")} <code>{one.condition || t("clauses.else")}</code></li>
        ))}
      </ul>
    </section>
  ));
}

/** The name of a policy, its code and purpose, by form. */
export function GraphNames({ graph, isOpen, onChange }: { graph: Graph; isOpen: boolean; onChange: (graph: Graph) => void }) {
  const { t } = useTranslation("policies");
  const field = (name: "zh" | "en" | "purpose", most: number) => (
    <label>
      <span>{t(`names.${name}`)}</span>
      <Input
        value={graph[name] ?? ""}
        maxLength={most}
        disabled={!isOpen}
        onChange={(event) => onChange({ ...graph, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <div className="policy-names">
      {field("zh", 64)}
      {field("en", 64)}
      {field("purpose", 200)}
    </div>
  );
}
