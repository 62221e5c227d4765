import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { listOrderTypesOptions, readOrderTypeOptions } from "@/api/@tanstack/react-query.gen";
import { beginOrderType } from "@/api/sdk.gen";
import type { OrderType, TypeBook } from "@/api/types.gen";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { TypeEditor } from "./editor";
import { PublishedType } from "./published";
import "./order-types.css";

const DRAFT = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** 订单类型: what an order goes through, as data; one person writes it, another approves it. */
export default function OrderTypes() {
  const { t } = useTranslation("order-types");
  const { id = "" } = useParams();
  const [from, begin] = useState<OrderType>();
  const read = useQuery(listOrderTypesOptions());
  const mayWrite = useMay("order_type.write");
  const book = read.data;
  const picked = id || (book?.drafts[0]?.id ?? book?.versions[0]?.type.type ?? "");
  const first = book?.templates[0];
  return (
    <>
      <PageHead
        {...(id ? { back: "/order-types" } : {})}
        fact={
          book &&
          t("fact", {
            active: book.versions.filter((one) => one.active).length,
            drafts: book.drafts.length,
          })
        }
        actions={
          mayWrite &&
          first && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => begin(first)}>
              {t("new")}
            </Button>
          )
        }
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isLoading && <Skeleton kind="page" />}
      {book && (
        <div className="order-types" data-open={id !== ""}>
          <TypeList book={book} picked={picked} />
          {!picked && <p className="note order-types-none">{t("none")}</p>}
          {picked &&
            (DRAFT.test(picked) ? (
              <DraftPage key={picked} id={picked} book={book} />
            ) : (
              <PublishedType key={picked} code={picked} book={book} onNext={begin} />
            ))}
        </div>
      )}
      {from && book && (
        <NewType from={from} book={book} onClose={() => begin(undefined)} />
      )}
    </>
  );
}

/** Drafts first, with what stands in their way; then the types by code, the newest version of each. */
function TypeList({ book, picked }: { book: TypeBook; picked: string }) {
  const { t } = useTranslation("order-types");
  const newest = book.versions.filter(
    (one, at) => book.versions.findIndex((other) => other.type.type === one.type.type) === at,
  );
  return (
    <nav className="card order-types-list" aria-label={t("list")}>
      <ul>
        {book.drafts.map((one) => (
          <li key={one.id}>
            <Link to={`/order-types/${one.id}`} aria-current={one.id === picked ? "page" : undefined}>
              <span>{byLocale(one.type.name.zh ?? "", one.type.name.en ?? "") || one.type.type}</span>
              <span className="note" data-tone={one.errors > 0 ? "broken" : "pend"}>
                {one.errors > 0
                  ? t("errors", { count: one.errors })
                  : `${t(`states.${one.state}`)} v${one.type.version}`}
              </span>
            </Link>
          </li>
        ))}
        {newest.map((one) => (
          <li key={one.type.type}>
            <Link
              to={`/order-types/${one.type.type}`}
              aria-current={one.type.type === picked ? "page" : undefined}
            >
              <span>{byLocale(one.type.name.zh ?? "", one.type.name.en ?? "")}</span>
              <span className="note">{one.active ? `v${one.type.version}` : t("retired")}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function DraftPage({ id, book }: { id: string; book: TypeBook }) {
  const options = readOrderTypeOptions({ path: { draft_id: id } });
  const read = useQuery(options);
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return <Skeleton kind="page" />;
  return (
    <TypeEditor
      draft={read.data}
      acts={book.acts}
      onDraft={(draft) => queries.setQueryData(options.queryKey, draft)}
    />
  );
}

interface NewProps {
  from: OrderType;
  book: TypeBook;
  onClose: () => void;
}

/** A new type from a template, or the next version of one that is there. */
function NewType({ from, book, onClose }: NewProps) {
  const { t } = useTranslation(["order-types", "common"]);
  const go = useNavigate();
  const notice = useNotice();
  const isNext = book.versions.some((one) => one.type.type === from.type);
  const [form] = Form.useForm<{ template: string; code: string; zh: string; en: string }>();
  const [isBusy, setBusy] = useState(false);

  async function begin(given: { template: string; code: string; zh: string; en: string }) {
    setBusy(true);
    try {
      const base = isNext ? from : book.templates.find((one) => one.type === given.template);
      const type = {
        ...(base ?? from),
        type: given.code,
        name: { zh: given.zh, en: given.en },
      };
      const { data } = await beginOrderType({ body: { type } });
      onClose();
      void go(`/order-types/${data.id}`);
      await queries.invalidateQueries();
    } catch (error) {
      notice.failed(error);
      setBusy(false);
    }
  }

  return (
    <Modal
      open
      width={480}
      title={isNext ? t("next") : t("new")}
      okText={t("begin")}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          template: from.type,
          code: isNext ? from.type : "",
          zh: isNext ? from.name.zh : "",
          en: isNext ? from.name.en : "",
        }}
        onFinish={(given) => void begin(given)}
      >
        {!isNext && (
          <Form.Item name="template" label={t("template")}>
            <Radio.Group className="order-types-templates">
              {book.templates.map((one) => (
                <Radio key={one.type} value={one.type}>
                  {byLocale(one.name.zh ?? "", one.name.en ?? "")}
                </Radio>
              ))}
            </Radio.Group>
          </Form.Item>
        )}
        <Form.Item
          name="zh"
          label={t("nameZh")}
          rules={[{ required: true, whitespace: true, message: t("needed") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item
          name="en"
          label={t("nameEn")}
          rules={[{ required: true, whitespace: true, message: t("needed") }]}
        >
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item
          name="code"
          label={t("code")}
          extra={t("codeNote")}
          rules={[{ required: true, pattern: /^[a-z][a-z0-9_]{1,31}$/, message: t("codeForm") }]}
        >
          <Input maxLength={32} className="mono" disabled={isNext} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
