import { useRouteError } from "react-router";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";

/** What stands where a page failed: which words, which number, try again. */
export function Broken() {
  const error = useRouteError();
  return (
    <div className="alone">
      <ProblemNote problem={asProblem(error)} onRetry={() => window.location.reload()} />
    </div>
  );
}
