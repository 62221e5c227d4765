import { BranchesOutlined, StopOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Modal } from "antd";
import { useState } from "react";
import "@/parts/draft-acts.css";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { listGroupsOptions } from "@/api/@tanstack/react-query.gen";
import { retireOrderType } from "@/api/sdk.gen";
import type { GroupShown, OrderType, TypeBook, TypeShown } from "@/api/types.gen";
import { exact } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Checks, Sentence, Simulation, type Trial, useProof } from "./proof";
import { StageStrip } from "./strip";

interface Props {
  code: string;
  book: TypeBook;
  onNext: (from: OrderType) => void;
}

/** A published type: how many orders are in each stage, its groups, its versions. */
export function PublishedType({ code, book, onNext }: Props) {
  const { t } = useTranslation("order-types");
  const versions = book.versions.filter((one) => one.type.type === code);
  const shown = versions.find((one) => one.active) ?? versions[0];
  if (!shown) return <p className="note order-types-none">{t("noType", { code })}</p>;
  return <Shown key={shown.digest} shown={shown} versions={versions} book={book} onNext={onNext} />;
}

interface ShownProps {
  shown: TypeShown;
  versions: readonly TypeShown[];
  book: TypeBook;
  onNext: (from: OrderType) => void;
}

function Shown({ shown, versions, book, onNext }: ShownProps) {
  const { t } = useTranslation(["order-types", "common"]);
  const mayWrite = useMay("order_type.write");
  const mayApprove = useMay("order_type.approve");
  const notice = useNotice();
  const [isRetiring, retire] = useState(false);
  const [reason, setReason] = useState("");
  const [trial, setTrial] = useState<Trial>({ price_fen: 9_900, units: 1 });
  const { type } = shown;
  const proof = useProof(type, trial);
  const draft = book.drafts.find((one) => one.type.type === type.type);

  async function stop() {
    try {
      await retireOrderType({ path: { code: type.type }, body: { reason: reason.trim() } });
      retire(false);
      notice.done(t("retiredIt"));
      await queries.invalidateQueries();
    } catch (error) {
      notice.failed(error);
    }
  }

  return (
    <>
      <div className="order-types-middle">
        <Card
          title={byLocale(type.name.zh ?? "", type.name.en ?? "")}
          note={<span className="mono">{type.type}</span>}
          extra={
            <ToneTag tone={shown.active ? "kept" : "excused"}>
              {shown.active ? t("inForce", { version: type.version }) : t("retired")}
            </ToneTag>
          }
        >
          <div className="draft-acts">
            <span className="note">
              {t("byBoth", { drafted: shown.drafted_by, approved: shown.approved_by })}
            </span>
            {draft && <Link to={`/order-types/${draft.id}`}>{t("draftOpen")}</Link>}
            {mayApprove && shown.active && (
              <Button danger icon={<StopOutlined />} onClick={() => retire(true)}>
                {t("retire")}
              </Button>
            )}
            {mayWrite && !draft && (
              <Button icon={<BranchesOutlined />} onClick={() => onNext(type)}>
                {t("next")}
              </Button>
            )}
          </div>
          {proof && <Sentence proof={proof} />}
          <StageStrip type={type} counts={shown.orders} />
          {type.group && <GroupTable code={type.type} />}
          <SmallTable<TypeShown>
            caption={t("versions")}
            rows={versions}
            keyOf={(one) => one.digest}
            empty=""
            columns={[
              { key: "v", title: t("version"), render: (one) => `v${one.type.version}` },
              { key: "at", title: t("publishedAt"), render: (one) => exact(one.published) },
              { key: "by", title: t("approvedBy"), render: (one) => one.approved_by },
              {
                key: "digest",
                title: t("digest"),
                render: (one) => <DigestText hex={one.digest} groups={2} />,
              },
            ]}
          />
        </Card>
      </div>
      <div className="order-types-proof">
        {proof ? (
          <>
            <Simulation type={type} proof={proof} trial={trial} onTrial={setTrial} />
            {proof.findings.length > 0 && <Checks proof={proof} />}
          </>
        ) : (
          <Skeleton kind="card" />
        )}
      </div>
      {isRetiring && (
        <Modal
          open
          width={416}
          title={t("retireAsk", { name: byLocale(type.name.zh ?? "", type.name.en ?? "") })}
          okText={t("retire")}
          cancelText={t("common:acts.back")}
          okButtonProps={{ disabled: !reason.trim(), danger: true }}
          onOk={() => void stop()}
          onCancel={() => retire(false)}
        >
          <Input.TextArea
            aria-label={t("reason")}
            placeholder={t("reason")}
            maxLength={500}
            rows={3}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Modal>
      )}
    </>
  );
}

function GroupTable({ code }: { code: string }) {
  const { t } = useTranslation("order-types");
  const read = useQuery(listGroupsOptions({ path: { code } }));
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  return (
    <SmallTable<GroupShown>
      caption={t("groups")}
      rows={read.data?.items ?? []}
      keyOf={(one) => one.code}
      empty={t("noGroups")}
      columns={[
        { key: "code", title: t("group"), render: (one) => <span className="mono">{one.code}</span> },
        { key: "leader", title: t("leader"), render: (one) => one.leader },
        { key: "pickup", title: t("pickup"), render: (one) => one.pickup },
        {
          key: "joined",
          title: t("joined"),
          isNumber: true,
          render: (one) => `${one.joined} / ${one.minimum}`,
        },
        { key: "closes", title: t("closes"), render: (one) => exact(one.closes) },
        { key: "state", title: t("state"), render: (one) => t(`groupStates.${one.state}`) },
      ]}
    />
  );
}
