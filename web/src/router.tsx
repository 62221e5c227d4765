import { createBrowserRouter, type RouteObject } from "react-router";
import { Frame } from "./frame/frame";
import { Gate } from "./frame/gate";
import { Broken } from "./frame/broken";
import { Go } from "./frame/go";
import { Missing } from "./frame/missing";
import { PAGES, type Page } from "./pages";

function routeOf(page: Page): RouteObject {
  return {
    path: page.path,
    handle: page,
    errorElement: <Broken />,
    lazy: async () => {
      const { default: Body } = await page.load();
      return {
        Component: () => (
          <Gate page={page}>
            <Body />
          </Gate>
        ),
      };
    },
  };
}

const framed = PAGES.filter((page) => page.chrome !== "bare").map(routeOf);
const bare = PAGES.filter((page) => page.chrome === "bare").map(routeOf);

export const router = createBrowserRouter([
  { errorElement: <Broken />, hydrateFallbackElement: <></>, children: bare },
  {
    element: <Frame />,
    errorElement: <Broken />,
    hydrateFallbackElement: <></>,
    children: [...framed, { path: "/go/*", element: <Go /> }, { path: "*", element: <Missing /> }],
  },
]);
