// Samples of the microphone as the hub takes them: 16 bits, 16 kHz, one channel, ten times a second,
// with how loud the loudest was. A context that cannot run at 16 kHz is averaged down.
const RATE_HZ = 16_000;
const PART = RATE_HZ / 10;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / RATE_HZ;
    this.part = new Int16Array(PART);
    this.filled = 0;
    this.peak = 0;
    this.sum = 0;
    this.count = 0;
    this.due = this.step;
    this.port.onmessage = () => {
      this.hand();
      this.port.postMessage({ done: true });
    };
  }

  process(inputs) {
    const heard = inputs[0]?.[0];
    if (!heard) return true;
    for (const sample of heard) {
      this.sum += sample;
      this.count += 1;
      this.due -= 1;
      if (this.due > 0) continue;
      this.due += this.step;
      this.put(this.sum / this.count);
      this.sum = 0;
      this.count = 0;
    }
    return true;
  }

  put(sample) {
    const bounded = Math.max(-1, Math.min(1, sample));
    this.peak = Math.max(this.peak, Math.abs(bounded));
    this.part[this.filled] = bounded * 32_767;
    this.filled += 1;
    if (this.filled === PART) this.hand();
  }

  hand() {
    if (this.filled > 0) {
      const samples = this.part.slice(0, this.filled);
      this.port.postMessage({ samples: samples.buffer, peak: this.peak }, [samples.buffer]);
    }
    this.filled = 0;
    this.peak = 0;
  }
}

registerProcessor("capture", Capture);
