import { useMutation } from "@tanstack/react-query";
import { Input } from "antd";
import { useTranslation } from "react-i18next";
import type { ReasonTried } from "@/api/types.gen";
import { ask } from "@/client";
import { share } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useReasonName } from "./words";

/** Words to try: what they would be named, and why. */
export function Trial() {
  const { t } = useTranslation("returnReasons");
  const name = useReasonName();
  const tried = useMutation({
    mutationFn: (text: string) => ask<ReasonTried>("/v1/return-reasons/try", { method: "POST", json: { text } }),
  });
  const told = tried.data;
  return (
    <div className="return-reasons-trial">
      <Input.Search
        aria-label={t("trial")}
        placeholder={t("trialHint")}
        maxLength={500}
        enterButton={t("try")}
        loading={tried.isPending}
        onSearch={(text) => text.trim() && tried.mutate(text.trim())}
      />
      {tried.error && <ProblemNote problem={asProblem(tried.error)} />}
      <output>
        {told && (told.code ? t("named", { reason: name(told.code), sure: share(told.confidence / 1000, 0) }) : t("abstains"))}
      </output>
      {told && told.words.length > 0 && <p className="note">{t("because", { words: told.words.join(t("and")) })}</p>}
      {told && !told.code && (
        <p className="note">{told.choices.map((one) => `${name(one.code)} ${share(one.confidence / 1000, 0)}`).join(t("and"))}</p>
      )}
    </div>
  );
}
