import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, type RenderResult } from "@testing-library/react";
import { Dress } from "@/theme/dress";
import i18next from "i18next";
import type { ReactNode } from "react";
import { initReactI18next } from "react-i18next";
import { createMemoryRouter, RouterProvider } from "react-router";
import { type Session, SessionProvider } from "@/session";
import { LookProvider } from "@/theme/look";

type Words = Record<string, object>;
const files = import.meta.glob<{ default: object }>("../words/*/*.json", { eager: true });

function wordsOf(locale: string): Words {
  const words: Words = {};
  for (const [path, module] of Object.entries(files)) {
    const [, of, name] = /words\/(.+)\/(.+)\.json$/.exec(path) ?? [];
    if (of === locale && name) words[name] = module.default;
  }
  return words;
}

/** Somebody to test as; a test changes what it needs. */
export const SOMEBODY: Session = {
  person: { id: "p1", login: "chen", name: "陈立", number: "W03", roles: ["warehouse"] },
  tenant: { code: "huaixu", name: "槐序百货" },
  rights: ["order.read"],
  csrf: "token",
  preferences: {},
};

interface Options {
  at?: string;
  session?: Session;
  locale?: "zh-CN" | "en";
}

/** Render with all that stands around a page: words, look, session, queries, router. */
export async function show(ui: ReactNode, options: Options = {}): Promise<RenderResult> {
  const { at = "/", session = SOMEBODY, locale = "zh-CN" } = options;
  await i18next.use(initReactI18next).init({
    lng: locale,
    ns: Object.keys(wordsOf(locale)),
    defaultNS: "common",
    resources: { "zh-CN": wordsOf("zh-CN"), en: wordsOf("en") },
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createMemoryRouter([{ path: "*", element: ui }], { initialEntries: [at] });
  return render(
    <QueryClientProvider client={client}>
      <LookProvider>
        <Dress>
          <SessionProvider session={session}>
            <RouterProvider router={router} />
          </SessionProvider>
        </Dress>
      </LookProvider>
    </QueryClientProvider>,
  );
}
