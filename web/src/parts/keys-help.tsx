import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useKeyList } from "@/keys/use-keys";

const SHOWN: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  Escape: "Esc",
  "ctrl+": "Ctrl ",
  "shift+": "Shift ",
};

/** A key stroke as it is written on the key. */
export function Keys({ keys }: { keys: string }) {
  const text = Object.entries(SHOWN).reduce((out, [from, to]) => out.replace(from, to), keys);
  return (
    <>
      {text.split(" ").map((part) => (
        <kbd key={part}>{part}</kbd>
      ))}
    </>
  );
}

/** `?`: every shortcut that works on this page. */
export default function KeysHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const acts = useKeyList();
  return (
    <Modal open={isOpen} onCancel={onClose} footer={null} title={t("frame.keys")} width={560}>
      <dl className="keys">
        {acts.map((act) => (
          <div key={act.keys}>
            <dt>
              <Keys keys={act.keys} />
            </dt>
            <dd>{act.label}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
