#include "tests/support/frame_shrinker.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "tests/support/random_frames.h"
#include "tests/support/reference_datagram.h"

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

// Where the length of the IP datagram in an untagged frame is.
std::optional<std::size_t> LengthAt(const Bytes& frame) {
  const auto type = ByteReader(frame).U16(12);
  if (type == 0x0800) return 14 + 2;
  if (type == 0x86dd) return 14 + 4;
  return std::nullopt;
}

Bytes Without(Bytes frame, std::size_t at, std::size_t count) {
  const auto from = frame.begin() + static_cast<std::ptrdiff_t>(at);
  frame.erase(from, from + static_cast<std::ptrdiff_t>(count));
  return frame;
}

// With so much less in the length of the datagram, where there is one.
Bytes LowerLength(Bytes frame, std::size_t count) {
  const auto at = LengthAt(frame);
  const auto length = at ? ByteReader(frame).U16(*at) : std::nullopt;
  if (!length || *length < count) return frame;
  frame[*at] = static_cast<std::uint8_t>((*length - count) >> 8);
  frame[*at + 1] = static_cast<std::uint8_t>(*length - count);
  return frame;
}

// Takes out `count` bytes in a row wherever that is possible, from the end on.
void DropBytes(const Mismatches& mismatches, const ReferenceRules& rules,
               std::size_t count, Bytes& frame) {
  for (std::size_t at = frame.size(); at-- > 12;) {
    if (frame.size() < kMinFrameBytes + count) return;
    if (at + count > frame.size()) continue;
    const Bytes less = Without(frame, at, count);
    for (const Bytes& smaller : {LowerLength(less, count), less}) {
      if (!mismatches(rules, smaller)) continue;
      frame = smaller;
      break;
    }
  }
}

void ZeroBytes(const Mismatches& mismatches, const ReferenceRules& rules,
               Bytes& frame) {
  for (std::uint8_t& byte : frame) {
    const std::uint8_t before = std::exchange(byte, std::uint8_t{0});
    if (before != 0 && !mismatches(rules, frame)) byte = before;
  }
}

}  // namespace

void Shrink(const Mismatches& mismatches, ReferenceRules& rules, Bytes& frame) {
  DropElements(mismatches, rules, rules.sources, frame);
  DropElements(mismatches, rules, rules.ports, frame);
  DropElements(mismatches, rules, rules.ordered.rules, frame);
  std::size_t before = 0;
  while (frame.size() != before) {
    before = frame.size();
    ZeroBytes(mismatches, rules, frame);
    for (std::size_t count = 1024; count > 0; count /= 2) {
      DropBytes(mismatches, rules, count, frame);
    }
  }
}

}  // namespace fwagent::testing
