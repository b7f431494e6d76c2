// The issuer in a process of its own, for benches and soaks: told its files, it says where its doors are, and ends when nobody is there any more.

import { sampleKeys, startIssuer } from "@enabling-card/issuer";

const [file = "", logFile = ""] = process.argv.slice(2);
const service = await startIssuer({ keys: sampleKeys(), file, logFile });
process.send?.({ url: service.url, iso: service.iso });
process.on("message", (asked) => {
  if (asked === "transactions") process.send?.({ transactions: service.issuer.store.transactions });
  if (asked === "end") process.disconnect();
});
// Also where whoever began it is gone.
process.once("disconnect", () => void service.close());
