// What the phone makes of an access control server's error messages (EMV 3-D Secure 2.2.0): a coded refusal, whatever the status that they came with.

import { expect } from "chai";
import { JsonDoor } from "../src/issuer/json-door.js";

describe("an error message of 3-D Secure, at the phone", () => {
  const asked = async (status: number, answer: object) => {
    const fetch = async () => new Response(JSON.stringify(answer), { status });
    const door = new JsonDoor({ baseUrl: "http://127.0.0.1:7084", fetch: fetch as never });
    return door.ask("POST", "/v1/creq", { body: {} }).then(
      () => "taken",
      ({ code, issuerCode, message }) => ({ code, issuerCode, message }),
    );
  };
  const erro = { messageType: "Erro", messageVersion: "2.2.0", errorCode: "301", errorDetail: "acsTransID" };

  it("is a refusal by its number, with HTTP's 200 and 400 alike", async () => {
    for (const status of [200, 400]) {
      const said = await asked(status, erro);
      expect(said).to.include({ code: "ISSUER_REFUSED", issuerCode: "ERRO_301" });
      expect(said).to.have.property("message").that.contains("301: acsTransID");
    }
  });

  it("is by our own code where that stands beside it", async () => {
    const said = await asked(404, { ...erro, code: "TRANSACTION_UNKNOWN", message: "There is none" });
    expect(said).to.include({ code: "ISSUER_REFUSED", issuerCode: "TRANSACTION_UNKNOWN" });
  });

  it("is a service out of reach where it may take the same later: 403, 405", async () => {
    for (const errorCode of ["403", "405"]) {
      expect(await asked(200, { ...erro, errorCode })).to.include({ code: "ISSUER_UNREACHABLE" });
    }
  });

  it("without a number is one that cannot be understood: 101", async () => {
    expect(await asked(200, { messageType: "Erro" })).to.include({ issuerCode: "ERRO_101" });
  });
});
