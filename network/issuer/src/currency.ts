// Which currency a country's amounts are in: of the network, not of the issuer alone.

export { currencyOf } from "@enabling-card/wire";
