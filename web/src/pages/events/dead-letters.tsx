import { useMutation } from "@tanstack/react-query";
import { Button, Input, Modal, Select, Space } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  DeadLetter,
  DeadLetterPage,
  DeadLettersDone,
  SubscriptionView,
} from "@/api/types.gen";
import { ask } from "@/client";
import { count, near } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { type HubJob, showHubJob } from "@/parts/jobs";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { useProven } from "@/parts/step-up";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { EventPeek } from "./event-peek";
import { LETTERS, SUBSCRIPTIONS, useEventTypes, useWhy } from "./model";

const HEIGHT_PX = 420;
const keyOf = (letter: DeadLetter) => letter.id;

/** 死信: what was given up, delivered again by choice or all that match, or dropped for a reason. */
export function DeadLetters({ subscriptions }: { subscriptions: readonly SubscriptionView[] }) {
  const { t } = useTranslation("events");
  const { asked, ask: askFor } = useAsked();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState<DeadLetter | null>(null);
  const [isDropping, setDropping] = useState(false);
  const mayWrite = useMay("subscription.write");
  const which = useMemo(
    () => ({
      subscription: asked("of"),
      status: asked("status"),
      subject: asked("subject"),
    }),
    [asked],
  );
  const dead = subscriptions.reduce((sum, one) => sum + one.dead, 0);
  const list = useKeyset<DeadLetter, DeadLetterPage>({
    queryKey: [LETTERS, which, dead],
    fetch: (cursor, signal) => ask(`${LETTERS}?${query({ ...which, cursor, limit: 50 })}`, { signal }),
  });
  const reasons = list.first?.reasons ?? [];
  const matching = reasons.reduce((sum, one) => sum + one.count, 0);
  const act = useLetterAct(which, () => setChosen(new Set()));
  const columns = useColumns(subscriptions);
  return (
    <Card
      title={t("letters.title")}
      note={t("letters.note", { n: count(matching) })}
      className="events-letters"
      isFlush
      extra={
        mayWrite && (
          <Space wrap size={4}>
            <Button
              type={chosen.size ? "primary" : "default"}
              size="small"
              disabled={!matching}
              loading={act.isPending && act.variables.act === "replay"}
              onClick={() => act.mutate({ act: "replay", ids: [...chosen], n: chosen.size || matching })}
            >
              {chosen.size
                ? t("letters.replay", { n: count(chosen.size) })
                : t("letters.replayAll", { n: count(matching) })}
            </Button>
            <Button size="small" danger disabled={!matching} onClick={() => setDropping(true)}>
              {chosen.size
                ? t("letters.drop", { n: count(chosen.size) })
                : t("letters.dropAll", { n: count(matching) })}
            </Button>
          </Space>
        )
      }
    >
      <div className="events-filters">
        <Select
          aria-label={t("letters.of")}
          value={which.subscription}
          popupMatchSelectWidth={false}
          onChange={(of) => askFor({ of })}
          options={[
            { value: "", label: t("letters.anyOf") },
            ...subscriptions.map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
        <Input.Search
          aria-label={t("letters.subject")}
          placeholder={t("letters.subject")}
          defaultValue={which.subject}
          allowClear
          onSearch={(subject) => askFor({ subject: subject.trim() })}
        />
        {(which.status || which.subject || which.subscription) && (
          <Button type="link" onClick={() => askFor({ of: "", status: "", subject: "" })}>
            {t("letters.clear")}
          </Button>
        )}
        {reasons.map((reason) => (
          <Button
            key={`${reason.status} ${reason.trouble}`}
            size="small"
            aria-pressed={which.status === String(reason.status)}
            type={which.status === String(reason.status) ? "primary" : "default"}
            onClick={() =>
              askFor({
                status: which.status === String(reason.status) ? "" : String(reason.status),
              })
            }
          >
            {t("letters.reason", {
              why: reason.status || t("letters.silent"),
              n: count(reason.count),
            })}
          </Button>
        ))}
      </div>
      <LedgerTable
        caption={t("letters.title")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={(letter) => letter.event}
        total={list.first && matching}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t("letters.none")}
        unit={t("letters.unit")}
        height_px={list.rows.length ? HEIGHT_PX : 160}
        onOpen={setShown}
        card={(letter) => (
          <LetterCard letter={letter} subscriptions={subscriptions} onOpen={() => setShown(letter)} />
        )}
        {...(mayWrite ? { selected: chosen, onSelect: setChosen } : {})}
      />
      {shown && <EventPeek letter={shown} onClose={() => setShown(null)} />}
      {isDropping && (
        <DropForm
          n={chosen.size || matching}
          onClose={() => setDropping(false)}
          onDrop={(reason) => {
            setDropping(false);
            act.mutate({ act: "drop", ids: [...chosen], n: chosen.size || matching, reason });
          }}
        />
      )}
    </Card>
  );
}

interface Asked {
  act: "replay" | "drop";
  ids: readonly string[];
  n: number;
  reason?: string;
}

function useLetterAct(which: Readonly<Record<string, string>>, onDone: () => void) {
  const { t } = useTranslation(["events", "common"]);
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  return useMutation({
    mutationFn: async ({ act, ids, n, reason = "" }: Asked) => {
      if (act === "replay" && !ids.length) {
        const isMeant = await confirm({
          title: t("letters.replayAsk", { n: count(n) }),
          text: t("letters.replayNote"),
          act: t("letters.replayAll", { n: count(n) }),
        });
        if (!isMeant) return;
      }
      const matching = Object.fromEntries(Object.entries(which).filter(([, value]) => value));
      const { status, ...rest } = matching;
      const asked = ids.length ? { ids } : { ...rest, ...(status ? { status: Number(status) } : {}) };
      const done = await proven(() =>
        ask<DeadLettersDone>(`${LETTERS}/acts`, { method: "POST", json: { act, reason, ...asked } }),
      );
      if (!done) return;
      if (done.job) {
        const word = (name: string) => t(`common:jobs.kinds.${name}`, { defaultValue: name });
        showHubJob(done.job as HubJob, word);
        notice.done(t("letters.begun"));
      } else notice.done(t(`letters.${act}Done`, { n: count(done.done) }));
      onDone();
      await queries.invalidateQueries({ queryKey: [LETTERS] });
      await queries.invalidateQueries({ queryKey: [SUBSCRIPTIONS] });
    },
    onError: (error) => notice.failed(error),
  });
}

function useColumns(subscriptions: readonly SubscriptionView[]): Column<DeadLetter>[] {
  const { t } = useTranslation("events");
  const types = useEventTypes();
  const why = useWhy();
  return useMemo(() => {
    const names = new Map(subscriptions.map((one) => [one.id, one.name]));
    const plain = (key: string, width: number, text: (l: DeadLetter) => string): Column<DeadLetter> => ({
      key,
      title: t(`letters.columns.${key}`),
      width,
      text,
      render: text,
    });
    return [
      { ...plain("type", 190, (l) => types.nameOf(l.type)), fixed: true },
      plain("subscription", 150, (l) => names.get(l.subscription) ?? l.subscription),
      plain("trouble", 230, (l) => why(l.trouble)),
      plain("subject", 290, (l) => l.subject),
      plain("tries", 80, (l) => count(l.tries)),
      plain("died", 150, (l) => near(l.died)),
      plain("place", 150, (l) => l.place),
    ];
  }, [t, types, why, subscriptions]);
}

function LetterCard({
  letter,
  subscriptions,
  onOpen,
}: {
  letter: DeadLetter;
  subscriptions: readonly SubscriptionView[];
  onOpen: () => void;
}) {
  const { t } = useTranslation("events");
  const types = useEventTypes();
  const why = useWhy();
  const of = subscriptions.find((one) => one.id === letter.subscription);
  return (
    <div className="events-letter">
      <strong>{types.nameOf(letter.type)}</strong>
      <span className="note">{`${of?.name ?? ""} · ${near(letter.died)}`}</span>
      <span>{why(letter.trouble)}</span>
      <Button size="small" type="link" onClick={onOpen}>
        {t("letters.see")}
      </Button>
    </div>
  );
}

function DropForm({
  n,
  onClose,
  onDrop,
}: {
  n: number;
  onClose: () => void;
  onDrop: (reason: string) => void;
}) {
  const { t } = useTranslation(["events", "common"]);
  const [reason, setReason] = useState("");
  return (
    <Modal
      open
      title={t("letters.dropAsk", { n: count(n) })}
      okText={t("letters.drop", { n: count(n) })}
      okButtonProps={{ danger: true, disabled: !reason.trim() }}
      cancelText={t("common:acts.back")}
      onCancel={onClose}
      onOk={() => onDrop(reason.trim())}
    >
      <p>{t("letters.dropNote")}</p>
      <Input
        aria-label={t("letters.why")}
        placeholder={t("letters.why")}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        autoFocus
      />
    </Modal>
  );
}
