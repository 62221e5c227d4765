import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { count } from "@/format/numbers";
import type { Search } from "./use-keyset";

/** 已查 12,000 单,继续查找: a list that goes on by itself until a page is full, and can be stopped. */
export function Searching({ search, unit }: { search: Search; unit?: string | undefined }) {
  const { t } = useTranslation();
  const looked = t("search.looked", { looked: count(search.looked), unit: unit ?? t("search.unit") });
  // A count that runs is not read out; that it stands still is.
  return (
    <span className="ledger-search" role={search.isOn ? undefined : "status"}>
      {looked}
      {t(search.isOn ? "search.on" : "search.off")}
      <Button type="link" size="small" onClick={search.isOn ? search.onStop : search.onGo}>
        {t(search.isOn ? "search.stop" : "search.go")}
      </Button>
    </span>
  );
}
