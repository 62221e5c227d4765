import type { UseQueryResult } from "@tanstack/react-query";
import { act, fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import type { ParcelRulesShown } from "@/api/types.gen";
import { show, SOMEBODY } from "@/testing/show";
import { RulesCard } from "./rules-card";

const rules = (version: number, wait_min: number) =>
  ({
    data: { version, rules: { merge: { wait_min }, split: [], whole_channels: [] } },
  }) as unknown as UseQueryResult<ParcelRulesShown>;

let publish: (version: number, wait: number) => void;

function Page() {
  const [found, setFound] = useState(rules(1, 30));
  publish = (version, wait) => setFound(rules(version, wait));
  return <RulesCard rules={found} onDone={() => Promise.resolve()} />;
}

it("keeps what is being typed when somebody else saves, and lets go of it when told to", async () => {
  await show(<Page />, { session: { ...SOMEBODY, rights: ["merchant.write"] } });
  const wait = () => screen.getByLabelText<HTMLInputElement>("最早一单等待(分)");
  act(() => publish(2, 40));
  expect(wait().value).toBe("40");
  fireEvent.change(wait(), { target: { value: "55" } });
  act(() => publish(3, 60));
  expect(wait().value).toBe("55");
  expect(screen.getByRole("alert").textContent).toContain("他人已存第 3 版；你写的从第 2 版写起");
  fireEvent.click(screen.getByRole("button", { name: "放弃所写，看现行版" }));
  expect(wait().value).toBe("60");
  expect(screen.queryByRole("alert")).toBeNull();
});
