import { QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import { useTranslation } from "react-i18next";
import { RouterProvider } from "react-router/dom";
import { queries } from "./queries";
import { router } from "./router";
import { antdTheme } from "./theme/antd";
import { LookProvider, useLook } from "./theme/look";

/** The nonce that this page's policy allows for style elements; the server puts it in. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/**
 * Overlays live in a box of their own: in `body` antd would stop the page's scrolling by a style
 * element without the nonce, and the page scrolls in #main only.
 */
const overlays = () => document.getElementById("overlays") ?? document.body;

function Dressed() {
  const { look } = useLook();
  const { i18n } = useTranslation();
  return (
    <ConfigProvider
      csp={{ nonce }}
      getPopupContainer={overlays}
      theme={antdTheme(look)}
      locale={i18n.language === "en" ? en : zh}
      button={{ autoInsertSpace: false }}
      wave={{ disabled: true }}
    >
      <AntApp
        component={false}
        notification={{ placement: "bottomLeft", maxCount: 1, duration: 6 }}
        message={{ maxCount: 1 }}
      >
        <RouterProvider router={router} />
      </AntApp>
    </ConfigProvider>
  );
}

/** The whole console. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <LookProvider>
        <Dressed />
      </LookProvider>
    </QueryClientProvider>
  );
}
