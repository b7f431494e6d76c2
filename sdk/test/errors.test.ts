import { STATUS_CODES } from "@enabling-card/wire";
import { expect } from "chai";
import { statusError } from "../src/errors.js";
import { SDK_ERROR_CODES } from "../src/index.js";

describe("errors of the SDK", () => {
  it("have a code of their own each, and a sentence that says what to do", () => {
    const codes = [...SDK_ERROR_CODES.map(({ code }) => code), ...STATUS_CODES.map(({ code }) => code)];
    expect(new Set(codes).size).to.equal(codes.length);
    for (const { code, sentence } of SDK_ERROR_CODES) {
      expect(code).to.match(/^[A-Z]+(_[A-Z]+)*$/);
      expect(sentence).to.match(/^[A-Z]/);
    }
  });

  it("carry every status of the card but success", () => {
    for (const { status, code } of STATUS_CODES) {
      expect(statusError(status).code).to.equal(status === 0 ? "CARD_STATUS_UNKNOWN" : code);
    }
    expect(statusError(251).code).to.equal("CARD_STATUS_UNKNOWN");
  });
});
