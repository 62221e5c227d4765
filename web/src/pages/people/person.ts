/** A person as the hub shows them; `seen` "" when never or long ago. */
export interface Person {
  id: string;
  number: string;
  login: string;
  name: string;
  roles: string[];
  warehouses: string[];
  state: "invited" | "active" | "disabled";
  password: boolean;
  totp: boolean;
  passkeys: number;
  made: string;
  seen: string;
  link_ends: string;
}

export interface Page {
  items: readonly Person[];
  next: string;
}

/** A link to hand over; shown once. */
export interface Link {
  path: string;
  ends: string;
}

export const PEOPLE_KEY = ["people"] as const;
export const STATES = ["active", "invited", "disabled"] as const;
export const ROLES = [
  "service",
  "warehouse",
  "reviewer",
  "policy",
  "legal",
  "finance",
  "steward",
  "planner",
  "sre",
  "admin",
] as const;
