#include "agent/lookup/statements.h"

#include "bpf/fw_table.h"

namespace fwagent::lookup {

using policy::SourceVerdict;

absl::StatusOr<std::uint32_t> Statements::Add(const Statement& statement) {
  if (!free_.empty()) {
    const std::uint32_t number = free_.back();
    free_.pop_back();
    statements_[number] = statement;
    Count(statement, 1);
    return number;
  }
  if (statements_.size() > FW_ENTRY_PAYLOAD) {
    return absl::ResourceExhaustedError(
        "there are more source rules than the tables can number");
  }
  statements_.push_back(statement);
  Count(statement, 1);
  return static_cast<std::uint32_t>(statements_.size() - 1);
}

void Statements::Remove(std::uint32_t number) {
  Count(statements_[number], -1);
  free_.push_back(number);
}

void Statements::Set(std::uint32_t number, const Statement& statement) {
  Count(statements_[number], -1);
  statements_[number] = statement;
  Count(statement, 1);
}

void Statements::Count(const Statement& statement, int times) {
  if (statement.verdict == SourceVerdict::kNone) without_verdict_ += times;
}

Fold Narrow(const Fold& outer, std::uint32_t number, const Statement& inner) {
  Fold fold = outer;
  fold.classes |= inner.classes;
  if (inner.verdict != SourceVerdict::kNone && inner.verdict >= outer.verdict) {
    fold.verdict = inner.verdict;
    fold.number = number;
  }
  return fold;
}

}  // namespace fwagent::lookup
