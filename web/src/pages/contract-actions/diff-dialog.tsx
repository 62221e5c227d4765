import { useQuery } from "@tanstack/react-query";
import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { compareActionTypes } from "@/api/sdk.gen";
import type { Action } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";

interface Props {
  title: string;
  before: Action;
  after: Action;
  beforeName: string;
  afterName: string;
  /** Shown above: what the difference is for. */
  note?: string;
  /** Another button than 关闭, for a conflict that must be settled. */
  okText?: string;
  onOk?: () => void;
  onClose: () => void;
}

/** What one action changes in another, field by field, in business words. */
export function DiffDialog(props: Props) {
  const { t } = useTranslation(["contractActions", "common"]);
  const read = useQuery({
    queryKey: ["actionDiff", props.before, props.after],
    queryFn: async () =>
      (await compareActionTypes({ body: { before: props.before, after: props.after } })).data,
    staleTime: Infinity,
  });
  const items = read.data?.items;
  return (
    <Modal
      open
      width={920}
      title={props.title}
      onCancel={props.onClose}
      onOk={props.onOk ?? props.onClose}
      okText={props.okText ?? t("common:acts.close")}
      cancelText={t("common:acts.back")}
      {...(props.onOk ? {} : { cancelButtonProps: { style: { display: "none" } } })}
    >
      {props.note && <p>{props.note}</p>}
      {read.error && <ProblemNote problem={asProblem(read.error)} />}
      {read.isLoading && <Skeleton kind="rows" />}
      {items?.length === 0 && <p className="note">{t("diff.same")}</p>}
      {items && items.length > 0 && (
        <table className="action-diff">
          <caption className="visually-hidden">{props.title}</caption>
          <thead>
            <tr>
              <th scope="col">{t("diff.field")}</th>
              <th scope="col">{props.beforeName}</th>
              <th scope="col">{props.afterName}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.pointer} data-kind={one.kind}>
                <th scope="row">{byLocale(one.field_zh, one.field_en)}</th>
                <td>{byLocale(one.before_zh, one.before_en)}</td>
                <td>{byLocale(one.after_zh, one.after_en)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Modal>
  );
}
