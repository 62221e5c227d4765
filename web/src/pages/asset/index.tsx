import { ApartmentOutlined, LockOutlined, SyncOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import type { AssetPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count } from "@/format";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { AssetExport } from "@/parts/asset-export";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { AssetChart } from "./chart-card";
import { CellsTable } from "./cells-table";
import { apiOf, KEY, useAsset, useGate, useValueWords, type Where } from "./model";
import { Formula, Mine, QualityCard, Sources } from "./side";
import { TraceDrawer } from "./trace-drawer";
import "./asset.css";

const TONES: Record<string, Tone> = { fresh: "kept", behind: "plain", building: "primary", failed: "broken", never: "pend" };
const LEVELS: readonly Tone[] = ["plain", "kept", "info", "risk", "broken", "broken"];

/** One asset: what it shows, its cells and the facts behind each, how it is made and how good it is. */
export default function Asset() {
  const { t } = useTranslation(["asset", "common"]);
  const { name = "" } = useParams();
  const found = useAsset(name);
  const page = found.data;
  if (!page) {
    return (
      <>
        <PageHead back="/assets" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </>
    );
  }
  const { asset } = page;
  const owner = t(`common:roles.${asset.owner}`, { defaultValue: asset.owner });
  return (
    <>
      <PageHead
        back="/assets"
        title={byLocale(asset.title.zh, asset.title.en)}
        state={
          <>
            <ToneTag tone={LEVELS[asset.level] ?? "plain"}>{t(`levels.${asset.level}`)}</ToneTag>
            <ToneTag tone={TONES[asset.state] ?? "plain"}>{t(`states.${asset.state}`)}</ToneTag>
          </>
        }
        fact={
          asset.refreshed
            ? t("fact", {
                version: asset.version,
                owner,
                at: brief(asset.refreshed),
                score: asset.score < 0 ? "—" : asset.score,
                rows: count(asset.rows),
              })
            : t("factNever", { version: asset.version, owner })
        }
        actions={
          <>
            <Link to={`/assets/map?asset=${asset.name}`}>
              <Button icon={<ApartmentOutlined />}>{t("lineage")}</Button>
            </Link>
            <Build page={page} />
            {asset.run && <AssetExport asset={asset.name} title={byLocale(asset.title.zh, asset.title.en)} />}
          </>
        }
      />
      <p className="asset-about">{byLocale(asset.about.zh, asset.about.en)}</p>
      <Body page={page} />
    </>
  );
}

function Body({ page }: { page: AssetPage }) {
  const { t } = useTranslation("asset");
  const words = useValueWords();
  const gate = useGate(page.asset.name);
  const [asked, setAsked] = useSearchParams();
  const where = readWhere(asked.get("where"));
  const cell = asked.get("cell") ? readWhere(asked.get("cell")) : null;
  const set = (changes: Record<string, Where | string | null>) =>
    setAsked((old) => {
      const next = new URLSearchParams(old);
      for (const [name, value] of Object.entries(changes)) {
        const text = typeof value === "string" ? value : JSON.stringify(value ?? {});
        if (value === null || text === "" || text === "{}") next.delete(name);
        else next.set(name, text);
      }
      return next;
    });
  if (!page.asset.run) {
    return (
      <div className="asset-page">
        <Card title={t("chart")}>
          <div className="asset-never">
            <p>{page.trouble ? t("failedFirst") : t("never")}</p>
            <Build page={page} isPrimary />
          </div>
        </Card>
        <aside className="asset-side">
          <Sources page={page} />
          <Formula page={page} />
        </aside>
      </div>
    );
  }
  if (gate.isLoading) return <Skeleton kind="card" />;
  const refused = gate.data?.acts.find((one) => one.act === "aggregate" && one.state === "refused");
  if (refused) {
    return (
      <div className="asset-page">
        <Card title={t("chart")}>
          <p className="asset-locked" title={refused.clause || undefined}>
            <LockOutlined aria-hidden /> {t("lockedCells", { why: t(`refused.${refused.code}`, { defaultValue: t("refused.other") }) })}
          </p>
        </Card>
        <Beside page={page} />
      </div>
    );
  }
  return (
    <div className="asset-page">
      <div className="asset-main">
        <AssetChart
          page={page}
          words={words}
          where={where}
          by={asked.get("by") ?? ""}
          onPick={(picked) => set({ cell: picked })}
          onWhere={(next) => set({ where: next, by: null, cell: null })}
        />
        <CellsTable page={page} words={words} where={where} onPick={(picked) => set({ cell: picked })} />
      </div>
      <Beside page={page} />
      <TraceDrawer
        page={page}
        words={words}
        cell={cell}
        onClose={() => set({ cell: null })}
        onNarrow={(next, by) => set({ where: next, by, cell: null })}
      />
    </div>
  );
}

function Beside({ page }: { page: AssetPage }) {
  return (
    <aside className="asset-side">
      <Mine page={page} />
      <QualityCard page={page} />
      <Sources page={page} />
      <Formula page={page} />
    </aside>
  );
}

/** 现在生成, for who may. */
function Build({ page, isPrimary }: { page: AssetPage; isPrimary?: boolean }) {
  const { t } = useTranslation("asset");
  const mayWrite = useMay("asset.write");
  const notice = useNotice();
  const queries = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  if (!mayWrite) return null;
  const isBuilding = page.asset.state === "building";
  const build = async () => {
    setAsking(true);
    try {
      await ask(apiOf(page.asset.name, "/build"), { method: "POST", json: {} });
      notice.done(t("begun"), { to: "/jobs" });
      await queries.invalidateQueries({ queryKey: [...KEY, page.asset.name] });
    } catch (error) {
      notice.failed(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Button
      {...(isPrimary ? { type: "primary" as const } : {})}
      icon={<SyncOutlined spin={isBuilding} />}
      loading={isAsking}
      disabled={isBuilding}
      onClick={() => void build()}
    >
      {t(isBuilding ? "building" : "build")}
    </Button>
  );
}

/** Conditions as the address has them; what is no object of text and numbers is none. */
function readWhere(text: string | null): Where {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    if (typeof found !== "object" || found === null || Array.isArray(found)) return {};
    const kept = Object.entries(found).filter(([, value]) => ["string", "number"].includes(typeof value));
    return Object.fromEntries(kept) as Where;
  } catch {
    return {};
  }
}
