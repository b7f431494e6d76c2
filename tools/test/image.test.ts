import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageKeyHash } from "@enabling-card/sdk";
import { decodeImage, encodeCovered, encodeImage, fromHex, toHex } from "@enabling-card/wire";
import { expect } from "chai";
import { BOARDS, makeImageKey, readBoard, readImageKey, signImage } from "../src/index.js";
import { ecard, testFolder } from "./run-ecard.js";

/** Behind the words of its vector table, octets of any value. */
const withVectors = (program: Uint8Array, stack = 0x2000c000, begin = 0x21010401 + 8) => {
  const view = new DataView(program.buffer);
  view.setUint32(0, stack, true);
  view.setUint32(4, begin, true);
  return program;
};
const PROGRAM = withVectors(Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff));

describe("ecard image", () => {
  const root = testFolder();
  const at = (name: string) => join(root(), name);
  const image = (line: string, options = {}) =>
    ecard(["image", ...line.split(" ").map((word) => (/\.(img|pem|bin)$/.test(word) ? at(word) : word))], options);

  const build = (out: string, more = "--board an386 --version 1.2.3+4 --counter 7", program = PROGRAM) => {
    writeFileSync(at("program.bin"), program);
    return image(`build program.bin --out ${out} ${more}`);
  };

  before(async () => {
    await image("key --out development.pem");
    await image("key --out production.pem --root production");
    await build("unsigned.img");
    await image("sign unsigned.img --key development.pem --out signed.img");
  });

  it("builds, signs and verifies a program, and inspects it", async () => {
    expect((await build("card.img")).stdout).to.match(
      /card\.img: version 1\.2\.3\+4 for an386, counter 7, 2085 of 98304 octets, unsigned\n/,
    );
    expect((await image("sign card.img --key development.pem")).code).to.equal(0);
    const { body, board, counter, loadAddress } = decodeImage(readFileSync(at("card.img")));
    expect(Buffer.from(body)).to.deep.equal(Buffer.from(PROGRAM));
    expect({ board, counter, loadAddress }).to.deep.equal({ board: "an386", counter: 7, loadAddress: 0x21010400 });
    const verified = await image("verify card.img --key development.pub.pem --counter 7 --board an386", { tty: true });
    expect(verified.code).to.equal(0);
    expect(verified.stdout).to.match(
      /✓.* version 1\.2\.3\+4 for an386, counter 7, signed with development key [0-9a-f]{16}\n/,
    );
  });

  const SLOT = 0x21010400;
  const strange: readonly (readonly [what: string, program: Uint8Array])[] = [
    ["octets of any value", Uint8Array.from({ length: 4000 }, (_, i) => (i * 151 + 7) & 0xff)],
    ["seven octets", new Uint8Array(7)],
    ["erased flash", new Uint8Array(1000).fill(0xff)],
    ["a stack below RAM", withVectors(new Uint8Array(1000), 0x20000000)],
    ["a stack above RAM", withVectors(new Uint8Array(1000), 0x2000c008)],
    ["a stack that is not aligned", withVectors(new Uint8Array(1000), 0x2000bffc)],
    ["an even beginning", withVectors(new Uint8Array(1000), undefined, SLOT + 8)],
    ["a beginning in its own table", withVectors(new Uint8Array(1000), undefined, SLOT + 7)],
    ["a beginning behind its end", withVectors(new Uint8Array(1000), undefined, SLOT + 1001)],
    ["a beginning in another board's slot", withVectors(new Uint8Array(1000), undefined, 0x80010409)],
  ];
  for (const [what, program] of strange)
    it(`takes no program of ${what}`, async () => {
      const { code, stderr } = await build("strange.img", undefined, program);
      expect(stderr).to.match(/This is no program for an386, .* \[PROGRAM_INVALID\]\n$/);
      expect(code).to.equal(2);
    });

  it("takes the shortest program, whose stack begins where RAM does", async () => {
    const program = withVectors(new Uint8Array(10), 0x20000008, SLOT + 9);
    expect((await build("short.img", undefined, program)).code).to.equal(0);
  });

  it("builds the same octets of the same program", async () => {
    await build("again.img");
    expect(readFileSync(at("again.img"))).to.deep.equal(readFileSync(at("unsigned.img")));
  });

  it("signs the same octets with the same key (RFC 8032), whatever signature there was before", async () => {
    await image("sign signed.img --key production.pem --root production --out resigned.img");
    expect((await image("verify resigned.img --key production.pub.pem")).code).to.equal(0);
    await image("sign resigned.img --key development.pem");
    expect(readFileSync(at("resigned.img"))).to.deep.equal(readFileSync(at("signed.img")));
  });

  it("says what an image says, in 80 columns", async () => {
    const { code, stdout } = await image("inspect signed.img --key development.pub.pem");
    expect(code).to.equal(0);
    for (const line of stdout.split("\n").slice(1)) expect(line.length, line).to.be.at.most(80);
    const { keyHash } = (await image("inspect signed.img --json")).facts()[0]!;
    for (const said of [
      /^ {2}version {7}1\.2\.3\+4$/m,
      /^ {2}load address {2}0x21010400$/m,
      /^ {2}program {7}1,000 octets, behind a header of 1024$/m,
      /^ {2}slot {10}█░{31} 2\.2 % of 98,304$/m,
      /^ +✓ of header, program and protected TLVs$/m,
      new RegExp(`^ {2}signed by {5}${keyHash}$`, "m"),
      /^ +✓ the development key given, over this digest$/m,
      /^ +2028 {2}protected {2}0x50 counter {7}4 {2}7$/m,
      /^ +2036 {2}protected {2}0xa0 board {9}5 {2}an386$/m,
      /^ +2121 {2}plain {6}0x24 ed25519 {6}64 {2}[0-9a-f]{32}…$/m,
    ])
      expect(stdout).to.match(said);
  });

  it("says so of an image that nobody signed, another key signed, or somebody altered, and leaves it at that", async () => {
    const altered = readFileSync(at("signed.img"));
    altered[1100]! ^= 1;
    writeFileSync(at("altered.img"), altered);
    const table: readonly (readonly [string, RegExp])[] = [
      ["unsigned.img", /signed by {5}nobody\n\n/],
      ["signed.img", /not checked: give --key/],
      ["signed.img --key production.pub.pem", /✗ not the key given \[IMAGE_KEY_OTHER\]/],
      ["altered.img --key development.pub.pem", /✗ header, program or protected TLVs were altered/],
      ["altered.img --key development.pub.pem", /✗ not the key given \[IMAGE_DIGEST\]/],
    ];
    for (const [what, said] of table) {
      const { code, stdout } = await image(`inspect ${what}`);
      expect(code, what).to.equal(0);
      expect(stdout, what).to.match(said);
    }
  });

  it("knows no slot of a board that is none of ours, and inspects its image all the same", async () => {
    const covered = encodeCovered({ ...decodeImage(readFileSync(at("unsigned.img"))), board: "else" });
    writeFileSync(at("else.img"), encodeImage(covered, { digest: new Uint8Array(32) }));
    expect((await image("inspect else.img")).stdout).to.contain("slot          unknown: none of our boards\n");
    expect((await image("inspect else.img --json")).facts()[0]).not.to.have.property("slotOctets");
  });

  it("takes slot and address from the board's linker script", () => {
    expect(BOARDS.map(readBoard)).to.deep.equal([
      { name: "an386", loadAddress: 0x21010400, slotSize: 96 * 1024 },
      { name: "an505", loadAddress: 0x80010400, slotSize: 96 * 1024 },
    ]);
  });

  it("keeps room for the signature: what fits the slot unsigned alone is not built", async () => {
    const { slotSize } = readBoard("an386");
    const overhead = readFileSync(at("signed.img")).length - PROGRAM.length;
    const args = "--board an386 --version 1.0.0 --counter 0";
    expect((await build("full.img", args, withVectors(new Uint8Array(slotSize - overhead)))).code).to.equal(0);
    await image("sign full.img --key development.pem");
    expect(statSync(at("full.img")).size).to.equal(slotSize);
    const { code, stderr } = await build("over.img", args, withVectors(new Uint8Array(slotSize - overhead + 1)));
    expect(code).to.equal(1);
    expect(stderr).to.contain("[IMAGE_TOO_LARGE]");
    expect(readdirSync(root())).not.to.include("over.img");
  });

  const refused: readonly (readonly [what: string, line: string, code: string, exit: number])[] = [
    ["an unsigned image", "verify unsigned.img --key development.pub.pem", "IMAGE_UNSIGNED", 1],
    ["another key's image", "verify signed.img --key production.pub.pem", "IMAGE_KEY_OTHER", 1],
    ["a lower counter", "verify signed.img --key development.pub.pem --counter 8", "IMAGE_COUNTER_LOWER", 1],
    ["another board's image", "verify signed.img --key development.pub.pem --board an505", "IMAGE_BOARD_OTHER", 1],
    ["an image that is none", "verify program.bin --key development.pub.pem", "IMAGE_MAGIC", 1],
    ["an image of no octets", "verify empty.img --key development.pub.pem", "IMAGE_EMPTY", 1],
    ["an image that is not there", "verify none.img --key development.pub.pem", "IMAGE_UNREADABLE", 2],
    ["a folder for an image", "inspect folder.img", "IMAGE_UNREADABLE", 2],
    ["an image without an end", "inspect /dev/zero", "IMAGE_UNREADABLE", 2],
    ["a private key where the public one belongs", "verify signed.img --key development.pem", "KEY_INVALID", 2],
    ["a key that is not there", "verify signed.img --key none.pem", "KEY_INVALID", 2],
    ["a key that is none", "verify signed.img --key signed.img", "KEY_INVALID", 2],
    ["a key of another kind", "verify signed.img --key rsa.pub.pem", "KEY_INVALID", 2],
    ["a key without an end", "sign unsigned.img --key /dev/zero", "KEY_INVALID", 2],
    ["a public key to sign with", "sign unsigned.img --key development.pub.pem", "KEY_INVALID", 2],
    ["a private key of another kind", "sign unsigned.img --key rsa.pem", "KEY_INVALID", 2],
    [
      "a development key as production",
      "sign unsigned.img --key development.pem --root production",
      "KEY_ROOT_OTHER",
      2,
    ],
    ["a key of no root as production", "sign unsigned.img --key unmarked.pem --root production", "KEY_ROOT_OTHER", 2],
    ["a production key as development", "sign unsigned.img --key production.pem", "KEY_ROOT_OTHER", 2],
    ["to sign what is no image", "sign program.bin --key development.pem", "IMAGE_MAGIC", 1],
    ["to sign what was altered", "sign bent.img --key development.pem", "IMAGE_DIGEST", 1],
    [
      "to build an image of an image",
      "build signed.img --board an386 --version 1.0.0 --counter 1 --out x.img",
      "IMAGE_BUILT",
      2,
    ],
    [
      "to build an image of nothing",
      "build empty.img --board an386 --version 1.0.0 --counter 1 --out x.img",
      "IMAGE_BODY_EMPTY",
      1,
    ],
    [
      "a counter that has no room",
      "build program.bin --board an386 --version 1.0.0 --counter 4294967296 --out x.img",
      "WRONG_USE",
      2,
    ],
    ["to make a key where one is", "key --out development.pem", "KEY_EXISTS", 1],
    ["to make a key where its secret half is", "key --out half.pem", "KEY_EXISTS", 1],
  ];
  for (const [what, line, code, exit] of refused) {
    it(`refuses ${what}, and changes no file: ${code}`, async () => {
      const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 });
      writeFileSync(at("rsa.pem"), rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
      writeFileSync(at("rsa.pub.pem"), rsa.publicKey.export({ type: "spki", format: "pem" }));
      const pem = readFileSync(at("development.pem"), "utf8");
      writeFileSync(at("unmarked.pem"), pem.slice(pem.indexOf("-----BEGIN")));
      writeFileSync(at("empty.img"), "");
      copyFileSync(at("development.pem"), at("half.pem"));
      const bent = readFileSync(at("unsigned.img"));
      bent[1040]! ^= 1;
      writeFileSync(at("bent.img"), bent);
      mkdirSync(at("folder.img"), { recursive: true });
      const files = () =>
        readdirSync(root(), { withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => [name, readFileSync(at(name), "base64")]);
      const before = files();
      const ran = await image(line);
      expect(ran.stderr).to.match(/^ecard: [^\n]+ \[[A-Z0-9_]+\]\n$/);
      expect(ran.stderr).to.contain(`[${code}]`);
      expect(ran.code).to.equal(exit);
      expect(files()).to.deep.equal(before);
    });
  }

  it("makes keys that other programs read, the secret one for its owner's eyes", async () => {
    const { code, stdout, facts } = await image("key --out deep/er/own.pem --root production --json");
    expect(code).to.equal(0);
    expect(stdout).not.to.contain("BEGIN");
    expect(statSync(at("deep/er/own.pem")).mode & 0o777).to.equal(0o600);
    expect(statSync(at("deep/er")).mode & 0o077).to.equal(0);
    const key = createPrivateKey(readFileSync(at("deep/er/own.pem")));
    const [secret, open] = [
      createPublicKey(key).export({ format: "jwk" }).x,
      createPublicKey(readFileSync(at("deep/er/own.pub.pem"))).export({ format: "jwk" }).x,
    ];
    expect(open).to.equal(secret);
    expect(facts()[0]!.keyHash).to.equal(toHex(imageKeyHash(Uint8Array.from(Buffer.from(open!, "base64url")))));
  });

  it("says which key belongs where another root's was given", async () => {
    const [production, development] = await Promise.all([
      image("sign unsigned.img --key development.pem --root production"),
      image("sign unsigned.img --key production.pem"),
    ]);
    expect(production.stderr).to.contain("is a development key, which signs nothing as production: give one of ");
    expect(development.stderr).to.contain("is a production key: give a development key, or say --root production ");
  });

  it("never signs as production with a sample key, which everybody has, whatever its file says", async () => {
    // network/issuer, sampleKeys: the maker's root, as PKCS#8 (RFC 8410 7).
    const seed = createHash("sha256").update("enabling-card sample key: maker root").digest();
    const der = Buffer.concat([fromHex("302e020100300506032b657004220420"), seed]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const pem = key.export({ type: "pkcs8", format: "pem" });
    writeFileSync(at("sample.pem"), `Image key of a production root\n${pem}`);
    const { code, stderr } = await image("sign unsigned.img --key sample.pem --root production");
    expect(code).to.equal(2);
    expect(stderr).to.contain("[KEY_ROOT_OTHER]");
  });

  it("asks no signer about an image that was altered, and gives out nothing that its key did not sign", () => {
    const unsigned = readFileSync(at("unsigned.img"));
    const asked: Uint8Array[] = [];
    const signer = {
      publicKey: makeImageKey("development").publicKey,
      sign: (digest: Uint8Array) => {
        asked.push(digest);
        return new Uint8Array(64);
      },
    };
    const altered = Uint8Array.from(unsigned);
    altered[1040]! ^= 1;
    expect(() => signImage(altered, signer))
      .to.throw()
      .with.property("code", "IMAGE_DIGEST");
    expect(asked).to.deep.equal([]);
    expect(() => signImage(unsigned, signer))
      .to.throw()
      .with.property("code", "IMAGE_SIGNATURE");
    expect(asked).to.have.length(1);
  });

  it("takes the root only from before the PEM, where a key's file has room for words", async () => {
    const { privatePem } = makeImageKey("development");
    writeFileSync(at("after.pem"), `${privatePem.slice(privatePem.indexOf("\n") + 1)}Image key of a production root\n`);
    const error = await readImageKey(at("after.pem"), "production").catch((cause: unknown) => cause);
    expect(error).to.have.property("code", "KEY_ROOT_OTHER");
  });
});
