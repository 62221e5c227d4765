import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { near } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { Certificates } from "./certificates";
import { HandOver } from "./hand-over";
import { type Link, PEOPLE_KEY, type Person, ROLES } from "./person";
import "./people.css";

interface Session {
  id: string;
  method: string;
  agent: string;
  address: string;
  seen: string;
}

interface Props {
  person: Person;
  mayWrite: boolean;
}

type Rights = Pick<Person, "roles" | "warehouses">;

/** Other roles or warehouses end the person's sessions; another name does not. */
function isSameRights(before: Rights, after: Rights): boolean {
  return (["roles", "warehouses"] as const).every(
    (name) => [...before[name]].sort().join() === [...after[name]].sort().join(),
  );
}

/** One person: roles and warehouses, sessions, disabling. */
export function PersonSheet({ person, mayWrite }: Props) {
  const { t } = useTranslation(["people", "common"]);
  const notice = useNotice();
  const proven = useProven();
  const [link, setLink] = useState<Link>();
  const [reason, setReason] = useState("");
  const path = `/v1/people/${person.id}`;
  const sessions = useQuery({
    queryKey: [...PEOPLE_KEY, person.id, "sessions"],
    queryFn: () => ask<{ items: Session[] }>(`${path}/sessions`),
  });
  const act = useMutation({
    mutationFn: async ({ said, run }: { said: string; run: () => Promise<unknown> }) => {
      let isDone = false;
      await proven(async () => {
        await run();
        isDone = true;
      });
      return isDone ? said : "";
    },
    onSuccess: async (said) => {
      if (said) notice.done(said);
      await queries.invalidateQueries({ queryKey: PEOPLE_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const isOn = person.state !== "disabled";
  return (
    <div className="person-sheet">
      <Form<Pick<Person, "name" | "login" | "number" | "roles" | "warehouses">>
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={person}
        onFinish={(given) =>
          act.mutate({
            said: t(isSameRights(person, given) ? "changedName" : "changed", { name: given.name }),
            run: () => ask(path, { method: "PATCH", json: given }),
          })
        }
      >
        <Form.Item name="name" label={t("columns.name")} rules={[{ required: true }]}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="login" label={t("columns.login")} rules={[{ required: true }]}>
          <Input maxLength={200} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item name="number" label={t("columns.number")} rules={[{ required: true }]}>
          <Input maxLength={16} />
        </Form.Item>
        <Form.Item name="roles" label={t("columns.roles")} rules={[{ required: true }]}>
          <Select
            mode="multiple"
            options={ROLES.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
          />
        </Form.Item>
        <Form.Item name="warehouses" label={t("columns.warehouses")} extra={t("warehousesHint")}>
          <Select mode="tags" tokenSeparators={[",", " ", "，"]} open={false} suffixIcon={null} />
        </Form.Item>
        {mayWrite && (
          <Button htmlType="submit" type="primary" loading={act.isPending}>
            {t("save")}
          </Button>
        )}
      </Form>

      {person.state === "invited" && mayWrite && (
        <section>
          <h2>{t("invitation")}</h2>
          <p className="note">
            {person.link_ends ? t("linkOpen", { ends: near(person.link_ends) }) : t("linkNone")}
          </p>
          {link ? (
            <HandOver link={link} />
          ) : (
            <Button
              onClick={() =>
                act.mutate({
                  said: t("linkMade"),
                  run: async () => setLink(await ask<Link>(`${path}/link`, { method: "POST" })),
                })
              }
            >
              {t("newLink")}
            </Button>
          )}{" "}
          {person.link_ends && (
            <Button
              onClick={() => {
                setLink(undefined);
                act.mutate({
                  said: t("linkWithdrawn"),
                  run: () => ask(`${path}/link`, { method: "DELETE" }),
                });
              }}
            >
              {t("withdraw")}
            </Button>
          )}
        </section>
      )}

      <Certificates person={person} mayWrite={mayWrite} />

      <section>
        <h2>{t("sessions")}</h2>
        {sessions.error && (
          <ProblemNote
            problem={asProblem(sessions.error)}
            onRetry={() => void sessions.refetch()}
          />
        )}
        {sessions.data?.items.length === 0 && <p className="note">{t("noSessions")}</p>}
        <ul>
          {sessions.data?.items.map((session) => (
            <li key={session.id}>
              {session.address} · {near(session.seen)}
              <small>{session.agent}</small>
            </li>
          ))}
        </ul>
        {mayWrite && (sessions.data?.items.length ?? 0) > 0 && (
          <Button
            onClick={() =>
              act.mutate({
                said: t("signedOut", { name: person.name }),
                run: () => ask(`${path}/sessions`, { method: "DELETE" }),
              })
            }
          >
            {t("signOut")}
          </Button>
        )}
      </section>

      {mayWrite && (
        <section>
          <h2>{t(isOn ? "disable" : "enable")}</h2>
          <p className="note">{t(isOn ? "disableNote" : "enableNote")}</p>
          <Input
            value={reason}
            maxLength={200}
            aria-label={t("reason")}
            placeholder={t("reason")}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button
            danger={isOn}
            disabled={!reason.trim()}
            onClick={() =>
              act.mutate({
                said: t(isOn ? "disabledSaid" : "enabledSaid", { name: person.name }),
                run: () =>
                  ask(`${path}/${isOn ? "disable" : "enable"}`, {
                    method: "POST",
                    json: { reason: reason.trim() },
                  }),
              })
            }
          >
            {t(isOn ? "disableIt" : "enableIt", { name: person.name })}
          </Button>
        </section>
      )}
    </div>
  );
}
