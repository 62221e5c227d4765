import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AssistantState } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Addresses } from "./addresses";
import { Calls } from "./calls";
import { Model } from "./model";
import { SETTING, SETTING_KEY } from "./paths";
import "@/parts/settings.css";

/** 助手接入: the model that words answers, where clients of MCP call, and what they called. */
export default function AssistantSettings() {
  const { t } = useTranslation("assistantSettings");
  const read = useQuery({
    queryKey: SETTING_KEY,
    queryFn: ({ signal }) => ask<AssistantState>(SETTING, { signal }),
  });
  const state = read.data;
  return (
    <>
      <PageHead
        fact={
          state &&
          (state.url
            ? t("fact", {
                asked: count(state.asked_today),
                tokens: count(state.tokens_today),
                most: count(state.day_tokens),
              })
            : t("factRules"))
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="card" />}
      {state && (
        <div className="settings-columns">
          <Model state={state} />
          <Addresses />
        </div>
      )}
      <Calls />
    </>
  );
}
