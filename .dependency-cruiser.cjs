// Which way one may look (docs/architecture.md). check-structure.mjs runs this and asserts that modules were cruised.
const only = (room, allowed) => ({
  name: `${room}-looks-only-at-${allowed.join("-or-") || "nobody"}`,
  severity: "error",
  from: { path: `^${room}/`, pathNot: "/test/" },
  to: {
    path: "^(wire|firmware|emulator|sdk|pos-sim|network|iso8583|companion|tools|test)/",
    pathNot: `^(${[room, ...allowed].join("|")})/`,
  },
});

module.exports = {
  forbidden: [
    only("wire", []),
    only("iso8583", []),
    only("firmware", ["wire"]),
    only("sdk", ["wire"]),
    only("emulator", ["wire"]),
    only("pos-sim", ["iso8583"]),
    only("network", ["wire", "iso8583"]),
    only("companion", ["wire", "sdk", "pos-sim"]),
    {
      name: "ledger-knows-no-issuer",
      severity: "error",
      from: { path: "^network/ledger/" },
      to: { path: "^network/issuer/" },
    },
    {
      name: "measures-know-no-reader",
      comment: "The reader has its swipes measured; what both speak of is in pos-sim/src/cells.ts.",
      severity: "error",
      from: { path: "^pos-sim/src/measure/" },
      to: { path: "^pos-sim/src/reader/" },
    },
    {
      name: "sdk-core-knows-no-node",
      comment: "Runs in a browser: Node's modules only in adapters under src/node.",
      severity: "error",
      from: { path: "^sdk/src/", pathNot: "^sdk/src/node/" },
      to: { dependencyTypes: ["core"] },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-lost-imports",
      severity: "error",
      from: { pathNot: "^(firmware|sdk/examples)/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(build|out|coverage)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js"],
    },
  },
};
