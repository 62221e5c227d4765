import { ToolOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { HealthBoard, MaintenanceWindow } from "@/api/types.gen";
import { ask } from "@/client";
import { brief } from "@/format";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { KEY, PATH } from "./model";
import { useScopeName } from "./scopes";

/** Maintenance windows that are open or to come: what is silent, until when, why, by whom. */
export function Windows({ board, mayEnd }: { board: HealthBoard; mayEnd: boolean }) {
  const { t } = useTranslation("health-board");
  if (board.windows.length === 0) return null;
  return (
    <ul className="health-windows" aria-label={t("windows")}>
      {board.windows.map((one) => (
        <Window key={one.id} one={one} board={board} mayEnd={mayEnd} />
      ))}
    </ul>
  );
}

function Window({ one, board, mayEnd }: { one: MaintenanceWindow; board: HealthBoard; mayEnd: boolean }) {
  const { t } = useTranslation("health-board");
  const nameOf = useScopeName(board);
  const notice = useNotice();
  const end = async () => {
    try {
      await ask(`${PATH}/windows/${one.id}`, { method: "DELETE" });
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("ended", { scope: nameOf(one.scope) }));
    } catch (error) {
      notice.failed(error);
    }
  };
  return (
    <li>
      <ToolOutlined />
      <span>
        <b>{t("windowOf", { scope: nameOf(one.scope) })}</b> {brief(one.begins)} – {brief(one.ends)} ·{" "}
        {one.reason} · {one.by}
      </span>
      {mayEnd && (
        <Button size="small" onClick={() => void end()}>
          {t("endNow")}
        </Button>
      )}
    </li>
  );
}
