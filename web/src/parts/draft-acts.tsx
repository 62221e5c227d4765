import { RollbackOutlined, SaveOutlined, SendOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import "./draft-acts.css";

type Act = "discard" | "save" | "submit" | "withdraw";

interface DraftActsProps {
  /** How the draft stands: edited by whom, or not saved yet. */
  note: string;
  state: string;
  mayWrite: boolean;
  isDirty: boolean;
  /** Why it cannot be submitted, "" when it can. */
  why: string;
  words: Readonly<Record<Act, string>>;
  /** What each button does; what it throws goes to `onFailed`. */
  acts: Readonly<Record<Act, () => Promise<void>>>;
  onFailed: (error: unknown) => void;
  children?: ReactNode;
}

/** The bar of a draft that somebody writes: discarded, saved, submitted, taken back. */
export function DraftActs(props: DraftActsProps) {
  const { state, why, words, acts } = props;
  const run = useMutation({ mutationFn: (act: Act) => acts[act](), onError: props.onFailed });
  const isBusy = (act: Act) => run.isPending && run.variables === act;
  return (
    <div className="draft-acts">
      <span className="note">{props.note}</span>
      {props.children}
      {state === "draft" && props.mayWrite && (
        <>
          <Button danger onClick={() => run.mutate("discard")}>
            {words.discard}
          </Button>
          <Button
            icon={<SaveOutlined />}
            disabled={!props.isDirty}
            loading={isBusy("save")}
            onClick={() => run.mutate("save")}
          >
            {words.save}
          </Button>
          <Tooltip title={why}>
            <Button
              type="primary"
              icon={<SendOutlined />}
              className={why ? "refused" : ""}
              aria-disabled={why !== ""}
              loading={isBusy("submit")}
              onClick={() => !why && run.mutate("submit")}
            >
              {words.submit}
            </Button>
          </Tooltip>
        </>
      )}
      {state === "submitted" && props.mayWrite && (
        <Button
          icon={<RollbackOutlined />}
          loading={isBusy("withdraw")}
          onClick={() => run.mutate("withdraw")}
        >
          {words.withdraw}
        </Button>
      )}
    </div>
  );
}
