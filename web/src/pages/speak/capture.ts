/** The microphone, open while somebody speaks. */

const RATE_HZ = 16_000;
const WORKLET = new URL("./capture.worklet.js", import.meta.url);

/** Why nothing can be heard. */
export type NoSound = "denied" | "missing" | "insecure" | "broken";

/** What the microphone gives: samples as the hub takes them, and how loud they are, 0 to 1. */
export interface Part {
  samples: ArrayBuffer;
  peak: number;
}

/** An open microphone. `stop` gives the last samples first. */
export interface Capture {
  stop: () => Promise<void>;
}

type Said = { done: true } | (Part & { done?: undefined });

export function whyNot(error: unknown): NoSound {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "broken";
}

/** Open the microphone. Throws what `whyNot` understands. */
export async function capture(onPart: (part: Part) => void): Promise<Capture> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  let context = new AudioContext({ sampleRate: RATE_HZ });
  const close = async () => {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  };
  try {
    let source: MediaStreamAudioSourceNode;
    try {
      source = context.createMediaStreamSource(stream);
    } catch {
      // Firefox connects a microphone to a context of its own rate alone.
      await context.close();
      context = new AudioContext();
      source = context.createMediaStreamSource(stream);
    }
    await context.audioWorklet.addModule(WORKLET);
    const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    let ended: () => void = () => undefined;
    node.port.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data.done) ended();
      else onPart(data);
    };
    source.connect(node);
    const stop = async () => {
      const done = new Promise<void>((resolve) => {
        ended = resolve;
      });
      node.port.postMessage("end");
      await done;
      await close();
    };
    return { stop };
  } catch (error) {
    await close();
    throw error;
  }
}
