// What goes wrong while a cardholder pairs and pays, in Chromium: a camera that is refused, a clock that is wrong, a network that is gone. Each in words, with the way
// on, and nothing lost.
import { expect } from "chai";
import { AtTable } from "./at-table.js";

const DAY_MS = 86_400_000;

describe("where something is not as it should be", () => {
  const at = new AtTable();
  const { pair, press, says, armed, history, origin } = at;

  for (const [what, how, said] of [
    ["is refused", refusing("NotAllowedError"), /This page may not use the camera: allow it in the browser, or paste/],
    ["is not there", refusing("NotFoundError"), /This device has no camera: paste the code/],
    ["is another program's", refusing("NotReadableError"), /The camera cannot be had now: close what else uses it/],
    [
      "is not given to pages",
      'Object.defineProperty(navigator, "mediaDevices", { value: undefined });',
      /This browser gives pages no camera here: paste the code/,
    ],
  ] as const) {
    it(`says so where the camera ${what}, and pairs by the code that is pasted`, async () => {
      await at.page.addInitScript(how);
      await at.page.reload();
      await at.page.goto(`${origin()}/#/pair`);
      await press("Scan it with the camera");
      await says(said);
      await at.page.getByLabel("The code on the card's sheet").fill(at.world.pairingCode);
      await press("Pair");
      await says("Ready");
    }).timeout(60_000);
  }

  it("says so where what reads the camera, or a page, cannot be loaded: nothing is loaded anew behind its user's back", async () => {
    const bare = await at.browser.newContext({ serviceWorkers: "block" });
    try {
      const page = await bare.newPage();
      for (const part of ["decode", "test-page"]) await page.route(`**/assets/${part}-*`, (route) => route.abort());
      await page.goto(`${at.server.url}`);
      await page.getByRole("link", { name: "Pair", exact: true }).click();
      await page.getByLabel("The code on the card's sheet").fill("ECARD1:half");
      await page.getByRole("button", { name: "Scan it with the camera" }).click();
      await page.getByText(/What reads the camera could not be loaded: check the network, or paste the code/).waitFor();
      expect(await page.getByLabel("The code on the card's sheet").inputValue()).to.equal("ECARD1:half");
      await page.getByRole("link", { name: "Test" }).click();
      await page
        .getByRole("alert")
        .getByText(/This page could not be loaded/)
        .waitFor();
    } finally {
      await bare.close();
    }
  }).timeout(60_000);

  for (const [days, said] of [
    [1, "This device's clock is 24 hours ahead"],
    [-1, "This device's clock is 24 hours behind"],
    [3, "This device's clock is 3 days ahead"],
  ] as const) {
    it(`tells a clock that is wrong by ${days} day${days === 3 ? "s" : ""}, pairs and pays nevertheless, and closes what is left`, async () => {
      await at.page.clock.install({ time: Date.now() + days * DAY_MS });
      await at.page.reload();
      await at.page.getByText(said).waitFor();
      await pair();
      await armed();
      await press("Swipe it at the till");
      await says("Paid. The terminal approved it.");
      await press("Pay again");
      at.world.swipes("turned");
      await press("Pay here");
      await press("Yes, pay");
      await press("Press its button twice");
      await says(/^Nothing was paid\. The issuer has closed it/);
      await at.page.reload();
      await history("The terminal approved it");
    }).timeout(60_000);
  }

  it("says nothing of a clock that is right", async () => {
    await at.page.waitForResponse("**/v1/health", { timeout: 5_000 }).catch(() => undefined);
    await pair();
    expect(await at.page.getByText(/This device's clock/).count()).to.equal(0);
  }).timeout(60_000);

  it("pays where the phone's network is gone between arming and the swipe, and knows of it", async () => {
    await pair();
    await armed();
    await at.page.route("**/v1/**", (route) => route.abort());
    await press("Swipe it at the till");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("knows it behind that where all of the phone's network was gone until then", async () => {
    await pair();
    await armed();
    for (const path of ["**/v1/**", "**/world/events"]) await at.page.route(path, (route) => route.abort());
    await at.page.reload();
    await at.page.goto(`${origin()}/#/history`);
    await says("The app was closed before it ended");
    const paid = new Promise<void>((resolve) =>
      at.world.subscribe(({ kind }) => void (kind === "answer" && resolve())),
    );
    at.world.does("swipe");
    await paid;
    await at.page.getByRole("button", { name: /^Close the payment of/ }).click();
    await says(/The issuer cannot be reached: it is asked again by itself/);
    await at.page.unroute("**/v1/**");
    await says(/The issuer has approved it: 9\.50 EUR at Corner Coffee/);
  }).timeout(60_000);

  it("pays nothing where the till's network is gone between arming and the swipe: it is closed, and said", async () => {
    await pair();
    await armed();
    at.world.swipes("cut");
    await press("Swipe it at the till");
    await says(/^Nothing was paid\. The issuer has closed it/);
    await says(/The terminal heard no answer/);
    at.world.swipes("well");
    await press("Pay again");
    await press("Pay here");
    await press("Yes, pay");
    await press("Press its button twice");
    await says("Paid. The terminal approved it.");
  }).timeout(60_000);

  it("fetches no grant while the issuer is out of reach, says so, and pays when it is back", async () => {
    await pair();
    await at.page.route("**/v1/grants", (route) => route.abort());
    await at.page.getByRole("link", { name: /^Pay with/ }).click();
    await press("Pay here");
    await says(/^Nothing was sent\. The issuer cannot be reached: check the network and try again/);
    await at.page.unroute("**/v1/grants");
    await press("Pay again");
    await press("Pay here");
    await says(/The card would pay/);
    await press("No, take it back");
  }).timeout(90_000);
});

/** As a text: what is compiled here would miss its helpers there. */
function refusing(name: string): string {
  return `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "${name}"));`;
}
