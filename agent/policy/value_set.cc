#include "agent/policy/value_set.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fwagent::policy {

bool ValueSet::Accepts(std::uint32_t value) const {
  const auto behind = std::upper_bound(
      ranges.begin(), ranges.end(), value,
      [](std::uint32_t v, const ValueRange& range) { return v < range.first; });
  const bool is_in =
      behind != ranges.begin() && std::prev(behind)->last >= value;
  return is_in != negated;
}

std::string ValueSet::ToString() const {
  return absl::StrCat(
      negated ? "!" : "",
      absl::StrJoin(ranges, ",", [](std::string* out, const ValueRange& range) {
        absl::StrAppend(out, range.first);
        if (range.last != range.first) absl::StrAppend(out, "-", range.last);
      }));
}

void Normalize(std::vector<ValueRange>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::size_t kept = 0;
  for (const ValueRange& range : ranges) {
    if (kept != 0 && range.first <= ranges[kept - 1].last + 1) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

}  // namespace fwagent::policy
