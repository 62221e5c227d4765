import { useQuery } from "@tanstack/react-query";
import { Button, Steps } from "antd";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { bytes, count, near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { ColumnsStep } from "./columns-step";
import { drop, type Import, importQuery, type Step, STEPS, stepOf } from "./imports";
import "./imports.css";
import { PreviewStep } from "./preview-step";
import { RunStep } from "./run-step";
import { StateTag } from "./state-tag";
import { UploadStep } from "./upload-step";

/** One import, a step an address: 上传 → 对应列 → 预览 → 导入; each can be left and taken up. */
export default function Wizard() {
  const { id = "", step } = useParams();
  if (id === "new") return <Frame step="upload" />;
  return <Kept id={id} step={step} />;
}

function Kept({ id, step }: { id: string; step: string | undefined }) {
  const found = useQuery(importQuery(id));
  if (found.error && !found.data) {
    return (
      <>
        <PageHead back="/imports" />
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      </>
    );
  }
  if (!found.data) {
    return (
      <>
        <PageHead back="/imports" />
        <Skeleton kind="page" />
      </>
    );
  }
  const reached = stepOf(found.data);
  const wanted = STEPS.find((one) => one === step);
  const isOpen = wanted && wanted !== "upload" && canOpen(found.data, wanted);
  if (!isOpen) return <Navigate to={`/imports/${id}/${reached}`} replace />;
  return <Frame step={wanted} made={found.data} />;
}

/** Columns can be chosen again until the writing has begun; the preview needs columns. */
function canOpen(made: Import, step: Step): boolean {
  if (step === "columns") return made.acts.includes("map");
  if (step === "preview") return made.state !== "uploaded";
  return stepOf(made) === "run";
}

function Frame({ step, made }: { step: Step; made?: Import }) {
  const { t } = useTranslation(["imports", "common"]);
  const go = useNavigate();
  const confirm = useConfirm();
  const notice = useNotice();

  async function giveUp(one: Import) {
    const isMeant = await confirm({
      title: t("drop.title", { name: one.name || t("drop.nameless") }),
      text: t("drop.text"),
      act: t("drop.act"),
      isDanger: true,
    });
    if (!isMeant) return;
    try {
      await drop(one.id);
      notice.done(t("drop.done"));
      void go("/imports");
    } catch (error) {
      notice.failed(error);
    }
  }

  return (
    <>
      <PageHead
        {...(made ? { title: made.name || t(`kinds.${made.kind}`) } : {})}
        back="/imports"
        state={made && <StateTag state={made.state} />}
        fact={
          made &&
          [
            t(`kinds.${made.kind}`),
            made.counts.rows ? t("counted", { n: count(made.counts.rows) }) : "",
            bytes(made.size),
            made.expires ? t("expires", { at: near(made.expires) }) : "",
          ]
            .filter(Boolean)
            .join(" · ")
        }
        actions={
          made?.acts.includes("drop") && (
            <Button onClick={() => void giveUp(made)}>{t("drop.act")}</Button>
          )
        }
      />
      <Steps
        className="imports-steps"
        current={STEPS.indexOf(step)}
        size="small"
        items={STEPS.map((one) => ({
          title:
            made && one !== step && one !== "upload" && canOpen(made, one) ? (
              <Link to={`/imports/${made.id}/${one}`}>{t(`steps.${one}`)}</Link>
            ) : (
              t(`steps.${one}`)
            ),
        }))}
      />
      {step === "upload" && <UploadStep />}
      {made && step === "columns" && <ColumnsStep key={made.changed} made={made} />}
      {made && step === "preview" && <PreviewStep made={made} />}
      {made && step === "run" && <RunStep made={made} />}
    </>
  );
}
