// An oscilloscope for one swipe: zoom, move, and two cursors with the time between them. By wheel and pointer, or by keys.

import type { Read } from "@enabling-card/pos-sim/recordings";
import { useEffect, useRef, useState } from "preact/hooks";

type Shown = Pick<NonNullable<NonNullable<Read["profile"]>["shown"]>, "samples" | "sampleRateHz" | "startS">;

interface ScopeProps {
  readonly shown: Shown;
  /** Mean time of a bit: what the distance of the cursors is told in. */
  readonly cellUs: number;
  readonly name: string;
  /** Seconds from its beginning that are seen at first; all of it unless told. */
  readonly firstS?: number;
}

/** What is seen: seconds of the recording. */
interface Window {
  readonly from: number;
  readonly to: number;
}

const HEIGHT = 220;
const NARROWEST_S = 0.0005;
const ZOOM = 1.5;

export function Scope({ shown, cellUs, name, firstS }: ScopeProps) {
  const { samples, sampleRateHz, startS } = shown;
  const whole: Window = { from: startS, to: startS + samples.length / sampleRateHz };
  const first = firstS === undefined ? whole : within(whole, { from: whole.from, to: whole.from + firstS });
  const [seen, setSeen] = useState(first);
  const [cursors, setCursors] = useState<readonly [number, number]>([first.from, first.to]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<0 | 1 | "window" | undefined>(undefined);
  const zoom = (by: number, around = (seen.from + seen.to) / 2) => setSeen(within(whole, zoomed(seen, by, around)));
  const move = (share: number) => setSeen(within(whole, moved(seen, share)));

  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, shown, seen, cursors);
    draw();
    const watcher = new ResizeObserver(draw);
    watcher.observe(canvas.current!);
    return () => watcher.disconnect();
  }, [shown, seen, cursors]);
  useEffect(() => {
    const own = canvas.current!;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault(); // the page stays where it is
      zoom(event.deltaY < 0 ? 1 / ZOOM : ZOOM, timeAt(own, event.clientX, seen));
    };
    own.addEventListener("wheel", onWheel, { passive: false });
    return () => own.removeEventListener("wheel", onWheel);
  });

  const put = (which: 0 | 1, at: number) => {
    const time = Math.min(whole.to, Math.max(whole.from, at));
    setCursors(which === 0 ? [time, cursors[1]] : [cursors[0], time]);
  };
  const apart = Math.abs(cursors[1] - cursors[0]);
  return (
    <figure class="scope">
      <canvas
        ref={canvas}
        height={HEIGHT}
        role="img"
        aria-label={`${name}: its waveform from ${seen.from.toFixed(4)} to ${seen.to.toFixed(4)} s`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = timeAt(event.currentTarget, event.clientX, seen);
          const reach = (seen.to - seen.from) / 60;
          const near = ([0, 1] as const).find((which) => Math.abs(cursors[which] - at) < reach);
          drag.current = near ?? "window";
        }}
        onPointerMove={(event) => {
          if (drag.current === undefined) return;
          if (drag.current === "window") move(-event.movementX / event.currentTarget.clientWidth);
          else put(drag.current, timeAt(event.currentTarget, event.clientX, seen));
        }}
        onPointerUp={() => {
          drag.current = undefined;
        }}
      />
      <div class="buttons">
        <button type="button" onClick={() => zoom(1 / ZOOM)}>
          Zoom in
        </button>
        <button type="button" onClick={() => zoom(ZOOM)}>
          Zoom out
        </button>
        <button type="button" onClick={() => move(-0.5)}>
          Earlier
        </button>
        <button type="button" onClick={() => move(0.5)}>
          Later
        </button>
        <button type="button" onClick={() => setSeen(whole)}>
          All of it
        </button>
      </div>
      <div class="cursors">
        {([0, 1] as const).map((which) => (
          <label key={which}>
            Cursor {which + 1}
            <input
              type="range"
              min={seen.from}
              max={seen.to}
              step={1 / sampleRateHz}
              value={cursors[which]}
              onInput={(event) => put(which, Number(event.currentTarget.value))}
            />
          </label>
        ))}
      </div>
      <figcaption>
        {(apart * 1e6).toFixed(0)} us between the cursors, {((apart * 1e6) / cellUs).toFixed(2)} cells
      </figcaption>
    </figure>
  );
}

function zoomed({ from, to }: Window, by: number, around: number): Window {
  return { from: around - (around - from) * by, to: around + (to - around) * by };
}

function moved({ from, to }: Window, share: number): Window {
  const by = share * (to - from);
  return { from: from + by, to: to + by };
}

/** As wide as asked, and not beyond what there is. */
function within(whole: Window, { from, to }: Window): Window {
  const width = Math.min(whole.to - whole.from, Math.max(NARROWEST_S, to - from));
  const start = Math.min(whole.to - width, Math.max(whole.from, (from + to) / 2 - width / 2));
  return { from: start, to: start + width };
}

function timeAt(canvas: HTMLCanvasElement, clientX: number, { from, to }: Window): number {
  const { left, width } = canvas.getBoundingClientRect();
  return from + ((clientX - left) / width) * (to - from);
}

/** Lowest and highest of what lies in each column; where a column has less than a sample, a line. */
function paint(canvas: HTMLCanvasElement, shown: Shown, { from, to }: Window, cursors: readonly number[]): void {
  const { samples, sampleRateHz, startS } = shown;
  const ratio = devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(HEIGHT * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d")!;
  const style = getComputedStyle(canvas);
  pen.clearRect(0, 0, width, height);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
  const y = (sample: number) => (height / 2) * (1 - (0.95 * sample) / peak);
  const at = (x: number) => (from - startS + (x / width) * (to - from)) * sampleRateHz;
  pen.strokeStyle = style.color;
  pen.lineWidth = ratio;
  pen.beginPath();
  for (let x = 0; x < width; x++) {
    const [first, last] = [Math.max(0, Math.floor(at(x))), Math.min(samples.length - 1, Math.ceil(at(x + 1)))];
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = first; i <= last; i++) {
      low = Math.min(low, samples[i]!);
      high = Math.max(high, samples[i]!);
    }
    if (low > high) continue;
    if (last - first > 2) {
      pen.moveTo(x, y(low));
      pen.lineTo(x, y(high) - ratio / 2);
    } else pen.lineTo(x, y(lineAt(samples, at(x))));
  }
  pen.stroke();
  pen.setLineDash([6 * ratio, 4 * ratio]);
  pen.strokeStyle = style.outlineColor;
  for (const cursor of cursors) {
    const x = ((cursor - from) / (to - from)) * width;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
    pen.stroke();
  }
  pen.setLineDash([]);
}

function lineAt(samples: Float32Array, at: number): number {
  const i = Math.min(samples.length - 2, Math.max(0, Math.floor(at)));
  return samples[i]! + (samples[i + 1]! - samples[i]!) * (at - i);
}
