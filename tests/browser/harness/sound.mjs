// A recording as a phone's recorder gives it: a short tone, different for each seed.

/** As a file for `setInputFiles`. */
export function sound(seed, { seconds = 0.5 } = {}) {
  const rate = 8000;
  const samples = Math.round(rate * seconds);
  const buffer = Buffer.alloc(44 + samples);
  buffer.write("RIFF", 0, "ascii");
  buffer.writeUInt32LE(36 + samples, 4);
  buffer.write("WAVEfmt ", 8, "ascii");
  buffer.writeUInt32LE(16, 16);
  buffer.writeUInt16LE(1, 20); // PCM
  buffer.writeUInt16LE(1, 22); // one channel
  buffer.writeUInt32LE(rate, 24);
  buffer.writeUInt32LE(rate, 28);
  buffer.writeUInt16LE(1, 32);
  buffer.writeUInt16LE(8, 34);
  buffer.write("data", 36, "ascii");
  buffer.writeUInt32LE(samples, 40);
  for (let at = 0; at < samples; at += 1) {
    buffer[44 + at] = 128 + Math.round(60 * Math.sin((2 * Math.PI * (300 + seed * 20) * at) / rate));
  }
  return { name: `recording-${seed}.wav`, mimeType: "audio/wav", buffer };
}
