import { Suspense, useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Navigate } from "react-router";
import { PAGES, type Page } from "@/pages";
import { Skeleton } from "@/parts/skeleton";
import { useMay, useSession } from "@/session";

const ACCOUNT = PAGES.find((page) => page.title === "me")?.path ?? "/";

/** Gives the browser tab its name, and the page only to those who may open it. */
export function Gate({ page, children }: { page: Page; children: ReactNode }) {
  return page.chrome === "bare" ? (
    <Titled page={page}>{children}</Titled>
  ) : (
    <Guarded page={page}>{children}</Guarded>
  );
}

function Titled({ page, children }: { page: Page; children: ReactNode }) {
  const { t } = useTranslation();
  const title = `${t(`nav:pages.${page.title}`)} · ${t("nav:product")}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return <Suspense fallback={<Skeleton kind="page" />}>{children}</Suspense>;
}

function Guarded({ page, children }: { page: Page; children: ReactNode }) {
  const may = useMay(page.right);
  const { todo } = useSession();
  // Whoever must still enrol a code is let in nowhere else.
  if (todo && page.title !== "me") return <Navigate to={ACCOUNT} replace />;
  return <Titled page={page}>{may ? children : <NoRight page={page} />}</Titled>;
}

function NoRight({ page }: { page: Page }) {
  const { t } = useTranslation(["common", "rights"]);
  const right = t(`rights:${page.right}`, { defaultValue: page.right });
  return (
    <div className="alone">
      <h1>{t(`nav:pages.${page.title}`)}</h1>
      <p>{t("missing.noRight", { right })}</p>
    </div>
  );
}
