import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ModalityView } from "@/api/types.gen";
import { count, share } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { nearest, progress } from "./model";
import { useKind } from "./words";

/** The ways in which originals come: what each needs, what came of it, how near it is to running by itself. */
export function Ways({ items }: { items: readonly ModalityView[] }) {
  const { t } = useTranslation("modalities");
  const kind = useKind();
  return (
    <Card title={t("ways")} note={t("waysNote")} isFlush>
      <SmallTable<ModalityView>
        caption={t("ways")}
        rows={items}
        keyOf={(one) => one.name}
        empty={t("noWays")}
        columns={[
          {
            key: "name",
            title: t("columns.modality"),
            render: (one) => (
              <>
                <b>{byLocale(one.title, one.title_en)}</b>{" "}
                <span className="note">{t("versionOf", { version: one.version })}</span>
              </>
            ),
          },
          { key: "needs", title: t("columns.needs"), render: (one) => <Needs one={one} kind={kind} /> },
          { key: "counts", title: t("columns.counts"), isNumber: true, render: (one) => <Counts one={one} /> },
          {
            key: "right",
            title: t("columns.right"),
            isNumber: true,
            render: (one) =>
              one.reviewed > 0
                ? t("rightOf", { share: share(one.right / one.reviewed, 1), n: count(one.reviewed) })
                : t("noReviews"),
          },
          { key: "trust", title: t("columns.trust"), render: (one) => <Trust one={one} /> },
        ]}
      />
    </Card>
  );
}

function Needs({ one, kind }: { one: ModalityView; kind: (code: string) => string }) {
  const { t } = useTranslation("modalities");
  if (one.ready) {
    return <span>{one.kinds.length > 0 ? one.kinds.map(kind).join("、") : t("needsNothing")}</span>;
  }
  return (
    <span>
      <ToneTag tone="broken">{t("notReady")}</ToneTag>{" "}
      {one.missing.length > 0 ? <code>{one.missing.join(" ")}</code> : t("allPaused")}
    </span>
  );
}

function Counts({ one }: { one: ModalityView }) {
  const { t } = useTranslation("modalities");
  const total = Object.values(one.counts).reduce((sum, n) => sum + n, 0);
  const review = one.counts.review ?? 0;
  if (total === 0) return <span className="note">—</span>;
  return (
    <>
      {count(total)}
      {review > 0 && (
        <>
          {" · "}
          <Link to="/review">{t("inReview", { n: count(review) })}</Link>
        </>
      )}
    </>
  );
}

function Trust({ one }: { one: ModalityView }) {
  const { t } = useTranslation("modalities");
  const counter = nearest(one);
  if (!counter) return <span className="note">{t("noTrust")}</span>;
  const part = progress(counter);
  const words =
    counter.stage === "auto"
      ? t("auto", { bound: share(counter.bound_ppm / 1_000_000, 2) })
      : t("trust", { accepted: count(counter.accepted), needed: count(counter.needed) });
  return (
    <span className="modalities-trust">
      <span className="modalities-bar" data-full={part === 1} aria-hidden>
        <i style={{ width: `${100 * part}%` }} />
      </span>
      {words}
      {counter.device_class && <span className="note"> {counter.device_class}</span>}
    </span>
  );
}
