// PAN-shaped numbers: 16 digits, an IIN, a seventh digit of 0 to 8 for tokens and 9 for transaction codes, Luhn (ISO/IEC 7812-1 annex B).

/** The range that belongs to nobody. */
export const TEST_IIN = "999999";

const CODE_DIGIT = "9";

/** The digit that makes `body` and itself pass the Luhn check. */
export function luhnDigit(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]);
    sum += i % 2 === 0 ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Whether a number is a transaction code, and no token. */
export function isTransactionCode(number: string): boolean {
  return /^\d{16}$/.test(number) && number[6] === CODE_DIGIT;
}

/** A transaction code of eight digits that the caller drew. */
export function transactionCode(iin: string, drawn: string): string {
  const body = `${iin}${CODE_DIGIT}${drawn}`;
  return body + luhnDigit(body);
}
