/**
 * In place of Monaco, which is 2 MB for what no policy uses: programs and JSON schemas. What little
 * of it may still be seen is a plain text area.
 */
interface Props {
  value?: string;
  onChange?: (value: string | undefined) => void;
  options?: { readOnly?: boolean };
}

export function Editor({ value, onChange, options }: Props) {
  return (
    <textarea
      aria-label="JSON"
      className="jdm-text"
      value={value ?? ""}
      readOnly={options?.readOnly ?? false}
      onChange={(event) => onChange?.(event.target.value)}
    />
  );
}

export const DiffEditor = Editor;
export default Editor;
export const useMonaco = () => null;
export const loader = { config: () => undefined, init: () => Promise.reject(new Error("no Monaco")) };
