import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PartyLink, PartyPage, PartyView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, duration, share } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { NEGOTIATIONS_KEY } from "./words";

const PARTIES_KEY = [...NEGOTIATIONS_KEY, "parties"] as const;

/** 承运方: who is asked to carry, how they answered so far; riders work by a link of their own. */
export function Parties() {
  const { t } = useTranslation("negotiations");
  const mayWrite = useMay("merchant.write");
  const [given, setGiven] = useState<(PartyLink & { name: string }) | null>(null);
  const found = useQuery({
    queryKey: PARTIES_KEY,
    queryFn: ({ signal }) => ask<PartyPage>("/v1/parties?limit=200", { signal }),
  });
  const columns: SmallColumn<PartyView>[] = [
    { key: "party", title: t("columns.party"), render: (p) => `${p.name} ${p.code}` },
    { key: "kind", title: t("columns.kind"), render: (p) => t(`kinds.${p.adapter}`, { defaultValue: p.adapter }) },
    { key: "equipment", title: t("columns.equipment"), render: (p) => p.equipment || "—" },
    { key: "accept", title: t("columns.accept"), isNumber: true, render: (p) => share(p.accept_permille / 1_000, 0) },
    { key: "awards", title: t("columns.awards"), isNumber: true, render: (p) => `${count(p.confirmed)} / ${count(p.awarded)}` },
    { key: "trip", title: t("columns.trip"), isNumber: true, render: (p) => duration(p.trip_ms) },
    {
      key: "state",
      title: t("columns.state"),
      render: (p) => <ToneTag tone={p.active ? "kept" : "excused"}>{t(p.active ? "active" : "inactive")}</ToneTag>,
    },
    {
      key: "link",
      title: t("columns.link"),
      render: (p) => (mayWrite && p.adapter === "rider" ? <IssueLink party={p} onGiven={setGiven} /> : "—"),
    },
  ];
  return (
    <Card title={t("parties")} note={t("partiesNote")} isFlush>
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isLoading && <Skeleton kind="rows" rows={3} />}
      {given && (
        <p className="note negotiations-link" role="status">
          {t("linkOf", { name: given.name, at: dated(given.expires) })} <code>{given.url}</code>
        </p>
      )}
      {found.data && (
        <SmallTable
          caption={t("parties")}
          columns={columns}
          rows={found.data.items}
          keyOf={(p) => p.code}
          empty={t("noParties")}
        />
      )}
      {mayWrite && <AddRider />}
    </Card>
  );
}

function IssueLink({ party, onGiven }: { party: PartyView; onGiven: (link: PartyLink & { name: string }) => void }) {
  const { t } = useTranslation("negotiations");
  const { failed } = useNotice();
  const [isBusy, setBusy] = useState(false);
  const issue = async () => {
    setBusy(true);
    try {
      const link = await ask<PartyLink>(`/v1/parties/${party.code}/links`, { method: "POST" });
      onGiven({ ...link, name: party.name });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button size="small" loading={isBusy} onClick={() => void issue()} aria-label={t("issueFor", { name: party.name })}>
      {t("issue")}
    </Button>
  );
}

function AddRider() {
  const { t } = useTranslation("negotiations");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [equipment, setEquipment] = useState("");
  const [isBusy, setBusy] = useState(false);
  const add = async () => {
    setBusy(true);
    try {
      await ask(`/v1/parties/${encodeURIComponent(code)}`, { method: "PUT", json: { name, equipment } });
      setCode("");
      setName("");
      setEquipment("");
      await client.invalidateQueries({ queryKey: PARTIES_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="negotiations-add"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <label>
        {t("riderCode")}
        <Input value={code} maxLength={64} required pattern="[A-Za-z0-9_.\-]+" onChange={(event) => setCode(event.target.value)} />
      </label>
      <label>
        {t("riderName")}
        <Input value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
      </label>
      <label>
        {t("riderEquipment")}
        <Input value={equipment} maxLength={200} onChange={(event) => setEquipment(event.target.value)} />
      </label>
      <Button htmlType="submit" loading={isBusy} disabled={!code || !name}>
        {t("addRider")}
      </Button>
    </form>
  );
}
