import { RedoOutlined, StopOutlined, UserAddOutlined } from "@ant-design/icons";
import { Button, Input, Popover, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/keys/use-keys";
import { calledBy } from "@/pages/orders/model";
import { useWords } from "@/pages/orders/use-words";

const HOUR_MS = 3_600_000;
const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;
type Span = keyof typeof SPANS;

/** 转派: a colleague whose work it is from now on. */
export function Assign({ onAssign, hasKey }: {
  onAssign: (owner: string) => void;
  /** The key `a` opens it. */
  hasKey?: boolean;
}) {
  const { t } = useTranslation("incidents");
  const [isOpen, open] = useState(false);
  useKeys([{ keys: "a", label: t("assign"), run: () => open(true) }], hasKey ?? false);
  const { data } = useWords();
  const form = (
    <Select
      autoFocus
      showSearch={{ optionFilterProp: "label" }}
      className="incidents-person"
      aria-label={t("assignTo")}
      placeholder={t("assignTo")}
      options={(data?.people ?? []).map((one) => ({ value: one.person, label: calledBy(one) }))}
      onChange={(person: string) => {
        open(false);
        onAssign(person.replace("person:", ""));
      }}
    />
  );
  return (
    <Popover content={form} trigger="click" open={isOpen} onOpenChange={open}>
      <Button icon={<UserAddOutlined />}>{t("assign")}</Button>
    </Popover>
  );
}

/** 忽略 until a time, or 关闭; both say why. */
export function Suppress({ onSuppress, onClose, hasKey }: {
  onSuppress: (reason: string, until: string) => void;
  onClose: (reason: string) => void;
  /** The key `i` opens it. */
  hasKey?: boolean;
}) {
  const { t } = useTranslation("incidents");
  const [isOpen, open] = useState(false);
  useKeys([{ keys: "i", label: t("ignore"), run: () => open(true) }], hasKey ?? false);
  const [reason, say] = useState("");
  const [span, setSpan] = useState<Span>("day");
  const isSaid = reason.trim() !== "";
  const leave = () => {
    open(false);
    say("");
  };
  const form = (
    <div className="incidents-why">
      <Input.TextArea
        autoFocus
        rows={2}
        maxLength={500}
        value={reason}
        aria-label={t("why")}
        placeholder={t("why")}
        onChange={(event) => say(event.target.value)}
      />
      <Select<Span>
        value={span}
        aria-label={t("untilWhen")}
        options={(Object.keys(SPANS) as Span[]).map((one) => ({ value: one, label: t(`spans.${one}`) }))}
        onChange={setSpan}
      />
      <div className="incidents-acts">
        <Button
          disabled={!isSaid}
          onClick={() => {
            onSuppress(reason, new Date(Date.now() + SPANS[span]).toISOString());
            leave();
          }}
        >
          {t("suppress")}
        </Button>
        <Button
          disabled={!isSaid}
          onClick={() => {
            onClose(reason);
            leave();
          }}
        >
          {t("close")}
        </Button>
      </div>
    </div>
  );
  return (
    <Popover content={form} trigger="click" open={isOpen} onOpenChange={open}>
      <Button icon={<StopOutlined />}>{t("ignore")}</Button>
    </Popover>
  );
}

/** 重开, and why: what was ignored or closed waits again. */
export function Reopen({ onReopen, hasKey }: {
  onReopen: (reason: string) => void;
  /** The key `i` opens it. */
  hasKey?: boolean;
}) {
  const { t } = useTranslation("incidents");
  const [isOpen, open] = useState(false);
  const [reason, say] = useState("");
  useKeys([{ keys: "i", label: t("reopen"), run: () => open(true) }], hasKey ?? false);
  const form = (
    <form
      className="incidents-why"
      onSubmit={(event) => {
        event.preventDefault();
        onReopen(reason);
        open(false);
        say("");
      }}
    >
      <Input
        autoFocus
        maxLength={500}
        value={reason}
        aria-label={t("why")}
        placeholder={t("why")}
        onChange={(event) => say(event.target.value)}
      />
      <Button htmlType="submit" disabled={reason.trim() === ""}>
        {t("reopen")}
      </Button>
    </form>
  );
  return (
    <Popover content={form} trigger="click" open={isOpen} onOpenChange={open}>
      <Button icon={<RedoOutlined />}>{t("reopen")}…</Button>
    </Popover>
  );
}
