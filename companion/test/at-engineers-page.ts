// The engineer's page, in the hands of the journeys.
import type { AtTable } from "./at-table.js";

/** Takes some seconds at 115,200 baud. */
export const LARGE = 40_000;

/** What its journeys do there, and look at. */
export function engineersPage(at: AtTable) {
  const { press, says, main } = at;
  const open = async () => {
    await at.page.getByRole("link", { name: "Engineer", exact: true }).click();
    await main().getByRole("heading", { level: 2, name: "Flash" }).waitFor();
  };
  const choose = async (buffer: Buffer, name = "card.img") => {
    const mimeType = "application/octet-stream";
    await main().getByLabel("Image, of ecard image sign").setInputFiles({ name, mimeType, buffer });
  };
  const flash = async (buffer: Buffer) => {
    await choose(buffer);
    await says(/octets, whole/);
    await press("Flash it");
  };
  const bar = () => main().getByRole("progressbar", { name: "Octets that the card has" });
  const has = async () => Number(await bar().getAttribute("value"));
  const sending = async (octets: number) => {
    await bar().waitFor();
    await at.page.waitForFunction((least) => {
      const { value, max } = document.querySelector<HTMLProgressElement>(".flash-progress progress")!;
      return value >= least && value < max;
    }, octets);
  };
  const steps = () => main().getByRole("list", { name: "Steps" }).getByRole("listitem").allTextContents();
  const names = async () => (await steps()).map((text) => text.split(":")[0]);
  const isOff = () => main().getByRole("button", { name: "Flash it" }).isDisabled();
  /** Lines to the card that the page opens from now on. */
  const opened = () => {
    const lines: string[] = [];
    at.page.on("websocket", (socket) => {
      if (socket.url().endsWith("/serial")) lines.push(socket.url());
    });
    return lines;
  };
  return { open, choose, flash, bar, has, sending, steps, names, isOff, opened };
}
