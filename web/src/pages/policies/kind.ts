import { createContext, useContext } from "react";
import type { PolicyKind } from "./api";

/** What the sets of a page decide: where orders go, or whether they may go on. */
export const KindOf = createContext<PolicyKind>("routing");
export const useKind = () => useContext(KindOf);

/** The page of a kind that lists its sets. */
export const homeOf = (kind: PolicyKind) => (kind === "intercept" ? "/intercepts?tab=rules" : "/policies");
