// The step from version 9 of the schema to version 10.
#ifndef FWAGENT_AGENT_STORE_MIGRATION_10_H_
#define FWAGENT_AGENT_STORE_MIGRATION_10_H_

namespace fwagent::store {

// Entries of sets end, by a clock of which the store keeps how it stands, and
// sets say how long entries last without an end of their own. No version before
// wrote entries that end. A row that was not as it was written keeps a checksum
// that is wrong.
inline constexpr char kEndsOfEntries[] = R"sql(
CREATE TABLE entry_clock (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  boot_id TEXT NOT NULL,         -- of the run of the host that shift is for
  shift INTEGER NOT NULL,        -- ticks of this clock before those of the host
  wall_us INTEGER NOT NULL,      -- since 1970, UTC: when it said tick
  tick INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;

ALTER TABLE named_set ADD COLUMN default_ttl_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request_set ADD COLUMN default_ttl_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request_set ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history_set ADD COLUMN default_ttl_us INTEGER;
UPDATE history_set SET default_ttl_us = 0 WHERE id IS NOT NULL;
ALTER TABLE unconfirmed_set ADD COLUMN default_ttl_us INTEGER;
UPDATE unconfirmed_set SET default_ttl_us = 0 WHERE id IS NOT NULL;

CREATE TABLE growth (seq INTEGER PRIMARY KEY, sum INTEGER NOT NULL) STRICT;
INSERT INTO growth SELECT 0, -coalesce(sum(checksum), 0) FROM named_set;
UPDATE named_set SET checksum = fw_checksum(id, name, action, comment,
  created_us, owner, default_ttl_us, chunks_total)
  WHERE checksum = fw_checksum(id, name, action, comment, created_us, owner,
    chunks_total);
UPDATE growth SET sum = sum +
  (SELECT coalesce(sum(checksum), 0) FROM named_set);
UPDATE meta SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(generation, next_rule_id, rules_total + growth.sum,
    boot_id)
  FROM growth
  WHERE checksum = fw_checksum(generation, next_rule_id, rules_total, boot_id);

DELETE FROM growth;
INSERT INTO growth SELECT seq, -sum(checksum) FROM request_set GROUP BY seq;
UPDATE request_set SET checksum = fw_checksum(seq, position, id, name, action,
  comment, created_us, owner, default_ttl_us, size, added, removed, changed)
  WHERE checksum = fw_checksum(seq, position, id, name, action, comment,
    created_us, owner, size, added, removed);
UPDATE growth SET sum = sum + (SELECT sum(r.checksum) FROM request_set AS r
  WHERE r.seq = growth.seq);
UPDATE request SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(request.seq, request_id, fingerprint, generation,
    rules_total + growth.sum)
  FROM growth WHERE growth.seq = request.seq AND checksum = fw_checksum(
    request.seq, request_id, fingerprint, generation, rules_total);

DELETE FROM growth;
INSERT INTO growth SELECT generation, -sum(checksum) FROM history_set
  GROUP BY generation;
UPDATE history_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us, owner,
  default_ttl_us)
  WHERE checksum = fw_checksum(generation, position, set_id, drops, replaces,
    id, name, action, comment, created_us, owner);
UPDATE growth SET sum = sum + (SELECT sum(r.checksum) FROM history_set AS r
  WHERE r.generation = growth.seq);
UPDATE history SET parts_total = parts_total + growth.sum,
  checksum = fw_checksum(generation, etag, at_us, origin, summary, boot_id,
    removed, parts_total + growth.sum)
  FROM growth WHERE growth.seq = history.generation AND checksum = fw_checksum(
    generation, etag, at_us, origin, summary, boot_id, removed, parts_total);

DELETE FROM growth;
INSERT INTO growth SELECT 0, -sum(checksum) FROM unconfirmed_set
  GROUP BY generation;
UPDATE unconfirmed_set SET checksum = fw_checksum(generation, position, set_id,
  drops, replaces, id, name, action, comment, created_us, owner,
  default_ttl_us)
  WHERE checksum = fw_checksum(generation, position, set_id, drops, replaces,
    id, name, action, comment, created_us, owner);
UPDATE growth SET sum = sum +
  (SELECT coalesce(sum(checksum), 0) FROM unconfirmed_set);
INSERT INTO growth SELECT 1, -checksum FROM unconfirmed;
UPDATE unconfirmed SET before_total = before_total + growth.sum,
  checksum = fw_checksum(generation, at_us, origin, until_tick, confirm_by_us,
    boot_id, before_total + growth.sum, after_total)
  FROM growth WHERE growth.seq = 0 AND checksum = fw_checksum(generation,
    at_us, origin, until_tick, confirm_by_us, boot_id, before_total,
    after_total);
UPDATE growth SET sum = sum + (SELECT checksum FROM unconfirmed) WHERE seq = 1;
UPDATE meta SET rules_total = rules_total + growth.sum,
  checksum = fw_checksum(generation, next_rule_id, rules_total + growth.sum,
    boot_id)
  FROM growth WHERE growth.seq = 1
  AND checksum = fw_checksum(generation, next_rule_id, rules_total, boot_id);
DROP TABLE growth;
)sql";

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_MIGRATION_10_H_
