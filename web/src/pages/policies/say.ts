import i18next from "i18next";
import words from "../../../editor/words.json";

declare global {
  var __jdmSay: (text: string) => string;
  var __jdmNonce: string;
}

const chinese: Readonly<Record<string, string>> = words;

/** What the editor's own texts say (editor/plugin.ts puts the calls in), and the page's nonce. */
globalThis.__jdmSay = (text) => (i18next.language === "en" ? text : (chinese[text] ?? text));
globalThis.__jdmNonce =
  document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
