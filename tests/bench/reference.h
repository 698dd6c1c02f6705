// What every candidate must answer.
#ifndef FWAGENT_TESTS_BENCH_REFERENCE_H_
#define FWAGENT_TESTS_BENCH_REFERENCE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "tests/bench/rules.h"

namespace fwagent::bench {

// Longest-prefix match by cutting the whole space into ranges of one answer,
// and searching them in halves. Shares nothing with any candidate.
class Reference {
 public:
  // Rules by address, shorter prefixes first.
  explicit Reference(std::span<const Rule> rules);

  // The value of the longest prefix that holds the address, 0 for none.
  std::uint32_t ValueOf(Address address) const;

 private:
  void StartRange(Address first, std::uint32_t value);

  // Range i goes from starts_[i] to the next one's start.
  std::vector<Address> starts_;
  std::vector<std::uint32_t> values_;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_REFERENCE_H_
