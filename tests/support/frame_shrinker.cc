#include "tests/support/frame_shrinker.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "tests/support/random_frames.h"

namespace fwagent::testing {
namespace {

// Takes single elements out of `from`, which lies inside `rules`.
template <typename Element>
void DropElements(const Mismatches& mismatches, ReferenceRules& rules,
                  std::vector<Element>& from, const Bytes& frame) {
  for (std::size_t i = from.size(); i-- > 0;) {
    const std::vector<Element> before = from;
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
    if (!mismatches(rules, frame)) from = before;
  }
}

// Takes out `count` bytes in a row wherever that is possible, from the end on.
bool DropBytes(const Mismatches& mismatches, const ReferenceRules& rules,
               std::size_t count, Bytes& frame) {
  bool is_smaller = false;
  for (std::size_t at = frame.size(); at-- > 12;) {
    if (at + count > frame.size()) continue;
    if (frame.size() - count < kMinFrameBytes) break;
    Bytes less = frame;
    const auto from = less.begin() + static_cast<std::ptrdiff_t>(at);
    less.erase(from, from + static_cast<std::ptrdiff_t>(count));
    if (!mismatches(rules, less)) continue;
    frame = std::move(less);
    is_smaller = true;
  }
  return is_smaller;
}

void ZeroBytes(const Mismatches& mismatches, const ReferenceRules& rules,
               Bytes& frame) {
  for (std::uint8_t& byte : frame) {
    const std::uint8_t before = std::exchange(byte, 0);
    if (before != 0 && !mismatches(rules, frame)) byte = before;
  }
}

}  // namespace

void Shrink(const Mismatches& mismatches, ReferenceRules& rules, Bytes& frame) {
  DropElements(mismatches, rules, rules.sources, frame);
  DropElements(mismatches, rules, rules.ports, frame);
  for (std::size_t count = 256; count > 0; count /= 2) {
    while (DropBytes(mismatches, rules, count, frame)) {
    }
  }
  ZeroBytes(mismatches, rules, frame);
}

}  // namespace fwagent::testing
