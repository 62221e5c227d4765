import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Drawer, Input } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { getRawMessageOptions } from "@/api/@tanstack/react-query.gen";
import { revealPersonalData } from "@/api/sdk.gen";
import { bytes, near } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const REASON_CHARACTERS = 2;

/** The platform's message, masked; whole for a reason. */
export default function RawDrawer({
  id,
  onClose,
  onSaid,
}: {
  id: string;
  onClose: () => void;
  onSaid: () => Promise<void>;
}) {
  const { t } = useTranslation("order");
  const mayReveal = useMay("order.reveal");
  const raw = useQuery(getRawMessageOptions({ path: { order_id: id } }));
  const [shown, show] = useState<{ text: string; until: string } | null>(null);
  const [reason, say] = useState("");
  const reveal = useMutation({
    mutationFn: async () => {
      const { data } = await revealPersonalData({
        path: { order_id: id },
        body: { fields: ["raw"], reason: reason.trim() },
        throwOnError: true,
      });
      return data;
    },
    onSuccess: async (data) => {
      show({ text: pretty(data.raw ?? ""), until: data.until });
      await onSaid();
    },
  });
  useEffect(() => {
    if (!shown) return undefined;
    const wait = Math.max(0, Date.parse(shown.until) - Date.now());
    const timer = setTimeout(() => show(null), wait);
    return () => clearTimeout(timer);
  }, [shown]);
  const message = raw.data;
  return (
    <Drawer
      open
      size={640}
      title={t("raw.title")}
      onClose={onClose}
      extra={message && !message.erased ? <span className="note">{bytes(message.size)}</span> : null}
    >
      {raw.error && (
        <ProblemNote problem={asProblem(raw.error)} onRetry={() => void raw.refetch()} />
      )}
      {!message && !raw.error && <Skeleton kind="card" rows={10} />}
      {message?.erased && <p className="muted">{t("raw.erased", { at: near(message.erased) })}</p>}
      {message && !message.erased && (
        <>
          <p className="note">{t(shown ? "raw.plain" : "raw.masked")}</p>
          {mayReveal && !shown && (
            <form
              className="order-reason-row"
              onSubmit={(event) => {
                event.preventDefault();
                reveal.mutate();
              }}
            >
              <Input
                aria-label={t("receiver.reason")}
                placeholder={t("receiver.reason")}
                value={reason}
                maxLength={200}
                onChange={(event) => say(event.target.value)}
              />
              <Button
                htmlType="submit"
                loading={reveal.isPending}
                disabled={reason.trim().length < REASON_CHARACTERS}
              >
                {t("receiver.reveal")}
              </Button>
            </form>
          )}
          {reveal.error && <ProblemNote problem={asProblem(reveal.error)} />}
          <pre className="order-raw mono" tabIndex={0}>
            {shown?.text ?? (message.text || t("raw.other"))}
          </pre>
        </>
      )}
    </Drawer>
  );
}

/** JSON in lines; all else as it came. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}
