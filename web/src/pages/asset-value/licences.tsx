import { useMutation } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LicenceItem, LicencePage } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { SendBack } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { LicenceDrawer } from "./licence-drawer";
import { LicenceForm } from "./licence-form";
import { called, KEY, useValues } from "./model";

const STATES = ["", "draft", "active", "ended", "declined"] as const;
type State = (typeof STATES)[number];
const TONES: Record<string, Tone> = {
  draft: "pend",
  waiting: "info",
  active: "kept",
  expired: "excused",
  ended: "excused",
  declined: "excused",
};

/** 授权: who may use what, until when, for how much; what waits for a second person. */
export function Licences() {
  const { t } = useTranslation("assetValue");
  const { asked, ask } = useAsked();
  const mayWrite = useMay("licence.write");
  const values = useValues();
  const state: State = STATES.find((one) => one === asked("state")) ?? "";
  const [isDrafting, setDrafting] = useState(false);
  const [changed, setChanged] = useState<LicenceItem>();
  const [shown, setShown] = useState<LicenceItem>();
  const [names, setNames] = useState<{ people: Record<string, string>; me: string }>();
  const list = useKeyset<LicenceItem, LicencePage>({
    queryKey: [...KEY, "licences", state],
    fetch: async (cursor, signal) => {
      const page = await askHub<LicencePage>(
        `/v1/licences?${query({ state, cursor, limit: 50 })}`,
        { signal },
      );
      setNames((old) => ({ me: page.me, people: { ...old?.people, ...page.people } }));
      return page;
    },
  });
  const titleOf = (asset: string) => {
    const found = values.data?.items.find((one) => one.asset === asset);
    return found ? called(found.title) : asset;
  };
  const columns: SmallColumn<LicenceItem>[] = [
    {
      key: "no",
      title: t("licence.no"),
      render: (one) => (
        <Button type="link" size="small" onClick={() => setShown(one)}>
          {t("licenceNo", { no: one.no })}
        </Button>
      ),
    },
    { key: "recipient", title: t("licence.recipient"), render: (one) => one.terms.recipient.name },
    { key: "asset", title: t("columns.asset"), render: (one) => titleOf(one.terms.asset) },
    { key: "purpose", title: t("licence.purpose"), render: (one) => t(`purposes.${one.terms.purpose}`) },
    {
      key: "term",
      title: t("licence.term"),
      render: (one) => t("termTold", { since: one.terms.since, until: one.terms.until }),
    },
    {
      key: "gives",
      title: t("licence.gives"),
      render: (one) =>
        [
          (one.terms.columns ?? []).length > 0 &&
            t("givesColumns", { n: count((one.terms.columns ?? []).length) }),
          one.terms.clean_room && t("givesRoom"),
        ]
          .filter(Boolean)
          .join("、"),
    },
    {
      key: "standing",
      title: t("licence.standing"),
      render: (one) => (
        <ToneTag tone={TONES[one.standing] ?? "plain"}>{t(`standings.${one.standing}`)}</ToneTag>
      ),
    },
    {
      key: "acts",
      title: t("licence.acts"),
      render: (one) => (
        <Acts one={one} isMine={one.drafted_by === names?.me} onChange={() => setChanged(one)} />
      ),
    },
  ];
  return (
    <Card
      title={t("licences")}
      extra={
        <>
          <Segmented<State>
            size="small"
            aria-label={t("licence.standing")}
            value={state}
            options={STATES.map((one) => ({ value: one, label: t(`licenceStates.${one || "all"}`) }))}
            onChange={(value) => ask({ state: value })}
          />
          {mayWrite && (
            <Button size="small" type="primary" onClick={() => setDrafting(true)}>
              {t("draftLicence")}
            </Button>
          )}
        </>
      }
      isFlush
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && !list.problem && (
        <SmallTable
          caption={t("licences")}
          columns={columns}
          rows={list.rows}
          keyOf={(one) => one.id}
          empty={t("noLicences")}
        />
      )}
      {list.hasMore && (
        <Button onClick={list.onMore} loading={list.isWaiting}>
          {t("more")}
        </Button>
      )}
      {isDrafting && <LicenceForm onClose={() => setDrafting(false)} />}
      {changed && <LicenceForm licence={changed} onClose={() => setChanged(undefined)} />}
      {shown && (
        <LicenceDrawer
          licence={shown}
          people={names?.people ?? {}}
          onClose={() => setShown(undefined)}
        />
      )}
    </Card>
  );
}

function Acts({ one, isMine, onChange }: { one: LicenceItem; isMine: boolean; onChange: () => void }) {
  const { t } = useTranslation("assetValue");
  const mayWrite = useMay("licence.write");
  const mayApprove = useMay("licence.approve");
  const notice = useNotice();
  const confirm = useConfirm();
  const [asks, setAsks] = useState<"decline" | "end">();
  const path = `/v1/licences/${one.id}`;
  const approve = useMutation({
    mutationFn: () =>
      askHub<LicenceItem>(`${path}/approve`, { method: "POST", json: { digest: one.digest } }),
    onSuccess: async () => {
      notice.done(t("licenceApproved"));
      await queries.invalidateQueries({ queryKey: KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const start = async () => {
    const text = t("approveLicenceText", {
      who: one.terms.recipient.name,
      until: one.terms.until,
    });
    if (await confirm({ title: t("approveLicence"), text, act: t("approveLicence") })) {
      approve.mutate();
    }
  };
  return (
    <span className="value-acts">
      {one.standing === "draft" && mayWrite && (
        <Button size="small" onClick={onChange}>
          {t("changeTerms")}
        </Button>
      )}
      {one.standing === "draft" && mayApprove && (
        <>
          <Button size="small" onClick={() => setAsks("decline")}>
            {t("decline")}
          </Button>
          <Button
            size="small"
            type="primary"
            disabled={isMine}
            title={isMine ? t("notOwn") : undefined}
            loading={approve.isPending}
            onClick={() => void start()}
          >
            {t("approveLicence")}
          </Button>
        </>
      )}
      {(one.standing === "active" || one.standing === "waiting") && mayApprove && (
        <Button size="small" danger onClick={() => setAsks("end")}>
          {t("endLicence")}
        </Button>
      )}
      {asks && (
        <SendBack
          words={{
            title: t(asks === "end" ? "endLicence" : "decline"),
            act: t(asks === "end" ? "endLicence" : "decline"),
            reason: t("reason"),
          }}
          onSend={async (reason) => {
            await askHub(`${path}/${asks}`, { method: "POST", json: { reason } });
            await queries.invalidateQueries({ queryKey: KEY });
          }}
          onClose={() => setAsks(undefined)}
        />
      )}
    </span>
  );
}
