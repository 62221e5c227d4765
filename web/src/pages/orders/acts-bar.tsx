import {
  BranchesOutlined,
  CheckOutlined,
  CloseOutlined,
  EnvironmentOutlined,
  PauseOutlined,
  TagOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { BulkBar } from "@/parts/bulk-bar";
import { useSession } from "@/session";
import { type Act, ACTS, actsOf, RIGHTS, type Row } from "./model";

const ICONS: Partial<Record<Act, ReactNode>> = {
  hold: <PauseOutlined />,
  unhold: <CheckOutlined />,
  reroute: <BranchesOutlined />,
  tag: <TagOutlined />,
  assign: <UserOutlined />,
  readdress: <EnvironmentOutlined />,
  cancel: <CloseOutlined />,
};

/** The acts that the person may do and at least one of the orders allows; of all, every one. */
export function useActs(rows: readonly Row[], isAll: boolean): readonly Act[] {
  const { rights } = useSession();
  return useMemo(() => {
    const open = new Set(isAll ? ACTS : rows.flatMap((row) => actsOf(row)));
    return ACTS.filter((act) => open.has(act) && rights.includes(RIGHTS[act]));
  }, [rows, isAll, rights]);
}

interface Props {
  count: number;
  total: number | undefined;
  isAll: boolean;
  acts: readonly Act[];
  onAll: () => void;
  onClear: () => void;
  onAct: (act: Act) => void;
}

/** The dark bar of what can be done with the selected orders. */
export function ActsBar({ count, total, isAll, acts, onAll, onClear, onAct }: Props) {
  const { t } = useTranslation("orders");
  return (
    <BulkBar
      count={count}
      total={total}
      unit={t("unit")}
      isAll={isAll}
      onAll={onAll}
      onClear={onClear}
      // Taking tags off is in the dialog of putting them on.
      acts={acts
        .filter((act) => act !== "untag")
        .map((act) => ({
          key: act,
          label: t(`acts.${act}`),
          icon: ICONS[act],
          run: () => onAct(act),
        }))}
    />
  );
}
