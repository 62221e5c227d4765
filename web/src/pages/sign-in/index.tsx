import { TranslationOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { speak } from "@/i18n";
import { queries } from "@/queries";
import { SESSION_KEY, type Session } from "@/session";
import { setCsrf } from "@/client";
import { Fan } from "./fan";
import { Join } from "./join";
import { WaysIn } from "./ways-in";
import "./sign-in.css";

/** Where to go after signing in: a path of ours, never another host's. */
function nextPath(asked: string | null): string {
  return asked?.startsWith("/") && !asked.startsWith("//") && !asked.includes("\\") ? asked : "/";
}

/** The token of a link stands after #, so that no server ever sees it in an address. */
function readInvite(): string {
  return new URLSearchParams(window.location.hash.slice(1)).get("invite") ?? "";
}

/** Sign in, or join by a link. */
export default function SignIn() {
  const { t, i18n } = useTranslation("sign-in");
  const go = useNavigate();
  const [asked] = useSearchParams();
  const [invite, setInvite] = useState(readInvite);
  const other = i18n.language === "en" ? "zh-CN" : "en";

  function enter(session: Session) {
    setCsrf(session.csrf);
    // What another person saw goes; the link's own question stays, it must not be asked again.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "invitation" });
    queries.setQueryData([...SESSION_KEY], session);
    void go(session.todo === "totp" ? "/settings/account" : nextPath(asked.get("next")), {
      replace: true,
    });
  }

  function giveUpInvite() {
    window.history.replaceState(null, "", "/sign-in");
    setInvite("");
  }

  return (
    <main className="sign-in">
      <div className="sign-in-art">
        <Fan />
        <div className="sign-in-brand">
          <img src="/logo.svg" alt="" width={44} height={44} />
          <span>
            单枢 <small>Danshu</small>
          </span>
        </div>
        <div className="sign-in-words">
          <strong>{t("motto")}</strong>
          <span>{t("mottoNote")}</span>
        </div>
      </div>
      <div className="sign-in-side">
        <div className="sign-in-form">
          <Button
            className="sign-in-language"
            type="text"
            icon={<TranslationOutlined />}
            lang={other}
            onClick={() => void speak(other)}
          >
            {t("language")}
          </Button>
          {invite ? (
            <Join token={invite} onEntered={enter} onGivenUp={giveUpInvite} />
          ) : (
            <WaysIn onEntered={enter} />
          )}
          <p className="sign-in-foot">{t("recorded")}</p>
        </div>
      </div>
    </main>
  );
}
