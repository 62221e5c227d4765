import { DownloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask, fetchHub } from "@/client";
import { bytes } from "@/format";
import { query } from "@/parts/use-asked";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem, Problem } from "@/problem";
import { BUNDLES_KEY } from "./bundles";

interface Found {
  items: { order: string; number: string }[];
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A fact is sealed within a second, as a rule; so often is asked again. */
const TRIES = 6;
const WAIT_MS = 1_000;

/** Several orders fit what was typed. */
class Ambiguous extends Error {}

/** Export the bundle of one order: by its id, or by the number that people write. */
export function ExportCard() {
  const { t } = useTranslation("bundles");
  const client = useQueryClient();
  const [order, setOrder] = useState("");
  const [purpose, setPurpose] = useState("");
  const work = useMutation({
    mutationFn: async () => {
      const id = await find(order.trim());
      const file = await take(id, purpose.trim());
      save(file, `${id}.evb.zip`);
      return file.size;
    },
    onSettled: () => client.invalidateQueries({ queryKey: BUNDLES_KEY }),
  });
  return (
    <Card title={t("export.title")} note={t("export.note")}>
      <Form layout="vertical" onFinish={() => work.mutate()} requiredMark={false}>
        <Form.Item label={t("export.order")} htmlFor="bundle-order">
          <Input
            id="bundle-order"
            value={order}
            maxLength={128}
            onChange={(event) => setOrder(event.target.value)}
          />
        </Form.Item>
        <Form.Item label={t("export.purpose")} htmlFor="bundle-purpose">
          <Input
            id="bundle-purpose"
            value={purpose}
            maxLength={200}
            placeholder={t("export.purposeHint")}
            onChange={(event) => setPurpose(event.target.value)}
          />
        </Form.Item>
        <Button
          type="primary"
          htmlType="submit"
          icon={<DownloadOutlined />}
          loading={work.isPending}
          disabled={order.trim() === ""}
        >
          {t("export.act")}
        </Button>
      </Form>
      {work.error instanceof Ambiguous ? (
        <Alert type="warning" showIcon title={t("export.many")} />
      ) : (
        work.error && <ProblemNote problem={asProblem(work.error)} />
      )}
      {work.data !== undefined && (
        <Alert type="success" showIcon title={t("export.done", { size: bytes(work.data) })} />
      )}
    </Card>
  );
}

async function find(text: string): Promise<string> {
  if (ID.test(text)) return text.toLowerCase();
  const found = await ask<Found>(`/v1/orders?${query({ q: text, limit: 2 })}`);
  const exact = found.items.filter((one) => one.number === text);
  const [one, ...others] = exact.length > 0 ? exact : found.items;
  if (!one) throw new Problem({ status: 404, code: "no_order" });
  if (others.length > 0) throw new Ambiguous();
  return one.order;
}

async function take(id: string, purpose: string): Promise<Blob> {
  const url = new URL(`/v1/orders/${id}/evidence?${query({ purpose })}`, window.location.origin);
  for (let tries = 1; ; tries += 1) {
    try {
      return await (await fetchHub(url)).blob();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503 || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
