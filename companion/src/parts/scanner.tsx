// The camera, until it sees a pairing code. What reads QR codes is loaded when it is needed.

import { useEffect, useRef, useState } from "preact/hooks";

const LOOK_MS = 150;

/** Why there is no picture, in the user's words. */
function refusal(error: unknown): string {
  if (navigator.mediaDevices === undefined) return "This browser gives pages no camera here: paste the code";
  if (error instanceof TypeError)
    return "What reads the camera could not be loaded: check the network, or paste the code";
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "This page may not use the camera: allow it in the browser, or paste the code";
  if (name === "NotFoundError") return "This device has no camera: paste the code";
  return "The camera cannot be had now: close what else uses it, or paste the code";
}

export function Scanner({ onCode }: { readonly onCode: (text: string) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [said, setSaid] = useState("Hold the sheet's QR code before the camera");
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async () => {
      if (navigator.mediaDevices === undefined) throw new DOMException("none", "NotSupportedError");
      const { default: decodeQR } = await import("qr/decode.js");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      const picture = video.current;
      if (isOver || picture === null) return stop();
      picture.srcObject = stream;
      await picture.play();
      const canvas = document.createElement("canvas");
      const pen = canvas.getContext("2d", { willReadFrequently: true })!;
      const again = () => {
        if (isOver) return;
        const { videoWidth: width, videoHeight: height } = picture;
        if (width > 0) {
          [canvas.width, canvas.height] = [width, height];
          pen.drawImage(picture, 0, 0);
          const text = decoded(() => decodeQR(pen.getImageData(0, 0, width, height)));
          if (text?.startsWith("ECARD1:")) return onCode(text);
          if (text !== undefined)
            setSaid("That is another QR code: hold the one on the card's sheet before the camera");
        }
        timer = setTimeout(again, LOOK_MS);
      };
      again();
    };
    const stop = () => {
      isOver = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    look().catch((error: unknown) => setSaid(refusal(error)));
    return stop;
  }, []);
  return (
    <div class="scanner">
      <video ref={video} muted playsInline tabIndex={-1} aria-label="What the camera sees" />
      <p role="status">{said}</p>
    </div>
  );
}

function decoded(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined; // no code in this picture
  }
}
