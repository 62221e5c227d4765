import { Button, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { LearnedModel, LearnedModelPage } from "@/api/types.gen";
import { ask } from "@/client";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag, type Tone } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Detail } from "./model";
import { KEY, mark, percent } from "./words";

const TONES: Record<string, Tone> = {
  base: "plain",
  challenger: "pend",
  champion: "primary",
  fallen: "risk",
  retired: "excused",
};

/** 模型: who answers, who waits beside them, who stepped back, and how each is judged. */
export function Models() {
  const { t } = useTranslation("order-risks");
  const { asked, ask: go } = useAsked();
  const mayWrite = useMay("forecast.write");
  const { failed } = useNotice();
  const list = useKeyset<LearnedModel, LearnedModelPage>({
    queryKey: [...KEY, "models"],
    fetch: (cursor, signal) => ask(`/v1/learning/models?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const chosen = asked("model");
  const fallen = list.rows.filter((one) => one.state === "fallen");
  const rule = async (isOn: boolean) => {
    try {
      await ask("/v1/learning/settings", { method: "PUT", json: { by_rule: isOn } });
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: KEY });
  };
  const columns: SmallColumn<LearnedModel>[] = [
    {
      key: "target",
      title: t("model.target"),
      render: (one) => (
        <Button
          type="link"
          size="small"
          className="order-risks-open"
          aria-pressed={chosen === one.id}
          onClick={() => go({ model: chosen === one.id ? "" : one.id })}
        >
          {t(`targets.${one.target}`)} · {t(`kinds.${one.kind}`)}
        </Button>
      ),
    },
    {
      key: "state",
      title: t("model.state"),
      render: (one) => (
        <>
          <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>
          {one.answers && <span className="note"> {t("model.answers")}</span>}
        </>
      ),
    },
    { key: "marks", title: t("model.marks"), render: (one) => mark(one, one.marks, t) },
    { key: "plain", title: t("model.plain"), render: (one) => (one.kind === "trees" ? mark(one, one.plain, t) : "—") },
    { key: "shadow", title: t("model.shadow"), render: (one) => <Beside one={one} /> },
    { key: "trained", title: t("model.trained"), render: (one) => dated(one.trained) },
  ];
  return (
    <div className="order-risks">
      {fallen.map((one) => (
        <p key={one.id} role="status" className="order-risks-fallen">
          <ToneTag tone="risk">{t("states.fallen")}</ToneTag>{" "}
          {t("model.fell", { target: t(`targets.${one.target}`), why: t(`why.${one.why || "drift"}`) })}
        </p>
      ))}
      {chosen && <Detail key={chosen} id={chosen} />}
      <Card
        title={t("tabs.models")}
        note={t("model.note")}
        extra={
          list.first &&
          mayWrite && (
            <label className="order-risks-rule">
              <Switch size="small" checked={list.first.by_rule} onChange={(isOn) => void rule(isOn)} aria-label={t("model.byRule")} />
              {t("model.byRule")}
            </label>
          )
        }
        isFlush
      >
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading ? (
          <Skeleton kind="rows" rows={4} />
        ) : (
          !list.problem && (
            <SmallTable caption={t("tabs.models")} columns={columns} rows={list.rows} keyOf={(one) => one.id} empty={t("model.none")} />
          )
        )}
      </Card>
      {list.hasMore && (
        <Button loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </div>
  );
}

/** A challenger beside the one in use. */
function Beside({ one }: { one: LearnedModel }) {
  const { t } = useTranslation("order-risks");
  if (one.state !== "challenger") return <>—</>;
  const { shadow } = one;
  if (!shadow.mine) return <span className="note">{t("model.tooFew", { n: shadow.rows })}</span>;
  return (
    <ToneTag tone={shadow.ready ? "kept" : "plain"}>
      {t(shadow.gain >= 0 ? "model.better" : "model.worse", {
        gain: percent(Math.abs(shadow.gain), 1),
        low: percent(shadow.low, 1),
      })}
    </ToneTag>
  );
}
