let context: AudioContext | null = null;

function tone(hertz: number, shape: OscillatorType, from_s: number, length_s: number): void {
  if (!context) return;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = shape;
  oscillator.frequency.value = hertz;
  const start = context.currentTime + from_s;
  gain.gain.setValueAtTime(0.2, start);
  gain.gain.exponentialRampToValueAtTime(0.001, start + length_s);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + length_s);
}

function ready(): boolean {
  if (!("AudioContext" in window)) return false;
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return true;
}

/** One short high tone and one short buzz: counted. */
export function soundRight(): void {
  if (ready()) tone(1_760, "sine", 0, 0.09);
  navigator.vibrate?.(40);
}

/** Two low rough tones and two long buzzes: not this one. */
export function soundWrong(): void {
  if (ready()) {
    tone(196, "square", 0, 0.18);
    tone(147, "square", 0.22, 0.26);
  }
  navigator.vibrate?.([140, 70, 140]);
}

/** Three rising tones: the task is whole. */
export function soundDone(): void {
  if (ready()) [1_319, 1_568, 2_093].forEach((hertz, at) => tone(hertz, "sine", at * 0.09, 0.12));
  navigator.vibrate?.([40, 40, 40]);
}
