#include "agent/lookup/rule_vectors.h"

namespace fwagent::lookup {

std::uint32_t RuleVectors::Place(const RuleBits& bits) {
  const auto next = static_cast<std::uint32_t>(words_.size());
  const auto [known, is_new] = places_.try_emplace(bits.words(), next);
  if (!is_new) return known->second;
  words_.push_back(0);
  std::uint64_t summary = 0;
  for (std::size_t i = 0; i < bits.words().size(); ++i) {
    if (bits.words()[i] == 0) continue;
    summary |= std::uint64_t{1} << i;
    words_.push_back(bits.words()[i]);
  }
  words_[next] = summary;
  return next;
}

}  // namespace fwagent::lookup
