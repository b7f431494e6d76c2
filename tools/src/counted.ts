/** A number of things, as a person would say it: "1 read", "2 reads". */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
