import i18next from "i18next";
import type { ImportField, ImportKinds } from "@/api/types.gen";
import { count, decimal, duration, money, weight } from "@/format";

const MINUTE_MS = 60_000;
const MICRO = 1_000_000;

/** A value of a field as people read it: ¥12.50, 1.5 kg, 冷藏, 18:00. */
export function valueWords(
  field: ImportField | undefined,
  value: unknown,
  storage: ImportKinds["storage"],
): string {
  if (value === "" || value === null || value === undefined) return "—";
  if (typeof value !== "number" || !field) return String(value);
  const words = (bit: number) => i18next.t(`stock:storage.${bit}`, { defaultValue: storage[bit] });
  switch (field.type) {
    case "storage":
      return words(value);
    case "storages":
      return [1, 2, 4, 8, 16]
        .filter((bit) => value & bit)
        .map(words)
        .join(" ");
    case "clock":
      return `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}`;
    case "amount":
      return amountWords(field, value);
    default:
      return count(value);
  }
}

function amountWords(field: ImportField, value: number): string {
  const names = field.units.map((unit) => unit.name);
  if (names.includes("fen")) return money(value);
  if (names.includes("g")) return weight(value);
  if (names.includes("udeg")) return decimal(value / MICRO, 4);
  return duration(value * MINUTE_MS);
}
