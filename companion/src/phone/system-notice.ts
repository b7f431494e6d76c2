// A notice outside of these pages (notifications.spec.whatwg.org), where its owner allowed it.

import { BrowserRefusal } from "./refusal.js";

/** Asks its owner, from a click of his. @throws {BrowserRefusal} `NOTICES_MISSING`, `NOTICES_REFUSED` */
export async function allowNotices(): Promise<void> {
  if (!("Notification" in globalThis))
    throw new BrowserRefusal("NOTICES_MISSING", "This browser has no notices for pages: look into this app instead");
  if ((await Notification.requestPermission()) !== "granted")
    throw new BrowserRefusal(
      "NOTICES_REFUSED",
      "This browser did not allow it: allow this page its notices in the browser's settings, then choose it again",
    );
}

/** By the service worker where there is one: on phones nothing else may. One that cannot be shown is in the app all the same. */
export async function showNotice(title: string, body: string, tag: string): Promise<void> {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  try {
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker?.active) await worker.showNotification(title, { body, tag });
    else new Notification(title, { body, tag });
  } catch {
    // Taken back meanwhile.
  }
}
