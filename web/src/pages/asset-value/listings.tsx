import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DataExchange, ExchangeList, ListingItem, ListingPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, exact, money } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { ExchangeForm } from "./exchange-form";
import { ListingForm } from "./listing-form";
import { called, KEY, useValues } from "./model";

const TONES: Record<string, Tone> = {
  draft: "pend",
  reviewing: "info",
  listed: "kept",
  rejected: "broken",
};

/** 上架: what is offered at data exchanges, and what became of it. */
export function Listings() {
  const { t } = useTranslation("assetValue");
  const mayWrite = useMay("licence.write");
  const values = useValues();
  const [isDrafting, setDrafting] = useState(false);
  const [me, setMe] = useState("");
  const exchanges = useQuery({
    queryKey: [...KEY, "exchanges"],
    queryFn: ({ signal }) => ask<ExchangeList>("/v1/data-exchanges", { signal }),
  });
  const list = useKeyset<ListingItem, ListingPage>({
    queryKey: [...KEY, "listings"],
    fetch: async (cursor, signal) => {
      const page = await ask<ListingPage>(`/v1/listings?${query({ cursor, limit: 50 })}`, { signal });
      setMe(page.me);
      return page;
    },
  });
  const known = exchanges.data?.items ?? [];
  const titleOf = (asset: string) => {
    const found = values.data?.items.find((one) => one.asset === asset);
    return found ? called(found.title) : asset;
  };
  return (
    <div className="value-page">
      <Card
        title={t("listings")}
        note={t("listingsNote")}
        extra={
          mayWrite && (
            <Button
              size="small"
              type="primary"
              disabled={known.length === 0}
              title={known.length === 0 ? t("noExchanges") : undefined}
              onClick={() => setDrafting(true)}
            >
              {t("draftListing")}
            </Button>
          )
        }
        isFlush
      >
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading && <Skeleton kind="rows" rows={3} />}
        {!list.isLoading && !list.problem && (
          <SmallTable
            caption={t("listings")}
            columns={[
              { key: "asset", title: t("columns.asset"), render: (one) => titleOf(one.asset) },
              {
                key: "exchange",
                title: t("exchange"),
                render: (one) => known.find((each) => each.code === one.exchange)?.title ?? one.exchange,
              },
              {
                key: "price",
                title: t("price"),
                isNumber: true,
                render: (one) => t("perMonth", { sum: money(one.terms.price?.period_fen ?? 0) }),
              },
              {
                key: "state",
                title: t("licence.standing"),
                render: (one) => (
                  <>
                    <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`listingStates.${one.state}`)}</ToneTag>
                    {one.reasons.length > 0 && <span className="note"> {one.reasons.join("、")}</span>}
                  </>
                ),
              },
              { key: "reference", title: t("reference"), render: (one) => one.reference || "—" },
              {
                key: "at",
                title: t("at"),
                render: (one) => (
                  <span title={exact(one.submitted || one.drafted)}>{brief(one.submitted || one.drafted)}</span>
                ),
              },
              {
                key: "acts",
                title: t("licence.acts"),
                render: (one) => <Acts one={one} isMine={one.drafted_by === me} />,
              },
            ]}
            rows={list.rows}
            keyOf={(one) => one.id}
            empty={t("noListings")}
          />
        )}
        {list.hasMore && (
          <Button onClick={list.onMore} loading={list.isWaiting}>
            {t("more")}
          </Button>
        )}
      </Card>
      <Exchanges known={known} error={exchanges.error} />
      {isDrafting && <ListingForm exchanges={known} onClose={() => setDrafting(false)} />}
    </div>
  );
}

function Acts({ one, isMine }: { one: ListingItem; isMine: boolean }) {
  const { t } = useTranslation("assetValue");
  const mayShare = useMay("asset.share");
  const mayWrite = useMay("licence.write");
  const notice = useNotice();
  const confirm = useConfirm();
  const path = `/v1/listings/${one.id}`;
  const move = useMutation({
    mutationFn: (act: "submit" | "refresh") => ask<ListingItem>(`${path}/${act}`, { method: "POST", json: {} }),
    onSuccess: async (told) => {
      notice.done(t(`listingStates.${told.state}`));
      await queries.invalidateQueries({ queryKey: KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const submit = async () => {
    if (await confirm({ title: t("submitListing"), text: t("submitText"), act: t("submitListing") })) {
      move.mutate("submit");
    }
  };
  return (
    <span className="value-acts">
      {one.state === "draft" && mayShare && (
        <Button
          size="small"
          type="primary"
          disabled={isMine}
          title={isMine ? t("notOwn") : undefined}
          loading={move.isPending}
          onClick={() => void submit()}
        >
          {t("submitListing")}
        </Button>
      )}
      {one.state === "draft" && !mayShare && <span className="note">{t("needsSecond")}</span>}
      {one.reference && mayWrite && (
        <Button size="small" loading={move.isPending} onClick={() => move.mutate("refresh")}>
          {t("askExchange")}
        </Button>
      )}
      {one.reference && (
        <Button size="small" href={`${path}/package`}>
          {t("downloadPackage")}
        </Button>
      )}
    </span>
  );
}

function Exchanges({ known, error }: { known: readonly DataExchange[]; error: unknown }) {
  const { t } = useTranslation("assetValue");
  const mayConnect = useMay("account.admin");
  const [isOpen, setOpen] = useState(false);
  return (
    <Card
      title={t("exchanges")}
      extra={
        mayConnect && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("connectExchange")}
          </Button>
        )
      }
      isFlush
    >
      {error ? <ProblemNote problem={asProblem(error)} /> : null}
      <SmallTable
        caption={t("exchanges")}
        columns={[
          { key: "title", title: t("exchange"), render: (one) => one.title },
          { key: "code", title: t("code"), render: (one) => <code>{one.code}</code> },
          { key: "url", title: t("address"), render: (one) => one.url },
          { key: "member", title: t("member"), render: (one) => one.member },
        ]}
        rows={known}
        keyOf={(one) => one.code}
        empty={t("noExchanges")}
      />
      {isOpen && <ExchangeForm onClose={() => setOpen(false)} />}
    </Card>
  );
}
