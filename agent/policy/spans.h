// Sets of numbers as spans, and which of them lie inside which.
#ifndef FWAGENT_AGENT_POLICY_SPANS_H_
#define FWAGENT_AGENT_POLICY_SPANS_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace fwagent::policy {

// From first to last, both included.
template <typename Number>
struct Span {
  Number first;
  Number last;
};

// Canonical, as all functions here want and keep them: in order, and no two of
// them overlap or touch.
template <typename Number>
using Spans = std::vector<Span<Number>>;

template <typename Number>
Spans<Number> Canonical(Spans<Number> spans) {
  std::sort(spans.begin(), spans.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const Span<Number>& span : spans) {
    // In this way nothing is added to the largest number that there is.
    if (kept != 0 && (span.first <= spans[kept - 1].last ||
                      span.first - 1 == spans[kept - 1].last)) {
      spans[kept - 1].last = std::max(spans[kept - 1].last, span.last);
    } else {
      spans[kept++] = span;
    }
  }
  spans.resize(kept);
  return spans;
}

// All other numbers from 0 to `largest`, which no span goes beyond.
template <typename Number>
Spans<Number> Inverse(const Spans<Number>& spans, Number largest) {
  Spans<Number> others;
  Number next = 0;
  for (const Span<Number>& span : spans) {
    if (span.first > next) others.push_back({next, span.first - 1});
    if (span.last == largest) return others;
    next = span.last + 1;
  }
  others.push_back({next, largest});
  return others;
}

// Whether every number of `inner` is in `outer`.
template <typename Number>
bool IsWithin(const Spans<Number>& inner, const Spans<Number>& outer) {
  return std::all_of(
      inner.begin(), inner.end(), [&outer](const Span<Number>& span) {
        const auto behind = std::upper_bound(
            outer.begin(), outer.end(), span.first,
            [](const Number& n, const auto& other) { return n < other.first; });
        return behind != outer.begin() && std::prev(behind)->last >= span.last;
      });
}

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_SPANS_H_
