// Which currency a country's amounts are in (ISO 3166-1 numeric to ISO 4217 numeric): a grant's cap is in minor units of it, and a cap in one currency is no
// cap in another. The countries that this network settles in; a grant for any other is refused.

const EURO = "978";
const EURO_COUNTRIES = [40, 56, 233, 246, 250, 276, 300, 372, 380, 428, 440, 442, 470, 528, 620, 703, 705, 724];

const CURRENCIES: ReadonlyMap<number, string> = new Map([
  ...EURO_COUNTRIES.map((country) => [country, EURO] as const),
  [756, "756"], // Switzerland, franc
  [826, "826"], // United Kingdom, pound
  [840, "840"], // United States, dollar
]);

/** ISO 4217, list one: currencies whose minor unit is not a hundredth, by how many digits it has. */
const MINOR_UNITS: Readonly<Record<number, readonly string[]>> = {
  0: [
    "108",
    "152",
    "174",
    "262",
    "324",
    "352",
    "392",
    "410",
    "548",
    "600",
    "646",
    "704",
    "800",
    "940",
    "950",
    "952",
    "953",
  ],
  3: ["048", "368", "400", "414", "434", "512", "788"],
  4: ["927", "990"],
};

/** Numeric currency code as DE 49 carries it; undefined for a country that is not served. */
export function currencyOf(country: number): string | undefined {
  return CURRENCIES.get(country);
}

/** Whether this network settles in it, wherever it is. @param currency - As DE 49 carries it */
export function isSettled(currency: string): boolean {
  return [...CURRENCIES.values()].includes(currency);
}

/** Digits behind the point of an amount in it: the exponent of its minor unit. @param currency - Three digits */
export function minorUnitsOf(currency: string): number {
  const other = Object.entries(MINOR_UNITS).find(([, currencies]) => currencies.includes(currency));
  return other === undefined ? 2 : Number(other[0]);
}
