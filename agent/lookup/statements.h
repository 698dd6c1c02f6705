// What rules say, under the numbers by which the tables know them.
#ifndef FWAGENT_AGENT_LOOKUP_STATEMENTS_H_
#define FWAGENT_AGENT_LOOKUP_STATEMENTS_H_

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/source_rule.h"

namespace fwagent::lookup {

// A source rule without its prefix.
struct Statement {
  policy::RuleId rule = 0;
  policy::SourceClasses classes = 0;
  policy::SourceVerdict verdict = policy::SourceVerdict::kNone;
  policy::Deadline until = policy::kForever;
  // As in policy::SourceRule.
  policy::Deadline block_until = policy::kNever;
  policy::RuleId block_rule = 0;

  bool operator==(const Statement&) const = default;

  bool ends() const {
    return verdict != policy::SourceVerdict::kNone && until != policy::kForever;
  }
  // Whether it says the same of an address as another one, which may be another
  // rule's.
  bool MeansTheSame(const Statement& other) const;
};

Statement StatementOf(const policy::SourceRule& rule);

// Hands out numbers from 1 on, and again those that were given back.
class Statements {
 public:
  // The number is that of an equal statement if that was given lately, as all
  // the entries of a set are. RESOURCE_EXHAUSTED after 2^28.
  absl::StatusOr<std::uint32_t> Add(const Statement& statement);
  // What was added once. Whether the number is free now.
  bool Remove(std::uint32_t number);
  // Replaces a statement that was added once by one that means the same.
  void Rename(std::uint32_t number, const Statement& statement);
  const Statement& Get(std::uint32_t number) const {
    return statements_[number];
  }
  bool IsShared(std::uint32_t number) const { return uses_[number] > 1; }
  // The rule that a verdict is counted for.
  policy::RuleId RuleOf(std::uint32_t number,
                        policy::SourceVerdict verdict) const;

  // Whether it may change what longer prefixes inside its own mean. A block
  // does not where these have verdicts for ever: the longer one names the rule.
  bool ReachesInside(const Statement& statement) const {
    return statement.verdict == policy::SourceVerdict::kAllow ||
           statement.classes != 0 || open_ != 0;
  }

  // How many different ones there are.
  std::size_t size() const { return statements_.size() - 1 - free_.size(); }

 private:
  // As many sets as may be filled at a time.
  static constexpr std::size_t kLately = 256;

  absl::StatusOr<std::uint32_t> TakeNumber();

  // Statements that leave something to be said by shorter prefixes.
  std::int64_t open_ = 0;
  std::vector<Statement> statements_ = {Statement{}};
  std::vector<std::uint32_t> uses_ = {0};  // by number
  std::vector<std::uint32_t> free_;
  std::array<std::uint32_t, kLately> lately_{};  // by a hash of the rule
};

// What all statements about an address say together. Equal folds mean the same,
// and what nobody can ever see is left out: as policy::SourceMeaning.
struct Fold {
  policy::SourceClasses classes = 0;
  std::uint32_t number = 0;  // of the statement that decides; 0 for none
  policy::SourceVerdict verdict = policy::SourceVerdict::kNone;
  policy::Deadline until = policy::kForever;
  policy::Deadline block_until = policy::kNever;
  std::uint32_t block_number = 0;

  bool operator==(const Fold&) const = default;

  bool ends() const { return until != policy::kForever; }

  template <typename H>
  friend H AbslHashValue(H h, const Fold& fold) {
    return H::combine(std::move(h), fold.classes, fold.number, fold.verdict,
                      fold.until, fold.block_until, fold.block_number);
  }
};

// As policy::Narrow.
Fold Narrow(const Fold& outer, std::uint32_t number, const Statement& inner);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_STATEMENTS_H_
