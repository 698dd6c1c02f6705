#include "agent/lookup/statements.h"

#include <algorithm>

#include "agent/util/status_macros.h"
#include "bpf/fw_table.h"

namespace fwagent::lookup {
namespace {

using policy::Deadline;
using policy::kNever;
using policy::SourceVerdict;

// Whether shorter prefixes may have something to add to its verdict.
bool IsOpen(const Statement& statement) {
  return statement.verdict == SourceVerdict::kNone || statement.ends();
}

// One verdict of several.
struct Term {
  Deadline until = kNever;
  std::uint32_t number = 0;
};

Term Join(const Term& outer, const Term& inner) {
  if (inner.until == kNever) return outer;
  return {std::max(outer.until, inner.until), inner.number};
}

// For what has verdicts: a statement, or a fold.
template <typename Verdicts>
Term AllowOf(const Verdicts& from, std::uint32_t number) {
  if (from.verdict != SourceVerdict::kAllow) return {};
  return {from.until, number};
}

template <typename Verdicts>
Term BlockOf(const Verdicts& from, std::uint32_t number,
             std::uint32_t block_number) {
  if (from.verdict == SourceVerdict::kAllow) {
    return {from.block_until, block_number};
  }
  if (from.verdict != SourceVerdict::kBlock) return {};
  return {from.until, number};
}

}  // namespace

bool Statement::MeansTheSame(const Statement& other) const {
  Statement renamed = other;
  renamed.rule = rule;
  renamed.block_rule = block_rule;
  return *this == renamed;
}

Statement StatementOf(const policy::SourceRule& rule) {
  return {.rule = rule.id,
          .classes = rule.classes,
          .verdict = rule.verdict,
          .until = rule.until,
          .block_until = rule.block_until,
          .block_rule = rule.block_id};
}

absl::StatusOr<std::uint32_t> Statements::TakeNumber() {
  if (!free_.empty()) {
    const std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }
  if (statements_.size() > FW_ENTRY_PAYLOAD) {
    return absl::ResourceExhaustedError(
        "there are more source rules than the tables can number");
  }
  statements_.emplace_back();
  uses_.push_back(0);
  return static_cast<std::uint32_t>(statements_.size() - 1);
}

absl::StatusOr<std::uint32_t> Statements::Add(const Statement& statement) {
  std::uint32_t& lately = lately_[statement.rule % kLately];
  if (uses_[lately] != 0 && statements_[lately] == statement) {
    ++uses_[lately];
    return lately;
  }
  FW_ASSIGN_OR_RETURN(lately, TakeNumber());
  statements_[lately] = statement;
  uses_[lately] = 1;
  if (IsOpen(statement)) ++open_;
  return lately;
}

bool Statements::Remove(std::uint32_t number) {
  if (--uses_[number] != 0) return false;
  if (IsOpen(statements_[number])) --open_;
  free_.push_back(number);
  return true;
}

void Statements::Rename(std::uint32_t number, const Statement& statement) {
  statements_[number] = statement;
}

policy::RuleId Statements::RuleOf(std::uint32_t number,
                                  SourceVerdict verdict) const {
  const Statement& statement = statements_[number];
  return verdict == SourceVerdict::kBlock &&
                 statement.verdict == SourceVerdict::kAllow
             ? statement.block_rule
             : statement.rule;
}

Fold Narrow(const Fold& outer, std::uint32_t number, const Statement& inner) {
  const Term allow = Join(AllowOf(outer, outer.number), AllowOf(inner, number));
  const Term block = Join(BlockOf(outer, outer.number, outer.block_number),
                          BlockOf(inner, number, number));
  Fold fold = {.classes = outer.classes | inner.classes};
  if (allow.until != kNever) {
    fold.verdict = SourceVerdict::kAllow;
    fold.number = allow.number;
    fold.until = allow.until;
    if (block.until <= allow.until) return fold;
    fold.block_until = block.until;
    fold.block_number = block.number;
  } else if (block.until != kNever) {
    fold.verdict = SourceVerdict::kBlock;
    fold.number = block.number;
    fold.until = block.until;
  }
  return fold;
}

}  // namespace fwagent::lookup
