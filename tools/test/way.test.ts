// What `--device` and ECARD_DEVICE may say of the way to a card.

import { expect } from "chai";
import { CommandError, EXIT } from "../src/exit-codes.js";
import { readWay } from "../src/phone/way.js";

describe("a way to a card", () => {
  it("is a port, this computer's adapter, or a controller", () => {
    expect(readWay("tcp:4000")).to.deep.equal({ kind: "tcp", port: 4000 });
    expect(readWay("ble")).to.deep.equal({ kind: "ble" });
    expect(readWay("ble:/dev/pts/3")).to.deep.equal({ kind: "ble", path: "/dev/pts/3" });
  });

  // An empty variable of a script's must not become the computer's own adapter.
  for (const text of ["ble:", "tcp", "tcp:", "tcp:x", "usb:1", ""])
    it(`is refused as wrong use where it says nothing: "${text}"`, () => {
      const refused = () => readWay(text);
      expect(refused).to.throw(CommandError).that.includes({ code: "WRONG_USE", exit: EXIT.usage });
    });
});
