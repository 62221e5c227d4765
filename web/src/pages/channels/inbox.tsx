import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { ask } from "@/client";
import { near } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

interface Item {
  message: string;
  channel: string;
  channel_title: string;
  account: string;
  reason: string;
  detail: string;
  state: string;
  note: string;
  received: string;
  order: string | null;
  bytes: number;
  retryable: boolean;
}

interface Page {
  items: readonly Item[];
  next: string;
}

interface Message {
  item: Item;
  form: string;
  text: string;
  sha256: string;
}

const INBOX_KEY = ["inbox"];
const STATES = ["open", "told", "done", "dismissed"] as const;

/** 待处理报文: messages that became no act; each is kept, tried again, or set aside with a reason. */
export function Inbox() {
  const { t } = useTranslation("channels");
  const [asked, setAsked] = useSearchParams();
  const state = asked.get("state") ?? "open";
  const peek = asked.get("peek") ?? "";
  const list = useKeyset<Item, Page>({
    queryKey: [...INBOX_KEY, state],
    fetch: (cursor, signal) =>
      ask<Page>(`/v1/inbox?${new URLSearchParams({ state, limit: "100", cursor })}`, { signal }),
  });
  const set = (name: string, value: string) =>
    setAsked(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const columns = useMemo<Column<Item>[]>(() => {
    const plain = (key: string, width: number, text: (item: Item) => string): Column<Item> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      { ...plain("received", 140, (item) => near(item.received)), fixed: true },
      plain("channel", 120, (item) => item.channel_title),
      plain("account", 140, (item) => item.account),
      plain("reason", 200, (item) => t(`reasons.${item.reason}`, { defaultValue: item.reason })),
      plain("detail", 420, (item) => item.detail),
    ];
  }, [t]);
  return (
    <>
      <div className="inbox-head">
        <h2>{t("inbox")}</h2>
        <Segmented
          aria-label={t("inbox")}
          value={state}
          options={STATES.map((one) => ({ value: one, label: t(`states.${one}`) }))}
          onChange={(value) => set("state", value)}
        />
      </div>
      <LedgerTable
        caption={t("inbox")}
        columns={columns}
        rows={list.rows}
        keyOf={(item) => item.message}
        nameOf={(item) => `${item.channel_title} ${near(item.received)}`}
        onOpen={(item) => set("peek", item.message)}
        onPeek={(item) => set("peek", item?.message ?? "")}
        peeked={peek}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t(state === "open" ? "emptyOpen" : "empty")}
      />
      <Peek title={t("message")} isOpen={peek !== ""} onClose={() => set("peek", "")}>
        {peek && <OneMessage key={peek} id={peek} onDone={() => set("peek", "")} />}
      </Peek>
    </>
  );
}

function OneMessage({ id, onDone }: { id: string; onDone: () => void }) {
  const { t } = useTranslation("channels");
  const mayAct = useMay("inbox.act");
  const notice = useNotice();
  const [reason, setReason] = useState("");
  const message = useQuery({
    queryKey: [...INBOX_KEY, "one", id],
    queryFn: () => ask<Message>(`/v1/inbox/${id}`),
  });
  const act = useMutation({
    mutationFn: async ({ name, said, json }: { name: string; said: string; json?: object }) => {
      const told = await ask<{ outcome?: string; detail?: string }>(`/v1/inbox/${id}/${name}`, {
        method: "POST",
        ...(json ? { json } : {}),
      });
      return { said, refused: told.outcome === "refused" ? (told.detail ?? "") : null };
    },
    onSuccess: async ({ said, refused }) => {
      notice.done(refused === null ? said : t("stillRefused", { detail: refused }));
      await queries.invalidateQueries({ queryKey: INBOX_KEY });
      if (refused === null) onDone();
    },
    onError: (error) => notice.failed(error),
  });
  if (message.error) {
    return <ProblemNote problem={asProblem(message.error)} onRetry={() => void message.refetch()} />;
  }
  if (!message.data) return null;
  const { item, text, sha256 } = message.data;
  return (
    <div className="inbox-one">
      <Alert
        type={item.state === "open" ? "warning" : "info"}
        title={t(`reasons.${item.reason}`, { defaultValue: item.reason })}
        description={item.detail || undefined}
      />
      <p className="note">
        {item.channel_title} · {item.account} · {near(item.received)} · {item.bytes} B
      </p>
      {item.order && <Link to={`/orders/${item.order}`}>{t("toOrder")}</Link>}
      <pre tabIndex={0} aria-label={t("text")}>
        {text || t("noText")}
      </pre>
      <p className="note mono">SHA-256 {sha256}</p>
      {mayAct && item.state === "open" && (
        <>
          <Button
            type="primary"
            disabled={!item.retryable}
            loading={act.isPending}
            onClick={() => act.mutate({ name: "retry", said: t("retried") })}
          >
            {t("retry")}
          </Button>
          {!item.retryable && <p className="note">{t("notRetryable")}</p>}
          <Input
            value={reason}
            maxLength={200}
            aria-label={t("dismissReason")}
            placeholder={t("dismissReason")}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button
            disabled={!reason.trim()}
            onClick={() =>
              act.mutate({ name: "dismiss", said: t("dismissed"), json: { reason: reason.trim() } })
            }
          >
            {t("dismiss")}
          </Button>
        </>
      )}
    </div>
  );
}
