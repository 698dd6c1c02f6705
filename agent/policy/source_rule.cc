#include "agent/policy/source_rule.h"

namespace fwagent::policy {

SourceMeaning Narrow(const SourceMeaning& outer, const SourceRule& inner) {
  SourceMeaning meaning = outer;
  meaning.classes |= inner.classes;
  // The numbers are in the order of precedence.
  if (inner.verdict != SourceVerdict::kNone && inner.verdict >= outer.verdict) {
    meaning.verdict = inner.verdict;
    meaning.rule = inner.id;
  }
  return meaning;
}

}  // namespace fwagent::policy
