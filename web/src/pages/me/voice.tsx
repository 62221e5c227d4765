import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { record, toWav } from "./recording";

interface Enrolment {
  enrolled: string;
  consent: string;
  consent_digest: string;
  speech_ms: number;
}

const PATH = "/v1/people/me/voice";
const KEY = ["me", "voice"];
const SECONDS = 10;

/** 声纹: enrolled from one recording, with consent to words that stand here; withdrawn any time. */
export function Voice() {
  const { t, i18n } = useTranslation("me");
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const words = useProblemWords();
  const picker = useRef<HTMLInputElement>(null);
  const [agreed, setAgreed] = useState(false);
  const [left, setLeft] = useState(0);
  const lang = i18n.language.startsWith("zh") ? "zh" : "en";
  const { data: voice } = useQuery({
    queryKey: [...KEY, lang],
    queryFn: () => ask<Enrolment>(`${PATH}?lang=${lang}`),
  });
  const enrol = useMutation({
    mutationFn: async (sound: Blob | undefined) => {
      const body = sound ? await toWav(sound) : await record(SECONDS, setLeft);
      let isDone = false;
      await proven(async () => {
        const consent = voice?.consent_digest ?? "";
        const headers = { "Content-Type": "audio/wav" };
        await ask<undefined>(`${PATH}?consent=${consent}`, { method: "POST", body, headers });
        isDone = true;
      });
      return isDone;
    },
    onSuccess: async (isDone) => {
      if (!isDone) return;
      setAgreed(false);
      notice.done(t("voiceEnrolled"));
      await queries.invalidateQueries({ queryKey: KEY });
    },
    onSettled: () => setLeft(0),
  });
  const withdraw = useMutation({
    mutationFn: async () => {
      const isMeant = await confirm({
        title: t("voiceWithdrawAsk"),
        text: t("voiceWithdrawNote"),
        act: t("voiceWithdraw"),
        isDanger: true,
      });
      if (isMeant) await ask<undefined>(PATH, { method: "DELETE" });
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
    onError: (error) => notice.failed(error),
  });
  if (!voice) return null;
  const has = voice.enrolled !== "";
  return (
    <Card
      title={t("voice")}
      note={has ? t("voiceOn", { at: dated(voice.enrolled) }) : t("voiceOff")}
    >
      <p className="note">{t("voiceNote")}</p>
      {enrol.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(enrol.error))} />
      )}
      <Checkbox checked={agreed} onChange={(event) => setAgreed(event.target.checked)}>
        {voice.consent}
      </Checkbox>
      <div className="me-acts">
        <Button
          disabled={!agreed}
          loading={enrol.isPending && left === 0}
          onClick={() => enrol.mutate(undefined)}
        >
          {left > 0 ? t("voiceRecording", { count: left }) : t(has ? "voiceAgain" : "voiceRecord")}
        </Button>
        <Button disabled={!agreed || enrol.isPending} onClick={() => picker.current?.click()}>
          {t("voiceFile")}
        </Button>
        {has && (
          <Button danger loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
            {t("voiceWithdraw")}
          </Button>
        )}
      </div>
      <input
        ref={picker}
        type="file"
        accept="audio/*"
        aria-label={t("voiceFile")}
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) enrol.mutate(file);
        }}
      />
    </Card>
  );
}
