interface Props {
  name: string;
  code: string;
  /** What stands there when there is neither. */
  none?: string;
}

/** A thing by its name, its code beside it in the second place; the code alone where it has no name. */
export function Named({ name, code, none = "—" }: Props) {
  if (!name || name === code) return <>{code || none}</>;
  return (
    <>
      {name} <span className="named-code">{code}</span>
    </>
  );
}

/** The same as text, for tooltips and for copying. */
export function namedText(name: string, code: string, none = "—"): string {
  return name && name !== code ? `${name} ${code}` : code || none;
}
