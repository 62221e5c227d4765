import { SearchOutlined } from "@ant-design/icons";
import { Input, Modal } from "antd";
import { useEffect, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { findWays } from "@/frame/going";
import { isListed } from "@/frame/groups";
import { useKeyList } from "@/keys/use-keys";
import { PAGES } from "@/pages";
import { type Entry, type EntrySource, entrySources } from "./entries";
import { useMay, useSession } from "@/session";

/** Per source; more is noise. */
const SHOWN = 6;
const PAUSE_MS = 120;
/** Keys that move or open the palette itself are no commands. */
const MOVES = new Set(["j", "k", "ArrowDown", "ArrowUp", "Enter", "Space", "Escape", "ctrl+k"]);

interface Found {
  heading: string;
  entries: readonly Entry[];
}

interface Props {
  /** The text to begin with, as a scanner read it; null = closed. */
  text: string | null;
  onClose: () => void;
}

/** Ctrl-K: orders, waybills, SKUs, pages, acts. */
export default function Palette({ text, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      open={text !== null}
      onCancel={onClose}
      footer={null}
      closable={false}
      width={600}
      title={<span className="visually-hidden">{t("keys.palette")}</span>}
      destroyOnHidden
      className="palette"
      style={{ top: 72 }}
    >
      {text !== null && <Body start={text} onClose={onClose} />}
    </Modal>
  );
}

function usePages(text: string): Found {
  const { t } = useTranslation();
  const { rights } = useSession();
  return useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const entries = PAGES.filter((page) => isListed(page, rights))
      .map((page) => ({
        id: page.path,
        label: t(`nav:pages.${page.title}`),
        note: t(`nav:groups.${page.group}`),
        to: page.path,
      }))
      .filter((entry) => `${entry.label} ${entry.note} ${entry.to}`.toLowerCase().includes(wanted));
    return { heading: t("palette.pages"), entries: entries.slice(0, SHOWN) };
  }, [text, rights, t]);
}

/** Fewer characters than this mean too many things. */
const WORD_CHARACTERS = 3;

/** Numbers, waybills, phone tails, codes: whatever the hub can find by a word. */
function useGoing(): EntrySource {
  const { t } = useTranslation();
  const mayRead = useMay("order.read");
  return useMemo(
    () => ({
      id: "going",
      heading: () => t("palette.going"),
      find: async (word, signal) => {
        if (!mayRead || word.length < WORD_CHARACTERS) return [];
        return (await findWays(word, signal)).entries;
      },
    }),
    [t, mayRead],
  );
}

/** The shortcuts of the page as commands, once something is typed. */
function useActs(text: string): Found {
  const { t } = useTranslation();
  const acts = useKeyList();
  const wanted = text.trim().toLowerCase();
  const entries = acts
    .filter((act) => wanted !== "" && !MOVES.has(act.keys) && !act.keys.startsWith("g "))
    .filter((act) => act.label.toLowerCase().includes(wanted))
    .map((act) => ({
      id: act.keys,
      label: act.label,
      note: act.keys,
      run: () => act.run(new KeyboardEvent("keydown")),
    }));
  return { heading: t("palette.acts"), entries: entries.slice(0, SHOWN) };
}

/** What is a question rather than a number or a code. */
const WORDS = /[\s?？\u4e00-\u9fff]/;

/** The words themselves as a question to the assistant. */
function useQuestion(text: string): Found {
  const { t } = useTranslation();
  const mayAsk = useMay("agent.read");
  const question = text.trim();
  const entries =
    mayAsk && question.length > WORD_CHARACTERS && WORDS.test(question)
      ? [{ id: "question", label: question, note: t("palette.ask"), to: `/agent?ask=${encodeURIComponent(question)}` }]
      : [];
  return { heading: t("palette.assistant"), entries };
}

function useFound(text: string): readonly Found[] {
  const goes = useGoing();
  const [found, setFound] = useState<readonly Found[]>([]);
  useEffect(() => {
    const asked = new AbortController();
    const timer = setTimeout(() => {
      void Promise.all(
        [...entrySources(), goes].map(async (source) => {
          try {
            const entries = await source.find(text.trim(), asked.signal);
            return { heading: source.heading(), entries: entries.slice(0, SHOWN) };
          } catch {
            // One source that fails must not hide the others.
            return { heading: source.heading(), entries: [] };
          }
        }),
      ).then((all) => {
        if (!asked.signal.aborted) setFound(all);
      });
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asked.abort();
    };
  }, [text, goes]);
  return found;
}

function Body({ start, onClose }: { start: string; onClose: () => void }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [text, type] = useState(start);
  const [at, point] = useState(0);
  const list = useId();
  const pages = usePages(text);
  const acts = useActs(text);
  const asks = useQuestion(text);
  const found = [...useFound(text), pages, acts, asks].filter((one) => one.entries.length > 0);
  const flat = found.flatMap((one) => one.entries);
  const chosen = Math.min(at, Math.max(0, flat.length - 1));
  const open = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    if (entry.to !== undefined) void go(entry.to);
    else entry.run?.();
  };
  return (
    <>
      <Input
        autoFocus
        size="large"
        variant="borderless"
        prefix={<SearchOutlined />}
        placeholder={t("frame.search")}
        aria-label={t("frame.search")}
        role="combobox"
        aria-expanded={flat.length > 0}
        aria-controls={list}
        aria-activedescendant={flat[chosen] ? `${list}-${chosen}` : undefined}
        value={text}
        onChange={(event) => {
          type(event.target.value);
          point(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step) {
            event.preventDefault();
            point((chosen + step + flat.length) % Math.max(1, flat.length));
          } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
            open(flat[chosen]);
          }
        }}
      />
      <div role="listbox" id={list} aria-label={t("palette.found")} className="palette-list">
        {found.map((one) => (
          <div key={one.heading} role="group" aria-label={one.heading}>
            <p aria-hidden className="palette-heading">
              {one.heading}
            </p>
            {one.entries.map((entry) => {
              const position = flat.indexOf(entry);
              return (
                <div
                  key={entry.id}
                  id={`${list}-${position}`}
                  role="option"
                  aria-selected={position === chosen}
                  className="palette-entry"
                  onMouseMove={() => point(position)}
                  onClick={() => open(entry)}
                >
                  <span>{entry.label}</span>
                  {entry.note && <span className="muted">{entry.note}</span>}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {flat.length === 0 && <p className="muted palette-heading">{t("palette.none")}</p>}
    </>
  );
}
