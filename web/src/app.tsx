import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router/dom";
import { queries } from "./queries";
import { router } from "./router";
import { Dress } from "./theme/dress";
import { LookProvider } from "./theme/look";

/** The whole console. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <LookProvider>
        <Dress>
          <RouterProvider router={router} />
        </Dress>
      </LookProvider>
    </QueryClientProvider>
  );
}
