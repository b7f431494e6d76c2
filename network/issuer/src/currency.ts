// Which currency a country's amounts are in (ISO 3166-1 numeric to ISO 4217 numeric): a grant's cap is in minor units of it, and a cap in
// one currency is no cap in another. The countries that this issuer serves; a grant for any other is refused.

const EURO = "978";
const EURO_COUNTRIES = [40, 56, 233, 246, 250, 276, 300, 372, 380, 428, 440, 442, 470, 528, 620, 703, 705, 724];

const CURRENCIES: ReadonlyMap<number, string> = new Map([
  ...EURO_COUNTRIES.map((country) => [country, EURO] as const),
  [756, "756"], // Switzerland, franc
  [826, "826"], // United Kingdom, pound
  [840, "840"], // United States, dollar
]);

/** Numeric currency code as DE 49 carries it; undefined for a country that is not served. */
export function currencyOf(country: number): string | undefined {
  return CURRENCIES.get(country);
}
