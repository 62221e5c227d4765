import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { readPolicyVersionOptions } from "@/api/@tanstack/react-query.gen";
import type { Policies, PolicyVersion } from "@/api/types.gen";
import { dated } from "@/format";
import { DigestText } from "@/parts/digest-text";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { Peek } from "@/parts/peek";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { PolicyText } from "./policy-text";

/** 版本: who published what, when and why; each text stays readable. */
export function Versions({ policies }: { policies: Policies }) {
  const { t } = useTranslation("authorisation");
  const { asked, ask } = useAsked();
  const peeked = asked("peek");
  const current = policies.version;
  const columns = useMemo<Column<PolicyVersion>[]>(() => {
    const plain = (
      key: string,
      width: number,
      text: (v: PolicyVersion) => string,
    ): Column<PolicyVersion> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const state = (v: PolicyVersion) =>
      t(v.version === current ? "versions.inForce" : "versions.past");
    return [
      { ...plain("version", 80, (v) => String(v.version)), fixed: true },
      {
        ...plain("state", 100, state),
        render: (v) => (
          <ToneTag tone={v.version === current ? "kept" : "excused"}>{state(v)}</ToneTag>
        ),
      },
      plain("note", 320, (v) => v.note || "—"),
      plain("by", 180, (v) => [v.number, v.name].filter(Boolean).join(" ") || t("key")),
      plain("made", 160, (v) => dated(v.made)),
      { ...plain("digest", 220, (v) => v.digest), render: (v) => <DigestText hex={v.digest} /> },
    ];
  }, [t, current]);
  const shown = policies.versions.find((v) => String(v.version) === peeked);
  return (
    <>
      <LedgerTable
        caption={t("versions.caption")}
        columns={columns}
        rows={policies.versions}
        keyOf={(v) => String(v.version)}
        nameOf={(v) => t("versions.name", { version: v.version })}
        total={policies.versions.length}
        height_px={480}
        peeked={peeked}
        onOpen={(v) => ask({ peek: String(v.version) })}
        onPeek={(v) => ask({ peek: v ? String(v.version) : "" })}
        empty={t("versions.empty")}
      />
      <Peek
        title={shown ? t("versions.name", { version: shown.version }) : ""}
        isOpen={shown !== undefined}
        onClose={() => ask({ peek: "" })}
      >
        {shown && <Version version={shown.version} />}
      </Peek>
    </>
  );
}

function Version({ version }: { version: number }) {
  const { t } = useTranslation("authorisation");
  const read = useQuery(readPolicyVersionOptions({ path: { version } }));
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return null;
  return read.data.text ? <PolicyText text={read.data.text} /> : <p>{t("versions.none")}</p>;
}
