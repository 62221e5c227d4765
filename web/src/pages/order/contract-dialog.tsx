import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Modal, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { addActFile, addActReading, beginAct, cancelAct, completeAct, prepareAct, readAct } from "@/api/sdk.gen";
import type { ActShown, Doable, Doables, Prepared, ReadingGiven } from "@/api/types.gen";
import { bytes, digest } from "@/format";
import { byLocale } from "@/i18n";
import { type Grade, GradeBadge } from "@/parts/grade-badge";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { answerPasskey, hasPasskeys, isGivenUp } from "@/passkey";
import { asProblem } from "@/problem";
import { Collect, demandOf, pieceOf } from "./contract-evidence";
import { langOf } from "./words";

interface Props {
  id: string;
  doable: Doable;
  doables: Doables;
  onClose: () => void;
  onDone: () => Promise<void>;
}

const TICK_MS = 250;

/** Doing a contract action: evidence, the exact statement, the signature over it. */
export default function ContractDialog({ id, doable, doables, onClose, onDone }: Props) {
  const { t, i18n } = useTranslation("order");
  const { done } = useNotice();
  const name = byLocale(doable.name.zh, doable.name.en);
  const path = { order_id: id };
  const [act, setAct] = useState<ActShown | null>(doable.open.find((one) => one.mine) ?? null);
  const [fulfilment, setFulfilment] = useState(
    doables.fulfilment || (doables.fulfilments.length === 1 ? (doables.fulfilments[0] ?? 0) : 0),
  );
  const [shown, setShown] = useState<Prepared | null>(null);
  const key = useRef(crypto.randomUUID());

  const begin = useMutation({
    mutationFn: () =>
      beginAct({ path, body: { action: doable.action, fulfilment }, throwOnError: true }),
    onSuccess: ({ data }) => setAct(data as unknown as ActShown),
  });
  const renew = async (now: ActShown) => {
    const { data } = await readAct({ path: { ...path, act_id: now.id }, throwOnError: true });
    setAct(data);
    setShown(null);
  };
  const hand = useMutation({
    mutationFn: async (given: { reading?: ReadingGiven; kind?: string; file?: Blob }) => {
      if (!act) return;
      const at = { ...path, act_id: act.id };
      const device_at = new Date().toISOString();
      if (given.reading) {
        await addActReading({ path: at, body: { ...given.reading, device_at }, throwOnError: true });
      } else if (given.file && given.kind) {
        await addActFile({
          path: at,
          body: given.file,
          query: { kind: given.kind, device_at },
          throwOnError: true,
        });
      }
      await renew(act);
    },
  });
  const prepare = useMutation({
    mutationFn: async () => {
      if (!act) return;
      const { data } = await prepareAct({
        path: { ...path, act_id: act.id },
        body: { lang: langOf(i18n.language) },
        throwOnError: true,
      });
      setShown(data as unknown as Prepared);
    },
  });
  const end = useMutation({
    mutationFn: async () => {
      if (!act || !shown) return;
      const credential = shown.options ? await answerPasskey(shown.options) : null;
      await completeAct({
        path: { ...path, act_id: act.id },
        body: { credential },
        headers: { "Idempotency-Key": key.current },
        throwOnError: true,
      });
      done(t("contract.performed", { name }));
      onClose();
      await onDone();
    },
    onError: (error) => {
      key.current = crypto.randomUUID();
      // A challenge is good once: what is signed next is shown anew.
      if (!isGivenUp(error)) setShown(null);
    },
  });
  const giveUp = useMutation({
    mutationFn: async () => {
      if (act) await cancelAct({ path: { ...path, act_id: act.id }, throwOnError: true });
      onClose();
      await onDone();
    },
  });
  const trouble = [begin, hand, prepare, end, giveUp].map((one) => one.error).find((one) => one && !isGivenUp(one));
  return (
    <Modal
      open
      width={560}
      title={
        <span className="order-contract-title">
          {t("contract.dialog", { name })} <GradeBadge grade={doable.grade as Grade} />
        </span>
      }
      onCancel={onClose}
      footer={null}
      destroyOnHidden
    >
      {!act ? (
        <>
          {doables.fulfilments.length > 1 && (
            <Select
              aria-label={t("contract.whole")}
              value={fulfilment}
              options={[
                { value: 0, label: t("contract.whole") },
                ...doables.fulfilments.map((no) => ({ value: no, label: t("parcels.no", { no }) })),
              ]}
              onChange={setFulfilment}
            />
          )}
          <p className="muted">{t("contract.clock")}</p>
          <Button type="primary" loading={begin.isPending} onClick={() => begin.mutate()}>
            {t("contract.start")}
          </Button>
        </>
      ) : (
        <>
          <Demands
            doable={doable}
            doables={doables}
            act={act}
            isBusy={hand.isPending}
            onReading={(reading) => hand.mutate({ reading })}
            onFile={(kind, file) => hand.mutate({ kind, file })}
          />
          {shown ? (
            <Statement shown={shown} min_ms={doable.min_ms} isBusy={end.isPending} onEnd={() => end.mutate()} />
          ) : (
            <div className="order-buttons order-dialog-foot">
              <Button onClick={() => giveUp.mutate()}>{t("contract.giveUp")}</Button>
              <Button
                type="primary"
                disabled={act.missing.length > 0}
                loading={prepare.isPending}
                onClick={() => prepare.mutate()}
              >
                {t("contract.show")}
              </Button>
            </div>
          )}
        </>
      )}
      {trouble && <ProblemNote problem={asProblem(trouble)} />}
    </Modal>
  );
}

interface DemandsProps {
  doable: Doable;
  doables: Doables;
  act: ActShown;
  isBusy: boolean;
  onReading: (reading: ReadingGiven) => void;
  onFile: (kind: string, file: Blob) => void;
}

/** Each kind that is asked for, what was handed in of it, and how to hand in more. */
function Demands({ doable, doables, act, isBusy, onReading, onFile }: DemandsProps) {
  const { t } = useTranslation("order");
  return (
    <>
      <ol className="order-demands">
        {doable.evidence.map((wanted) => (
          <li key={wanted.kind}>
            <b>{demandOf(wanted)}</b>
            <ul>
              {act.items
                .filter((item) => wanted.kind.split("|").includes(item.kind))
                .map((item) => (
                  <li key={item.no} title={`SHA-256 ${digest(item.digest, Infinity)}`}>
                    {pieceOf(item)} <span className="note">{bytes(item.size)}</span>
                  </li>
                ))}
            </ul>
            <Collect wanted={wanted} goods={doables.goods} isBusy={isBusy} onReading={onReading} onFile={onFile} />
          </li>
        ))}
      </ol>
      {act.missing.length > 0 && (
        <Alert
          type="info"
          title={
            <ul aria-label={t("contract.lacks")}>
              {act.missing.map((why) => (
                <li key={`${why.clause} ${why.reason}`}>{byLocale(why.reason, why.reason_en)}</li>
              ))}
            </ul>
          }
        />
      )}
    </>
  );
}

interface StatementProps {
  shown: Prepared;
  min_ms: number;
  isBusy: boolean;
  onEnd: () => void;
}

/** The exact words; what is read here is what the signature is over. */
function Statement({ shown, min_ms, isBusy, onEnd }: StatementProps) {
  const { t } = useTranslation("order");
  const [left_ms, setLeft] = useState(min_ms);
  useEffect(() => {
    const until = Date.now() + min_ms;
    const timer = setInterval(() => setLeft(Math.max(0, until - Date.now())), TICK_MS);
    return () => clearInterval(timer);
  }, [min_ms]);
  const isSigned = shown.options !== null;
  return (
    <>
      <blockquote className="order-statement">{shown.shown}</blockquote>
      <p className="note" title={`SHA-256 ${digest(shown.digest, Infinity)}`}>
        {t(isSigned ? "contract.signNote" : "contract.wordNote")}
      </p>
      <div className="order-buttons order-dialog-foot">
        <Button
          type="primary"
          loading={isBusy}
          disabled={left_ms > 0 || (isSigned && !hasPasskeys())}
          onClick={onEnd}
        >
          {left_ms > 0
            ? t("contract.readFirst", { seconds: Math.ceil(left_ms / 1000) })
            : t(isSigned ? "contract.sign" : "contract.confirm")}
        </Button>
      </div>
    </>
  );
}
