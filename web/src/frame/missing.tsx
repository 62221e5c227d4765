import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

/** The page for addresses that no page has. */
export function Missing() {
  const { t } = useTranslation();
  const title = t("nav:pages.missing");
  const product = t("nav:product");
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <div className="alone">
      <h1>{title}</h1>
      <p>{t("missing.text")}</p>
      <Link to="/">{t("acts.home")}</Link>
    </div>
  );
}
