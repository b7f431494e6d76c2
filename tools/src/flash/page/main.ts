// The flasher's page: an image is chosen, a port is chosen, and the rest is the SDK's. The same calls as ecard flash.

import { flashCard, type WebSerialPort, webSerialLine } from "@enabling-card/sdk";
import { decodeImage, formatImageVersion } from "@enabling-card/wire";

interface SerialNavigator {
  readonly serial?: { requestPort(): Promise<WebSerialPort> };
}

const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const image = at<HTMLInputElement>("image");
const flash = at<HTMLButtonElement>("flash");
const stop = at<HTMLButtonElement>("stop");
const bar = at<HTMLProgressElement>("bar");
const { serial } = navigator as SerialNavigator;

let bytes: Uint8Array | undefined;
let abort: AbortController | undefined;

function say(text: string, how = ""): void {
  const status = at("status");
  status.textContent = text;
  status.className = how;
}

function step(text: string): void {
  const line = document.createElement("li");
  line.textContent = text;
  at("steps").append(line);
}

function told(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? String(message ?? error) : `${message} [${code}]`;
}

image.addEventListener("change", async () => {
  bytes = undefined;
  flash.disabled = true;
  const file = image.files?.[0];
  if (file === undefined) return;
  try {
    const octets = new Uint8Array(await file.arrayBuffer());
    const { version, board, counter } = decodeImage(octets);
    at("facts").textContent =
      `Version ${formatImageVersion(version)} for ${board}, counter ${counter}, ${octets.length} octets.`;
    bytes = octets;
    flash.disabled = serial === undefined;
    say("");
  } catch (error) {
    at("facts").textContent = "";
    say(told(error), "bad");
  }
});

flash.addEventListener("click", async () => {
  if (bytes === undefined || serial === undefined) return;
  flash.disabled = image.disabled = true;
  abort = new AbortController();
  at("steps").replaceChildren();
  try {
    const line = await webSerialLine(await serial.requestPort());
    stop.disabled = false;
    try {
      const { version, board } = await flashCard(line, {
        image: bytes,
        signal: abort.signal,
        onStep: (name, detail) => step(`${name}: ${detail}`),
        onProgress: ({ sent, total, rate, leftS }) => {
          bar.value = sent / total;
          const left = leftS === undefined ? "" : `, ${leftS} s left`;
          at("rate").textContent = `${sent} of ${total} octets, ${(rate / 1000).toFixed(1)} kB/s${left}`;
        },
      });
      say(`Version ${version} runs on ${board}, confirmed.`, "good");
    } finally {
      await line.close();
    }
  } catch (error) {
    say(told(error), "bad");
  } finally {
    stop.disabled = true;
    flash.disabled = image.disabled = false;
  }
});

stop.addEventListener("click", () => abort?.abort());

if (serial === undefined)
  say("This browser has no serial ports for pages: use Chrome, Edge or Opera on a computer, or ecard flash.", "bad");
