"use strict";
// Verifies, in this browser, what the page says: each fact's place in the log (RFC 6962), the chain
// of the order's facts, the checkpoint's signature (Ed25519), the promises' texts, the photos.
(() => {
  const section = document.getElementById("verify");
  const words = JSON.parse(document.getElementById("words").textContent);
  const subtle = globalThis.crypto && globalThis.crypto.subtle;
  const encoder = new TextEncoder();

  class Wrong extends Error {}
  const demand = (holds, what) => {
    if (!holds) throw new Wrong(what);
  };
  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const sha256 = async (...parts) => {
    const size = parts.reduce((n, part) => n + part.length, 0);
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return new Uint8Array(await subtle.digest("SHA-256", whole));
  };
  const LEAF = Uint8Array.of(0);
  const NODE = Uint8Array.of(1);
  const half = (n) => Math.floor(n / 2);

  // RFC 9162 2.1.3.2
  async function includes(leaf, index, size, proof, root) {
    let [fn, sn, r] = [index, size - 1, leaf];
    if (!(index >= 0 && index < size)) return false;
    for (const p of proof) {
      if (sn === 0 || p.length !== 32) return false;
      if (fn % 2 === 1 || fn === sn) {
        r = await sha256(NODE, p, r);
        while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
      } else r = await sha256(NODE, r, p);
      [fn, sn] = [half(fn), half(sn)];
    }
    return sn === 0 && hex(r) === hex(root);
  }

  // C2SP signed note and checkpoint
  function readNote(raw) {
    const end = raw.lastIndexOf("\n\n");
    demand(end > 0, "checkpoint");
    const text = raw.slice(0, end + 1);
    const [origin, size, root] = text.split("\n");
    demand(/^(0|[1-9]\d*)$/.test(size), "checkpoint");
    const signatures = raw.slice(end + 2).split("\n").filter(Boolean).map((line) => {
      const [dash, name, signature] = line.split(" ");
      demand(dash === "—" && signature, "checkpoint");
      return { name, bytes: unbase64(signature) };
    });
    return { text, origin, size: Number(size), root: unbase64(root), signatures };
  }

  // true: a key of the log signed it; false: none did; null: this browser has no Ed25519
  async function isSigned(note, vkeys) {
    for (const vkey of vkeys) {
      const [, name, id, key] = /^(.+?)\+([0-9a-f]{8})\+(.+)$/.exec(vkey) || [];
      const bytes = key ? unbase64(key) : new Uint8Array();
      if (name !== note.origin || bytes[0] !== 1) continue;
      const own = hex((await sha256(encoder.encode(`${name}\n`), bytes)).slice(0, 4));
      demand(own === id, "key");
      let imported;
      try {
        imported = await subtle.importKey("raw", bytes.slice(1), "Ed25519", false, ["verify"]);
      } catch {
        return null;
      }
      for (const signature of note.signatures) {
        if (signature.name !== name || hex(signature.bytes.slice(0, 4)) !== id) continue;
        const signed = signature.bytes.slice(4);
        if (await subtle.verify("Ed25519", imported, signed, encoder.encode(note.text))) return true;
      }
    }
    return false;
  }

  async function checkFacts(told) {
    const facts = new Map();
    let [before, seq, signed] = ["", 0, true];
    const ranges = [];
    let root = "";
    for (const book of told.books) {
      const note = readNote(book.checkpoint);
      demand(note.origin === book.origin, "checkpoint");
      const good = await isSigned(note, book.keys);
      demand(good !== false, "signature");
      if (good === null) signed = false;
      root = hex(note.root);
      for (const entry of book.entries) {
        const body = encoder.encode(entry.body);
        const leaf = await sha256(LEAF, body);
        const proof = entry.proof.map(unhex);
        const inside = await includes(leaf, entry.index, note.size, proof, note.root);
        demand(inside, "inclusion");
        const fact = JSON.parse(entry.body);
        seq += 1;
        demand(fact.id === `${told.order}/${seq}` && fact.seq === seq, "chain");
        demand((fact.prev || "") === before, "chain");
        before = hex(leaf);
        facts.set(before, fact);
      }
      const at = book.entries.map((entry) => entry.index);
      ranges.push(`${Math.min(...at).toLocaleString()} – ${Math.max(...at).toLocaleString()}`);
    }
    return { facts, signed, root, ranges };
  }

  function checkActs(facts, pending) {
    let acts = 0;
    for (const act of document.querySelectorAll("[data-facts]")) {
      const digests = act.dataset.facts.split(" ");
      const known = digests.filter((digest) => facts.has(digest));
      if (!known.length && pending) continue;
      demand(known.length === digests.length || pending, "act");
      demand(facts.get(known[0]).occurred === act.dataset.occurred, "act");
      acts += 1;
    }
    return acts;
  }

  const VERDICTS = {
    "promise.kept": "kept", "promise.broken": "broken", "promise.late": "late",
    "promise.borderline": "borderline", "promise.superseded": "superseded",
  };

  async function checkPromises(facts, pending) {
    const pinned = new Map();
    const states = new Map();
    for (const { type, data } of facts.values()) {
      if (type === "promise.made") for (const one of data.promises) pinned.set(one.code, one);
      if (VERDICTS[type]) states.set(data.code, VERDICTS[type]);
      if (type === "promise.corrected" || type === "promise.ruled") {
        states.set(data.code, data.verdict);
      }
    }
    for (const shown of document.querySelectorAll("[data-promise]")) {
      const { promise, state } = shown.dataset;
      const one = pinned.get(promise);
      if (!one && pending) continue;
      demand(one, "promise");
      const text = shown.querySelector(".text").textContent;
      demand(hex(await sha256(encoder.encode(text))) === one.text, "promise");
      const verdict = states.get(promise);
      const said = state === "kept_self" ? "kept" : state;
      const judged = Object.values(VERDICTS).includes(said) || said === "excused";
      if (!pending && (judged || verdict)) {
        const running = ["running", "warned", "paused"].includes(said);
        demand(verdict === said || (running && verdict === "running"), "verdict");
      }
    }
  }

  async function checkMedia(facts) {
    const named = new Set();
    for (const fact of facts.values()) for (const e of fact.evidence || []) named.add(e.digest);
    for (const piece of document.querySelectorAll("[data-piece]")) {
      const { piece: digest, from } = piece.dataset;
      demand(named.has(digest), "media");
      if (!from) continue;
      const answer = await fetch(from);
      demand(answer.ok, "media");
      demand(hex(await sha256(new Uint8Array(await answer.arrayBuffer()))) === digest, "media");
    }
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

  function show(state, title, lines) {
    section.dataset.state = state;
    section.querySelector("h2").textContent = title;
    const list = section.querySelector(".result");
    list.replaceChildren(...lines.filter(Boolean).map((line) => {
      const p = document.createElement("p");
      p.textContent = line;
      return p;
    }));
  }

  async function run() {
    if (!subtle) return show("partial", words.unable, [words.insecure]);
    show("busy", words.busy, []);
    const began = performance.now();
    try {
      const answer = await fetch(section.dataset.proof, { cache: "no-store" });
      if (!answer.ok) return show("partial", words.unable, [words.no_answer]);
      const told = await answer.json();
      const { facts, signed, root, ranges } = await checkFacts(told);
      demand(told.order === section.dataset.order, "order");
      // a list that ends early has no gap to show for it: the page knows how long it was
      demand(facts.size + told.pending >= Number(section.dataset.count), "count");
      const acts = checkActs(facts, told.pending);
      await checkPromises(facts, told.pending);
      await checkMedia(facts);
      const groups = root.slice(0, 16).match(/.{4}/g);
      const values = {
        acts, facts: facts.size, pending: told.pending, root: groups && groups.join(" "),
        range: ranges.join(", "), seconds: ((performance.now() - began) / 1000).toFixed(1),
      };
      section.querySelector(".took").textContent = fill(words.took, values);
      if (!facts.size) return show("partial", words.unable, [fill(words.pending, values)]);
      show(signed ? "verified" : "partial", signed ? words.verified : words.partly, [
        fill(words.proven, values),
        signed ? "" : words.unsigned,
        told.pending ? fill(words.pending, values) : "",
        fill(words.digest, values),
      ]);
    } catch (error) {
      const what = error instanceof Wrong ? words[`wrong_${error.message}`] : words.wrong_form;
      show("failed", words.failed, [what || words.wrong_form, words.failed_next]);
    }
  }

  section.querySelector("button").hidden = false;
  section.querySelector("button").addEventListener("click", run);
  run();
})();
