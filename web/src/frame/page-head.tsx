import { ArrowLeftOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useMatches, useNavigate } from "react-router";
import type { Page } from "@/pages";

interface Props {
  /** Instead of the page's name: an order's number, say. It also names the browser tab. */
  title?: string;
  /** Beside the title: a StatusTag, a pill. */
  state?: ReactNode;
  /** One line of fact, muted. */
  fact?: ReactNode;
  /** Buttons at the right; exactly one of them primary. */
  actions?: ReactNode;
  /** Where ← goes; work pages have it. */
  back?: string;
  /** Mono for numbers and codes. */
  isCode?: boolean;
}

/** The head of each page: the one h1, state, one line of fact, actions. */
export function PageHead({ title, state, fact, actions, back, isCode }: Props) {
  const { t } = useTranslation();
  const go = useNavigate();
  const page = useMatches().at(-1)?.handle as Page | undefined;
  const name = page ? t(`nav:pages.${page.title}`) : "";
  const product = t("nav:product");
  useEffect(() => {
    if (title) document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <div className="page-head">
      {back !== undefined && (
        <Button
          type="text"
          icon={<ArrowLeftOutlined />}
          aria-label={t("frame.back")}
          onClick={() => void go(back)}
        />
      )}
      <h1 className={isCode ? "mono" : undefined}>{title ?? name}</h1>
      {state}
      {fact !== undefined && <p className="page-fact">{fact}</p>}
      {actions !== undefined && <div className="page-actions">{actions}</div>}
    </div>
  );
}
