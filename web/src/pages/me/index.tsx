import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { useMay, useSession } from "@/session";
import { Codes } from "./codes";
import { Delegations } from "./delegations";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { Sessions } from "./sessions";
import { Voice } from "./voice";
import "./me.css";

/** 我的账户: how this person proves who he is, where he is signed in, what he lends. */
export default function Me() {
  const { t } = useTranslation(["me", "common"]);
  const { person, tenant, todo } = useSession();
  const mayLend = useMay("action.lend");
  const roles = person.roles.map((role) => t(`common:roles.${role}`, { defaultValue: role }));
  return (
    <>
      <PageHead
        fact={[person.login, person.name, person.number, roles.join(t("comma")), tenant.name]
          .filter(Boolean)
          .join(" · ")}
      />
      {todo === "totp" && <Alert className="me-todo" type="warning" showIcon title={t("todoTotp")} />}
      <div className="me">
        <Passkeys />
        <Codes />
        <Password />
        <Sessions />
        {mayLend && <Delegations />}
        <Voice />
      </div>
    </>
  );
}
