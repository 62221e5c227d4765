import { useTranslation } from "react-i18next";
import { pathTo } from "./model";

const CHILDREN = 40;
const DEPTH = 8;
const SHOWN = 60;

interface Props {
  value: unknown;
  onPick: (path: string) => void;
}

/** A sample whose nodes are buttons: a click writes the node's path into the chosen expression. */
export function SampleTree({ value, onPick }: Props) {
  const { t } = useTranslation("modalities");
  return (
    <div className="modalities-tree mono" role="group" aria-label={t("tree")}>
      <Node value={value} steps={[]} depth={0} onPick={onPick} />
    </div>
  );
}

function Node({ value, steps, depth, onPick }: Props & { steps: readonly string[]; depth: number }) {
  const { t } = useTranslation("modalities");
  if (depth > DEPTH) return <span className="note">…</span>;
  if (Array.isArray(value)) {
    // JSONata maps over lists by itself: the first row stands for all of them.
    const [first] = value as unknown[];
    return (
      <>
        <span className="note">{t("rowsMany", { n: value.length })}</span>
        {first !== undefined && <Node value={first} steps={steps} depth={depth + 1} onPick={onPick} />}
      </>
    );
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    return (
      <ul>
        {entries.slice(0, CHILDREN).map(([name, inner]) => {
          const path = [...steps, name];
          return (
            <li key={name}>
              <button type="button" aria-label={pathTo(path)} onClick={() => onPick(pathTo(path))}>
                {name}
              </button>{" "}
              <Node value={inner} steps={path} depth={depth + 1} onPick={onPick} />
            </li>
          );
        })}
        {entries.length > CHILDREN && <li className="note">…</li>}
      </ul>
    );
  }
  return <span className="modalities-value">{JSON.stringify(value)?.slice(0, SHOWN)}</span>;
}
