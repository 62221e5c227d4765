import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Sheet } from "./shell";

/** The browser's own reader of bar codes; not every browser has one. */
interface Reader {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
declare global {
  interface Window {
    BarcodeDetector?: new (options?: { formats: string[] }) => Reader;
  }
}
const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "itf", "qr_code"];
const LOOK_MS = 150;
const SAME_MS = 1_500;

interface Props {
  title: string;
  hint: string;
  /** Whether one code may stand for several units. */
  hasQuantity: boolean;
  onScan: (code: string, quantity: number) => void;
  onClose: () => void;
}

/** The camera where the browser can read codes with it, and always a field to type into. */
export function ScanSheet({ title, hint, hasQuantity, onScan, onClose }: Props) {
  const { t } = useTranslation("pda");
  const [code, setCode] = useState("");
  const [quantity, setQuantity] = useState("1");
  const canRead = window.BarcodeDetector !== undefined && navigator.mediaDevices !== undefined;
  const units = Number(quantity);
  const isWhole = /^\d+$/.test(quantity) && units >= 1 && units <= 1_000_000;
  return (
    <Sheet title={title} onClose={onClose}>
      {canRead ? (
        <Camera onScan={(text) => onScan(text, 1)} />
      ) : (
        <p className="pda-note">{t("noReader")}</p>
      )}
      <form
        className="pda-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (code.trim() === "" || !isWhole) return;
          onScan(code.trim(), units);
          setCode("");
          setQuantity("1");
        }}
      >
        <label>
          {hint}
          <input
            value={code}
            maxLength={128}
            autoComplete="off"
            autoCapitalize="characters"
            enterKeyHint="send"
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        {hasQuantity && (
          <label>
            {t("quantity")}
            <input
              value={quantity}
              inputMode="numeric"
              onChange={(event) => setQuantity(event.target.value)}
            />
          </label>
        )}
        <button type="submit" className="pda-button" data-main="true">
          {t("count")}
        </button>
      </form>
    </Sheet>
  );
}

function Camera({ onScan }: { onScan: (text: string) => void }) {
  const { t } = useTranslation("pda");
  const video = useRef<HTMLVideoElement>(null);
  const [isBarred, bar] = useState(false);
  const latest = useRef(onScan);
  useEffect(() => {
    latest.current = onScan;
  });
  useEffect(() => {
    const Made = window.BarcodeDetector;
    if (!Made) return undefined;
    const reader = new Made({ formats: FORMATS });
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    let last = { text: "", at: 0 };
    const look = async () => {
      const shown = video.current;
      if (isOver || !shown) return;
      const found = shown.readyState >= 2 ? await reader.detect(shown).catch(() => []) : [];
      const text = found[0]?.rawValue;
      const now = Date.now();
      if (text && (text !== last.text || now - last.at > SAME_MS)) latest.current(text);
      if (text) last = { text, at: now };
      timer = setTimeout(() => void look(), LOOK_MS);
    };
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: "environment" } })
      .then((opened) => {
        stream = opened;
        if (isOver) return opened.getTracks().forEach((track) => track.stop());
        const shown = video.current;
        if (!shown) return undefined;
        shown.srcObject = opened;
        return shown.play().then(look);
      })
      .catch(() => bar(true));
    return () => {
      isOver = true;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  if (isBarred) return <p className="pda-note">{t("noCamera")}</p>;
  return (
    <div className="pda-camera">
      <video ref={video} muted playsInline aria-label={t("camera")} />
    </div>
  );
}

interface PhotoProps {
  onPhoto: (photo: Blob) => void;
  onClose: () => void;
}

/** Takes a photo with the device's camera; the bytes are kept as they were made. */
export function PhotoSheet({ onPhoto, onClose }: PhotoProps) {
  const { t } = useTranslation("pda");
  const video = useRef<HTMLVideoElement>(null);
  const [hasCamera, setCamera] = useState(navigator.mediaDevices !== undefined);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let isOver = false;
    navigator.mediaDevices
      ?.getUserMedia({ video: { facingMode: "environment", width: 1_600, height: 1_200 } })
      .then((opened) => {
        stream = opened;
        if (isOver) return opened.getTracks().forEach((track) => track.stop());
        if (video.current) video.current.srcObject = opened;
        return video.current?.play();
      })
      .catch(() => setCamera(false));
    return () => {
      isOver = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  const shoot = () => {
    const shown = video.current;
    if (!shown || shown.videoWidth === 0) return;
    const canvas = document.createElement("canvas");
    canvas.width = shown.videoWidth;
    canvas.height = shown.videoHeight;
    canvas.getContext("2d")?.drawImage(shown, 0, 0);
    canvas.toBlob((photo) => photo && onPhoto(photo), "image/jpeg", 0.85);
  };
  return (
    <Sheet title={t("photo")} onClose={onClose}>
      {hasCamera ? (
        <>
          <div className="pda-camera" data-frame="true">
            <video ref={video} muted playsInline aria-label={t("camera")} />
          </div>
          <Button isMain onClick={shoot}>
            {t("shoot")}
          </Button>
        </>
      ) : (
        <p className="pda-note">{t("noCamera")}</p>
      )}
      <label className="pda-button pda-file">
        {t("choosePhoto")}
        <input
          type="file"
          accept="image/jpeg,image/png,image/webp"
          capture="environment"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) onPhoto(file);
          }}
        />
      </label>
    </Sheet>
  );
}
