import type { Settlement } from "@/api/types.gen";
import { RulesCard } from "@/pages/reconcile/rules";
import { useMay } from "@/session";
import { Accounts } from "./accounts";
import { Rules } from "./rules";
import { SkuValues } from "./sku-values";

/** 结算设置: rules by date, what goods cost, codes of accounts, and what reconciliation lets pass. */
export function Settings({ found }: { found: Settlement }) {
  const mayReconcile = useMay("reconcile.read");
  return (
    <>
      <Rules today={found.today} />
      <SkuValues />
      <Accounts />
      {mayReconcile && <RulesCard />}
    </>
  );
}
