// npm run soak [-- --kills N]: what takes longer than a test may.

import { parseArgs } from "node:util";
import { killedIssuers } from "./kills.js";

const HELP = `npm run soak [-- --kills N]

The issuer is killed N times (500) while it decides on authorisations, and
started again: no approval that was told may be lost, and none doubled.

Examples:
  npm run soak
  npm run soak -- --kills 20`;

const { values } = parseArgs({ options: { kills: { type: "string", default: "500" }, help: { type: "boolean" } } });
const kills = Number(values.kills);
if (values.help === true) console.log(HELP);
else if (!(Number.isInteger(kills) && kills > 0)) {
  console.error(`--kills is a whole number from 1 on, not "${values.kills}"\n\n${HELP}`);
  process.exitCode = 2;
} else {
  const result = await killedIssuers(kills, Math.random, (done, all) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${all} kills`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const { answered, unanswered, lost, refused, doubled } = result;
  console.log(
    `${kills} kills: ${answered} requests answered before, ${unanswered} not; ${lost} approvals lost, ${refused} refused for good, ${doubled} doubled`,
  );
  process.exitCode = lost + refused + doubled > 0 ? 1 : 0;
}
