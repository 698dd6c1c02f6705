// Sets of numbers such as ports, as ranges.
#ifndef FWAGENT_AGENT_POLICY_VALUE_SET_H_
#define FWAGENT_AGENT_POLICY_VALUE_SET_H_

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace fwagent::policy {

// From first to last, both included.
struct ValueRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  auto operator<=>(const ValueRange&) const = default;
};

// Which values a field may have. Canonical: the ranges are in order, and no two
// of them touch. Without ranges: every value will do, also none at all.
struct ValueSet {
  std::vector<ValueRange> ranges;
  // All values but these.
  bool negated = false;

  bool operator==(const ValueSet&) const = default;

  bool empty() const { return ranges.empty(); }
  // Of a set that is not empty, for a packet that has a value in this field.
  bool Accepts(std::uint32_t value) const;
  // "22,80-90", "!22".
  std::string ToString() const;
};

// Brings ranges into canonical form.
void Normalize(std::vector<ValueRange>& ranges);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_VALUE_SET_H_
