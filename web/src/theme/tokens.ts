import tokens from "./tokens.json";

export type Look = "light" | "dark";
export type TokenName = keyof (typeof tokens)["light"];

/** The tokens of a look as CSS colours. */
export function tokensOf(look: Look): Record<TokenName, string> {
  return tokens[look];
}

/** The series colours of charts in their order. */
export function seriesOf(look: Look): readonly string[] {
  return tokens.chart[look];
}

/** Set the CSS variables (`--ink`, `--keptfill`, `--chart-1` …) of a look on the document. */
export function wear(look: Look): void {
  const root = document.documentElement;
  root.dataset.look = look;
  root.style.colorScheme = look;
  for (const [name, colour] of Object.entries(tokens[look])) {
    root.style.setProperty(`--${name}`, colour);
  }
  tokens.chart[look].forEach((colour, at) => {
    root.style.setProperty(`--chart-${at + 1}`, colour);
  });
}
