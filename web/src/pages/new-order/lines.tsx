import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { money } from "@/format";
import { type DraftLine, fenOf, NO_LINE } from "./draft";
import { SkuPicker } from "./sku-picker";

const MOST = 100_000;

interface Props {
  lines: readonly DraftLine[];
  onChange: (lines: readonly DraftLine[]) => void;
}

/** The goods of the order: what, how many, at which price. */
export function Lines({ lines, onChange }: Props) {
  const { t } = useTranslation("new-order");
  const put = (key: number, changes: Partial<DraftLine>) =>
    onChange(lines.map((line) => (line.key === key ? { ...line, ...changes } : line)));
  return (
    <div className="new-order-lines" role="group" aria-label={t("goods")}>
      {lines.map((line, at) => {
        const price = fenOf(line.price);
        const nth = t("nth", { n: at + 1 });
        return (
          <div key={line.key} className="new-order-line">
            <SkuPicker
              label={`${t("goods")} ${nth}`}
              sku={line.sku}
              name={line.name}
              onPick={(sku) =>
                put(line.key, {
                  sku: sku.code,
                  name: sku.name,
                  price:
                    sku.price_fen === undefined ? line.price : (sku.price_fen / 100).toFixed(2),
                })
              }
            />
            <InputNumber
              aria-label={`${t("quantity")} ${nth}`}
              min={1}
              max={MOST}
              precision={0}
              value={line.quantity}
              onChange={(quantity) => put(line.key, { quantity })}
            />
            <InputNumber<string>
              aria-label={`${t("price")} ${nth}`}
              stringMode
              min="0"
              precision={2}
              prefix="¥"
              value={line.price}
              onChange={(next) => put(line.key, { price: next })}
            />
            <span className="new-order-sum">
              {line.sku && price !== null ? money(price * (line.quantity ?? 0)) : "—"}
            </span>
            <Button
              type="text"
              icon={<DeleteOutlined />}
              aria-label={`${t("dropLine")} ${nth}`}
              disabled={lines.length === 1}
              onClick={() => onChange(lines.filter((one) => one.key !== line.key))}
            />
          </div>
        );
      })}
      <Button
        type="dashed"
        icon={<PlusOutlined />}
        onClick={() =>
          onChange([...lines, { key: Math.max(...lines.map((one) => one.key)) + 1, ...NO_LINE }])
        }
      >
        {t("addLine")}
      </Button>
    </div>
  );
}
