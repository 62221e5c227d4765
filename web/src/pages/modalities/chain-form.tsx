import { ArrowUpOutlined, CloseOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ChainView, PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { CHAINS, KEY } from "./model";
import { titleOf, useKind } from "./words";

const SCOPES = ["all", "store", "device_class", "device"] as const;
type Scope = (typeof SCOPES)[number];

interface Props {
  chain: ChainView;
  services: readonly PerceiverView[];
  onClose: () => void;
}

/** Sets who is asked first and who follows, for all originals or those of one store or device. */
export function ChainForm({ chain, services, onClose }: Props) {
  const { t } = useTranslation("modalities");
  const kind = useKind()(chain.kind);
  const words = useProblemWords();
  const notice = useNotice();
  const [ids, set] = useState<readonly string[]>(chain.services);
  const [was, ...name] = chain.scope.split(":");
  const [scope, setScope] = useState<Scope>(SCOPES.find((each) => each === was) ?? "all");
  const [of, setOf] = useState(name.join(":"));
  const isNamed = scope === "all" || of.trim() !== "";
  const kept = useMutation({
    mutationFn: () =>
      ask(`${CHAINS}/${encodeURIComponent(chain.kind)}`, {
        method: "PUT",
        json: { services: ids, scope: scope === "all" ? "" : `${scope}:${of.trim()}`, reason: "" },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("orderSet", { kind }));
      onClose();
    },
  });
  const left = services.filter((one) => !ids.includes(one.id));
  const lift = (at: number) =>
    set(ids.map((id, no) => (no === at - 1 ? (ids[at] ?? id) : no === at ? (ids[at - 1] ?? id) : id)));
  return (
    <Modal
      open
      title={t("orderOf", { kind })}
      okText={t("setOrder")}
      cancelText={t("common:acts.back")}
      confirmLoading={kept.isPending}
      okButtonProps={{ disabled: ids.length === 0 || !isNamed }}
      onOk={() => kept.mutate()}
      onCancel={onClose}
    >
      {kept.error && <Alert type="error" showIcon role="alert" title={words(asProblem(kept.error))} />}
      <p className="note">{t("orderNote")}</p>
      <div className="modalities-two">
        <Select<Scope>
          aria-label={t("scope")}
          value={scope}
          onChange={setScope}
          options={SCOPES.map((value) => ({ value, label: t(`scopeNames.${value}`) }))}
        />
        {scope !== "all" && (
          <Input
            aria-label={t(`scopeNames.${scope}`)}
            maxLength={64}
            value={of}
            onChange={(event) => setOf(event.target.value)}
          />
        )}
      </div>
      <ol className="modalities-order" data-edit>
        {ids.map((id, at) => (
          <li key={id}>
            <span className="note">{t(at === 0 ? "first" : "then")}</span>{" "}
            <b>{titleOf(services, id)}</b>
            <span>
              <Button
                type="text"
                icon={<ArrowUpOutlined />}
                disabled={at === 0}
                aria-label={t("liftUp", { name: titleOf(services, id) })}
                onClick={() => lift(at)}
              />
              <Button
                type="text"
                icon={<CloseOutlined />}
                aria-label={t("leaveOut", { name: titleOf(services, id) })}
                onClick={() => set(ids.filter((each) => each !== id))}
              />
            </span>
          </li>
        ))}
      </ol>
      {left.length > 0 && (
        <Select
          className="modalities-add"
          aria-label={t("addService")}
          placeholder={t("addService")}
          value={null}
          onChange={(id: string) => set([...ids, id])}
          options={left.map((one) => ({ value: one.id, label: one.title }))}
        />
      )}
    </Modal>
  );
}
