// How long an armed card stays so.

import { useEffect, useState } from "preact/hooks";

export function Countdown({ untilMs }: { readonly untilMs: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.ceil((untilMs - now) / 1000));
  return (
    <p class="countdown" role="timer" aria-live="off">
      <progress max={120} value={left} aria-label="Seconds left" /> {left} s left
    </p>
  );
}
