import { QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

const TRIES = 3;

/** How the console asks: twice more where waiting helps, never again where the hub said no. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < TRIES - 1 && asProblem(error).passes,
      retryDelay: (count, error) => {
        const wait = asProblem(error).retryAfterS * 1000;
        return wait || Math.min(500 * 2 ** count, 5_000);
      },
    },
    // A write is repeated by a person, or by code that holds its idempotency key.
    mutations: { retry: false },
  },
});
