// Sets of ordered rules as bits, in the form in which packets are matched.
#ifndef FWAGENT_AGENT_LOOKUP_RULE_VECTORS_H_
#define FWAGENT_AGENT_LOOKUP_RULE_VECTORS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bpf/fw_rules.h"

namespace fwagent::lookup {

// A bit for each rule.
class RuleBits {
 public:
  explicit RuleBits(std::size_t rules = 0) : words_((rules + 63) / 64) {}

  void Set(std::size_t rule) { words_[rule / 64] |= Bit(rule); }
  void Clear(std::size_t rule) { words_[rule / 64] &= ~Bit(rule); }

  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  static std::uint64_t Bit(std::size_t rule) {
    return std::uint64_t{1} << rule % 64;
  }

  std::vector<std::uint64_t> words_;
};

// All vectors of an image, each once.
class RuleVectors {
 public:
  // Its place: the number of its first word.
  std::uint32_t Place(const RuleBits& bits);

  // The words of all vectors, in the order of their places.
  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::vector<std::uint64_t> words_;
  absl::flat_hash_map<std::vector<std::uint64_t>, std::uint32_t> places_;
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_RULE_VECTORS_H_
