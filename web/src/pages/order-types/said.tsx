import { createContext, type ReactNode, use } from "react";
import type { TypeFinding } from "@/api/types.gen";
import { byLocale } from "@/i18n";

/** What the linter says of the type that the form shows. */
export const Said = createContext<readonly TypeFinding[]>([]);

/** What the linter says of a place, a JSON pointer, and of what is below it. */
export function SaidAt({ at }: { at: string }) {
  const found = use(Said).filter((one) => one.pointer === at || one.pointer.startsWith(`${at}/`));
  return (
    <>
      {found.map((one) => (
        <span
          key={`${one.code}${one.pointer}`}
          className="order-types-said"
          data-severity={one.severity}
        >
          {byLocale(one.zh, one.en)}
        </span>
      ))}
    </>
  );
}

interface Props {
  label: string;
  at?: string;
  isWide?: boolean;
  children: ReactNode;
}

/** A label over its control, with what the linter says of the place. */
export function Field({ label, at, isWide, children }: Props) {
  return (
    <div className="order-types-field" data-wide={isWide ?? false}>
      <span className="order-types-label">{label}</span>
      {children}
      {at && <SaidAt at={at} />}
    </div>
  );
}
