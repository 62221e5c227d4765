import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  CoefficientPage,
  CoefficientStep,
  CoefficientVersion,
  ScorerPanelReport,
} from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, decimal, exact, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./coefficients.css";

const KEY = ["coefficients"] as const;
const PATH = "/v1/coefficients";
const LOOK_MS = 3_000;
const PPM = 1e6;

/** 评分系数: what was learned from deliveries, beside what decisions use. */
export default function Coefficients() {
  const { t } = useTranslation("coefficients");
  const mayAsk = useMay("routing.write");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<CoefficientPage>(`${PATH}?limit=50`, { signal }),
    refetchInterval: (state) => (state.state.data?.work.wanted ? LOOK_MS : false),
  });
  const page = found.data;
  return (
    <>
      <PageHead
        fact={page && t("fact", { version: nameOf(t, page.in_use) })}
        actions={mayAsk && page && <Learn isAsked={Boolean(page.work.wanted)} />}
      />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isPending && <Skeleton kind="card" rows={6} />}
      {page && (
        <div className="coefficients">
          <Versions page={page} />
          <Figures page={page} />
          <Others panel={page.panel} />
          <Steps steps={page.steps} />
        </div>
      )}
    </>
  );
}

type Words = ReturnType<typeof useTranslation<"coefficients">>["t"];

function nameOf(t: Words, no: number): string {
  return no === 0 ? t("shipped") : t("version", { no });
}

/** Ask for a look at the deliveries now. */
function Learn({ isAsked }: { isAsked: boolean }) {
  const { t } = useTranslation("coefficients");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const learn = async () => {
    setBusy(true);
    try {
      await ask(PATH, { method: "POST" });
      await client.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button type="primary" loading={isBusy || isAsked} onClick={() => void learn()}>
      {t(isAsked ? "learning" : "learn")}
    </Button>
  );
}

function useMoves() {
  const { t } = useTranslation("coefficients");
  const { failed } = useNotice();
  const confirm = useConfirm();
  const client = useQueryClient();
  const note = useRef("");
  const send = async (path: string, title: string, text: string, act: string, isDanger: boolean) => {
    note.current = "";
    const isMeant = await confirm({
      title,
      text: (
        <>
          <p>{text}</p>
          <Input
            aria-label={t("note")}
            placeholder={t("note")}
            maxLength={500}
            onChange={(event) => {
              note.current = event.target.value;
            }}
          />
        </>
      ),
      act,
      isDanger,
    });
    if (!isMeant) return;
    try {
      await ask(path, { method: "POST", json: { note: note.current.trim() } });
    } catch (error) {
      failed(error);
    }
    await client.invalidateQueries({ queryKey: KEY });
  };
  return {
    adopt: (one: CoefficientVersion) => {
      const version = nameOf(t, one.no);
      return send(
        `${PATH}/${one.no}/adopt`,
        t("adoptAsk", { version }),
        t(one.passed ? "adoptText" : "adoptFailed"),
        t("adoptIt", { version }),
        !one.passed,
      );
    },
    rollBack: () =>
      send(`${PATH}/rollback`, t("rollbackAsk"), t("rollbackText"), t("rollback"), false),
  };
}

/** The versions, newest first, each held against what was in use on days that neither had seen. */
function Versions({ page }: { page: CoefficientPage }) {
  const { t } = useTranslation("coefficients");
  const mayAdopt = useMay("routing.activate");
  const mayRollBack = useMay("routing.rollback");
  const moves = useMoves();
  const pair = (before: string, after: string) => (
    <>
      <span className="muted">{before} → </span>
      <b>{after}</b>
    </>
  );
  const columns: SmallColumn<CoefficientVersion>[] = [
    {
      key: "version",
      title: t("columns.version"),
      render: (one) => (
        <>
          <b>{nameOf(t, one.no)}</b>{" "}
          {one.active && <ToneTag tone="primary">{t("inUse")}</ToneTag>}
          {one.made && <time className="muted coefficients-made">{brief(one.made)}</time>}
        </>
      ),
    },
    {
      key: "test",
      title: t("columns.test"),
      render: (one) =>
        one.compared ? (
          <ToneTag tone={one.passed ? "kept" : "risk"}>{t(one.passed ? "passed" : "failed")}</ToneTag>
        ) : (
          "—"
        ),
    },
    {
      key: "eta",
      title: t("columns.eta"),
      isNumber: true,
      render: ({ compared: c }) =>
        c
          ? pair(count(c.before.eta_mae_min), t("minutes", { n: count(c.after.eta_mae_min) }))
          : "—",
    },
    {
      key: "brier",
      title: t("columns.brier"),
      isNumber: true,
      render: ({ compared: c }) =>
        c
          ? pair(decimal(c.before.brier_ppm / PPM, 4), decimal(c.after.brier_ppm / PPM, 4))
          : "—",
    },
    {
      key: "cost",
      title: t("columns.cost"),
      isNumber: true,
      render: ({ compared: c }) =>
        c ? pair(money(c.before.cost_error_fen), money(c.after.cost_error_fen)) : "—",
    },
    {
      key: "parcels",
      title: t("columns.parcels"),
      isNumber: true,
      render: ({ compared: c }) => (c ? count(c.after.parcels) : "—"),
    },
  ];
  if (mayAdopt) {
    columns.push({
      key: "act",
      title: t("columns.act"),
      render: (one) =>
        !one.active && (
          <Button size="small" onClick={() => void moves.adopt(one)}>
            {t("adopt")}
          </Button>
        ),
    });
  }
  const outcome = page.work.outcome;
  return (
    <Card
      title={t("versions")}
      note={t("versionsNote")}
      isFlush
      extra={
        mayRollBack &&
        page.in_use !== 0 && (
          <Button size="small" onClick={() => void moves.rollBack()}>
            {t("rollback")}
          </Button>
        )
      }
    >
      <SmallTable
        caption={t("versions")}
        columns={columns}
        rows={page.items}
        keyOf={(one) => String(one.no)}
        empty={t("noVersions")}
      />
      {outcome && (
        <p className="note coefficients-outcome">
          {t("looked", { day: page.work.looked, outcome: t(`outcomes.${outcome}`, { defaultValue: outcome }) })}
        </p>
      )}
    </Card>
  );
}

/** The figures of the newest version beside those in use, where they differ. */
function Figures({ page }: { page: CoefficientPage }) {
  const { t } = useTranslation("coefficients");
  const [newest] = page.items;
  const used = page.items.find((one) => one.active);
  if (!newest || !used || newest === used) return null;
  const told = (one: CoefficientVersion, name: string) =>
    (one.figures as unknown as Record<string, number | string>)[name];
  const names = Object.keys(newest.figures).filter(
    (name) => name !== "version" && told(newest, name) !== told(used, name),
  );
  return (
    <Card
      title={t("figures")}
      note={t("figuresNote", { one: nameOf(t, newest.no), other: nameOf(t, used.no) })}
      isFlush
    >
      <SmallTable
        caption={t("figures")}
        columns={[
          { key: "name", title: t("columns.figure"), render: (name) => t(`names.${name}`, { defaultValue: name }) },
          { key: "used", title: nameOf(t, used.no), isNumber: true, render: (name) => String(told(used, name)) },
          { key: "new", title: nameOf(t, newest.no), isNumber: true, render: (name) => <b>{String(told(newest, name))}</b> },
        ]}
        rows={names}
        keyOf={(name) => name}
        empty={t("noDifference")}
      />
    </Card>
  );
}

/** What the other scorers know, and from which value at risk a person looks. */
function Others({ panel }: { panel: ScorerPanelReport | null }) {
  const { t } = useTranslation("coefficients");
  return (
    <Card title={t("others")} note={t("othersNote")}>
      {panel === null ? (
        <p className="note">{t("noPanel")}</p>
      ) : (
        <dl className="coefficients-facts">
          <dt>{t("panel.second")}</dt>
          <dd>{t(panel.absent ? `absent.${panel.absent}` : "panel.speaks", { defaultValue: panel.absent })}</dd>
          <dt>{t("panel.errors")}</dt>
          <dd>
            {t("panel.both", {
              first: panel.first_mae_min < 0 ? "—" : count(panel.first_mae_min),
              second: panel.second_mae_min < 0 ? "—" : count(panel.second_mae_min),
            })}
          </dd>
          <dt>{t("panel.deliveries")}</dt>
          <dd>{count(panel.deliveries)}</dd>
          <dt>{t("panel.thin")}</dt>
          <dd>
            {panel.cost_error_fen < 0
              ? t("panel.never")
              : t("panel.limit", { margin: money(panel.cost_error_fen), limit: money(panel.limit_fen) })}
          </dd>
          <dt>{t("panel.digest")}</dt>
          <dd>
            <DigestText hex={panel.digest ?? ""} />
          </dd>
        </dl>
      )}
    </Card>
  );
}

/** Who put which version into use, and why. */
function Steps({ steps }: { steps: readonly CoefficientStep[] }) {
  const { t } = useTranslation("coefficients");
  return (
    <Card title={t("steps")} isFlush>
      <SmallTable
        caption={t("steps")}
        columns={[
          { key: "at", title: t("columns.at"), render: (one) => <time title={exact(one.at)}>{brief(one.at)}</time> },
          {
            key: "act",
            title: t("columns.did"),
            render: (one) => t(`acts.${one.act}`, { to: nameOf(t, one.no), from: nameOf(t, one.before), defaultValue: one.act }),
          },
          { key: "by", title: t("columns.by"), render: (one) => one.by },
          { key: "note", title: t("columns.note"), render: (one) => one.note || "—" },
        ]}
        rows={steps}
        keyOf={(one) => String(one.step)}
        empty={t("noSteps")}
      />
    </Card>
  );
}
