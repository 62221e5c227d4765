import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { LOCALES, type Locale, speak } from "@/i18n";
import { PAGES } from "@/pages";
import { signOut, useMay, usePreferences, useSession } from "@/session";
import { type Density, type LookChoice, useLook } from "@/theme/look";

/** Language, theme, density, single keys; the account; the way out. */
export default function PersonSettings() {
  const { t, i18n } = useTranslation();
  const { person, preferences } = useSession();
  const { choice, density, setChoice, setDensity } = useLook();
  const save = usePreferences();
  const mayOpen = useMay("");
  const account = PAGES.find((page) => page.title === "me");
  const words = <T extends string>(values: readonly T[]) =>
    values.map((value) => ({ value, label: t(`person.${value as string}`) }));
  return (
    <div className="person-menu">
      <p>
        <b>{person.name}</b> <span className="muted">{person.login}</span>
      </p>
      <Choice label={t("person.language")}>
        <Segmented<Locale>
          size="small"
          value={i18n.language as Locale}
          options={words(LOCALES)}
          onChange={(locale) => {
            void speak(locale);
            save.mutate({ locale });
          }}
        />
      </Choice>
      <Choice label={t("person.theme")}>
        <Segmented<LookChoice>
          size="small"
          value={choice}
          options={words(["light", "dark", "auto"])}
          onChange={(theme) => {
            setChoice(theme);
            save.mutate({ theme });
          }}
        />
      </Choice>
      <Choice label={t("person.density")}>
        <Segmented<Density>
          size="small"
          value={density}
          options={words(["loose", "compact", "dense"])}
          onChange={(next) => {
            setDensity(next);
            save.mutate({ density: next });
          }}
        />
      </Choice>
      <Choice label={t("person.singleKeys")}>
        <Segmented<"on" | "off">
          size="small"
          value={(preferences.single_keys ?? true) ? "on" : "off"}
          options={words(["on", "off"])}
          onChange={(next) => save.mutate({ single_keys: next === "on" })}
        />
      </Choice>
      <div className="person-foot">
        {account && mayOpen && <Link to={account.path}>{t("frame.account")}</Link>}
        <button type="button" className="as-link" onClick={() => void signOut()}>
          {t("person.signOut")}
        </button>
      </div>
    </div>
  );
}

function Choice({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="person-choice" role="group" aria-label={label}>
      <span className="muted">{label}</span>
      {children}
    </div>
  );
}
