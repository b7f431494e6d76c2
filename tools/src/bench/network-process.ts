// Issuer and processor in a process of their own, for benches and soaks: told their folder, it says where its doors are, and ends when nobody is there any
// more.

import { sampleKeys } from "@enabling-card/issuer";
import { startNetwork } from "@enabling-card/network";

const [store = "", logFile = ""] = process.argv.slice(2);
const network = await startNetwork({ keys: sampleKeys(), store, logFile });
process.send?.({ url: network.issuer.url, iso: network.processor.iso });
process.on("message", (asked) => {
  if (asked === "transactions") process.send?.({ transactions: network.issuer.issuer.store.transactions });
  if (asked === "end") process.disconnect();
});
// Also where whoever began it is gone.
process.once("disconnect", () => void network.close());
