import { CameraOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  onTaken: (picture: Blob) => void;
  onBarred: () => void;
}

/** The camera as it sees now, and a shutter. The stream ends with the part. */
export function Camera({ onTaken, onBarred }: Props) {
  const { t } = useTranslation("documents");
  const video = useRef<HTMLVideoElement>(null);
  const [isReady, setReady] = useState(false);
  const barred = useRef(onBarred);
  useEffect(() => {
    barred.current = onBarred;
  });
  useEffect(() => {
    let stream: MediaStream | undefined;
    let isGone = false;
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: "environment", width: { ideal: 2_560 }, height: { ideal: 1_920 } } })
      .then((given) => {
        if (isGone || !video.current) {
          given.getTracks().forEach((track) => track.stop());
          return;
        }
        stream = given;
        video.current.srcObject = given;
      })
      .catch(() => barred.current());
    return () => {
      isGone = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);

  function take() {
    const seen = video.current;
    if (!seen?.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = seen.videoWidth;
    canvas.height = seen.videoHeight;
    canvas.getContext("2d")?.drawImage(seen, 0, 0);
    canvas.toBlob((blob) => blob && onTaken(blob), "image/jpeg", 0.92);
  }

  return (
    <div className="photo-camera">
      <video ref={video} autoPlay playsInline muted aria-label={t("photo.view")} onPlaying={() => setReady(true)} />
      <Button type="primary" size="large" icon={<CameraOutlined />} disabled={!isReady} onClick={take}>
        {t("photo.take")}
      </Button>
    </div>
  );
}
