// Plays samples through WebAudio, for the program's own views of sound.

let context = null;
let source = null;
let started = 0;
let length = 0;

// Samples channel by channel, from -1 to 1; `from` in seconds. The browser lets a page sound after a press only.
export function play(samples, channels, rate, from) {
  stop();
  context ??= new AudioContext();
  context.resume();
  const frames = Math.floor(samples.length / channels);
  const buffer = context.createBuffer(channels, frames, rate);
  for (let channel = 0; channel < channels; channel += 1) {
    buffer.copyToChannel(samples.subarray(channel * frames, (channel + 1) * frames), channel);
  }
  const own = context.createBufferSource();
  own.buffer = buffer;
  own.connect(context.destination);
  own.onended = () => source === own && (source = null);
  own.start(0, from);
  source = own;
  length = buffer.duration;
  started = context.currentTime - from;
}

export function stop() {
  source?.stop();
  source = null;
}

// The second that sounds now, or -1.
export function at() {
  return source ? Math.min(context.currentTime - started, length) : -1;
}
