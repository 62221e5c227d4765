import type { ReactNode } from "react";
import { count } from "@/format/numbers";

/** A small number at the corner of a button; nothing for 0. It stands outside of a Popover, whose
 * clicks it would not hear. */
export function Badge({ value, children }: { value: number; children: ReactNode }) {
  return (
    <span className="badge">
      {children}
      {value > 0 && <b>{count(value)}</b>}
    </span>
  );
}
