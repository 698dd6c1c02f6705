// What rules say, under the numbers by which the tables know them.
#ifndef FWAGENT_AGENT_LOOKUP_STATEMENTS_H_
#define FWAGENT_AGENT_LOOKUP_STATEMENTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/source_rule.h"

namespace fwagent::lookup {

// A source rule without its prefix.
struct Statement {
  policy::RuleId rule = 0;
  policy::SourceClasses classes = 0;
  policy::SourceVerdict verdict = policy::SourceVerdict::kNone;
};

// Hands out numbers from 1 on, and again those that were given back.
class Statements {
 public:
  // RESOURCE_EXHAUSTED after 2^28.
  absl::StatusOr<std::uint32_t> Add(const Statement& statement);
  void Remove(std::uint32_t number);
  void Set(std::uint32_t number, const Statement& statement);
  const Statement& Get(std::uint32_t number) const {
    return statements_[number];
  }

  // Whether it may change what longer prefixes inside its own mean. A block
  // does not where these have verdicts: the longer one names the rule.
  bool ReachesInside(const Statement& statement) const {
    return statement.verdict == policy::SourceVerdict::kAllow ||
           statement.classes != 0 || without_verdict_ != 0;
  }

 private:
  // Adds `times` to what is counted of a statement.
  void Count(const Statement& statement, int times);

  std::int64_t without_verdict_ = 0;
  std::vector<Statement> statements_ = {Statement{}};
  std::vector<std::uint32_t> free_;
};

// What all statements about an address say together. Equal folds mean the same.
struct Fold {
  policy::SourceClasses classes = 0;
  std::uint32_t number = 0;  // of the statement that decides; 0 for none
  policy::SourceVerdict verdict = policy::SourceVerdict::kNone;

  bool operator==(const Fold&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Fold& fold) {
    return H::combine(std::move(h), fold.classes, fold.number, fold.verdict);
  }
};

// As policy::Narrow.
Fold Narrow(const Fold& outer, std::uint32_t number, const Statement& inner);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_STATEMENTS_H_
