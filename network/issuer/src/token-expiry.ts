// A token's expiry as tracks carry it: YYMM, good to the end of that month (ISO/IEC 7813), in UTC here.

export const TOKEN_LIFE_YEARS = 3;

/** The expiry of a token that is minted at `now`, seconds since 1970. */
export function expiryFrom(now: number): string {
  const date = new Date(now * 1000);
  const year = (date.getUTCFullYear() + TOKEN_LIFE_YEARS) % 100;
  return `${String(year).padStart(2, "0")}${String(date.getUTCMonth() + 1).padStart(2, "0")}`;
}
