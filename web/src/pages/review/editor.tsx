import { useQuery } from "@tanstack/react-query";
import { AutoComplete, Input, type InputRef } from "antd";
import { type Ref, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Candidate, EntryPage, SkuPage } from "@/api/types.gen";
import { ask } from "@/client";
import { fenOf } from "@/pages/new-order/draft";
import { query } from "@/parts/use-asked";
import type { Kind } from "./draft";

const PAUSE_MS = 200;
const FOUND = 12;

interface Props {
  kind: Kind;
  label: string;
  value: string;
  /** What the value is called, "" = as its code. */
  title: string;
  candidates: readonly Candidate[];
  tone: string;
  isOff: boolean;
  focus?: Ref<InputRef> | undefined;
  onChange: (value: string, title?: string) => void;
}

/** The value of a field, edited by its kind. What is typed counts when the field is left. */
export function Editor(props: Props) {
  const { kind, label, value, tone, isOff, onChange } = props;
  if (kind === "sku" || kind === "store" || kind === "customer") return <Finder {...props} />;
  if (kind === "time") {
    return (
      <Input
        type="datetime-local"
        aria-label={label}
        data-tone={tone}
        disabled={isOff}
        value={localOf(value)}
        onChange={(event) => onChange(msOf(event.target.value))}
      />
    );
  }
  return <Typed {...props} />;
}

function Typed({ kind, label, value, tone, isOff, focus, onChange }: Props) {
  const shown = kind === "money" && value ? (Number(value) / 100).toFixed(2) : value;
  const [typed, type] = useState<string | null>(null);
  const read = (text: string): string | null => {
    if (kind === "money") {
      const fen = fenOf(text);
      return fen === null ? null : text.trim() === "" ? "" : String(fen);
    }
    if (kind === "count") return /^\d{1,7}$/.test(text.trim()) ? String(Number(text)) : null;
    return text.trim();
  };
  const isBad = typed !== null && read(typed) === null;
  const settle = () => {
    if (typed === null) return;
    const told = read(typed);
    if (told !== null && told !== value) onChange(told);
    type(null);
  };
  return (
    <Input
      ref={focus ?? null}
      aria-label={label}
      data-tone={tone}
      disabled={isOff}
      prefix={kind === "money" ? "¥" : undefined}
      inputMode={kind === "money" || kind === "count" ? "decimal" : "text"}
      status={isBad ? "error" : ""}
      value={typed ?? shown}
      onChange={(event) => type(event.target.value)}
      onBlur={settle}
      onPressEnter={(event) => {
        settle();
        event.currentTarget.blur();
      }}
    />
  );
}

interface Found {
  code: string;
  name: string;
}

/** Goods, stores and customers by code or name; candidates come first. */
function Finder({ kind, label, value, title, candidates, tone, isOff, onChange }: Props) {
  const { t } = useTranslation("review");
  const [typed, type] = useState<string | null>(null);
  const [q, settle] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => settle((typed ?? "").trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const { data } = useQuery({
    queryKey: ["review", "find", kind, q],
    queryFn: ({ signal }) => find(kind, q, signal),
    enabled: typed !== null && q !== "",
  });
  const known = candidates.map((one) => ({ code: one.value, name: one.title ?? "" }));
  const offered = (q && typed !== null ? (data ?? []) : known).slice(0, FOUND);
  return (
    <AutoComplete
      className="review-finder"
      aria-label={label}
      disabled={isOff}
      options={offered.map((one) => ({ value: one.code, label: `${one.name} · ${one.code}` }))}
      value={typed ?? spell(title, value)}
      onSelect={(code: string) => {
        onChange(code, offered.find((one) => one.code === code)?.name ?? "");
        type(null);
      }}
      onChange={(text: string) => type(text)}
      onBlur={() => type(null)}
    >
      <Input aria-label={label} data-tone={tone} placeholder={t(`find.${kind}`)} />
    </AutoComplete>
  );
}

function spell(title: string, value: string): string {
  return title && value ? `${title} · ${value}` : value;
}

async function find(kind: Kind, q: string, signal: AbortSignal): Promise<Found[]> {
  if (kind === "sku") {
    const found = await ask<SkuPage>(`/v1/skus?${query({ q, limit: FOUND })}`, { signal });
    return found.items.map(({ code, name }) => ({ code, name }));
  }
  const found = await ask<EntryPage>(`/v1/names/directory?${query({ q, limit: 50 })}`, { signal });
  return found.items.filter((one) => one.kind === kind).map(({ code, name }) => ({ code, name }));
}

const SHANGHAI_MS = 8 * 3_600_000;

/** Epoch ms as the field of the browser has it, in Shanghai as all times of the console are. */
function localOf(value: string): string {
  return value ? new Date(Number(value) + SHANGHAI_MS).toISOString().slice(0, 16) : "";
}

function msOf(text: string): string {
  const at = Date.parse(`${text}:00+08:00`);
  return Number.isNaN(at) ? "" : String(at);
}
