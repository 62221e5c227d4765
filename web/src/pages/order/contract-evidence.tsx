import { Button, Input, Select } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GoodsShown, ReadingGiven, WantedShown } from "@/api/types.gen";
import { byLocale } from "@/i18n";

const READINGS = new Set(["scan", "expiry_scan", "handover_scan", "waybill_no", "payment_receipt"]);
const ACCEPT: Readonly<Record<string, string>> = {
  photo: "image/jpeg,image/png,image/webp",
  video: "video/mp4,video/webm",
  temperature_series: ".csv,text/csv",
  document: "application/pdf,image/jpeg,image/png,image/webp",
  report: "application/pdf,image/jpeg,image/png,image/webp",
  voice_sample: "audio/wav,audio/ogg,audio/webm,audio/mp4",
};

interface Props {
  wanted: WantedShown;
  goods: readonly GoodsShown[];
  isBusy: boolean;
  onReading: (reading: ReadingGiven) => void;
  onFile: (kind: string, file: Blob) => void;
}

/** Collects one kind of evidence as its kind is collected: scanned, taken, drawn, handed in. */
export function Collect({ wanted, goods, isBusy, onReading, onFile }: Props) {
  const { t } = useTranslation("order");
  if (wanted.by === "system") return <p className="note">{t("contract.bySystem")}</p>;
  const kinds = wanted.kind.split("|");
  return (
    <>
      {kinds.map((kind) =>
        kind === "signature" ? (
          <Pad key={kind} onDrawn={(drawn) => onFile(kind, drawn)} />
        ) : READINGS.has(kind) ? (
          <Reading key={kind} kind={kind} wanted={wanted} goods={goods} isBusy={isBusy} onReading={onReading} />
        ) : wanted.by === "device" ? (
          <p key={kind} className="note">
            {t("contract.byDevice")}
          </p>
        ) : (
          <label key={kind} className="order-file">
            {t("contract.choose", { kind: t(`evidence.kinds.${kind}`, { defaultValue: kind }) })}
            <input
              type="file"
              className="visually-hidden"
              accept={ACCEPT[kind]}
              {...(kind === "photo" || kind === "video" ? { capture: "environment" as const } : {})}
              disabled={isBusy}
              onChange={(event) => {
                const file = event.target.files?.[0];
                if (file) onFile(kind, file);
                event.target.value = "";
              }}
            />
          </label>
        ),
      )}
    </>
  );
}

interface ReadingProps {
  kind: string;
  wanted: WantedShown;
  goods: readonly GoodsShown[];
  isBusy: boolean;
  onReading: (reading: ReadingGiven) => void;
}

function Reading({ kind, wanted, goods, isBusy, onReading }: ReadingProps) {
  const { t } = useTranslation("order");
  const [code, setCode] = useState("");
  const [sku, setSku] = useState(goods[0]?.sku ?? "");
  const [lot, setLot] = useState("");
  const [expiry, setExpiry] = useState("");
  const isExpiry = kind === "expiry_scan";
  const isGs1 = /^(\](?:d2|C1)|\(01\)|01\d{14})/.test(code);
  const isReady = isExpiry ? isGs1 || (sku !== "" && lot.trim() !== "" && expiry !== "") : code.trim() !== "";
  const give = () => {
    if (!isReady) return;
    onReading({
      kind: kind as ReadingGiven["kind"],
      code: code.trim(),
      by: wanted.by === "device" ? "device" : "person",
      ...(isExpiry && !isGs1 ? { sku, lot: lot.trim(), expiry } : {}),
    });
    setCode("");
    setLot("");
    setExpiry("");
  };
  return (
    <div className="order-reading">
      <Input
        aria-label={t("contract.code")}
        placeholder={t(isExpiry ? "contract.codeGs1" : "contract.code")}
        value={code}
        maxLength={128}
        onChange={(event) => setCode(event.target.value)}
        onPressEnter={give}
      />
      {isExpiry && !isGs1 && (
        <>
          <Select
            aria-label={t("contract.goods")}
            value={sku}
            options={goods.map((one) => ({ value: one.sku, label: one.name }))}
            onChange={setSku}
          />
          <Input
            aria-label={t("contract.lot")}
            placeholder={t("contract.lot")}
            value={lot}
            maxLength={64}
            onChange={(event) => setLot(event.target.value)}
          />
          <input
            type="date"
            className="order-instant"
            aria-label={t("contract.expiry")}
            value={expiry}
            onChange={(event) => setExpiry(event.target.value)}
          />
        </>
      )}
      <Button disabled={!isReady} loading={isBusy} onClick={give}>
        {t("contract.handIn")}
      </Button>
    </div>
  );
}

/** A signature drawn by hand: an image as evidence, not the signature of the act. */
function Pad({ onDrawn }: { onDrawn: (drawn: Blob) => void }) {
  const { t } = useTranslation("order");
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hasInk, setInk] = useState(false);
  const draw = (event: React.PointerEvent<HTMLCanvasElement>) => {
    const shown = canvas.current;
    const pen = shown?.getContext("2d");
    if (!shown || !pen || (event.type === "pointermove" && event.buttons === 0)) return;
    const box = shown.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    pen.lineWidth = 2;
    pen.lineCap = "round";
    if (event.type === "pointerdown") pen.beginPath();
    else pen.lineTo(x, y);
    pen.stroke();
    pen.moveTo(x, y);
    setInk(true);
  };
  const clear = () => {
    const shown = canvas.current;
    shown?.getContext("2d")?.clearRect(0, 0, shown.width, shown.height);
    setInk(false);
  };
  return (
    <div className="order-pad">
      <canvas
        ref={canvas}
        width={360}
        height={120}
        role="img"
        aria-label={t("contract.pad")}
        onPointerDown={draw}
        onPointerMove={draw}
      />
      <Button size="small" onClick={clear}>
        {t("contract.clear")}
      </Button>
      <Button
        size="small"
        disabled={!hasInk}
        onClick={() => canvas.current?.toBlob((drawn) => drawn && onDrawn(drawn), "image/png")}
      >
        {t("contract.handIn")}
      </Button>
    </div>
  );
}

/** The name of a piece that was handed in: its lot, what was read, or when. */
export function pieceOf(item: { lot: string; expiry: string; value: string; media: string }): string {
  return [item.lot, item.expiry, item.lot ? "" : item.value].filter(Boolean).join(" · ") || item.media;
}

/** Words of a demand: 效期扫描 ≥ 1. */
export function demandOf(wanted: WantedShown): string {
  return `${byLocale(wanted.name.zh, wanted.name.en)} ≥ ${wanted.min}`;
}
