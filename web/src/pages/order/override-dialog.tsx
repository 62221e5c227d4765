import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Modal, Select } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { completeOverride, prepareOverride, prepareOverrideSecond, weighOverride } from "@/api/sdk.gen";
import type {
  DecisionPanel,
  MapNode,
  OrderSheet,
  OverrideAsked,
  OverrideDone,
  OverrideWeighed,
  Prepared,
} from "@/api/types.gen";
import { digest } from "@/format";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { answerPasskey, hasPasskeys, isGivenUp } from "@/passkey";
import { asProblem } from "@/problem";
import { Changes } from "./changes";
import { Plans } from "./decision-card";
import type { OverrideWish } from "./override-lines";
import { langOf, pick } from "./words";

type Reason = OverrideAsked["reason"];

const REASONS: readonly Reason[] = [
  "customer_request",
  "stock_on_site",
  "batch",
  "joint_delivery",
  "carrier_trouble",
  "floor_trouble",
  "service_recovery",
  "other",
];
const NOTE_CHARS = 500;

interface Props {
  id: string;
  wish: OverrideWish;
  sheet: OrderSheet;
  decision: DecisionPanel;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** Those that could ship first, the least cost first. */
function likely(nodes: readonly MapNode[]): MapNode[] {
  const cost = (node: MapNode) => node.more_fen ?? Infinity;
  return [...nodes].sort(
    (a, b) => Number(a.reasons.length > 0) - Number(b.reasons.length > 0) || cost(a) - cost(b) || 0,
  );
}

/** 人工指定仓: choose, see what it costs, say why, sign exactly that. */
export default function OverrideDialog({ id, wish, sheet, decision, onClose, onDone }: Props) {
  const { t, i18n } = useTranslation("overrides");
  const { done } = useNotice();
  const lang = langOf(i18n.language);
  const path = { order_id: id };
  const [warehouse, choose] = useState<string | null>(
    wish.isBack || wish.waiting ? wish.warehouse : null,
  );
  const [fulfilment, only] = useState(0);
  const [reason, because] = useState<Reason | null>(null);
  const [note, say] = useState("");
  const [shown, setShown] = useState<Prepared | null>(null);
  const key = useRef(crypto.randomUUID());
  const weighed = useQuery({
    queryKey: ["override", id, warehouse, fulfilment],
    queryFn: async ({ signal }) => {
      const body = { warehouse: warehouse ?? "", fulfilment };
      const { data } = await weighOverride({ path, body, signal, throwOnError: true });
      return data;
    },
    enabled: warehouse !== null,
    staleTime: 0,
  });
  const prepare = useMutation({
    mutationFn: async () => {
      if (wish.waiting) {
        const at = { ...path, override_id: wish.waiting.override };
        return (await prepareOverrideSecond({ path: at, body: { lang }, throwOnError: true })).data;
      }
      if (warehouse === null || reason === null) return null;
      const body = { warehouse, fulfilment, reason, note: note.trim(), lang };
      return (await prepareOverride({ path, body, throwOnError: true })).data;
    },
    onSuccess: (data) => setShown(data as unknown as Prepared | null),
  });
  const sign = useMutation({
    mutationFn: async () => {
      if (!shown?.options) return;
      const credential = await answerPasskey(shown.options);
      const { data } = await completeOverride({
        path: { ...path, override_id: shown.act },
        body: { credential },
        headers: { "Idempotency-Key": key.current },
        throwOnError: true,
      });
      const told = data as unknown as OverrideDone;
      done(t(told.state === "waiting" ? "waitingDone" : told.warehouse ? "done" : "doneBack"));
      onClose();
      await onDone();
    },
    onError: (error) => {
      key.current = crypto.randomUUID();
      // A challenge is good once: what is signed next is shown anew.
      if (!isGivenUp(error)) setShown(null);
    },
  });
  const trouble = [prepare.error, sign.error].find((one) => one && !isGivenUp(one));
  const problem = trouble ? asProblem(trouble) : null;
  const live = sheet.parcels.filter((one) => one.state === "allocated");
  const isReady = wish.waiting !== null || (reason !== null && note.trim().length >= 2);
  return (
    <Modal
      open
      width={680}
      title={t(wish.isBack ? "back" : "title")}
      onCancel={onClose}
      footer={null}
      destroyOnHidden
    >
      {shown ? (
        <Statement
          shown={shown}
          isSecond={wish.waiting !== null}
          isBusy={sign.isPending}
          onEdit={() => setShown(null)}
          onSign={() => sign.mutate()}
        />
      ) : (
        <form
          className="order-trial"
          onSubmit={(event) => {
            event.preventDefault();
            prepare.mutate();
          }}
        >
          {!wish.isBack && !wish.waiting && (
            <label>
              <span>{t("warehouse")}</span>
              <Select
                aria-label={t("warehouse")}
                showSearch={{ optionFilterProp: "label" }}
                value={warehouse}
                options={likely(decision.nodes).map((node) => ({ value: node.code, label: node.name }))}
                onChange={choose}
              />
            </label>
          )}
          {live.length > 1 && !wish.waiting && (
            <label>
              <span>{t("which")}</span>
              <Select
                aria-label={t("which")}
                value={fulfilment}
                options={[
                  { value: 0, label: t("whole") },
                  ...live.map(({ fulfilment: no }) => ({ value: no, label: t("part", { no }) })),
                ]}
                onChange={only}
              />
            </label>
          )}
          <Weighed
            isAsked={warehouse !== null}
            weighed={weighed.data}
            error={weighed.error}
            onRetry={() => void weighed.refetch()}
          />
          {!wish.waiting && (
            <>
              <label>
                <span>{t("why")}</span>
                <Select
                  aria-label={t("why")}
                  value={reason}
                  options={REASONS.map((value) => ({ value, label: t(`reasons.${value}`) }))}
                  onChange={because}
                />
              </label>
              <label>
                <span>{t("note")}</span>
                <Input.TextArea
                  aria-label={t("note")}
                  rows={2}
                  maxLength={NOTE_CHARS}
                  placeholder={t("noteHint")}
                  value={note}
                  onChange={(event) => say(event.target.value)}
                />
              </label>
            </>
          )}
          <div className="order-buttons order-dialog-foot">
            <Button
              type="primary"
              htmlType="submit"
              disabled={!isReady || !weighed.data || (!wish.waiting && weighed.data.hindrance !== null)}
              loading={prepare.isPending}
            >
              {t("show")}
            </Button>
          </div>
        </form>
      )}
      {problem && <ProblemNote problem={problem} />}
      {problem?.code === "no_passkey_yet" && (
        <p className="note">
          <Link className="order-underlined" to="/settings/account">
            {t("addPasskey")}
          </Link>
        </p>
      )}
    </Modal>
  );
}

interface WeighedProps {
  isAsked: boolean;
  weighed: OverrideWeighed | undefined;
  error: unknown;
  onRetry: () => void;
}

/** What the choice costs beside the router's, both decided now; what speaks against it. */
function Weighed({ isAsked, weighed, error, onRetry }: WeighedProps) {
  const { t } = useTranslation("overrides");
  const { t: order } = useTranslation("order");
  if (!isAsked) return <p className="muted">{t("choose")}</p>;
  if (error) return <ProblemNote problem={asProblem(error)} onRetry={onRetry} />;
  if (!weighed) return <Skeleton kind="card" rows={4} />;
  const { hindrance, difference, before, after, against, lifts } = weighed;
  return (
    <section className="order-tried" aria-live="polite" aria-label={t("costs")}>
      {hindrance && <Alert type="error" showIcon title={byLocale(hindrance.zh, hindrance.en)} />}
      {!hindrance && difference && <Changes difference={difference} />}
      {against.length > 0 && (
        <p>
          {t("against")}{" "}
          <b>{against.map((one) => order(`reasons.${one.code}`, { defaultValue: pick(one) })).join(order("comma"))}</b>
        </p>
      )}
      {!hindrance && lifts.length > 0 && (
        <Alert type="warning" showIcon title={t("lifts", { rules: lifts.join(order("comma")) })} />
      )}
      {!hindrance && weighed.second && <p className="note">{t("twoNeeded")}</p>}
      {!hindrance && after && (
        <>
          <h3>{t("chosen")}</h3>
          <Plans decision={{ ...after, plans: after.plans.slice(0, 1) }} />
        </>
      )}
      {before && (
        <>
          <h3>{t("byRouter")}</h3>
          <Plans decision={{ ...before, plans: before.plans.slice(0, 1) }} />
        </>
      )}
    </section>
  );
}

interface StatementProps {
  shown: Prepared;
  isSecond: boolean;
  isBusy: boolean;
  onEdit: () => void;
  onSign: () => void;
}

/** The exact words; what is read here is what the signature is over. */
function Statement({ shown, isSecond, isBusy, onEdit, onSign }: StatementProps) {
  const { t } = useTranslation("overrides");
  return (
    <>
      <blockquote className="order-statement">{shown.shown}</blockquote>
      <p className="note" title={`SHA-256 ${digest(shown.digest, Infinity)}`}>
        {t(hasPasskeys() ? "signNote" : "noPasskey")}
      </p>
      <div className="order-buttons order-dialog-foot">
        {!isSecond && <Button onClick={onEdit}>{t("edit")}</Button>}
        <Button type="primary" loading={isBusy} disabled={!hasPasskeys()} onClick={onSign}>
          {t(isSecond ? "signSecond" : "sign")}
        </Button>
      </div>
    </>
  );
}
