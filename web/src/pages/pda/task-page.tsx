import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { count as counted } from "@/format";
import { byLocale } from "@/i18n";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useMay } from "@/session";
import { ColdPart, isCold } from "./cold-handover";
import { readGs1 } from "./gs1";
import { judge, type Verdict } from "./match";
import { type Act, type Line, newId, refOf, type Task, TITLES, type Work } from "./model";
import { LotSheet, ReviewNote, SignSheet } from "./review-sheets";
import { PhotoSheet, ScanSheet } from "./scan-sheet";
import { Button, Foot, Head, Steps, Strip, Tail } from "./shell";
import { type Short, ShortSheet } from "./short-sheet";
import { soundDone, soundRight, soundWrong } from "./sound";
import { CarrierSheet, Lines, Parcel, Passed, Photos } from "./task-parts";
import { type Told, type Trouble, TroubleSheet } from "./trouble-sheet";
import { usePda } from "./use-pda";
import { useTask } from "./use-task";
import { useWedge } from "./use-wedge";

const ANSWER_MS = 4_000;
const PHOTO_BYTES = 8_388_608;

type Open = "" | "scan" | "photo" | "carrier" | "sign" | "cold" | Trouble;

/** One task: scan, photograph, say that it is done, or why it cannot be. */
export function TaskPage({ work }: { work: Work }) {
  const { order = "", fulfilment = "1" } = useParams();
  return <Working key={`${order}/${fulfilment}/${work}`} work={work} place={`${order}/${fulfilment}`} />;
}

function Working({ work, place }: { work: Work; place: string }) {
  const { t } = useTranslation(["pda", "nav"]);
  const taskKey = `${place}/${work}`;
  const { task, problem, load } = useTask(taskKey);
  if (task) return <Doing taskKey={taskKey} work={work} task={task} load={load} />;
  return (
    <div className="pda">
      <Head title={t(`nav:pages.${TITLES[work]}`)} back="/pda" />
      <Strip />
      <main className="pda-main" id="main">
        {problem ? (
          <ProblemNote problem={problem} onRetry={() => void load()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </main>
    </div>
  );
}

interface DoingProps {
  taskKey: string;
  work: Work;
  task: Task;
  load: () => Promise<void>;
}

function Doing({ taskKey, work, task, load }: DoingProps) {
  const { t } = useTranslation(["pda", "nav"]);
  const go = useNavigate();
  const { outbox } = usePda();
  const [wrong, setWrong] = useState("");
  const [said, setSaid] = useState("");
  const [open, setOpen] = useState<Open>("");
  const [isBusy, setBusy] = useState(false);
  const [carrier, setCarrier] = useState<string | null>(null);
  const [box, setBox] = useState("");
  const [holds, setHolds] = useState(false);
  const [lotOf, setLotOf] = useState<{ line: Line; code: string; quantity: number } | null>(null);
  const [lots, setLots] = useState<Record<string, { lot: string; expiry: string }>>({});
  const mayPrint = useMay("print.packing");
  const review = work === "review" ? (task.review ?? null) : null;

  const isWaybill = work === "handover";
  // cold goods leave with a cold equipment, which is scanned after the waybill
  const lacksBox = isWaybill && task.equipment === true && box === "";
  const isWhole = isWaybill ? task.scanned_waybill !== "" && !lacksBox : task.left === 0;

  /** Queue an act, and hear what becomes of it. */
  const tell = async (act: Partial<Act> & Pick<Act, "what">) => {
    const id = newId();
    const at = new Date().toISOString();
    const json = act.photo ? undefined : { ...act.json, device_at: at };
    await outbox.add({ ...act, id, at, task: taskKey, json });
    const settled = await outbox.settled(id, ANSWER_MS);
    if (settled?.is === "refused" && !act.isWrong) {
      const why = byLocale(settled.refused.reason, settled.refused.reason_en);
      setWrong(why || t("refusedPlain"));
      soundWrong();
      await outbox.forgive(id);
      await load();
    } else if (review && settled?.is === "done" && act.what !== "done") {
      await load(); // what it still lacks, the hub says
    }
    return settled;
  };

  const take = (code: string, quantity = 1) => {
    if (isWaybill) {
      if (task.equipment && task.scanned_waybill && code !== task.scanned_waybill) takeBox(code);
      else takeWaybill(task, code);
      return;
    }
    const named = readGs1(code);
    const verdict = judge(task.lines, named?.gtin ?? code, quantity);
    if (verdict.is === "right" && review?.lots && !(named?.lot && named.expiry)) {
      setOpen("");
      setLotOf({ line: verdict.line, code, quantity });
      return;
    }
    takeUnits(verdict, { code, quantity });
  };

  const takeUnits = (
    verdict: Verdict,
    json: { code: string; quantity: number; lot?: string; expiry?: string },
  ) => {
    const { code, quantity } = json;
    if (verdict.is === "right") {
      setWrong("");
      const left = task.left - quantity;
      setSaid(t("counted", { name: verdict.line.name, n: verdict.line.scanned + quantity, of: verdict.line.quantity }));
      if (left === 0) soundDone();
      else soundRight();
      void tell({ what: "scan", json, sku: verdict.line.sku, quantity });
      return;
    }
    setWrong(why(verdict, code, quantity));
    soundWrong();
    void tell({ what: "scan", json, isWrong: true });
  };

  /** Whether it is the one of this parcel, and cold, the hub says when the parcel leaves. */
  const takeBox = (code: string) => {
    const isGoods = judge(task.lines, code, 1).is !== "unknown";
    setWrong(isGoods ? t("goodsNotBox", { code }) : "");
    if (isGoods) {
      soundWrong();
      return;
    }
    setBox(code);
    setSaid(t("boxTaken", { code }));
    soundDone();
  };

  const takeWaybill = (now: Task, code: string) => {
    const isGoods = judge(now.lines, code, 1).is !== "unknown";
    const isOther = now.waybill !== "" && now.waybill.toLowerCase() !== code.toLowerCase();
    const isWrong = isGoods || isOther;
    setWrong(
      isGoods ? t("goodsCode", { code }) : isOther ? t("otherWaybill", { code, expected: now.waybill }) : "",
    );
    if (isWrong) soundWrong();
    else soundDone();
    void tell({ what: "scan", json: { code, quantity: 1 }, isWrong });
    if (!isWrong) setOpen("");
  };

  const why = (verdict: Verdict, code: string, quantity: number): string => {
    switch (verdict.is) {
      case "enough":
        return t("enough", { name: verdict.line.name, n: verdict.line.quantity });
      case "tooMany":
        return t("tooMany", { name: verdict.line.name, left: verdict.left, n: quantity });
      case "unknown": {
        const names = verdict.expected.slice(0, 2).map((one) => one.name);
        return names.length === 0
          ? t("notHereAll", { code })
          : t("notHere", { code, names: names.join(t("listing")) });
      }
      case "right":
        return "";
    }
  };

  useWedge((code) => {
    if (!lotOf && (open === "" || open === "scan")) take(code);
  });

  const leave = (text: string) => void go("/pda", { state: { said: text, kind: work } });

  const signed = () => {
    setOpen("");
    soundDone();
    leave(t("did.signed", { tail: task.item.tail }));
  };

  const finish = async () => {
    if (review) {
      setBusy(true);
      await outbox.drain();
      setBusy(false);
      setOpen("sign");
      return;
    }
    setBusy(true);
    const named = carrier ?? task.carrier ?? "";
    const settled = await tell({ what: "done", json: isWaybill ? { carrier: named, ...(box ? { equipment: box } : {}) } : {} });
    setBusy(false);
    if (settled?.is === "refused") {
      setBox("");
      return;
    }
    soundDone();
    leave(settled ? t(`did.${work}`, { tail: task.item.tail }) : t("didLater", { tail: task.item.tail }));
  };

  const stop = async (told: Told) => {
    setOpen("");
    const settled = await tell({ what: "stop", json: { ...told } });
    if (settled?.is === "refused") return;
    if (told.kind === "help") setSaid(t("calledHelp"));
    else leave(t(`stopped.${told.kind}`, { tail: task.item.tail }));
  };

  /** What was scanned is all there is: the task ends with it. */
  const short = async (told: Short) => {
    setOpen("");
    const settled = await tell({ what: "short", json: { ...told } });
    if (settled?.is === "refused") return;
    soundDone();
    leave(t("short.did", { tail: task.item.tail }));
  };

  const photograph = (photo: Blob) => {
    setOpen("");
    if (photo.size > PHOTO_BYTES) {
      setWrong(t("photoTooLarge"));
      return;
    }
    soundRight();
    void tell({ what: "photos", photo });
  };

  const unclear = !task.open || task.held;
  const because = unclear
    ? task.held
      ? t("isHeld")
      : t("isOver")
    : isWhole
      ? ""
      : isWaybill
        ? t(task.scanned_waybill ? "scanBoxFirst" : "scanWaybillFirst")
        : t("unitsLeft", { count: task.left });
  const lacking = review ? (review.why_not[0] ?? review.missing[0]) : undefined;
  const unsigned = lacking ? byLocale(lacking.reason, lacking.reason_en) : "";
  const names = [t(`steps.${work}.1`), t(`steps.${work}.2`), t(`steps.${work}.3`, { defaultValue: "" })];
  const at = isWhole ? (work === "review" && task.photos.length === 0 ? 1 : names.filter(Boolean).length - 1) : 0;
  return (
    <div className="pda">
      <Head
        title={t(`nav:pages.${TITLES[work]}`)}
        back="/pda"
        warehouse={task.warehouse_name}
        object={t("object", { units: counted(task.item.units), kinds: counted(task.item.skus) })}
        passed={t("passed")}
        large={<Tail number={task.item.number} tail={task.item.tail} />}
        largeRight={<Passed since={task.item.began} />}
        wrong={wrong}
      />
      <Strip />
      <main className="pda-main" id="main">
        <Steps names={names.filter(Boolean)} at={at} />
        <p className="visually-hidden" aria-live="polite">
          {wrong || said}
        </p>
        {isWaybill ? (
          <Parcel task={task} carrier={carrier ?? task.carrier} box={box} onCarrier={() => setOpen("carrier")} />
        ) : (
          <Lines lines={task.lines} />
        )}
        {isWaybill && task.open && isCold(task) && (
          <ColdPart
            task={task}
            isOpen={open === "cold"}
            onOpen={() => setOpen("cold")}
            onClose={() => setOpen("")}
          />
        )}
        {review && isWhole && <ReviewNote review={review} />}
        {work === "review" && isWhole && <Photos count={task.photos.length} onAdd={() => setOpen("photo")} />}
        {said && !wrong && <p className="pda-said">{said}</p>}
        {work === "pack" && isWhole && mayPrint && (
          <a className="pda-link" href={`/print/packing/${refOf(task.item)}?lang=${byLocale("zh", "en")}`} target="_blank" rel="noreferrer">
            {t("printSlip")}
          </a>
        )}
        <p className="pda-hint">{t(isWhole ? (review ? "whole.sign" : `whole.${work}`) : lacksBox && task.scanned_waybill ? "hint.box" : `hint.${work}`)}</p>
      </main>
      <Foot
        more={(["damaged", "short", "help"] as const).map((kind) => (
          <button
            key={kind}
            type="button"
            className="pda-plain"
            onClick={() => {
              setHolds(false);
              setOpen(kind);
            }}
          >
            {t(kind === "short" && work === "pick" ? "short.title" : `trouble.${kind}`)}
          </button>
        ))}
      >
        {work === "review" && isWhole ? (
          <Button onClick={() => setOpen("photo")}>{t("photo")}</Button>
        ) : (
          <Button onClick={() => setOpen("scan")}>{t("scan")}</Button>
        )}
        <Button
          isMain
          isBusy={isBusy}
          because={because || unsigned}
          onBecause={(text) => setWrong(text)}
          onClick={() => void finish()}
        >
          {t(review ? "finish.sign" : `finish.${work}`)}
        </Button>
      </Foot>
      {lotOf && (
        <LotSheet
          line={lotOf.line}
          quantity={lotOf.quantity}
          last={lots[lotOf.line.sku] ?? lotOf.line.lots?.at(-1)}
          onLot={(lot, expiry) => {
            const { code, quantity } = lotOf;
            setLotOf(null);
            setLots((known) => ({ ...known, [lotOf.line.sku]: { lot, expiry } }));
            const named = readGs1(code);
            takeUnits(judge(task.lines, named?.gtin ?? code, quantity), { code, quantity, lot, expiry });
          }}
          onClose={() => setLotOf(null)}
        />
      )}
      {open === "sign" && review && (
        <SignSheet
          taskKey={taskKey}
          review={review}
          onSigned={signed}
          onClose={() => {
            setOpen("");
            void load();
          }}
        />
      )}
      {open === "scan" && (
        <ScanSheet
          title={t("scan")}
          hint={t(isWaybill ? "typeWaybill" : "typeCode")}
          hasQuantity={!isWaybill}
          onScan={take}
          onClose={() => setOpen("")}
        />
      )}
      {open === "photo" && <PhotoSheet onPhoto={photograph} onClose={() => setOpen("")} />}
      {open === "carrier" && (
        <CarrierSheet
          names={task.carriers}
          chosen={carrier ?? task.carrier}
          onChoose={(name) => {
            setCarrier(name);
            setOpen("");
          }}
          onClose={() => setOpen("")}
        />
      )}
      {open === "short" && work === "pick" && !holds && (
        <ShortSheet
          task={task}
          onTell={(told) => void short(told)}
          onHold={() => setHolds(true)}
          onClose={() => setOpen("")}
        />
      )}
      {(open === "damaged" || (open === "short" && (work !== "pick" || holds)) || open === "help") && (
        <TroubleSheet kind={open} task={task} onTell={(told) => void stop(told)} onClose={() => setOpen("")} />
      )}
    </div>
  );
}
