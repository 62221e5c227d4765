import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useDraft } from "./use-draft";

const begin = () =>
  renderHook(({ version, text }) => useDraft(version, text), {
    initialProps: { version: 1, text: "one" },
  });

test("a newer version is followed while nothing was written", () => {
  const { result, rerender } = begin();
  rerender({ version: 2, text: "two" });
  expect(result.current).toMatchObject({ value: "two", base: 2, isDirty: false, isBehind: false });
});

test("what was written stands when somebody else publishes, and names what it began from", () => {
  const { result, rerender } = begin();
  act(() => result.current.set("mine"));
  rerender({ version: 2, text: "two" });
  expect(result.current).toMatchObject({ value: "mine", base: 1, isDirty: true, isBehind: true });
  act(() => result.current.drop());
  expect(result.current).toMatchObject({ value: "two", base: 2, isBehind: false });
});

test("typing goes on from what was published, before and after it comes back", () => {
  const { result, rerender } = begin();
  act(() => result.current.set("mine"));
  act(() => result.current.publish(2, "mine"));
  expect(result.current).toMatchObject({ value: "mine", base: 2, isDirty: false });
  act(() => result.current.set("more"));
  rerender({ version: 2, text: "mine" });
  expect(result.current).toMatchObject({ value: "more", base: 2, isDirty: true, isBehind: false });
});
