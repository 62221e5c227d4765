import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { readMerchantOptions } from "@/api/@tanstack/react-query.gen";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Provider } from "./provider";
import { Settings } from "./settings";
import "./merchant.css";

/** 商户: its name, how its people prove themselves, its OpenID provider. */
export default function Merchant() {
  const { t } = useTranslation("merchant");
  const read = useQuery(readMerchantOptions());
  const merchant = read.data;
  return (
    <>
      <PageHead
        fact={
          merchant &&
          [
            merchant.code,
            t(`totp.${merchant.totp}`),
            merchant.provider ? t("providerOn", { issuer: merchant.provider.issuer }) : "",
          ]
            .filter(Boolean)
            .join(" · ")
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="page" />}
      {merchant && (
        <div className="merchant">
          <Settings merchant={merchant} />
          <Provider key={merchant.provider?.issuer ?? ""} merchant={merchant} />
        </div>
      )}
    </>
  );
}
