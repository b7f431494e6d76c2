// The issuer's tables, and how each version of them is made of the one before.

import { ANSWERS_TABLE, TAKEN_TABLE } from "@enabling-card/sql";

/** What makes each version of the tables of its predecessor, the first one of nothing: never altered, once it has been released. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE cards (card_id TEXT PRIMARY KEY, grant_key BLOB NOT NULL, access_hash TEXT NOT NULL, phone_name TEXT NOT NULL) STRICT;
  CREATE TABLE tokens (token_ref TEXT PRIMARY KEY, card_id TEXT NOT NULL REFERENCES cards, pan_index TEXT NOT NULL UNIQUE,
    pan BLOB NOT NULL, holder BLOB NOT NULL, last4 TEXT NOT NULL, expiry TEXT NOT NULL, offline INTEGER NOT NULL, state INTEGER NOT NULL,
    state_by TEXT NOT NULL, version INTEGER NOT NULL, atc INTEGER NOT NULL, last_expires INTEGER NOT NULL) STRICT;
  CREATE INDEX tokens_by_card ON tokens (card_id);
  CREATE TABLE grants (token_ref TEXT NOT NULL REFERENCES tokens, atc INTEGER NOT NULL, expires INTEGER NOT NULL,
    max_amount INTEGER NOT NULL, domain TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (token_ref, atc)) STRICT;
  CREATE TABLE failures (token_ref TEXT NOT NULL REFERENCES tokens, at INTEGER NOT NULL) STRICT;
  CREATE INDEX failures_by_token ON failures (token_ref, at);
  CREATE TABLE decisions (request TEXT PRIMARY KEY, at INTEGER NOT NULL, decline TEXT, auth_code TEXT) STRICT;
  CREATE INDEX decisions_by_time ON decisions (at);
  CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,
  `CREATE TABLE reversals (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  CREATE INDEX reversals_by_time ON reversals (at);`,
  "ALTER TABLE grants ADD COLUMN domain_hash BLOB",
  "ALTER TABLE tokens ADD COLUMN level_s INTEGER NOT NULL DEFAULT 0; ALTER TABLE tokens ADD COLUMN level_at INTEGER NOT NULL DEFAULT 0",
  `ALTER TABLE tokens ADD COLUMN domain_only INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE accounts (card_id TEXT PRIMARY KEY REFERENCES cards, pan_index TEXT NOT NULL UNIQUE, pan BLOB NOT NULL) STRICT;`,
  ANSWERS_TABLE,
  "ALTER TABLE tokens ADD COLUMN registration TEXT",
  `ALTER TABLE grants ADD COLUMN key_number INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE tokens ADD COLUMN registration_key INTEGER NOT NULL DEFAULT 0`,
  TAKEN_TABLE,
  `ALTER TABLE grants ADD COLUMN said TEXT; ALTER TABLE grants ADD COLUMN request_name TEXT;
  ALTER TABLE grants ADD COLUMN used_at INTEGER; ALTER TABLE grants ADD COLUMN reversed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE grants ADD COLUMN of_code INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX grants_by_request ON grants (request_name) WHERE request_name IS NOT NULL`,
  `CREATE TABLE delegations (id TEXT PRIMARY KEY, token_ref TEXT NOT NULL REFERENCES tokens, key_number INTEGER NOT NULL, made_at INTEGER NOT NULL,
    caveats TEXT NOT NULL, until INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE INDEX delegations_by_token ON delegations (token_ref);
  CREATE TABLE delegated_counters (name TEXT PRIMARY KEY, delegation TEXT NOT NULL, uses INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT;
  CREATE INDEX counters_by_delegation ON delegated_counters (delegation);
  ALTER TABLE grants ADD COLUMN delegation TEXT; ALTER TABLE grants ADD COLUMN held_by TEXT; ALTER TABLE grants ADD COLUMN counters TEXT;
  CREATE INDEX grants_by_delegation ON grants (delegation) WHERE delegation IS NOT NULL`,
];
