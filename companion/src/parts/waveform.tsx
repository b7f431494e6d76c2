// A swipe as the reader's head heard it: lowest and highest of each slice. In words for whoever does not see it.

import type { HeardSwipe } from "../world/events.js";

const HEIGHT = 80;

export function Waveform({ heard }: { readonly heard: HeardSwipe }) {
  const { low, high, seconds, passes } = heard;
  const y = (value: number) => (HEIGHT / 2) * (1 - 0.95 * value);
  const there = high.map((value, x) => `${x},${y(value).toFixed(1)}`);
  const back = low.map((value, x) => `${x},${y(value).toFixed(1)}`).reverse();
  const text = `The swipe: ${passes} ${passes === 1 ? "pass" : "passes"} in ${seconds.toFixed(1)} seconds`;
  return (
    <figure class="waveform">
      <svg viewBox={`0 0 ${high.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={text}>
        <polygon points={[...there, ...back].join(" ")} />
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  );
}
