describe("x", () => { it.skip("y", () => {}); it("z", () => {}); });
