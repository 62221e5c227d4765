import { App, ConfigProvider } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { antdTheme } from "./antd";
import { useLook } from "./look";

/** The nonce that this page's policy allows for style elements; the server puts it in. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/**
 * Overlays live in a box of their own: in `body` antd would stop the page's scrolling by a style
 * element without the nonce, and the page scrolls in #main only.
 */
const overlays = () => document.getElementById("overlays") ?? document.body;

/** antd in the console's theme, language and manners, for all below. */
export function Dress({ children }: { children: ReactNode }) {
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
      <App
        component={false}
        notification={{ placement: "bottomLeft", maxCount: 1, duration: 6 }}
        message={{ maxCount: 1 }}
      >
        {children}
      </App>
    </ConfigProvider>
  );
}
