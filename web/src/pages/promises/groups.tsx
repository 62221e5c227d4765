import { CloseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { count, duration } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { Named } from "@/parts/named";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { type DecidedGroup, type Grouping, GROUPINGS, type OpenGroup } from "./rows";

interface Props {
  isOpen: boolean;
  /** What a key of a grouping is called, as far as the rows tell; "" where they do not. */
  nameOf: (by: Grouping, key: string) => string;
  narrowed: readonly (readonly [Grouping, string])[];
  onPick: (by: Grouping, key: string) => void;
  onDrop: (by: Grouping) => void;
}

interface Answer<Group> {
  items: readonly Group[];
  exact: boolean;
  exact_min?: number;
}

/** The counts that are shown of running clocks reach so far. */
const SHOWN_MIN = 120;
/** The warehouse of orders that have none yet, as the hub is asked for it. */
const NOWHERE = "-";

const REFRESH_MS = 15_000;

/** Where it is about to break, or has broken: by warehouse, channel, clause or carrier. */
export function Groups({ isOpen, nameOf, narrowed, onPick, onDrop }: Props) {
  const { t } = useTranslation(["promises", "common"]);
  const [by, setBy] = useState<Grouping>("warehouse");
  const query = new URLSearchParams([["by", by], ...narrowed.map(([k, v]) => [k, v])]);
  const path = isOpen ? "groups" : "outcomes";
  const groups = useQuery({
    queryKey: ["promises", path, query.toString()],
    queryFn: () => ask<Answer<OpenGroup & DecidedGroup>>(`/v1/promises/${path}?${query}`),
    refetchInterval: REFRESH_MS,
  });
  const items = groups.data?.items ?? [];
  const isExact = groups.data?.exact && (groups.data.exact_min ?? SHOWN_MIN) >= SHOWN_MIN;
  const called = (name: Grouping, key: string, zh: string, en: string) =>
    name === "channel" ? t(`common:channels.${key}`, { defaultValue: zh }) : byLocale(zh, en);
  const narrowedTo = (name: Grouping, value: string) => {
    if (value === NOWHERE) return t("noWarehouse");
    const one = name === by ? items.find((group) => group.key === value) : undefined;
    const told = one ? called(name, value, one.name_zh, one.name_en) : nameOf(name, value);
    return told || called(name, value, value, value);
  };
  return (
    <Card
      title={t(isOpen ? "soon" : "outcomes")}
      note={groups.data && !isExact ? t("about") : undefined}
      className="promises-groups"
    >
      <Segmented
        block
        size="small"
        aria-label={t("by")}
        value={by}
        options={GROUPINGS.map((one) => ({ value: one, label: t(`groupings.${one}`) }))}
        onChange={setBy}
      />
      {narrowed.map(([name, value]) => (
        <Button
          key={name}
          size="small"
          icon={<CloseOutlined />}
          iconPlacement="end"
          onClick={() => onDrop(name)}
        >
          {t(`groupings.${name}`)} {narrowedTo(name, value)}
        </Button>
      ))}
      {groups.error && (
        <ProblemNote problem={asProblem(groups.error)} onRetry={() => void groups.refetch()} />
      )}
      {groups.isLoading && <Skeleton kind="rows" rows={6} />}
      {groups.data && items.length === 0 && <p className="note">{t("noGroups")}</p>}
      {items.length > 0 && (
        <table className="promises-table">
          <caption className="visually-hidden">{t(isOpen ? "soon" : "outcomes")}</caption>
          <thead>
            <tr>
              <th scope="col">{t(`groupings.${by}`)}</th>
              {(isOpen ? ["overdue", "in2h", "total"] : ["broken", "late", "kept"]).map((name) => (
                <th key={name} scope="col">
                  {t(`counts.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((group) => (
              <tr key={group.key}>
                <th scope="row">
                  <button type="button" onClick={() => onPick(by, group.key || NOWHERE)}>
                    <Named
                      name={called(by, group.key, group.name_zh, group.name_en)}
                      code={by === "warehouse" ? group.key : ""}
                      none={t(by === "warehouse" ? "noWarehouse" : "none")}
                    />
                  </button>
                </th>
                {isOpen ? (
                  <>
                    <td data-tone={group.overdue > 0 ? "broken" : undefined}>
                      {count(group.overdue)}
                    </td>
                    <td data-tone={group.in_2h + group.in_30m > 0 ? "risk" : undefined}>
                      {count(group.in_30m + group.in_2h)}
                    </td>
                    <td>{count(group.total)}</td>
                  </>
                ) : (
                  <>
                    <td data-tone={group.broken > 0 ? "broken" : undefined}>
                      {count(group.broken)}
                    </td>
                    <td title={group.worst_ms > 0 ? duration(group.worst_ms) : undefined}>
                      {count(group.late)}
                    </td>
                    <td>{count(group.kept)}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
