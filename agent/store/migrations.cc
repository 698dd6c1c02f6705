#include "agent/store/migrations.h"

#include <array>

#include "agent/store/migration_10.h"

namespace fwagent::store {
namespace {

// Entry n brings a file of version n to version n + 1. What was released is
// never edited, only followed by another entry.
constexpr std::array<const char*, 11> kMigrations = {
    R"sql(
CREATE TABLE meta (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL,
  next_rule_id INTEGER NOT NULL CHECK (next_rule_id > 0)
) STRICT;

-- address and length belong to a source, the protocol and the ports to a port.
CREATE TABLE rule (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  kind TEXT NOT NULL,            -- source, port
  address BLOB,                  -- 4 or 16 bytes, network byte order
  length INTEGER,                -- of the prefix, in bits
  protocol TEXT,                 -- tcp, udp, sctp, udplite, dccp
  first_port INTEGER,
  last_port INTEGER,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL    -- since 1970, UTC
) STRICT;

-- Answers that were given, in order of age; the rule as it was then.
CREATE TABLE request (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  generation INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  address BLOB,
  length INTEGER,
  protocol TEXT,
  first_port INTEGER,
  last_port INTEGER,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL
) STRICT;
)sql",
    // An answer holds any number of rules.
    R"sql(
CREATE TABLE request_rule (
  seq INTEGER NOT NULL,          -- of the request
  position INTEGER NOT NULL,     -- in the answer, from 0
  rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  address BLOB,
  length INTEGER,
  protocol TEXT,
  first_port INTEGER,
  last_port INTEGER,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
INSERT INTO request_rule
  SELECT seq, 0, rule_id, kind, address, length, protocol, first_port,
         last_port, comment, created_us
  FROM request;

CREATE TABLE answered_request (
  seq INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  fingerprint TEXT NOT NULL,
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO answered_request
  SELECT seq, request_id, fingerprint, generation FROM request;
DROP TABLE request;
ALTER TABLE answered_request RENAME TO request;
)sql",
    // Each row has a checksum over its other columns; a total is the sum of the
    // checksums of the rows that belong together, so that none can be missing.
    R"sql(
ALTER TABLE rule ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE rule SET checksum = fw_checksum(id, kind, address, length, protocol,
  first_port, last_port, comment, created_us);

ALTER TABLE meta ADD COLUMN rules_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET rules_total = (SELECT coalesce(sum(checksum), 0) FROM rule);
UPDATE meta SET checksum = fw_checksum(generation, next_rule_id, rules_total);

ALTER TABLE request_rule ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE request_rule SET checksum = fw_checksum(seq, position, rule_id, kind,
  address, length, protocol, first_port, last_port, comment, created_us);

ALTER TABLE request ADD COLUMN rules_total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
UPDATE request SET rules_total = (SELECT coalesce(sum(r.checksum), 0)
  FROM request_rule AS r WHERE r.seq = request.seq);
UPDATE request SET checksum = fw_checksum(seq, request_id, fingerprint,
  generation, rules_total);
)sql",
    // Rules that end: on the wall clock, and on that of the run of the host
    // that meta names, in ticks of 2^27 ns (both or none). A row that was not
    // as it was written keeps a checksum that is wrong.
    R"sql(
ALTER TABLE rule ADD COLUMN expires_us INTEGER;
ALTER TABLE rule ADD COLUMN until_tick INTEGER;
ALTER TABLE request_rule ADD COLUMN expires_us INTEGER;
ALTER TABLE request_rule ADD COLUMN until_tick INTEGER;
ALTER TABLE meta ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';

CREATE TABLE growth (seq INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT;
INSERT INTO growth SELECT 0, -coalesce(sum(checksum), 0) FROM rule;
UPDATE rule SET checksum = fw_checksum(id, kind, address, length, protocol,
  first_port, last_port, comment, created_us, expires_us, until_tick)
  WHERE checksum = fw_checksum(id, kind, address, length, protocol,
    first_port, last_port, comment, created_us);
UPDATE growth SET sum = sum + (SELECT coalesce(sum(checksum), 0) FROM rule);
UPDATE meta SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(generation, next_rule_id, rules_total + growth.sum,
    boot_id)
  FROM growth
  WHERE checksum = fw_checksum(generation, next_rule_id, rules_total);

DELETE FROM growth;
INSERT INTO growth SELECT seq, -sum(checksum) FROM request_rule GROUP BY seq;
UPDATE request_rule SET checksum = fw_checksum(seq, position, rule_id, kind,
  address, length, protocol, first_port, last_port, comment, created_us,
  expires_us, until_tick)
  WHERE checksum = fw_checksum(seq, position, rule_id, kind, address, length,
    protocol, first_port, last_port, comment, created_us);
UPDATE growth SET sum = sum + (SELECT sum(r.checksum) FROM request_rule AS r
  WHERE r.seq = growth.seq);
UPDATE request SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(request.seq, request_id, fingerprint, generation,
    rules_total + growth.sum)
  FROM growth WHERE growth.seq = request.seq AND checksum = fw_checksum(
    request.seq, request_id, fingerprint, generation, rules_total);
DROP TABLE growth;
)sql",
    // Sets. Their rows' checksums are part of meta.rules_total, those of what
    // requests did to them part of request.rules_total.
    R"sql(
CREATE TABLE named_set (
  id INTEGER PRIMARY KEY CHECK (id > 0),  -- of the same numbers as rules
  name TEXT NOT NULL,
  action TEXT NOT NULL,          -- block, allow
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL,   -- since 1970, UTC
  chunks_total INTEGER NOT NULL, -- sum of the checksums of its chunks
  checksum INTEGER NOT NULL
) STRICT;

-- Entries from one on, up to the next chunk of the set.
CREATE TABLE set_chunk (
  set_id INTEGER NOT NULL,
  first BLOB NOT NULL,           -- key of the first entry, as in set_chunk.h
  entries BLOB NOT NULL,         -- likewise
  checksum INTEGER NOT NULL,
  PRIMARY KEY (set_id, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_set (
  seq INTEGER NOT NULL,          -- of the request
  position INTEGER NOT NULL,     -- in the answer, from 0
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  action TEXT NOT NULL,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  size INTEGER NOT NULL,
  added INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
)sql",
    // The history: each generation, and what leads back from it to the one
    // before, which is there for the newest ones. parts_total is the sum of the
    // checksums of the rows of the other tables.
    R"sql(
CREATE TABLE history (
  generation INTEGER PRIMARY KEY,
  etag TEXT NOT NULL,
  at_us INTEGER NOT NULL,        -- since 1970, UTC
  origin TEXT NOT NULL,
  summary TEXT NOT NULL,
  boot_id TEXT NOT NULL,         -- of the ends of history_rule
  removed BLOB NOT NULL,         -- ids of rules that go, eight bytes each
  parts_total INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  bytes INTEGER NOT NULL         -- about as many as all of it takes
) STRICT;

CREATE TABLE history_trimmed (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  last INTEGER NOT NULL          -- generation from which nothing leads back
) STRICT;

-- Rules that come back.
CREATE TABLE history_rule (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  address BLOB,
  length INTEGER,
  protocol TEXT,
  first_port INTEGER,
  last_port INTEGER,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER,
  until_tick INTEGER,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position)
) STRICT, WITHOUT ROWID;

-- What becomes of sets; the columns from id on are of one that comes back.
CREATE TABLE history_set (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  set_id INTEGER NOT NULL,
  drops INTEGER NOT NULL,
  replaces INTEGER NOT NULL,     -- all entries, by those of the list content
  id INTEGER,
  name TEXT,
  action TEXT,
  comment TEXT,
  created_us INTEGER,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_entries (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,     -- of the set
  list TEXT NOT NULL,            -- before, after, content
  first BLOB NOT NULL,           -- as in set_chunk
  entries BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position, list, first)
) STRICT, WITHOUT ROWID;
)sql",
    // Owners, and rules that allow; what there was has the owner of a shell.
    R"sql(
ALTER TABLE rule ADD COLUMN action TEXT NOT NULL DEFAULT 'block';
ALTER TABLE rule ADD COLUMN owner TEXT NOT NULL DEFAULT 'cli';
ALTER TABLE request_rule ADD COLUMN action TEXT NOT NULL DEFAULT 'block';
ALTER TABLE request_rule ADD COLUMN owner TEXT NOT NULL DEFAULT 'cli';
ALTER TABLE history_rule ADD COLUMN action TEXT NOT NULL DEFAULT 'block';
ALTER TABLE history_rule ADD COLUMN owner TEXT NOT NULL DEFAULT 'cli';

ALTER TABLE named_set ADD COLUMN owner TEXT NOT NULL DEFAULT 'cli';
ALTER TABLE request_set ADD COLUMN owner TEXT NOT NULL DEFAULT 'cli';
ALTER TABLE history_set ADD COLUMN owner TEXT;
UPDATE history_set SET owner = 'cli' WHERE id IS NOT NULL;

CREATE TABLE growth (seq INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT;
INSERT INTO growth SELECT 0, -coalesce(sum(checksum), 0) FROM
  (SELECT checksum FROM rule UNION ALL SELECT checksum FROM named_set);
UPDATE named_set SET checksum = fw_checksum(id, name, action, comment,
  created_us, owner, chunks_total)
  WHERE checksum = fw_checksum(id, name, action, comment, created_us,
    chunks_total);
UPDATE rule SET checksum = fw_checksum(id, kind, address, length, protocol,
  first_port, last_port, comment, created_us, expires_us, until_tick, action,
  owner)
  WHERE checksum = fw_checksum(id, kind, address, length, protocol,
    first_port, last_port, comment, created_us, expires_us, until_tick);
UPDATE growth SET sum = sum + (SELECT coalesce(sum(checksum), 0) FROM
  (SELECT checksum FROM rule UNION ALL SELECT checksum FROM named_set));
UPDATE meta SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(generation, next_rule_id, rules_total + growth.sum,
    boot_id)
  FROM growth
  WHERE checksum = fw_checksum(generation, next_rule_id, rules_total, boot_id);

DELETE FROM growth;
INSERT INTO growth SELECT seq, -sum(checksum) FROM
  (SELECT seq, checksum FROM request_rule
   UNION ALL SELECT seq, checksum FROM request_set) GROUP BY seq;
UPDATE request_set SET checksum = fw_checksum(seq, position, id, name, action,
  comment, created_us, owner, size, added, removed)
  WHERE checksum = fw_checksum(seq, position, id, name, action, comment,
    created_us, size, added, removed);
UPDATE request_rule SET checksum = fw_checksum(seq, position, rule_id, kind,
  address, length, protocol, first_port, last_port, comment, created_us,
  expires_us, until_tick, action, owner)
  WHERE checksum = fw_checksum(seq, position, rule_id, kind, address, length,
    protocol, first_port, last_port, comment, created_us, expires_us,
    until_tick);
UPDATE growth SET sum = sum + (SELECT sum(checksum) FROM
  (SELECT seq, checksum FROM request_rule
   UNION ALL SELECT seq, checksum FROM request_set) AS r
  WHERE r.seq = growth.seq);
UPDATE request SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(request.seq, request_id, fingerprint, generation,
    rules_total + growth.sum)
  FROM growth WHERE growth.seq = request.seq AND checksum = fw_checksum(
    request.seq, request_id, fingerprint, generation, rules_total);

DELETE FROM growth;
INSERT INTO growth SELECT generation, -sum(checksum) FROM
  (SELECT generation, checksum FROM history_rule
   UNION ALL SELECT generation, checksum FROM history_set) GROUP BY generation;
UPDATE history_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us, owner)
  WHERE checksum = fw_checksum(generation, position, set_id, drops, replaces,
    id, name, action, comment, created_us);
UPDATE history_rule SET checksum = fw_checksum(generation, position, rule_id,
  kind, address, length, protocol, first_port, last_port, comment, created_us,
  expires_us, until_tick, action, owner)
  WHERE checksum = fw_checksum(generation, position, rule_id, kind, address,
    length, protocol, first_port, last_port, comment, created_us, expires_us,
    until_tick);
UPDATE growth SET sum = sum + (SELECT sum(checksum) FROM
  (SELECT generation, checksum FROM history_rule
   UNION ALL SELECT generation, checksum FROM history_set) AS r
  WHERE r.generation = growth.seq);
UPDATE history SET parts_total = parts_total + growth.sum,
  checksum = fw_checksum(generation, etag, at_us, origin, summary, boot_id,
    removed, parts_total + growth.sum)
  FROM growth WHERE growth.seq = history.generation AND checksum = fw_checksum(
    generation, etag, at_us, origin, summary, boot_id, removed, parts_total);
DROP TABLE growth;
)sql",
    // The change that waits for a confirmation, and its way back: rules as they
    // were with what becomes of sets (generation 0), and rules as it left them
    // (generation 1). The row's checksum is part of meta.rules_total.
    R"sql(
CREATE TABLE unconfirmed (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  generation INTEGER NOT NULL,
  at_us INTEGER NOT NULL,        -- since 1970, UTC
  origin TEXT NOT NULL,
  until_tick INTEGER NOT NULL,
  confirm_by_us INTEGER NOT NULL,
  boot_id TEXT NOT NULL,         -- of until_tick and the ends of its rules
  before_total INTEGER NOT NULL, -- sums of the checksums of the rows below
  after_total INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

CREATE TABLE unconfirmed_rule (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  rule_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  address BLOB,
  length INTEGER,
  protocol TEXT,
  first_port INTEGER,
  last_port INTEGER,
  comment TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  expires_us INTEGER,
  until_tick INTEGER,
  action TEXT NOT NULL,
  owner TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE unconfirmed_set (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  set_id INTEGER NOT NULL,
  drops INTEGER NOT NULL,
  replaces INTEGER NOT NULL,
  id INTEGER,
  name TEXT,
  action TEXT,
  comment TEXT,
  created_us INTEGER,
  owner TEXT,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE unconfirmed_entries (
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,     -- of the set
  list TEXT NOT NULL,            -- before, after, content
  first BLOB NOT NULL,
  entries BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (generation, position, list, first)
) STRICT, WITHOUT ROWID;
)sql",
    // Ordered rules, which earlier versions cannot read: of the kind ordered,
    // with their words as address and their order as length.
    R"sql(
CREATE INDEX rule_in_order ON rule (length, id) WHERE kind = 'ordered';
)sql",
    kEndsOfEntries,
    // Sets of the actions none and shadow, which earlier versions cannot read.
    R"sql(
CREATE INDEX set_by_new_action ON named_set (action)
  WHERE action IN ('none', 'shadow');
)sql"};

}  // namespace

std::span<const char* const> Migrations() { return kMigrations; }

}  // namespace fwagent::store
