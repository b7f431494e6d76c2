// Where this phone is, by the browser's geolocation (w3.org/TR/geolocation). It asks its user; what it says stays in these pages.

import type { Place } from "../keep/records.js";
import { BrowserRefusal } from "./refusal.js";

/** How long it may take, and how old it may be, ms. Roughly is enough: whoever looks for a card looks around. */
const OPTIONS: PositionOptions = { enableHighAccuracy: false, timeout: 10_000, maximumAge: 60_000 };

/** @throws {BrowserRefusal} `PLACE_MISSING`, `PLACE_REFUSED`, `PLACE_UNKNOWN` */
export function placeNow(): Promise<Place> {
  const { geolocation } = navigator as { geolocation?: Geolocation };
  if (geolocation === undefined)
    return Promise.reject(
      new BrowserRefusal("PLACE_MISSING", "This browser does not tell pages where it is: the time alone is kept"),
    );
  return new Promise((resolve, reject) => {
    geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => resolve({ latitude, longitude, accuracyM: accuracy }),
      (cause) => reject(refusalOf(cause)),
      OPTIONS,
    );
  });
}

function refusalOf({ code, PERMISSION_DENIED }: GeolocationPositionError): BrowserRefusal {
  return code === PERMISSION_DENIED
    ? new BrowserRefusal(
        "PLACE_REFUSED",
        "This browser did not allow it: allow this page its location in the browser's settings, then choose it again",
      )
    : new BrowserRefusal("PLACE_UNKNOWN", "This device does not know where it is now: try again under the open sky");
}
