import { App } from "antd";
import { type ReactNode, useCallback } from "react";
import { useTranslation } from "react-i18next";

interface Question {
  /** What will be done, with its object: 取消 6 单? */
  title: string;
  /** What follows from it, two lines at most: 将退款 ¥1,204.00,不可撤回。 */
  text?: ReactNode;
  /** The button repeats the act and its object: 取消 6 单. */
  act: string;
  isDanger?: boolean;
}

/** Ask before what can't be undone; all else acts at once and offers 撤销. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  const { modal } = App.useApp();
  const { t } = useTranslation();
  return useCallback(
    ({ title, text, act, isDanger }) =>
      new Promise<boolean>((answer) => {
        modal.confirm({
          title,
          content: text,
          okText: act,
          okButtonProps: { danger: isDanger ?? false },
          cancelText: t("acts.back"),
          width: 416,
          icon: null,
          focusable: { autoFocusButton: isDanger ? "cancel" : "ok" },
          onOk: () => answer(true),
          onCancel: () => answer(false),
        });
      }),
    [modal, t],
  );
}
