import i18next from "i18next";

const MINUS = "−";
const NONE = "—";
type Maybe = number | null | undefined;

const isEnglish = () => i18next.language === "en";

/** A figure and its unit, and the exact value for the tooltip. */
export interface Tile {
  value: string;
  unit: string;
  exact: string;
}

function grouped(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  const [whole = "0", part] = text.split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = value < 0 && Number(text) !== 0 ? MINUS : "";
  return sign + thousands + (part ? `.${part}` : "");
}

/** 48,216; missing is —. */
export function count(value: Maybe): string {
  return value === null || value === undefined ? NONE : grouped(value);
}

/** A number with fixed digits after the point. */
export function decimal(value: Maybe, digits: number): string {
  return value === null || value === undefined ? NONE : grouped(value, digits);
}

// ISO 4217: the currencies whose minor unit is not the hundredth, as in the hub's kernel/money.py.
const DECIMALS = new Map(
  [
    [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"] as const,
    [3, "BHD IQD JOD KWD LYD OMR TND"] as const,
    [4, "CLF UYW"] as const,
  ].flatMap(([digits, codes]) => codes.split(" ").map((code) => [code, digits] as const)),
);

/** ¥1,192.00 of 119200 分, USD 26.64 of 2664 cents, JPY 300; the minus stands before the sign. */
export function money(minor: Maybe, currency = "CNY"): string {
  if (minor === null || minor === undefined) return NONE;
  const sign = currency === "CNY" ? "¥" : `${currency} `;
  const digits = DECIMALS.get(currency) ?? 2;
  return `${minor < 0 ? MINUS : ""}${sign}${grouped(Math.abs(minor) / 10 ** digits, digits)}`;
}

/** 4,821,600 as 482.16 万 (4.82 M in English); small numbers as they are. Tiles only. */
export function countTile(value: Maybe, unit = ""): Tile {
  if (value === null || value === undefined) return { value: NONE, unit: "", exact: NONE };
  const exact = unit ? `${grouped(value)} ${unit}` : grouped(value);
  const size = Math.abs(value);
  if (isEnglish()) {
    if (size >= 1e6) return { value: grouped(value / 1e6, 2), unit: `M ${unit}`.trim(), exact };
    return { value: grouped(value), unit, exact };
  }
  if (size >= 1e8) return { value: grouped(value / 1e8, 2), unit: `亿${unit}`, exact };
  if (size >= 1e5) return { value: grouped(value / 1e4, 2), unit: `万${unit}`, exact };
  return { value: grouped(value), unit, exact };
}

/** 1,864,000 分 as ¥1.86 万. Tiles only; the exact value goes into the tooltip. */
export function moneyTile(fen: Maybe): Tile {
  const exact = money(fen);
  if (fen === null || fen === undefined || Math.abs(fen) < 1e7) {
    return { value: exact, unit: "", exact };
  }
  const tile = countTile(Math.abs(fen) / 100);
  return { value: `${fen < 0 ? MINUS : ""}¥${tile.value}`, unit: tile.unit, exact };
}

/** 0.9914 as 99.14%. */
export function share(ratio: Maybe, digits = 2): string {
  return ratio === null || ratio === undefined ? NONE : `${grouped(ratio * 100, digits)}%`;
}

/** The change of a share: 0.047 as +4.7 点 (+4.7 pp). */
export function points(change: Maybe, digits = 1): string {
  if (change === null || change === undefined) return NONE;
  const sign = change > 0 ? "+" : "";
  return `${sign}${grouped(change * 100, digits)} ${isEnglish() ? "pp" : "点"}`;
}

/** The change of a number as a share of the old one: +6.2%. */
export function growth(ratio: Maybe, digits = 1): string {
  if (ratio === null || ratio === undefined) return NONE;
  return `${ratio > 0 ? "+" : ""}${grouped(ratio * 100, digits)}%`;
}

/** 2.9 kg of 2900 g; 850 g below a kilogram. */
export function weight(grams: Maybe): string {
  if (grams === null || grams === undefined) return NONE;
  return Math.abs(grams) < 1000 ? `${grouped(grams)} g` : `${grouped(grams / 1000, 1)} kg`;
}

/** 4.2 ℃ (°C in English). */
export function temperature(celsius: Maybe): string {
  if (celsius === null || celsius === undefined) return NONE;
  return `${grouped(celsius, 1)} ${isEnglish() ? "°C" : "℃"}`;
}

/** Bytes as 183 kB, 2.4 MB. */
export function bytes(size: Maybe): string {
  if (size === null || size === undefined) return NONE;
  if (size < 1000) return `${grouped(size)} B`;
  if (size < 1e6) return `${grouped(size / 1e3)} kB`;
  return `${grouped(size / 1e6, 1)} MB`;
}

/** A digest in groups of four: 9f3a 71c2 0be4; `groups` cuts it, with … after. */
export function digest(hex: string | null | undefined, groups = 3): string {
  if (!hex) return NONE;
  const parts = hex.match(/.{1,4}/g) ?? [];
  return parts.length > groups ? `${parts.slice(0, groups).join(" ")} …` : parts.join(" ");
}
