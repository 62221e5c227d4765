import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";
import { count as counted, dated, left, leftWords } from "@/format";
import { byLocale } from "@/i18n";
import { useNow } from "@/live/use-live";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem, type Problem } from "@/problem";
import { useMay, useSession } from "@/session";
import { type Group, hrefOf, type Item, keyOf, newId, pathOf, refOf, type Task, type Tasks, TITLES, type Work, WORKS } from "./model";
import { keepTasks, keptTasks } from "./offline";
import { ScanSheet } from "./scan-sheet";
import { Button, Foot, Head, Strip } from "./shell";
import { Stops } from "./stops";
import { soundRight, soundWrong } from "./sound";
import { useOutbox, usePda } from "./use-pda";
import { useWedge } from "./use-wedge";

const WAREHOUSE = "danshu.pda.warehouse";
const KIND = "danshu.pda.kind";
const AGAIN_MS = 15_000;
const LISTED = 20;
const ANSWER_MS = 4_000;

interface Claimed {
  task: Task | null;
  now: string;
}

/** What this person may do here: what is in hand, then four queues by time left. */
export function TasksPage() {
  const { t } = useTranslation(["pda", "nav"]);
  const { person } = useSession();
  const go = useNavigate();
  const arrived = useLocation().state as { said?: string; kind?: Work } | null;
  const { outbox, fetch } = usePda();
  const { acts, refused, isReached } = useOutbox();
  const words = useProblemWords();
  const [warehouse, setWarehouse] = useState(() => window.localStorage.getItem(WAREHOUSE) ?? "");
  const [kind, setKind] = useState<Work>(
    () => arrived?.kind ?? WORKS.find((one) => one === window.localStorage.getItem(KIND)) ?? "pick",
  );
  // The last list is shown at once on the way back, and while there is no network.
  const [tasks, setTasks] = useState<Tasks | null>(() => keptTasks(person.id));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [wrong, setWrong] = useState("");
  const [said, setSaid] = useState(arrived?.said ?? "");
  const [isBusy, setBusy] = useState(false);
  const [isScanning, setScanning] = useState(false);

  const load = useCallback(async () => {
    const where = warehouse ? `&warehouse=${encodeURIComponent(warehouse)}` : "";
    try {
      const read = await fetch<Tasks>(`/v1/floor/tasks?limit=${LISTED}${where}`);
      keepTasks(person.id, read);
      setTasks(read);
      setProblem(null);
      // What is in hand must open without the network too.
      for (const item of read.mine) {
        const task = await fetch<Task>(pathOf(keyOf(item)));
        await outbox.keep(keyOf(item), task);
      }
    } catch (error) {
      const found = asProblem(error);
      if (found.code === "bad_filter" && warehouse) choose("");
      else setProblem(found);
    }
    // What is asked depends on the warehouse alone.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [warehouse, outbox]);
  useEffect(() => {
    void load();
    const timer = setInterval(() => !document.hidden && void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [load]);

  const choose = (code: string) => {
    window.localStorage.setItem(WAREHOUSE, code);
    setWarehouse(code);
  };
  const prefer = (work: Work) => {
    window.localStorage.setItem(KIND, work);
    setKind(work);
  };

  const claim = async (work: Work, named: Record<string, unknown> = {}): Promise<Problem | null> => {
    setBusy(true);
    setWrong("");
    setSaid("");
    try {
      const answer = await fetch<Claimed>("/v1/floor/tasks:claim", { kind: work, warehouse, ...named });
      if (!answer.task) {
        setSaid(t("nothing", { work: t(`nav:pages.${TITLES[work]}`) }));
        await load();
        return null;
      }
      prefer(work);
      await outbox.keep(keyOf(answer.task.item), answer.task);
      soundRight();
      void go(hrefOf(answer.task.item));
      return null;
    } catch (error) {
      return asProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const say = (found: Problem | null) => {
    if (!found) return;
    setWrong(words(found));
    soundWrong();
  };

  const giveBack = async (item: Item) => {
    const id = newId();
    const at = new Date().toISOString();
    await outbox.add({ id, at, what: "return", task: keyOf(item) });
    await outbox.settled(id, ANSWER_MS);
    setSaid(t("gaveBack", { tail: item.tail }));
    await load();
  };

  /** A code on a paper names the fulfilment order; what comes next with it, the hub knows. */
  const take = async (code: string) => {
    setScanning(false);
    const known = tasks?.groups.flatMap((group) => group.items).find((item) => item.label === code);
    const kinds = known ? [known.kind] : (tasks?.groups.map((group) => group.kind) ?? []);
    let last: Problem | null = null;
    for (const work of kinds) {
      last = await claim(work, { code });
      if (last?.code !== "task_over") break;
    }
    if (last?.code === "no_task") setWrong(t("noSuchPaper", { code }));
    else say(last);
    if (last) soundWrong();
  };
  useWedge((code) => void take(code));

  const ends = new Set<string>(["done", "stop", "return", "short"]);
  const done = new Set(acts.filter((act) => ends.has(act.what)).map((act) => act.task));
  const mine = tasks?.mine.filter((item) => !done.has(keyOf(item))) ?? [];
  const many = (tasks?.warehouses.length ?? 0) > 1;
  const chosen = tasks?.groups.find((group) => group.kind === kind);
  const next = chosen?.items.filter((item) => !item.mine && !done.has(keyOf(item))) ?? [];
  const offline = isReached ? "" : t("claimOnline");
  return (
    <div className="pda">
      <Head title={t("nav:pages.pda")} warehouse={nameOf(tasks, warehouse)} wrong={wrong} />
      <Strip />
      <main className="pda-main" id="main">
        <p className="visually-hidden" aria-live="polite">
          {wrong || said}
        </p>
        {said && <p className="pda-said">{said}</p>}
        {refused.length > 0 && (
          <Link className="pda-alarm" to="/pda/queue">
            {t("refusedShort", { count: refused.length })}
          </Link>
        )}
        <Stops onSaid={setSaid} onWrong={setWrong} />
        {many && (
          <label className="pda-where">
            {t("warehouse")}
            <select value={warehouse} onChange={(event) => choose(event.target.value)}>
              <option value="">{t("allWarehouses", { count: tasks?.warehouses.length })}</option>
              {tasks?.warehouses.map((site) => (
                <option key={site.code} value={site.code}>
                  {site.name}
                </option>
              ))}
            </select>
          </label>
        )}
        {!tasks && !problem && <Skeleton kind="card" />}
        {problem && problem.status !== 0 && !tasks && (
          <ProblemNote problem={problem} onRetry={() => void load()} />
        )}
        {mine.length > 0 && (
          <section>
            <h2>{t("inHand", { count: mine.length })}</h2>
            <ul className="pda-cards">
              {mine.map((item) => (
                <TaskCard key={keyOf(item)} item={item} onReturn={() => void giveBack(item)} />
              ))}
            </ul>
          </section>
        )}
        {tasks && (
          <section>
            <h2>{t("waits")}</h2>
            <ul className="pda-groups">
              {tasks.groups.map((group) => (
                <GroupCard
                  key={group.kind}
                  group={group}
                  isChosen={group.kind === kind}
                  onChoose={() => prefer(group.kind)}
                />
              ))}
            </ul>
          </section>
        )}
        {next.length > 0 && (
          <section>
            <div className="pda-row">
              <h2>{t("nextOnes", { work: t(`nav:pages.${TITLES[kind]}`) })}</h2>
              {kind === "pick" && <PrintLink items={next} />}
            </div>
            <ul className="pda-cards">
              {next.slice(0, 5).map((item) => (
                <TaskCard
                  key={keyOf(item)}
                  item={item}
                  onOpen={() => void claim(kind, { order: item.order, fulfilment: item.fulfilment }).then(say)}
                />
              ))}
            </ul>
          </section>
        )}
        <p className="pda-hint">{t("hint.tasks", { number: person.number })}</p>
      </main>
      <Foot>
        <Button onClick={() => setScanning(true)}>{t("scan")}</Button>
        <Button
          isMain
          isBusy={isBusy}
          because={offline}
          onBecause={setWrong}
          onClick={() => void claim(kind).then(say)}
        >
          {t("takeNext", { work: t(`nav:pages.${TITLES[kind]}`) })}
        </Button>
      </Foot>
      {isScanning && (
        <ScanSheet
          title={t("scan")}
          hint={t("typePaper")}
          hasQuantity={false}
          onScan={(code) => void take(code)}
          onClose={() => setScanning(false)}
        />
      )}
    </div>
  );
}

function nameOf(tasks: Tasks | null, code: string): string {
  const sites = tasks?.warehouses ?? [];
  return sites.find((site) => site.code === code)?.name ?? (sites.length === 1 ? (sites[0]?.name ?? "") : "");
}

function GroupCard({ group, isChosen, onChoose }: { group: Group; isChosen: boolean; onChoose: () => void }) {
  const { t } = useTranslation(["pda", "nav"]);
  const first = group.items[0];
  const now = useNow(first?.due ? new Date(first.due).getTime() : null);
  const total = counted(group.count);
  return (
    <li>
      <button type="button" className="pda-group" aria-pressed={isChosen} onClick={onChoose}>
        <b>{t(`nav:pages.${TITLES[group.kind]}`)}</b>
        <span className="pda-total">{group.more ? t("about", { n: total }) : total}</span>
        <span className="pda-due" data-late={first?.due && (left(first.due, now) ?? 0) < 0 ? "true" : undefined}>
          {first?.due ? t("firstLeft", { left: leftWords(first.due, now) }) : t("noneDue")}
        </span>
      </button>
    </li>
  );
}

interface CardProps {
  item: Item;
  /** Claims it; without it the card is in hand and leads to its page. */
  onOpen?: () => void;
  onReturn?: () => void;
}

function TaskCard({ item, onOpen, onReturn }: CardProps) {
  const { t } = useTranslation(["pda", "nav"]);
  const now = useNow(item.due ? new Date(item.due).getTime() : null);
  const body = (
    <>
      <span className="pda-number">
        …<strong>{item.tail}</strong>
      </span>
      <span>
        {onOpen ? "" : `${t(`nav:pages.${TITLES[item.kind]}`)} · `}
        {t("object", { units: counted(item.units), kinds: counted(item.skus) })}
      </span>
      <span
        className="pda-due"
        data-late={item.due && (left(item.due, now) ?? 0) < 0 ? "true" : undefined}
      >
        {item.due
          ? t("leftAndDue", { left: leftWords(item.due, now), due: dated(item.due, now) })
          : "—"}
      </span>
      {item.called && <span data-tone="risk">{t("calledMark")}</span>}
      {item.intercept && <span data-tone="broken">{t("stops.mark")}</span>}
      {item.group && <span data-tone="primary">{t("mergedMark")}</span>}
      {item.review === "needed" && item.kind === "review" && (
        <span data-tone="risk">{t("mustReview")}</span>
      )}
    </>
  );
  return (
    <li className="pda-task">
      {onOpen ? (
        <button type="button" className="pda-card" onClick={onOpen}>
          {body}
        </button>
      ) : (
        <Link className="pda-card" to={hrefOf(item)}>
          {body}
        </Link>
      )}
      {onReturn && (
        <button
          type="button"
          className="pda-plain"
          aria-label={t("giveBackOf", { tail: item.tail })}
          onClick={onReturn}
        >
          {t("giveBack")}
        </button>
      )}
    </li>
  );
}

function PrintLink({ items }: { items: readonly Item[] }) {
  const { t } = useTranslation("pda");
  if (!useMay("print.picking")) return null;
  const refs = items.map(refOf).join(",");
  const lang = byLocale("zh", "en");
  return (
    <a className="pda-link" href={`/print/picking/${refs}?lang=${lang}`} target="_blank" rel="noreferrer">
      {t("printList", { count: items.length })}
    </a>
  );
}
