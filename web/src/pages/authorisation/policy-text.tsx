import { Fragment } from "react";

const WORDS = /(\/\/[^\n]*|"[^"\n]*"|\b(?:permit|forbid|when|unless|if|then|else|in|is|has)\b)/g;

function kindOf(part: string): string | undefined {
  if (part.startsWith("//")) return "comment";
  if (part.startsWith('"')) return "text";
  return /^(permit|forbid|when|unless|if|then|else|in|is|has)$/.test(part) ? "word" : undefined;
}

/** Cedar, read only: comments, names and words told apart. */
export function PolicyText({ text }: { text: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
    <pre className="rights-text" tabIndex={0}>
      {text.split(WORDS).map((part, at) => {
        const kind = kindOf(part);
        return kind ? (
          <span key={at} data-kind={kind}>
            {part}
          </span>
        ) : (
          <Fragment key={at}>{part}</Fragment>
        );
      })}
    </pre>
  );
}
