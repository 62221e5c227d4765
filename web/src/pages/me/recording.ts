/** Recordings as the hub takes them: WAV, 16 bits, 16 kHz, one channel. */

const RATE_HZ = 16_000;

/** Record from the microphone for so many seconds, telling how many are left. */
export async function record(seconds: number, onLeft: (left: number) => void): Promise<Blob> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false },
  });
  try {
    const recorder = new MediaRecorder(stream);
    const parts: Blob[] = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    const ended = new Promise<void>((resolve) => {
      recorder.addEventListener("stop", () => resolve());
    });
    recorder.start();
    for (let left = seconds; left > 0; left -= 1) {
      onLeft(left);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    recorder.stop();
    await ended;
    return await toWav(new Blob(parts, { type: recorder.mimeType }));
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** Turn any sound that the browser can decode into WAV. */
export async function toWav(sound: Blob): Promise<Blob> {
  const decoder = new OfflineAudioContext(1, 1, RATE_HZ);
  const decoded = await decoder.decodeAudioData(await sound.arrayBuffer());
  const length = Math.max(1, Math.ceil(decoded.duration * RATE_HZ));
  const context = new OfflineAudioContext(1, length, RATE_HZ);
  const source = context.createBufferSource();
  source.buffer = decoded;
  source.connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  return encode(rendered.getChannelData(0));
}

/** Write samples in [-1, 1] as WAV. */
export function encode(samples: Float32Array): Blob {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const word = (at: number, text: string) => {
    for (let i = 0; i < text.length; i += 1) bytes.setUint8(at + i, text.charCodeAt(i));
  };
  word(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE_HZ, true);
  bytes.setUint32(28, RATE_HZ * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  word(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, at) => {
    bytes.setInt16(44 + at * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true);
  });
  return new Blob([bytes.buffer], { type: "audio/wav" });
}
