import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Certificate, Certificates as Listed } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { PEOPLE_KEY, type Person } from "./person";

const SOON_MS = 30 * 86_400_000;
const CHARS = 64;
const REASON_CHARS = 200;

type Standing = "counts" | "soon" | "over";

/** Whether a certificate counts today; its last day ends at midnight in Shanghai. */
export function standingOf(until: string, now: number): Standing {
  const end = new Date(`${until}T24:00:00+08:00`).getTime();
  if (end <= now) return "over";
  return end - now <= SOON_MS ? "soon" : "counts";
}

const TONES = { counts: "kept", soon: "risk", over: "broken" } as const;

interface Props {
  person: Person;
  mayWrite: boolean;
}

/** 资质证书: what contract actions may ask for, as an admin saw it. */
export function Certificates({ person, mayWrite }: Props) {
  const { t } = useTranslation(["people", "rights"]);
  const notice = useNotice();
  const proven = useProven();
  const [form] = Form.useForm<Certificate>();
  const [removing, remove] = useState<Certificate | null>(null);
  const path = `/v1/people/${person.id}/certificates`;
  const key = [...PEOPLE_KEY, person.id, "certificates"];
  const list = useQuery({ queryKey: key, queryFn: () => ask<Listed>(path) });
  const record = useMutation({
    mutationFn: (json: Certificate) => proven(() => ask<Listed>(path, { method: "PUT", json })),
    onSuccess: (made, given) => {
      if (!made) return;
      queries.setQueryData(key, made);
      form.resetFields();
      notice.done(t("certificates.recorded", { name: given.certificate }));
    },
  });
  const items = list.data?.items;
  return (
    <section>
      <h2>{t("certificates.title")}</h2>
      <p className="note">{t("certificates.note")}</p>
      {list.error ? (
        <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
      ) : !items ? (
        <Skeleton kind="card" />
      ) : items.length === 0 ? (
        <p className="note">{t("certificates.none")}</p>
      ) : (
        <ul className="certificates" aria-label={t("certificates.title")}>
          {items.map((one) => (
            <li key={one.certificate}>
              <div>
                <b>{one.certificate}</b> <Standing until={one.until} />
                <small>
                  {one.number} · {t("certificates.until", { day: one.until })}
                </small>
              </div>
              {mayWrite && (
                <Button size="small" onClick={() => remove(one)}>
                  {t("certificates.remove")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayWrite ? (
        <Form<Certificate>
          form={form}
          name="certificate"
          className="certificate-form"
          layout="vertical"
          requiredMark={false}
          onFinish={(given) => record.mutate(given)}
        >
          {record.error && <ProblemNote problem={asProblem(record.error)} />}
          {(["certificate", "number"] as const).map((name) => (
            <Form.Item
              key={name}
              name={name}
              label={t(`certificates.${name}`)}
              rules={[{ required: true, whitespace: true, message: t(`certificates.missing.${name}`) }]}
            >
              <Input maxLength={CHARS} autoComplete="off" />
            </Form.Item>
          ))}
          <Form.Item
            name="until"
            label={t("certificates.lastDay")}
            rules={[{ required: true, message: t("certificates.missing.until") }]}
          >
            <Input type="date" />
          </Form.Item>
          <Button htmlType="submit" loading={record.isPending}>
            {t("certificates.record")}
          </Button>
        </Form>
      ) : (
        <p className="note">
          {t("certificates.mayNot", { right: t("rights:person.write") })}
        </p>
      )}
      {removing && (
        <Removing
          one={removing}
          person={person}
          onClose={() => remove(null)}
          onDone={(left) => queries.setQueryData(key, left)}
        />
      )}
    </section>
  );
}

function Standing({ until }: { until: string }) {
  const { t } = useTranslation("people");
  const standing = standingOf(until, Date.now());
  return <ToneTag tone={TONES[standing]}>{t(`certificates.${standing}`)}</ToneTag>;
}

interface RemovingProps {
  one: Certificate;
  person: Person;
  onClose: () => void;
  onDone: (left: Listed) => void;
}

function Removing({ one, person, onClose, onDone }: RemovingProps) {
  const { t } = useTranslation(["people", "common"]);
  const notice = useNotice();
  const proven = useProven();
  const [reason, setReason] = useState("");
  const values = { name: one.certificate, person: person.name };
  const remove = useMutation({
    mutationFn: () =>
      proven(() =>
        ask<Listed>(
          `/v1/people/${person.id}/certificates/${encodeURIComponent(one.certificate)}/remove`,
          { method: "POST", json: { reason: reason.trim() } },
        ),
      ),
    onSuccess: (left) => {
      if (!left) return;
      onDone(left);
      notice.done(t("certificates.removed", values));
      onClose();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("certificates.removeAsk", values)}
      okText={t("certificates.removeIt", values)}
      okButtonProps={{ danger: true, disabled: !reason.trim() }}
      cancelText={t("common:acts.back")}
      confirmLoading={remove.isPending}
      onOk={() => remove.mutate()}
      onCancel={onClose}
    >
      <p className="certificate-note">{t("certificates.removeNote")}</p>
      {remove.error && <ProblemNote problem={asProblem(remove.error)} />}
      <label htmlFor="removal">{t("reason")}</label>
      <Input
        id="removal"
        autoFocus
        maxLength={REASON_CHARS}
        autoComplete="off"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}
