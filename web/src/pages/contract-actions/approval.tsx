import { useTranslation } from "react-i18next";
import { approveDraft, rejectDraft } from "@/api/sdk.gen";
import type { DraftShown } from "@/api/types.gen";
import { DraftApproval, DraftStepLine } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { useMay } from "@/session";

interface Props {
  draft: DraftShown;
  onDone: (draft: DraftShown) => void;
}

/** What waits for a second person. */
export function Approval({ draft, onDone }: Props) {
  const { t } = useTranslation("contractActions");
  const notice = useNotice();
  const mayApprove = useMay("contract.approve");
  const path = { draft_id: draft.id };
  const version = draft.action.version;
  return (
    <DraftApproval
      draft={draft}
      mayApprove={mayApprove}
      words={{
        waits:
          draft.approvers.length > 0
            ? t("approve.waits", { people: draft.approvers.join(t("comma")) })
            : t("approve.nobody"),
        mine: t("approve.mine"),
        approve: t("approve.act"),
        reject: t("reject.act"),
        ask: {
          title: t("approve.ask", { name: draft.action.name.zh, version }),
          text: t("approve.effect"),
          act: t("approve.it", { version }),
        },
        back: { title: t("reject.ask"), act: t("reject.act"), reason: t("reason") },
      }}
      onApprove={async () => {
        onDone((await approveDraft({ path, body: { digest: draft.digest } })).data);
        notice.done(t("published", { version }));
        await queries.invalidateQueries();
      }}
      onReject={async (reason) => onDone((await rejectDraft({ path, body: { reason } })).data)}
    />
  );
}

/** The road so far: submitted, sent back, approved; by whom and when. */
export function Road({ draft }: { draft: DraftShown }) {
  const { t } = useTranslation("contractActions");
  return (
    <section className="action-part" aria-label={t("road.title")}>
      <h3>{t("road.title")}</h3>
      <ol className="action-road">
        <li>
          {t("road.written", { people: draft.editors.join(t("comma")) })}
        </li>
        {draft.steps.map((step, at) => (
          <DraftStepLine key={at} step={step} word={t(`road.acts.${step.act}`)} />
        ))}
      </ol>
    </section>
  );
}
