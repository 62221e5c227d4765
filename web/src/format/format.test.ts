import i18next from "i18next";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  age,
  brief,
  bytes,
  count,
  countTile,
  dated,
  dayName,
  digest,
  duration,
  exact,
  growth,
  leftWords,
  money,
  moneyTile,
  near,
  points,
  share,
  temperature,
  weight,
} from "./index";

const speak = (lng: string) => i18next.init({ lng, resources: {} });
beforeEach(() => speak("zh-CN"));
afterEach(() => speak("zh-CN"));

const NOW = "2026-11-22T06:32:08Z"; // 14:32:08 in Shanghai
const S = 1000;
const M = 60 * S;
const H = 60 * M;

describe("numbers", () => {
  it.each([
    [119200, "¥1,192.00"],
    [-3900, "−¥39.00"],
    [0, "¥0.00"],
    [1, "¥0.01"],
    [1138620470, "¥11,386,204.70"],
    [null, "—"],
    [undefined, "—"],
  ])("money %s", (fen, text) => expect(money(fen)).toBe(text));

  it("money of elsewhere", () => {
    expect(money(2664, "USD")).toBe("USD 26.64");
    expect(money(-120, "USD")).toBe("−USD 1.20");
    expect(money(300, "JPY")).toBe("JPY 300");
    expect(money(1500, "KWD")).toBe("KWD 1.500");
  });

  it("counts exactly, and in 万 and 亿 on tiles alone", () => {
    expect(count(48216)).toBe("48,216");
    expect(count(0)).toBe("0");
    expect(count(null)).toBe("—");
    expect(countTile(4821600, "单")).toEqual({ value: "482.16", unit: "万单", exact: "4,821,600 单" });
    expect(countTile(9318, "条")).toEqual({ value: "9,318", unit: "条", exact: "9,318 条" });
    expect(countTile(123456789)).toMatchObject({ value: "1.23", unit: "亿" });
    expect(moneyTile(18640000)).toEqual({ value: "¥18.64", unit: "万", exact: "¥186,400.00" });
  });

  it("tells shares, changes of shares in points, growth in percent", () => {
    expect(share(0.9914)).toBe("99.14%");
    expect(points(0.047)).toBe("+4.7 点");
    expect(points(-0.047)).toBe("−4.7 点");
    expect(growth(0.062)).toBe("+6.2%");
    expect(growth(-0.0001)).toBe("0.0%");
  });

  it("puts a space before units and groups digests", () => {
    expect(weight(2900)).toBe("2.9 kg");
    expect(weight(850)).toBe("850 g");
    expect(temperature(4.2)).toBe("4.2 ℃");
    expect(temperature(-18)).toBe("−18.0 ℃");
    expect(bytes(183_000)).toBe("183 kB");
    expect(bytes(2_400_000)).toBe("2.4 MB");
    expect(digest("9f3a71c20be4aa")).toBe("9f3a 71c2 0be4 …");
    expect(digest("")).toBe("—");
  });

  it("speaks English", async () => {
    await speak("en");
    expect(countTile(4821600)).toMatchObject({ value: "4.82", unit: "M" });
    expect(points(0.047)).toBe("+4.7 pp");
    expect(temperature(4.2)).toBe("4.2 °C");
    expect(money(-3900)).toBe("−¥39.00");
  });
});

describe("times", () => {
  it.each([
    [2 * H + 14 * M, "2 时 14 分"],
    [47 * H + 50 * M, "47 时 50 分"],
    [9 * H + 2 * M + 59 * S, "9 时 02 分"],
    [38 * M + 12 * S, "38 分"],
    [41 * S, "41 秒"],
    [2 * H, "2 时"],
    [76 * H, "3 天 4 时"],
    [3.9, "3.9 毫秒"],
    [18, "18 毫秒"],
    [-17 * M, "17 分"],
    [null, "—"],
  ])("duration %s", (length, text) => expect(duration(length)).toBe(text));

  it.each([
    ["2026-11-22T06:21:07Z", "今天 14:21"],
    ["2026-11-21T01:10:00Z", "昨天 09:10"],
    ["2026-11-22T16:00:00Z", "明天 00:00"],
    ["2026-11-21T15:59:59Z", "昨天 23:59"],
    ["2026-11-20T02:00:00Z", "11-20"],
    ["2025-11-20T02:00:00Z", "2025-11-20"],
    ["", "—"],
    ["no time", "—"],
  ])("near %s", (at, text) => expect(near(at, NOW)).toBe(text));

  it("is exact to the millisecond, in Shanghai", () => {
    expect(exact("2026-11-22T06:31:55.120Z")).toBe("2026-11-22 14:31:55.120 +08:00");
    expect(brief("2026-11-22T06:21:07Z", NOW)).toBe("14:21");
    expect(brief("2026-11-20T06:21:07Z", NOW)).toBe("11-20");
    expect(dated("2026-11-24T06:22:00Z", NOW)).toBe("11-24 14:22");
    expect(dayName("2026-11-21T16:30:00Z")).toBe("11月22日 周日");
    expect(dayName("")).toBe("—");
  });

  it("tells age within a day, then the date", () => {
    expect(age("2026-11-22T06:21:00Z", NOW)).toBe("11 分前");
    expect(age("2026-11-19T06:21:00Z", NOW)).toBe("11-19");
  });

  it("says what is left and what is over", () => {
    expect(leftWords("2026-11-22T06:38:08Z", NOW)).toBe("6 分");
    expect(leftWords("2026-11-22T06:15:08Z", NOW)).toBe("超 17 分");
  });

  it("speaks English", async () => {
    await speak("en");
    expect(duration(2 * H + 14 * M)).toBe("2 h 14 min");
    expect(near("2026-11-20T02:00:00Z", NOW)).toBe("20 Nov");
    expect(dayName("2026-11-21T16:30:00Z")).toBe("Sun 22 Nov");
    expect(near("2026-11-22T06:21:07Z", NOW)).toBe("Today 14:21");
    expect(age("2026-11-22T06:21:00Z", NOW)).toBe("11 min ago");
  });
});
