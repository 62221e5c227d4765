import { FullscreenOutlined } from "@ant-design/icons";
import { Button, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { dayName, timeOfDay } from "@/format/times";
import { PageHead } from "@/frame/page-head";
import { BoardFigures } from "@/parts/board/figures";
import { NodesCard } from "@/parts/board/nodes-card";
import { PaceCard } from "@/parts/board/pace-card";
import { StagesCard } from "@/parts/board/stages-card";
import { ChannelsCard, PromisesCard } from "@/parts/board/tables";
import { type Asked, useOverview } from "@/parts/board/use-overview";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { ScopeNote } from "./scope-note";
import { useScopes } from "./use-scopes";
import "@/parts/board/board.css";
import "./overview.css";

/** 总览: five figures with their target, then where they come from. */
export default function Overview() {
  const { t } = useTranslation("overview");
  const go = useNavigate();
  const [query, setQuery] = useSearchParams();
  const asked = askedOf(query);
  const { data, error, refetch } = useOverview(asked);
  const scopes = useScopes(data);

  function set(name: "channel" | "warehouse" | "range", value: string) {
    setQuery((old) => {
      const next = new URLSearchParams(old);
      if (value === "" || value === "today") next.delete(name);
      else next.set(name, value);
      return next;
    });
  }

  return (
    <>
      <PageHead
        fact={
          data && (
            <>
              {dayName(data.as_of)} {timeOfDay(data.as_of)} · {t("live")}
            </>
          )
        }
        actions={
          <>
            <Select
              aria-label={t("scope.channel")}
              value={asked.channel ?? ""}
              options={[{ value: "", label: t("scope.channels") }, ...scopes.channels]}
              onChange={(value) => set("channel", value)}
              popupMatchSelectWidth={false}
            />
            <Select
              aria-label={t("scope.warehouse")}
              value={asked.warehouse ?? ""}
              options={[
                { value: "", label: t("scope.warehouses", { count: scopes.warehouses.length }) },
                ...scopes.warehouses,
              ]}
              onChange={(value) => set("warehouse", value)}
              popupMatchSelectWidth={false}
              showSearch={{ optionFilterProp: "label" }}
            />
            <Segmented
              aria-label={t("scope.range")}
              value={asked.range ?? "today"}
              options={[
                { value: "today", label: t("scope.today") },
                { value: "7d", label: t("scope.week") },
              ]}
              onChange={(value) => set("range", value)}
            />
            <Button icon={<FullscreenOutlined />} onClick={() => void go("/wall")}>
              {t("scope.wall")}
            </Button>
          </>
        }
      />
      {error && !data ? (
        <ProblemNote problem={asProblem(error)} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton kind="page" />
      ) : (
        <>
          <ScopeNote board={data} />
          <BoardFigures board={data} />
          <div className="board">
            <div data-at="pace">
              <PaceCard board={data} />
            </div>
            <div data-at="channels">
              <ChannelsCard board={data} />
            </div>
            <div data-at="clauses">
              <PromisesCard board={data} />
            </div>
            <div data-at="nodes">
              <NodesCard board={data} />
            </div>
            <div data-at="stages">
              <StagesCard board={data} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

function askedOf(query: URLSearchParams): Asked {
  const channel = query.get("channel");
  const warehouse = query.get("warehouse");
  return {
    ...(channel && { channel }),
    ...(warehouse && { warehouse }),
    ...(query.get("range") === "7d" && { range: "7d" as const }),
  };
}
