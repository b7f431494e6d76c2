// What a browser does not let these pages do, or cannot, in words of the user's.

export class BrowserRefusal extends Error {
  override readonly name = "BrowserRefusal";

  constructor(
    readonly code: "PLACE_REFUSED" | "PLACE_MISSING" | "PLACE_UNKNOWN" | "NOTICES_REFUSED" | "NOTICES_MISSING",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
