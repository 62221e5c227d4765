import i18next, { type BackendModule } from "i18next";
import { initReactI18next } from "react-i18next";

export const LOCALES = ["zh-CN", "en"] as const;
export type Locale = (typeof LOCALES)[number];

/** Every words file is a chunk of its own; a page's words come with the page. */
const files = import.meta.glob<{ default: object }>("./words/*/*.json");

const backend: BackendModule = {
  type: "backend",
  init: () => undefined,
  read: (locale, name, done) => {
    const load = files[`./words/${locale}/${name}.json`];
    if (!load) return done(new Error(`no words ${locale}/${name}`), false);
    load().then(
      (module) => done(null, module.default),
      (error: unknown) => done(error as Error, false),
    );
  },
};

const KEPT = "danshu.locale";

/** The language before the session is known: what this browser used last, else Chinese. */
export function firstLocale(): Locale {
  const kept = window.localStorage.getItem(KEPT);
  return LOCALES.find((locale) => locale === kept) ?? "zh-CN";
}

/** Speak another language from now on, here and in the document's `lang`. */
export async function speak(locale: Locale): Promise<void> {
  window.localStorage.setItem(KEPT, locale);
  document.documentElement.lang = locale;
  if (i18next.language !== locale) await i18next.changeLanguage(locale);
}

/** Load the frame's words and start; what another tab chooses is spoken here too. */
export async function startWords(): Promise<void> {
  window.addEventListener("storage", ({ key, newValue }) => {
    const chosen = LOCALES.find((locale) => locale === newValue);
    if (key === KEPT && chosen) void speak(chosen);
  });
  const lng = firstLocale();
  document.documentElement.lang = lng;
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng,
      fallbackLng: false,
      supportedLngs: LOCALES,
      load: "currentOnly",
      ns: ["common", "nav"],
      defaultNS: "common",
      interpolation: { escapeValue: false },
      returnNull: false,
      react: { useSuspense: true },
    });
}

/** Choose by language: `reason` in Chinese, `reason_en` in English. */
export function byLocale(zh: string, en: string): string {
  return i18next.language === "en" ? en || zh : zh || en;
}
