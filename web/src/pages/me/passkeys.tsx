import { KeyOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { near } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { renewSession, useProven } from "@/parts/step-up";
import { hasPasskeys, isGivenUp, makePasskey, type PasskeyOptions } from "@/passkey";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import type { Session } from "@/session";
import { ACCOUNT_KEY } from "./account";

interface Item {
  id: string;
  name: string;
  backed_up: boolean;
  made: string;
  used: string;
}

const PASSKEYS_KEY = ["me", "passkeys"];

/** The own passkeys: add, name, remove. */
export function Passkeys() {
  const { t } = useTranslation("me");
  const [name, setName] = useState("");
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const list = useQuery({
    queryKey: PASSKEYS_KEY,
    queryFn: () => ask<{ items: Item[] }>("/v1/people/me/passkeys"),
  });

  async function tell(act: () => Promise<string | undefined>) {
    try {
      const said = await act();
      if (said) notice.done(said);
    } catch (error) {
      if (!isGivenUp(error)) notice.failed(error);
    }
    await queries.invalidateQueries({ queryKey: PASSKEYS_KEY });
    await queries.invalidateQueries({ queryKey: ACCOUNT_KEY });
  }

  const add = () =>
    tell(async () => {
      const begun = await proven(() =>
        ask<{ options: PasskeyOptions }>("/v1/people/me/passkeys/options", { method: "POST" }),
      );
      if (!begun) return undefined;
      const credential = await makePasskey(begun.options);
      const given = name.trim() || t("passkeyName", { no: (list.data?.items.length ?? 0) + 1 });
      const json = { name: given, credential };
      renewSession(await ask<Session>("/v1/people/me/passkeys", { method: "POST", json }));
      setName("");
      return t("added", { name: given });
    });

  const remove = (item: Item) =>
    tell(async () => {
      const isMeant = await confirm({
        title: t("removeAsk", { name: item.name }),
        text: t("removeNote"),
        act: t("removeIt", { name: item.name }),
        isDanger: true,
      });
      if (!isMeant) return undefined;
      const path = `/v1/people/me/passkeys/${encodeURIComponent(item.id)}`;
      let isDone = false;
      await proven(async () => {
        await ask<undefined>(path, { method: "DELETE" });
        isDone = true;
      });
      return isDone ? t("removed", { name: item.name }) : undefined;
    });

  const items = list.data?.items ?? [];
  return (
    <Card title={t("passkeys")} note={t("passkeysNote")}>
      {list.error && <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />}
      {list.data && items.length === 0 && <p className="note">{t("noPasskeys")}</p>}
      <ul className="me-list">
        {items.map((item) => (
          <li key={item.id}>
            <KeyOutlined />
            <div>
              {item.name}
              <small>
                {t("made", { at: near(item.made) })} ·{" "}
                {item.used ? t("used", { at: near(item.used) }) : t("neverUsed")} ·{" "}
                {t(item.backed_up ? "backedUp" : "bound")}
              </small>
            </div>
            <Button size="small" danger onClick={() => void remove(item)}>
              {t("remove")}
            </Button>
          </li>
        ))}
      </ul>
      <div className="me-acts">
        <Input
          value={name}
          maxLength={60}
          aria-label={t("nameLabel")}
          placeholder={t("nameHint")}
          onChange={(event) => setName(event.target.value)}
        />
        <Button
          type="primary"
          icon={<PlusOutlined />}
          disabled={!hasPasskeys()}
          onClick={() => void add()}
        >
          {t("add")}
        </Button>
      </div>
    </Card>
  );
}
