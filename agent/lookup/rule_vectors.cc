#include "agent/lookup/rule_vectors.h"

#include <bit>

namespace fwagent::lookup {

std::uint32_t RuleVectors::Place(const RuleBits& bits) {
  // The two words of a head lie in one line.
  words_.resize(words_.size() + words_.size() % 2);
  const auto next = static_cast<std::uint32_t>(words_.size());
  const auto [known, is_new] = places_.try_emplace(bits.words(), next);
  if (!is_new) return known->second;
  const std::vector<std::uint64_t>& words = bits.words();
  std::uint64_t summary = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != 0) summary |= std::uint64_t{1} << i;
  }
  const auto first = summary == 0 ? 0 : std::countr_zero(summary);
  const auto last = 64 - std::countl_zero(summary);
  words_.push_back(summary);
  words_.push_back(static_cast<std::uint64_t>(first));
  if (summary != 0) {
    words_.insert(words_.end(), words.begin() + first, words.begin() + last);
  }
  return next;
}

}  // namespace fwagent::lookup
