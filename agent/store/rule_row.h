// A rule as columns of a row.
#ifndef FWAGENT_AGENT_STORE_RULE_ROW_H_
#define FWAGENT_AGENT_STORE_RULE_ROW_H_

#include "absl/status/statusor.h"
#include "agent/policy/rule.h"
#include "agent/store/checksum.h"
#include "agent/store/sqlite_statement.h"

namespace fwagent::store {

// What follows the rule's id, in this order in every statement.
inline constexpr char kRuleColumns[] =
    "kind, address, length, protocol, first_port, last_port, comment, "
    "created_us, expires_us, until_tick, action, owner";

// How many columns the id and kRuleColumns are.
inline constexpr int kRuleWidth = 13;

// Sets the id and the columns above as the next parameters.
void BindRule(const policy::Rule& rule, SqliteStatement& statement);
// Adds the same values to a row's checksum.
void SumRule(const policy::Rule& rule, RowChecksum& checksum);

// Reads them back, the id from column `first`. An error, whose code says
// nothing, when this is no rule in canonical form.
absl::StatusOr<policy::Rule> ReadRule(const SqliteStatement& row, int first);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_RULE_ROW_H_
