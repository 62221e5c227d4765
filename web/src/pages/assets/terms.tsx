import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BusinessTerms } from "@/api/types.gen";
import { ask } from "@/client";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { KEY, nameOf } from "./model";

const WIDTH_PX = 560;

/** 业务术语: what each word means and what else it is called; one click asks for it. */
export function Terms({ onClose, onAsk }: { onClose: () => void; onAsk: (word: string) => void }) {
  const { t } = useTranslation("assets");
  const [part, setPart] = useState("");
  const found = useQuery({
    queryKey: [...KEY, "terms"],
    queryFn: ({ signal }) => ask<BusinessTerms>("/v1/catalogue/terms", { signal }),
  });
  const wanted = part.trim().toLowerCase();
  const items = (found.data?.items ?? []).filter((one) =>
    [one.title.zh, one.title.en, ...one.words].some((word) => word.toLowerCase().includes(wanted)),
  );
  return (
    <Drawer open onClose={onClose} size={WIDTH_PX} title={t("terms")}>
      <Input
        allowClear
        placeholder={t("findTerm")}
        aria-label={t("findTerm")}
        onChange={(event) => setPart(event.target.value)}
      />
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="rows" rows={6} />}
      <dl className="assets-terms">
        {items.map((one) => (
          <div key={one.code}>
            <dt>
              {one.kind === "metric" ? (
                <Button type="link" size="small" onClick={() => onAsk(one.title.zh)}>
                  {nameOf(one.title)}
                </Button>
              ) : (
                nameOf(one.title)
              )}
              <span className="note">{one.words.join(t("and"))}</span>
            </dt>
            <dd>{one.kind === "metric" ? nameOf(one.about) : t("columnOf", { name: nameOf(one.about) })}</dd>
          </div>
        ))}
      </dl>
      {found.data && items.length === 0 && <p className="note">{t("noTerm")}</p>}
    </Drawer>
  );
}
