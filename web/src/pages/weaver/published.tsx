import { BranchesOutlined, FileTextOutlined, StopOutlined } from "@ant-design/icons";
import { Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { retireWoven } from "@/api/sdk.gen";
import type { Woven, WovenBook, WovenShown } from "@/api/types.gen";
import { exact } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import "@/parts/draft-acts.css";
import { useNotice } from "@/parts/notice";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { queries } from "@/queries";
import { useMay } from "@/session";
import type { Beginning } from "./begin";
import { CompareStock } from "./compare";
import { CallOnce, PollPart } from "./use";
import { whole } from "./woven";

interface Props {
  code: string;
  book: WovenBook;
  onNext: (from: Beginning) => void;
}

/** A published capability: how it is called, its versions, and what changed between two of them. */
export function PublishedWoven({ code, book, onNext }: Props) {
  const { t } = useTranslation("weaver");
  const mayWrite = useMay("woven.write");
  const versions = book.versions.filter((one) => one.woven.code === code);
  const [picked, pick] = useState(0);
  const [retiring, retire] = useState<WovenShown>();
  const shown = versions.find((one) => one.woven.version === picked) ?? versions[0];
  if (!shown) return <p className="note weaver-none">{t("noWoven", { code })}</p>;
  const { woven } = shown;
  const draft = book.drafts.find((one) => one.woven.code === code);
  const before = versions.find((one) => (one.woven.version ?? 0) < (woven.version ?? 0));
  const address = `/v1/woven/${code}/${woven.version}`;
  return (
    <div className="weaver-list">
      <Card
        title={byLocale(woven.zh ?? "", woven.en ?? "")}
        note={<span className="mono">{code}</span>}
        extra={
          <ToneTag tone={shown.active ? "kept" : "excused"}>
            {shown.active ? t("active") : t("retired")} v{woven.version}
          </ToneTag>
        }
      >
        <div className="draft-acts">
          <span className="note">
            {t("byBoth", { drafted: shown.drafted_by, approved: shown.approved_by })}
          </span>
          {versions.length > 1 && (
            <Select
              aria-label={t("version")}
              value={woven.version ?? 1}
              options={versions.map((one) => ({
                value: one.woven.version ?? 1,
                label: `v${one.woven.version}`,
              }))}
              onChange={pick}
            />
          )}
          {draft && <Link to={`/weaver/${draft.id}`}>{t("draftOpen")}</Link>}
          <Retire shown={shown} onRetire={retire} />
          {mayWrite && !draft && (
            <Button
              icon={<BranchesOutlined />}
              onClick={() => onNext({ before: whole(woven) })}
            >
              {t("next")}
            </Button>
          )}
        </div>
        <dl className="weaver-facts">
          <dt>{t("callIt")}</dt>
          <dd className="mono">POST {address}</dd>
          <dt>{t("ownOpenapi")}</dt>
          <dd>
            <a href={`${address}/openapi.json`} target="_blank" rel="noreferrer">
              <FileTextOutlined aria-hidden /> openapi.json
            </a>
          </dd>
          <dt>{t("farSide")}</dt>
          <dd className="mono">
            {woven.method} {woven.base_url}
            {woven.path}
          </dd>
          <dt>{t("asConnector")}</dt>
          <dd className="mono">woven:{code}</dd>
          <dt>{t("callsToday")}</dt>
          <dd>
            {t("today", {
              calls: shown.calls ?? 0,
              refused: shown.refused ?? 0,
              failed: shown.failed ?? 0,
            })}
            {shown.trouble && <span className="note"> {shown.trouble}</span>}
          </dd>
        </dl>
      </Card>
      <CallOnce key={`call ${shown.digest}`} shown={shown} />
      <CompareStock key={`compare ${shown.digest}`} shown={shown} />
      <PollPart shown={shown} />
      {before && <Changes now={woven} before={before.woven} />}
      <Card title={t("versions")} isFlush>
        <SmallTable<WovenShown>
          caption={t("versions")}
          rows={versions}
          keyOf={(one) => one.digest}
          empty=""
          columns={[
            { key: "v", title: t("version"), render: (one) => `v${one.woven.version}` },
            {
              key: "state",
              title: t("state"),
              render: (one) => (one.active ? t("active") : t("retired")),
            },
            { key: "at", title: t("publishedAt"), render: (one) => exact(one.published) },
            { key: "by", title: t("approvedBy"), render: (one) => one.approved_by },
            {
              key: "digest",
              title: t("digest"),
              render: (one) => <DigestText hex={one.digest} groups={2} />,
            },
          ]}
        />
      </Card>
      {retiring && <RetireDialog shown={retiring} onClose={() => retire(undefined)} />}
    </div>
  );
}

interface RetireProps {
  shown: WovenShown;
  onRetire: (shown: WovenShown) => void;
}

function Retire({ shown, onRetire }: RetireProps) {
  const { t } = useTranslation("weaver");
  if (!useMay("woven.approve") || !shown.active) return null;
  return (
    <Button danger icon={<StopOutlined />} onClick={() => onRetire(shown)}>
      {t("retire", { version: shown.woven.version })}
    </Button>
  );
}

function RetireDialog({ shown, onClose }: { shown: WovenShown; onClose: () => void }) {
  const { t } = useTranslation(["weaver", "common"]);
  const notice = useNotice();
  const [reason, setReason] = useState("");
  const { code, version = 1, zh = "", en = "" } = shown.woven;
  async function stop() {
    try {
      await retireWoven({ path: { code, version }, body: { reason: reason.trim() } });
      onClose();
      notice.done(t("retiredIt", { version }));
      await queries.invalidateQueries();
    } catch (error) {
      notice.failed(error);
    }
  }
  return (
    <Modal
      open
      width={416}
      title={t("retireAsk", { name: byLocale(zh, en), version })}
      okText={t("retire", { version })}
      cancelText={t("common:acts.back")}
      okButtonProps={{ disabled: !reason.trim(), danger: true }}
      onOk={() => void stop()}
      onCancel={onClose}
    >
      <Input.TextArea
        aria-label={t("reason")}
        placeholder={t("reason")}
        maxLength={500}
        rows={3}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}

interface Change {
  at: string;
  before: string;
  now: string;
}

/** Flatten to JSON pointers, so that two versions can be laid side by side. */
function flatten(value: unknown, at: string, into: Map<string, string>): Map<string, string> {
  if (value !== null && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) flatten(inner, `${at}/${name}`, into);
  } else into.set(at, String(value));
  return into;
}

function Changes({ now, before }: { now: Woven; before: Woven }) {
  const { t } = useTranslation("weaver");
  const [new_, old] = [flatten(now, "", new Map()), flatten(before, "", new Map())];
  const places = [...new Set([...old.keys(), ...new_.keys()])].filter(
    (at) => at !== "/version" && old.get(at) !== new_.get(at),
  );
  const rows = places.map((at) => ({
    at,
    before: old.get(at) ?? "—",
    now: new_.get(at) ?? "—",
  }));
  return (
    <Card title={t("changes", { before: before.version, now: now.version })} isFlush>
      <SmallTable<Change>
        caption={t("changes", { before: before.version, now: now.version })}
        rows={rows}
        keyOf={(one) => one.at}
        empty={t("noChanges")}
        columns={[
          { key: "at", title: t("place"), render: (one) => <code>{one.at}</code> },
          { key: "before", title: t("was"), render: (one) => <Short text={one.before} /> },
          { key: "now", title: t("is"), render: (one) => <Short text={one.now} /> },
        ]}
      />
    </Card>
  );
}

function Short({ text }: { text: string }) {
  return (
    <span className="mono" title={text}>
      {text.length > 80 ? `${text.slice(0, 80)}…` : text}
    </span>
  );
}
