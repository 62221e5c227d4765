import { useCallback, useEffect, useRef, useState } from "react";
import { Problem } from "@/problem";
import { type Capture, capture, type NoSound, whyNot } from "./capture";
import type { Spoken, Standing, Told } from "./model";

const PATH = "/v1/voice/stream";
const LEAST_MS = 400;
const IDLE: Standing = { phase: "idle", words: "", level: 0, since: 0, problem: null };

interface Call {
  socket: WebSocket;
  sound: Capture | null;
  isOver: boolean;
}

/** Speaking into the hub: hold, talk, let go; what was understood comes to `onRead`. */
export function useSpeaking(onRead: (spoken: Spoken) => void) {
  const [standing, stand] = useState<Standing>(IDLE);
  const [noSound, setNoSound] = useState<NoSound | "">("");
  const call = useRef<Call | null>(null);
  const told = useRef(onRead);
  useEffect(() => {
    told.current = onRead;
  });
  const drop = useCallback((problem: Problem | null) => {
    const now = call.current;
    call.current = null;
    if (now) {
      now.isOver = true;
      void now.sound?.stop();
      now.socket.close();
    }
    stand({ ...IDLE, problem });
  }, []);
  useEffect(() => () => drop(null), [drop]);

  const begin = useCallback(async () => {
    if (call.current) return;
    setNoSound("");
    if (!navigator.mediaDevices || !window.isSecureContext) {
      setNoSound("insecure");
      return;
    }
    const socket = new WebSocket(new URL(PATH, window.location.origin.replace(/^http/, "ws")));
    socket.binaryType = "arraybuffer";
    const now: Call = { socket, sound: null, isOver: false };
    call.current = now;
    stand({ ...IDLE, phase: "opening", since: Date.now() });
    const key = crypto.randomUUID();
    const waiting: ArrayBuffer[] = [];
    socket.onopen = () => {
      socket.send(JSON.stringify({ begin: { key } }));
      for (const part of waiting.splice(0)) socket.send(part);
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      if (now.isOver) return;
      const said = JSON.parse(data) as Told;
      if (said.type === "words") stand((was) => ({ ...was, words: said.words }));
      else if (said.type === "problem") drop(new Problem(said.problem));
      else if (said.type === "read") {
        const { original, draft, parsed } = said;
        drop(null);
        told.current({ original, draft: draft ?? { lines: [] }, parsed, changed: [] });
      }
    };
    socket.onclose = () => {
      if (!now.isOver) drop(new Problem({ status: 0, code: "unreachable" }));
    };
    try {
      const sound = await capture(({ samples, peak }) => {
        if (now.isOver) return;
        if (socket.readyState === WebSocket.OPEN) socket.send(samples);
        else waiting.push(samples);
        stand((was) => ({ ...was, level: peak }));
      });
      now.sound = sound;
      if (now.isOver) await sound.stop();
      else stand((was) => ({ ...was, phase: "listening", since: Date.now() }));
    } catch (error) {
      setNoSound(whyNot(error));
      drop(null);
    }
  }, [drop]);

  const end = useCallback(async () => {
    const now = call.current;
    if (!now || now.isOver) return;
    if (!now.sound || Date.now() - standing.since < LEAST_MS) {
      drop(null); // a touch, not an utterance
      return;
    }
    const { sound } = now;
    now.sound = null;
    stand((was) => ({ ...was, phase: "reading", level: 0 }));
    await sound.stop();
    if (!now.isOver) now.socket.send(JSON.stringify({ end: true }));
  }, [drop, standing.since]);

  return { ...standing, noSound, begin, end, cancel: () => drop(null) };
}
