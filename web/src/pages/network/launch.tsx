import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import type { NetworkLaunch, NetworkPlacement, NetworkPlacements } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { chance, units } from "./words";

/** 首铺: where the first units of new goods should go. Nothing is moved by it. */
export function Launch() {
  const { t } = useTranslation("network");
  const place = useMutation({
    mutationFn: (wish: NetworkLaunch) =>
      fetchJson<NetworkPlacements>("/v1/network/launches", { method: "POST", json: wish }),
  });
  const needed = [{ required: true, message: t("needed") }];
  const columns: SmallColumn<NetworkPlacement>[] = [
    { key: "warehouse", title: t("columns.warehouse"), render: (one) => one.warehouse },
    { key: "quantity", title: t("columns.quantity"), render: (one) => count(one.quantity), isNumber: true },
    { key: "expected", title: t("launch.expected"), render: (one) => units(one.expected_milli), isNumber: true },
    { key: "chance", title: t("launch.chance"), render: (one) => chance(one.chance), isNumber: true },
  ];
  return (
    <Card title={t("launch.title")} note={t("launch.note")}>
      <Form layout="inline" onFinish={(wish: NetworkLaunch) => place.mutate(wish)} className="network-line">
        <Form.Item name="like" label={t("launch.like")} rules={needed}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="quantity" label={t("columns.quantity")} rules={needed}>
          <InputNumber min={1} max={10_000_000} precision={0} />
        </Form.Item>
        <Button htmlType="submit" loading={place.isPending}>
          {t("launch.act")}
        </Button>
      </Form>
      {place.error && <ProblemNote problem={asProblem(place.error)} />}
      {place.data && (
        <SmallTable
          caption={t("launch.title")}
          columns={columns}
          rows={place.data.items}
          keyOf={(one) => one.warehouse}
          empty=""
        />
      )}
    </Card>
  );
}
