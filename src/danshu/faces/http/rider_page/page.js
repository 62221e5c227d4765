"use strict";
// Calls come by a stream; what is said is kept until the hub has it. A message has its own id: sent
// again after a lost answer it is heard once.
(() => {
  const config = JSON.parse(document.getElementById("config").textContent);
  const { base, lang, words, shift } = config;
  const place = `danshu-rider:${base}`;
  const $ = (id) => document.getElementById(id);
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
  const money = (fen) => `¥${(fen / 100).toFixed(2)}`;
  const clock = new Intl.DateTimeFormat(lang === "en" ? "en" : "zh-CN", {
    timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const span = (w) => `${clock.format(new Date(w.start))}–${clock.format(new Date(w.end))}`;
  let shown = { calls: [], equipment: "" };
  let skew = 0;
  let tray = read();
  let sending = false;

  function read() {
    try { return JSON.parse(localStorage.getItem(place) ?? "[]"); } catch { return []; }
  }
  function keep() {
    try { localStorage.setItem(place, JSON.stringify(tray)); } catch { /* private mode: memory is all */ }
    line();
  }
  function id() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }
  let state = "connecting";
  function line(next) {
    state = next ?? state;
    $("line").dataset.state = state;
    const waits = tray.length ? ` · ${say(words.waiting, { n: tray.length })}` : "";
    $("line").textContent = words[state] + waits;
  }
  function tell(text) {
    $("told").hidden = !text;
    $("told").textContent = text;
  }
  function speak(call, said) {
    tray.push({ call, said: { id: id(), ...said } });
    keep();
    render();
    void flush();
  }
  async function flush() {
    if (sending) return;
    sending = true;
    try {
      while (tray.length) {
        const { call, said } = tray[0];
        let answer;
        try {
          answer = await fetch(`${base}/calls/${call}/messages`, {
            method: "POST", headers: { "content-type": "application/json" },
            body: JSON.stringify(said),
          });
        } catch {
          tell(words.queued);
          line("offline");
          return;
        }
        if (answer.status === 429 || answer.status >= 500) { tell(words.queued); return; }
        tray.shift();
        keep();
        if (answer.ok) { tell(words.sent); take(await answer.json()); } else {
          const problem = await answer.json().catch(() => ({}));
          tell(words.errors[problem.code] ?? words.errors.other);
          render();
        }
      }
    } finally {
      sending = false;
    }
  }
  function take(calls) {
    skew = Date.parse(calls.now) - Date.now();
    shown = calls;
    $("who").textContent = calls.name;
    render();
  }
  function node(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null) made.setAttribute(key, value);
    }
    made.append(...children.filter((c) => c != null && c !== ""));
    return made;
  }
  const button = (word, kind, act, off) =>
    node("button", { type: "button", class: kind, onclick: act, disabled: off }, words[word]);

  const typed = new Map();
  function field(call, name, first, attributes) {
    const key = `${call.id}/${name}`;
    const input = node("input", { inputmode: "decimal", name, id: key, ...attributes });
    input.value = typed.get(key) ?? first;
    input.addEventListener("input", () => typed.set(key, input.value));
    return node("label", { for: key }, words[name], input);
  }
  function number(call, name, first) {
    const value = Number(typed.get(`${call.id}/${name}`) ?? first);
    return Number.isFinite(value) ? value : Number(first);
  }
  function chosen(call) {
    const windows = call.windows;
    return typed.get(`${call.id}/window`) ?? (windows.find((w) => !w.consent) ?? windows[0]).id;
  }
  function minutes(call) {
    const w = call.windows.find((each) => each.id === chosen(call));
    const until = (Date.parse(w.end) - Date.now() - skew) / 60000;
    return String(Math.max(1, Math.floor(until) - 10));
  }
  function offering(call, off) {
    const isMute = call.cold && !shown.equipment;
    const propose = (fee) => speak(call.id, {
      kind: "propose", window: chosen(call), fee_fen: fee,
      minutes: Math.round(number(call, "minutes", minutes(call))),
    });
    const windows = call.windows.map((w) => node("label", { class: "window" },
      node("input", {
        type: "radio", name: `w-${call.id}`, value: w.id, checked: chosen(call) === w.id,
        onchange: () => { typed.set(`${call.id}/window`, w.id); },
      }), `${span(w)}${w.consent && !w.consented ? ` · ${words.consent}` : ""}`));
    return [
      node("fieldset", {}, node("legend", {}, words.windows), ...windows),
      node("div", { class: "fields" }, field(call, "fee", (call.offer_fen / 100).toFixed(2)),
        field(call, "minutes", minutes(call))),
      isMute ? node("p", { class: "note" }, words.cold_none) : null,
      node("div", { class: "acts" },
        button("take", "main", () => propose(call.offer_fen), off || isMute),
        button("propose", "", () => propose(Math.round(number(call, "fee", call.offer_fen / 100) * 100)), off || isMute),
        button("decline", "no", () => speak(call.id, { kind: "decline" }), off)),
    ];
  }
  function answering(call, off) {
    const said = (kind, more) => () => speak(call.id, { kind, award: call.award, ...more?.() });
    const terms = () => ({
      fee_fen: Math.round(number(call, "fee", call.mine.fee_fen / 100) * 100),
      shift_min: Math.max(-shift, Math.min(shift, Math.round(number(call, "shift", "0")))),
    });
    return [
      node("div", { class: "acts" }, button("confirm", "main", said("confirm"), off),
        button("refuse", "no", said("refuse"), off)),
      call.countered ? null : node("div", { class: "fields" },
        field(call, "fee", (call.mine.fee_fen / 100).toFixed(2)), field(call, "shift", "0")),
      call.countered ? null : node("div", { class: "acts" }, button("counter", "", said("counter", terms), off)),
    ];
  }
  function body(call) {
    const off = tray.some((each) => each.call === call.id);
    if (call.address) {
      return [node("p", { class: "note" }, words.address), node("p", { class: "address" }, call.address),
        node("p", { class: "note" }, say(words.number, { n: call.number }))];
    }
    if (call.confirm_by) return answering(call, off);
    const mine = call.mine && call.mine.fate !== "replaced" ? call.mine : null;
    const w = mine && call.windows.find((each) => each.id === mine.window);
    const told = mine ? node("p", { class: "note" },
      `${say(words.mine, { fee: money(mine.fee_fen), window: w ? span(w) : "" })} · ${words.fates[mine.fate]}`) : null;
    const isOpen = call.state === "cfp_open" || call.state === "proposed";
    if (!isOpen && call.state !== "awarded") return [told, node("p", { class: "note" }, words.ended)];
    if (mine?.fate === "open") {
      return [told, node("div", { class: "acts" },
        button("retract", "", () => speak(call.id, { kind: "retract", proposal: mine.id }), off))];
    }
    if (mine) return [told];
    if (call.declined) return [node("p", { class: "note" }, words.declined)];
    return isOpen ? offering(call, off) : [node("p", { class: "note" }, words.over)];
  }
  function render() {
    const at = document.activeElement?.id;
    $("none").hidden = shown.calls.length > 0;
    $("calls").replaceChildren(...shown.calls.map((call) => {
      const kind = call.address || call.confirm_by ? "award" : call.state === "confirmed" ? "over" : "";
      return node("article", { class: kind, "data-call": call.id },
        node("div", { class: "top" },
          node("h2", {}, say(words.from, call)),
          node("span", { class: "clock", "data-until": call.confirm_by || call.reply_by,
            "data-off": Boolean(call.address) })),
        node("p", { class: "note" }, call.cold ? node("span", { class: "cold" }, words.cold) : null,
          ` ${say(words.kg, { n: (call.weight_g / 1000).toFixed(1) })} · ${say(words.offer, { fee: money(call.offer_fen) })}`),
        ...body(call));
    }));
    if (at) document.getElementById(at)?.focus();
    tick();
  }
  function tick() {
    for (const each of document.querySelectorAll(".clock")) {
      const left = Math.ceil((Date.parse(each.dataset.until) - Date.now() - skew) / 1000);
      each.textContent = each.hasAttribute("data-off") ? "" : left > 0 ? say(words.left, { n: left }) : words.over;
      each.classList.toggle("near", left > 0 && left <= 5);
    }
  }
  function listen() {
    const source = new EventSource(`${base}/stream`);
    source.addEventListener("calls", (event) => { line("live"); take(JSON.parse(event.data)); void flush(); });
    source.onerror = () => {
      line("offline");
      // a stream that was refused does not come back by itself
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
  }
  setInterval(tick, 500);
  setInterval(() => { if (tray.length) void flush(); }, 3000);
  addEventListener("online", () => void flush());
  line();
  listen();
})();
