import { CameraOutlined, FileImageOutlined, RedoOutlined, SendOutlined } from "@ant-design/icons";
import { Button, Spin, Upload } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { useAsked } from "@/parts/use-asked";
import { asProblem, type Problem } from "@/problem";
import { Camera } from "./camera";
import { Outcome } from "./outcome";
import { ACCEPT, send, useOriginal } from "./photo";
import "./photo.css";

interface Taken {
  file: Blob;
  name: string;
  url: string;
  key: string;
}

/** 拍照下单: a purchase order, delivery note, chat or label is photographed, read, and becomes a draft. */
export default function Photo() {
  const { t } = useTranslation("documents");
  const { asked, ask } = useAsked();
  const [isCamera, setCamera] = useState(false);
  const [isBarred, setBarred] = useState(false);
  const [taken, setTaken] = useState<Taken | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const sent = useOriginal(asked("id"));
  useEffect(() => () => URL.revokeObjectURL(taken?.url ?? ""), [taken]);

  function take(file: Blob, name: string) {
    setCamera(false);
    setProblem(null);
    ask({ id: "" });
    setTaken({ file, name, url: URL.createObjectURL(file), key: crypto.randomUUID() });
  }

  async function submit(one: Taken) {
    setBusy(true);
    setProblem(null);
    try {
      const view = await send(one.file, one.name, one.key);
      setTaken(null);
      ask({ id: view.row.id });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  }

  const hasCamera = navigator.mediaDevices !== undefined && !isBarred;
  return (
    <div className="photo">
      <PageHead fact={t("photo.fact")} />
      {!taken && (
        <Card title={t("photo.source")} note={t("photo.kinds")}>
          {isCamera ? (
            <Camera
              onTaken={(picture) => take(picture, t("photo.name"))}
              onBarred={() => {
                setBarred(true);
                setCamera(false);
              }}
            />
          ) : (
            <div className="photo-acts">
              {hasCamera && (
                <Button type="primary" size="large" icon={<CameraOutlined />} onClick={() => setCamera(true)}>
                  {t("photo.camera")}
                </Button>
              )}
              <Upload
                accept={ACCEPT}
                maxCount={1}
                showUploadList={false}
                beforeUpload={(file) => {
                  take(file, file.name);
                  return false;
                }}
              >
                <Button size="large" icon={<FileImageOutlined />}>
                  {t("photo.choose")}
                </Button>
              </Upload>
            </div>
          )}
          {isBarred && <p className="note">{t("photo.barred")}</p>}
        </Card>
      )}
      {taken && (
        <Card title={t("photo.preview")} note={taken.name}>
          {taken.file.type === "application/pdf" ? (
            <p className="photo-pdf">{t("photo.pdf", { name: taken.name })}</p>
          ) : (
            <img className="photo-preview" src={taken.url} alt={t("photo.preview")} />
          )}
          <div className="photo-acts">
            <Button size="large" icon={<RedoOutlined />} disabled={isBusy} onClick={() => setTaken(null)}>
              {t("photo.again")}
            </Button>
            <Button type="primary" size="large" icon={<SendOutlined />} loading={isBusy} onClick={() => void submit(taken)}>
              {t("photo.send")}
            </Button>
          </div>
        </Card>
      )}
      {problem && <ProblemNote problem={problem} />}
      {sent.error && <ProblemNote problem={asProblem(sent.error)} onRetry={() => void sent.refetch()} />}
      {!taken && sent.data?.row.state === "received" && (
        <Card title={t("photo.reading")}>
          <div className="photo-wait" role="status">
            <Spin /> <span>{t("photo.wait")}</span>
          </div>
        </Card>
      )}
      {!taken && sent.data && sent.data.row.state !== "received" && <Outcome view={sent.data} />}
    </div>
  );
}
