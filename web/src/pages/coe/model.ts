import type { CoeSection, CoeSentence } from "@/api/types.gen";

const UUID = /^[0-9a-f]{8}-/;

export type CoeSectionCode = CoeSection["code"];

/** The sentence in the language of the page. */
export function said(sentence: CoeSentence, locale: string): string {
  return locale.startsWith("en") ? sentence.en : sentence.zh;
}

/** Where the console opens what a sentence rests on; "" where it has no page of its own. */
export function opens(cite: CoeSentence["cites"][number]): string {
  switch (cite.kind) {
    case "fact":
      return `/orders/${cite.label ?? ""}`;
    case "order":
      return `/orders/${cite.ref}`;
    case "metric":
      return `/assets/metrics?metric=${cite.ref.split("@")[0] ?? ""}`;
    case "policy":
      return "/policies";
    case "finding":
    case "incident":
      return cite.kind === "finding" ? "/incidents" : "/health-board";
    case "replan":
      return `/replans/${cite.ref}`;
    case "campaign":
      return "/assets/associations";
    case "experiment":
      return "/coe?tab=experiments";
    case "proposal":
      return "/agent";
    case "goal":
      return "/coe?tab=goals";
    case "stock":
      return "/network";
  }
}

/** How a citation reads: the place in the log, the formula with its version, else its kind. */
export function cited(cite: CoeSentence["cites"][number]): string {
  if (cite.kind === "fact" || cite.kind === "metric") return cite.ref;
  if (cite.label) return cite.label;
  return UUID.test(cite.ref) ? cite.ref.slice(0, 8) : cite.ref;
}
