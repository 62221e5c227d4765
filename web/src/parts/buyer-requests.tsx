import { EnvironmentOutlined, MessageOutlined, NotificationOutlined, SafetyOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ask } from "@/client";
import { count, dated, digest, exact, money } from "@/format";
import { GradeBadge } from "@/parts/grade-badge";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./compensations.css";

export interface BuyerRequest {
  order: string;
  no: number;
  kind: string;
  state: "asked" | "accepted" | "declined" | "withdrawn";
  asker: "link" | "merchant";
  asked: string;
  decided: string;
  by: string;
  reason: string;
  amount: number;
  region_same: boolean;
  text: string;
  address: {
    name: string;
    phone: string;
    province: string;
    city: string;
    district: string;
    address: string;
  } | null;
  photos: readonly string[];
}

interface Power {
  code: string;
  step: number;
  state: "open" | "used" | "ended";
  holder: string;
  action: string;
  opened: string;
  ended: string;
  reason: string;
}

interface Told {
  code: string;
  step: number;
  state: "due" | "sent" | "refused" | "abandoned";
  to: string;
  due: string;
  tries: number;
  trouble: string;
  receipt: string;
  parcel: string;
}

interface OrderRequests {
  items: readonly BuyerRequest[];
  powers: readonly Power[];
  notices: readonly Told[];
}

/** What an order's buyer asks for, what breaches entitle them to, and who was told of it. */
export function useRequests(order: string) {
  return useQuery({
    queryKey: ["requests", order],
    queryFn: ({ signal }) => ask<OrderRequests>(`/v1/orders/${order}/requests`, { signal }),
  });
}

/** Requests that wait for an answer, the oldest first; the first page is told. */
export function WaitingRequests() {
  const { t } = useTranslation("requests");
  const list = useQuery({
    queryKey: ["requests", "asked"],
    queryFn: ({ signal }) =>
      ask<{ items: readonly BuyerRequest[]; next: string }>("/v1/requests?state=asked&limit=5", {
        signal,
      }),
  });
  if (list.error)
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  const items = list.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="requests-waiting" aria-label={t("waiting")}>
      <h2>{t("waiting")}</h2>
      <ul>
        {items.map((row) => (
          <li key={`${row.order} ${row.no}`}>
            <Link to={`/orders/${row.order}`}>{t(`kinds.${row.kind}`, { defaultValue: row.kind })}</Link>{" "}
            <span className="note" title={exact(row.asked)}>
              {t("askedAt", { at: dated(row.asked) })}
            </span>
          </li>
        ))}
      </ul>
      {list.data?.next && <p className="note">{t("more", { n: count(items.length) })}</p>}
    </section>
  );
}

interface Props {
  order: string;
  currency: string;
  nameOf: (code: string) => string;
  onDecided?: () => void;
}

type Act = "accept" | "decline" | "withdraw";
interface Deciding {
  row: BuyerRequest;
  act: Act;
}

/** Each request with the acts that answer it, the buyer's powers, the notices. */
export function BuyerRequests({ order, currency, nameOf, onDecided }: Props) {
  const { t } = useTranslation("requests");
  const may = useMay("order.answer");
  const mayOpen = useMay("action.evidence");
  const list = useRequests(order);
  const queries = useQueryClient();
  const notice = useNotice();
  const [asking, asks] = useState<Deciding | null>(null);
  const decide = useMutation({
    mutationFn: ({ row, act, reason = "", amount = 0 }: Deciding & { reason?: string; amount?: number }) =>
      ask(`/v1/orders/${order}/requests/${row.no}`, {
        method: "POST",
        json: { act, reason, amount_fen: amount },
      }),
    onSuccess: async (_, { row, act }) => {
      notice.done(t(`said.${act}`, { kind: t(`kinds.${row.kind}`, { defaultValue: row.kind }) }));
      asks(null);
      await queries.invalidateQueries({ queryKey: ["requests"] });
      await queries.invalidateQueries({ queryKey: ["compensations", order] });
      onDecided?.();
    },
    onError: (error) => notice.failed(error),
  });
  if (list.error)
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  const partyOf = (code: string) => t(`parties.${code}`, { defaultValue: code });
  const kindOf = (code: string) => t(`kinds.${code}`, { defaultValue: code });
  return (
    <>
      <ul className="compensations">
        {list.data?.items.map((row) => (
          <li key={row.no}>
            {row.kind === "address_change" ? <EnvironmentOutlined /> : <MessageOutlined />}
            <div>
              <b>
                {kindOf(row.kind)} {row.asker === "link" && <GradeBadge grade="D" />}
              </b>
              <p className="note" title={exact(row.asked)}>
                {t(`askers.${row.asker}`, { at: dated(row.asked) })}
              </p>
              {row.text && <p>{row.text}</p>}
              {row.address && (
                <p>
                  {[
                    row.address.name,
                    row.address.phone,
                    row.address.province,
                    row.address.city,
                    row.address.district,
                    row.address.address,
                  ]
                    .filter(Boolean)
                    .join(" ")}
                </p>
              )}
              {row.kind === "address_change" && row.state === "asked" && (
                <p className="note">{t(row.region_same ? "sameRegion" : "otherRegion")}</p>
              )}
              {mayOpen && row.photos.length > 0 && (
                <p>
                  {row.photos.map((one, at) => (
                    <a
                      key={one}
                      href={`/v1/orders/${order}/blobs/${one}`}
                      title={`SHA-256 ${digest(one, Infinity)}`}
                      target="_blank"
                      rel="noreferrer"
                    >
                      {t("photo", { n: count(at + 1) })}{" "}
                    </a>
                  ))}
                </p>
              )}
              {row.state !== "asked" && (
                <p className="note" title={row.decided && exact(row.decided)}>
                  {t(row.state === "accepted" && row.amount ? "offered" : `states.${row.state}`, {
                    by: row.by,
                    reason: row.reason,
                    amount: money(row.amount, currency),
                  })}
                </p>
              )}
              {may && row.state === "asked" && (
                <div className="order-buttons">
                  <Button
                    type="primary"
                    disabled={row.kind === "address_change" && !row.region_same}
                    loading={decide.isPending && decide.variables.row === row}
                    onClick={() =>
                      row.kind === "damage"
                        ? asks({ row, act: "accept" })
                        : decide.mutate({ row, act: "accept" })
                    }
                  >
                    {t(row.kind === "damage" ? "offer" : "accept", { kind: kindOf(row.kind) })}
                  </Button>
                  <Button onClick={() => asks({ row, act: "decline" })}>{t("decline")}</Button>
                  {row.kind === "address_change" && (
                    <Button onClick={() => decide.mutate({ row, act: "withdraw" })}>
                      {t("withdraw")}
                    </Button>
                  )}
                </div>
              )}
            </div>
          </li>
        ))}
        {list.data?.powers.map((power) => (
          <li key={`power ${power.code} ${power.step}`}>
            <SafetyOutlined />
            <div>
              <b>{t("power", { holder: partyOf(power.holder), action: kindOf(power.action) })}</b>
              <p className="note" title={exact(power.ended || power.opened)}>
                {t(`powers.${power.state}`, {
                  name: nameOf(power.code),
                  at: dated(power.ended || power.opened),
                  reason: t(`ends.${power.reason}`, { defaultValue: power.reason }),
                })}
              </p>
            </div>
          </li>
        ))}
        {list.data?.notices.map((told) => (
          <li key={`notice ${told.code} ${told.step}`}>
            <NotificationOutlined />
            <div>
              <b>{t("notice", { to: partyOf(told.to) })}</b>
              <p className="note">
                {told.parcel &&
                  `${t("notices.parcel", { parcel: told.parcel, due: dated(told.due) })} `}
                {t(`notices.${told.parcel && told.state === "due" ? "waits" : told.state}`, {
                  name: nameOf(told.code),
                  due: dated(told.due),
                  tries: count(told.tries),
                  receipt: told.receipt || "—",
                  trouble: t(`troubles.${told.trouble}`, { defaultValue: told.trouble }),
                })}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {asking && (
        <Answering
          asking={asking}
          currency={currency}
          isPending={decide.isPending}
          onClose={() => asks(null)}
          onAnswer={(reason, amount) => decide.mutate({ ...asking, reason, amount })}
        />
      )}
    </>
  );
}

interface AnsweringProps {
  asking: Deciding;
  currency: string;
  isPending: boolean;
  onClose: () => void;
  onAnswer: (reason: string, amount: number) => void;
}

function Answering({ asking, currency, isPending, onClose, onAnswer }: AnsweringProps) {
  const { t } = useTranslation(["requests", "common"]);
  const [reason, setReason] = useState("");
  const [major, setMajor] = useState<number | null>(null);
  const offers = asking.act === "accept";
  const amount = Math.round((major ?? 0) * 100);
  return (
    <Modal
      open
      width={416}
      title={t(offers ? "offerTitle" : "declineTitle")}
      okText={offers ? t("offerIt", { amount: money(amount, currency) }) : t("decline")}
      okButtonProps={{ danger: !offers, disabled: offers ? amount <= 0 : !reason.trim() }}
      cancelText={t("common:acts.back")}
      confirmLoading={isPending}
      onOk={() => onAnswer(reason, amount)}
      onCancel={onClose}
    >
      {offers ? (
        <>
          <label htmlFor="offered">{t("amount", { currency })}</label>
          <InputNumber
            id="offered"
            autoFocus
            min={0.01}
            precision={2}
            value={major}
            onChange={setMajor}
            style={{ width: "100%" }}
          />
          <p className="note">{t("offerNote")}</p>
        </>
      ) : (
        <>
          <label htmlFor="declining">{t("reason")}</label>
          <Input.TextArea
            id="declining"
            autoFocus
            rows={3}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <p className="note">{t("reasonNote")}</p>
        </>
      )}
    </Modal>
  );
}
