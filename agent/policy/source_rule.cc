#include "agent/policy/source_rule.h"

#include <algorithm>

namespace fwagent::policy {
namespace {

// One verdict of several.
struct Term {
  Deadline until = kNever;
  RuleId rule = 0;
};

Term Join(const Term& outer, const Term& inner) {
  if (inner.until == kNever) return outer;
  return {std::max(outer.until, inner.until), inner.rule};
}

// For what has verdicts: a rule, or a meaning.
template <typename Verdicts>
Term AllowOf(const Verdicts& from, RuleId rule) {
  if (from.verdict != SourceVerdict::kAllow) return {};
  return {from.until, rule};
}

template <typename Verdicts>
Term BlockOf(const Verdicts& from, RuleId rule, RuleId block_rule) {
  if (from.verdict == SourceVerdict::kAllow) {
    return {from.block_until, block_rule};
  }
  if (from.verdict != SourceVerdict::kBlock) return {};
  return {from.until, rule};
}

}  // namespace

SourceMeaning Narrow(const SourceMeaning& outer, const SourceRule& inner) {
  const Term allow = Join(AllowOf(outer, outer.rule), AllowOf(inner, inner.id));
  const Term block = Join(BlockOf(outer, outer.rule, outer.block_rule),
                          BlockOf(inner, inner.id, inner.block_id));
  SourceMeaning meaning = {.classes = outer.classes | inner.classes};
  if (allow.until != kNever) {
    meaning.verdict = SourceVerdict::kAllow;
    meaning.rule = allow.rule;
    meaning.until = allow.until;
    if (block.until <= allow.until) return meaning;
    meaning.block_until = block.until;
    meaning.block_rule = block.rule;
  } else if (block.until != kNever) {
    meaning.verdict = SourceVerdict::kBlock;
    meaning.rule = block.rule;
    meaning.until = block.until;
  }
  return meaning;
}

}  // namespace fwagent::policy
