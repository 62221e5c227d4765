import { useQuery } from "@tanstack/react-query";
import { ask } from "@/client";

/** What the account has to prove itself with. `required`: codes at this merchant. */
export interface Account {
  password: boolean;
  totp: boolean;
  passkeys: number;
  required: string;
}

export const ACCOUNT_KEY = ["me", "account"];

/** The own account. */
export function useAccount() {
  return useQuery({ queryKey: ACCOUNT_KEY, queryFn: () => ask<Account>("/v1/people/me") });
}
