import { ask } from "@/client";

/** What a set decides: where orders go, or whether they may go on. */
export type PolicyKind = "routing" | "intercept";

/** A field that graphs may look at; `kind` says what its values are. */
export interface Field {
  path: string;
  zh: string;
  en: string;
  kind: "bool" | "int" | "ratio" | "text" | "enum";
  unit: string;
  values: readonly (readonly [string, string, string])[];
}

export interface Word {
  value: string;
  zh: string;
  en: string;
}

export interface Vocabulary {
  context: readonly Field[];
  warehouse: readonly Field[];
  effects: readonly Word[];
  weather: readonly Word[];
  levels: readonly Word[];
}

/** A column of a decision table as the canvas keeps it. */
export interface Column {
  id: string;
  name: string;
  field?: string | undefined;
  [more: string]: unknown;
}

export type Row = Readonly<Record<string, string>>;

/** What a node holds; a decision table has columns and rows, others have their own. */
export interface Content {
  hitPolicy?: string;
  inputs?: readonly Column[];
  outputs?: readonly Column[];
  rules?: readonly Row[];
  expressions?: readonly { id: string; key: string; value: string }[];
  statements?: readonly { id: string; condition: string }[];
  [more: string]: unknown;
}

export interface GraphNode {
  id: string;
  type: string;
  name: string;
  content?: Content | null;
  position: Readonly<Record<string, number>>;
}

export interface GraphEdge {
  id: string;
  sourceId: string;
  targetId: string;
  type?: string;
  sourceHandle?: string | null;
  targetHandle?: string | null;
}

/** One policy of a set: its graph, and what it is called. */
export interface Graph {
  code: string;
  zh: string;
  en: string;
  purpose?: string;
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
}

/** Values by root (`order`, `dest`, `now`) and name. */
export type Context = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A case that the set is held to: effects as (effect, where) in order. */
export interface Case {
  name: string;
  context: Context;
  expect: readonly (readonly [string, string])[];
}

/** What a draft or a published set holds. */
export interface Body {
  graphs: readonly Graph[];
  cases: readonly Case[];
}

export interface Step {
  act: string;
  digest: string;
  revision: number;
  by: string;
  note: string;
  at: string;
}

export interface SetItem {
  no: number;
  digest: string;
  name: string;
  state: "live" | "canary" | "approved" | "retired";
  at: string;
  by: string;
  approved_by: string;
}

export interface SetShown extends Body {
  set: SetItem;
  kind: PolicyKind;
  steps: readonly Step[];
}

export interface CanaryRule {
  percent: number;
  channels: readonly string[];
  regions: readonly string[];
}

export interface DraftItem {
  id: string;
  name: string;
  revision: number;
  editor: string;
  at: string;
  state: "draft" | "submitted" | "published" | "discarded";
  digest: string;
}

export interface Overview {
  live: SetItem | null;
  canary: { set: SetItem; rule: CanaryRule } | null;
  shadow: SetItem | null;
  scheduled: readonly { set: SetItem; at: string; by: string }[];
  drafts: readonly DraftItem[];
  history: { items: readonly SetItem[]; next: string };
  /** What a rollback would do; null where there is no way back. */
  rollback: { canary: boolean; gone: string; restored: string; name: string } | null;
}

export interface Draft extends Body {
  id: string;
  name: string;
  kind: PolicyKind;
  state: DraftItem["state"];
  revision: number;
  digest: string;
  editors: readonly string[];
  editor: string;
  at: string;
  /** The reader drew some of it, so cannot approve it. */
  mine: boolean;
  approvers: readonly string[];
  /** Its newest trial that is done as it is, "" for none. */
  simulation: string;
  steps: readonly Step[];
}

export interface Template extends Body {
  code: string;
  zh: string;
  en: string;
  purpose_zh: string;
  purpose_en: string;
}

export interface Finding {
  code: string;
  severity: "error" | "warning";
  zh: string;
  en: string;
  graph: string;
  node: string;
  row: string;
  column: string;
}

export interface Check {
  findings: readonly Finding[];
  sound: boolean;
  digest: string;
}

export interface Effect {
  effect: string;
  where: string;
  fen: number;
  most: number;
  reason: string;
  rule: string;
  windows: number;
  window_min: number;
  expiry_s: number;
}

/** What came of one graph on one context; `trace` is the engine's. */
export interface Ran {
  result: unknown;
  trace: Readonly<Record<string, unknown>> | null;
  effects: readonly Effect[];
  error: string;
}

export interface Pair {
  before: number;
  after: number;
}

export interface Figures {
  orders: number;
  changed: number;
  cost_fen: Pair;
  late_permille: Pair;
  parcels: Pair;
  split_orders: Pair;
  unfulfilled: Pair;
  co2_g: Pair;
  held: Pair;
  by_warehouse: Readonly<Record<string, Pair>>;
}

export interface RuleStops {
  rule: string;
  stopped: number;
  good: number;
  bad: number;
}

/** What intercept rules would have stopped; `good` were false alarms. */
export interface Stops {
  orders: number;
  stopped: number;
  hold: number;
  review: number;
  reject: number;
  good: number;
  bad: number;
  open: number;
  value_fen: number;
  rules: readonly RuleStops[];
}

export interface Changed {
  order: string;
  number: string;
  before: readonly string[];
  after: readonly string[];
  before_fen: number;
  after_fen: number;
  before_late_permille: number;
  after_late_permille: number;
  rules: readonly string[];
  held: string;
}

export interface Trial {
  id: string;
  draft: string;
  digest: string;
  against: string;
  day: string;
  state: "queued" | "running" | "done" | "cancelled" | "failed";
  done: number;
  total: number;
  figures: Figures;
  days: number;
  /** Of intercept rules, instead of `figures`. */
  stops: Stops | null;
  changed: readonly Changed[];
  next: string;
}

export interface Shadow {
  decided: number;
  differed: number;
  held: number;
  cost_fen: number;
  shadow_fen: number;
}

const AT = "/v1/routing/policies";
const post = <T>(path: string, json: unknown = {}) => ask<T>(AT + path, { method: "POST", json });
const act = <T>(path: string) => ask<T>(AT + path, { method: "POST" });

export const readOverview = (kind: PolicyKind) => ask<Overview>(`${AT}?kind=${kind}`);
export const readSets = (kind: PolicyKind, cursor: string) =>
  ask<Overview["history"]>(`${AT}/sets?kind=${kind}&cursor=${encodeURIComponent(cursor)}`);
export const readVocabulary = (kind: PolicyKind) => ask<Vocabulary>(`${AT}/vocabulary?kind=${kind}`);
export const readTemplates = (kind: PolicyKind) =>
  ask<readonly Template[]>(`${AT}/templates?kind=${kind}`);
export const readSet = (digest: string) => ask<SetShown>(`${AT}/sets/${digest}`);
export const readDraft = (id: string) => ask<Draft>(`${AT}/drafts/${id}`);
export const beginDraft = (kind: PolicyKind, name: string, from: string) =>
  post<Draft>("/drafts", { kind, name, from });
export const saveDraft = (id: string, revision: number, name: string, body: Body) =>
  ask<Draft>(`${AT}/drafts/${id}`, { method: "PUT", json: { revision, name, ...body } });
export const discardDraft = (id: string) => ask<undefined>(`${AT}/drafts/${id}`, { method: "DELETE" });
export const checkDraft = (id: string) => act<Check>(`/drafts/${id}/check`);
export const runDraft = (id: string, graph: string, context: Context) =>
  post<Ran>(`/drafts/${id}/run`, { graph, context });
export const submitDraft = (id: string, revision: number) =>
  post<Draft>(`/drafts/${id}/submit`, { revision });
export const withdrawDraft = (id: string) => act<Draft>(`/drafts/${id}/withdraw`);
export const approveDraft = (id: string, digest: string, note: string) =>
  post<SetItem>(`/drafts/${id}/approve`, { digest, note });
export const declineDraft = (id: string, note: string) =>
  post<Draft>(`/drafts/${id}/decline`, { note });
export const beginTrial = (id: string, day: string, days: number) =>
  post<Trial>(`/drafts/${id}/simulations`, { day, days, against: "live" });
export const readTrial = (id: string, cursor = "") =>
  ask<Trial>(`${AT}/simulations/${id}?cursor=${encodeURIComponent(cursor)}`);
export const cancelTrial = (id: string) =>
  ask<Trial>(`${AT}/simulations/${id}`, { method: "DELETE" });
export const startCanary = (digest: string, rule: CanaryRule) =>
  post<Overview>(`/sets/${digest}/canary`, rule);
export const activateSet = (digest: string, at?: string) =>
  post<Overview>(`/sets/${digest}/activate`, at ? { at } : {});
export const unscheduleSet = (digest: string) =>
  ask<Overview>(`${AT}/sets/${digest}/activate`, { method: "DELETE" });
export const shadowSet = (digest: string) => post<Overview>(`/sets/${digest}/shadow`);
export const endShadow = (digest: string) =>
  ask<Overview>(`${AT}/sets/${digest}/shadow`, { method: "DELETE" });
export const readShadow = (digest: string) => ask<Shadow>(`${AT}/sets/${digest}/shadow`);
export const rollBack = (kind: PolicyKind, note: string) =>
  post<Overview>("/rollback", { kind, note });

export const overviewKey = (kind: PolicyKind) => ["routing", "policies", kind] as const;
export const draftKey = (id: string) => ["routing", "draft", id] as const;
export const setKey = (digest: string) => ["routing", "set", digest] as const;
