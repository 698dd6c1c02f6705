#include "tests/support/readable_frames.h"

#include <array>

#include "tests/support/random_frames.h"

namespace fwagent::testing {
namespace {

constexpr std::array<std::uint8_t, 5> kProtocols = {6, 17, 33, 132, 136};
constexpr std::size_t kTransportBytes = 20;

void Put16(Bytes& frame, std::uint64_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value));
}

void PutRandom(Dice& dice, Bytes& frame, std::size_t count) {
  for (; count > 0; --count) frame.push_back(dice.Byte());
}

// One of `sources`, or another one that may have a long prefix in common.
template <typename Sources>
void PutSource(Dice& dice, Bytes& frame, const Sources& sources) {
  const auto& source = dice.Of(sources);
  frame.insert(frame.end(), source.begin(), source.end());
  if (!dice.OneIn(3)) return;
  const std::uint64_t bit = dice.Below(8 * source.size());
  frame[frame.size() - source.size() + bit / 8] ^=
      static_cast<std::uint8_t>(0x80u >> bit % 8);
}

void PutTransport(Dice& dice, Bytes& frame) {
  Put16(frame, dice.Of(kFramePorts));
  const std::uint64_t near = dice.OneIn(3) ? dice.Below(5) : 2;
  Put16(frame, dice.Of(kFramePorts) + near - 2);
  PutRandom(dice, frame, kTransportBytes - 4);
}

void PutIPv4(Dice& dice, Bytes& frame, std::uint8_t protocol) {
  const std::size_t words = dice.OneIn(3) ? dice.Between(6, 15) : 5;
  Put16(frame, 0x0800);
  frame.push_back(static_cast<std::uint8_t>(0x40 | words));
  frame.push_back(dice.Byte());
  Put16(frame, 4 * words + kTransportBytes);
  PutRandom(dice, frame, 2);  // identification
  constexpr std::array<std::uint16_t, 4> kFlags = {0, 0x4000, 0, 0x2000};
  Put16(frame, dice.Of(kFlags));
  frame.push_back(dice.Byte());
  frame.push_back(protocol);
  PutRandom(dice, frame, 2);  // checksum
  PutSource(dice, frame, kFrameSources4);
  frame.insert(frame.end(), {198, 51, 100, 1});
  PutRandom(dice, frame, 4 * (words - 5));
}

// Hop-by-hop options, routing, destination options, fragments with offset 0.
Bytes ExtensionHeaders(Dice& dice, std::vector<std::uint8_t>& types) {
  constexpr std::array<std::uint8_t, 4> kTypes = {0, 43, 44, 60};
  Bytes headers;
  const std::uint64_t count = dice.OneIn(2) ? 0 : dice.Between(1, 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    types.push_back(dice.Of(kTypes));
    const std::size_t size = types.back() == 44 ? 8 : 8 * dice.Between(1, 3);
    const std::size_t at = headers.size();
    PutRandom(dice, headers, size);
    headers[at + 1] = static_cast<std::uint8_t>(size / 8 - 1);
    if (types.back() != 44) continue;
    headers[at + 2] = 0;
    headers[at + 3] &= 7;  // reserved bits, more to come
  }
  return headers;
}

void PutIPv6(Dice& dice, Bytes& frame, std::uint8_t protocol) {
  std::vector<std::uint8_t> types;
  Bytes headers = ExtensionHeaders(dice, types);
  types.push_back(protocol);
  Put16(frame, 0x86dd);
  frame.push_back(0x60);
  PutRandom(dice, frame, 3);
  Put16(frame, headers.size() + kTransportBytes);
  frame.push_back(types[0]);
  frame.push_back(dice.Byte());
  PutSource(dice, frame, kFrameSources6);
  const auto& destination = kFrameSources6[0];
  frame.insert(frame.end(), destination.begin(), destination.end());
  std::size_t at = 0;
  for (std::size_t i = 1; i < types.size(); ++i) {
    headers[at] = types[i];
    at += 8 * (std::size_t{headers[at + 1]} + 1);
  }
  frame.insert(frame.end(), headers.begin(), headers.end());
}

}  // namespace

Bytes ReadableFrame(Dice& dice) {
  Bytes frame = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
  if (dice.OneIn(4)) {
    constexpr std::array<std::uint16_t, 2> kTags = {0x8100, 0x88a8};
    Put16(frame, dice.Of(kTags));
    PutRandom(dice, frame, 2);
  }
  const std::uint8_t protocol = dice.Of(kProtocols);
  if (dice.OneIn(2)) {
    PutIPv4(dice, frame, protocol);
  } else {
    PutIPv6(dice, frame, protocol);
  }
  PutTransport(dice, frame);
  if (dice.OneIn(4)) PutRandom(dice, frame, dice.Below(40));  // padding
  return frame;
}

}  // namespace fwagent::testing
