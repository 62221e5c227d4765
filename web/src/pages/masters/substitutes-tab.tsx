import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SubstitutePage } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { useConfirm } from "@/parts/confirm";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { Peek } from "@/parts/peek";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { MASTERS_KEY } from "./masters";

type Pair = SubstitutePage["items"][number];
const KEY = [...MASTERS_KEY, "substitutes"] as const;
const CODE_MAX = 64;
const MOST = 20;
const keyOf = (row: Pair) => `${row.sku} ${row.substitute}`;

interface Props {
  isNew: boolean;
  mayWrite: boolean;
  onNew: (isNew: boolean) => void;
}

/** 替代: which SKU may stand in for which, in which order, and whether the buyer is asked. */
export function SubstitutesTab({ isNew, mayWrite, onNew }: Props) {
  const { t } = useTranslation(["masters", "amendments"]);
  const { asked, ask } = useAsked();
  const peek = asked("peek");
  const list = useKeyset<Pair, SubstitutePage>({
    queryKey: KEY,
    fetch: (cursor, signal) => askHub(`/v1/substitutes?${query({ limit: 200, cursor })}`, { signal }),
  });
  const held = list.rows.filter((row) => row.sku === peek);
  const isOpen = isNew || held.length > 0;
  const columns: Column<Pair>[] = [
    { ...plain("sku", (row) => row.sku), fixed: true },
    plain("substitute", (row) => row.substitute),
    plain("consent", (row) => t(row.consent ? "amendments:substitutes.asked" : "amendments:substitutes.free")),
  ];
  function plain(key: "sku" | "substitute" | "consent", text: (row: Pair) => string): Column<Pair> {
    return { key, title: t(`amendments:substitutes.${key}`), width: 240, text, render: text };
  }
  const close = () => {
    onNew(false);
    ask({ peek: "" });
  };
  return (
    <>
      <LedgerTable
        caption={t("kinds.substitutes")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={keyOf}
        onOpen={(row) => ask({ peek: row.sku })}
        onPeek={(row) => ask({ peek: row ? row.sku : "" })}
        peeked={held[0] ? keyOf(held[0]) : ""}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={
          <>
            {t("empty.substitutes")}{" "}
            {mayWrite && (
              <Button type="link" onClick={() => onNew(true)}>
                {t("new.substitutes")}
              </Button>
            )}
          </>
        }
      />
      <Peek title={isNew ? t("new.substitutes") : peek} isOpen={isOpen} onClose={close} to={undefined}>
        {isOpen && (
          <PairsForm key={isNew ? "new" : peek} rows={isNew ? [] : held} mayWrite={mayWrite} onDone={close} />
        )}
      </Peek>
    </>
  );
}

interface Values {
  sku: string;
  others: { substitute: string; consent: boolean }[];
}

/** The substitutes of one SKU, the first offered first. */
function PairsForm({ rows, mayWrite, onDone }: { rows: readonly Pair[]; mayWrite: boolean; onDone: () => void }) {
  const { t } = useTranslation(["amendments", "masters"]);
  const notice = useNotice();
  const confirm = useConfirm();
  const [isBusy, setBusy] = useState(false);
  const sku = rows[0]?.sku ?? "";
  const needed = [{ required: true, whitespace: true, message: t("masters:needed") }];
  async function write(deed: () => Promise<unknown>, words: string) {
    setBusy(true);
    try {
      await deed();
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(words);
      onDone();
    } catch (error) {
      notice.failed(error);
    } finally {
      setBusy(false);
    }
  }
  const put = (values: Values) => {
    const code = values.sku.trim();
    const json = values.others.map((one, rank) => ({
      sku: code,
      substitute: one.substitute.trim(),
      rank,
      consent: one.consent,
    }));
    return write(
      () => askHub("/v1/substitutes", { method: "PUT", json }),
      t(sku ? "masters:saved" : "masters:added", { name: code }),
    );
  };
  async function drop() {
    const isMeant = await confirm({
      title: t("substitutes.drop", { sku }),
      text: t("substitutes.dropText"),
      act: t("substitutes.dropIt", { sku }),
      isDanger: true,
    });
    if (!isMeant) return;
    const path = `/v1/substitutes/${encodeURIComponent(sku)}`;
    await write(() => askHub(path, { method: "DELETE" }), t("substitutes.dropped", { sku }));
  }
  return (
    <Form<Values>
      layout="vertical"
      disabled={!mayWrite}
      className="masters-form"
      initialValues={{
        sku,
        others: sku
          ? rows.map(({ substitute, consent }) => ({ substitute, consent }))
          : [{ substitute: "", consent: true }],
      }}
      onFinish={(values) => void put(values)}
    >
      <Form.Item name="sku" label={t("substitutes.sku")} rules={needed}>
        <Input maxLength={CODE_MAX} disabled={sku !== ""} />
      </Form.Item>
      <Form.List name="others">
        {(fields, { add, remove }) => (
          <fieldset className="masters-parts">
            <legend>{t("substitutes.order")}</legend>
            {fields.map((field) => (
              <div key={field.key} className="masters-part">
                <Form.Item name={[field.name, "substitute"]} label={t("substitutes.substitute")} rules={needed}>
                  <Input maxLength={CODE_MAX} />
                </Form.Item>
                <Form.Item name={[field.name, "consent"]} valuePropName="checked">
                  <Checkbox>{t("substitutes.asked")}</Checkbox>
                </Form.Item>
                {mayWrite && fields.length > 1 && (
                  <Button
                    icon={<DeleteOutlined />}
                    aria-label={t("substitutes.remove", { no: field.name + 1 })}
                    onClick={() => remove(field.name)}
                  />
                )}
              </div>
            ))}
            {mayWrite && fields.length < MOST && (
              <Button icon={<PlusOutlined />} onClick={() => add({ substitute: "", consent: true })}>
                {t("substitutes.add")}
              </Button>
            )}
          </fieldset>
        )}
      </Form.List>
      {mayWrite && (
        <div className="masters-form-acts">
          <Button type="primary" htmlType="submit" loading={isBusy}>
            {t(sku ? "masters:save" : "masters:add")}
          </Button>
          {sku && (
            <Button danger onClick={() => void drop()}>
              {t("substitutes.dropAct")}
            </Button>
          )}
        </div>
      )}
    </Form>
  );
}
