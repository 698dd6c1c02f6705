// Frames at random, of the kind that parsers get wrong: stacks of headers that
// are well formed but for a lie here and there, and what is left of them after
// a few mutations.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_FRAMES_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_FRAMES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/support/dice.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// What BPF_PROG_TEST_RUN takes, in one buffer.
inline constexpr std::size_t kMinFrameBytes = 14;
inline constexpr std::size_t kMaxFrameBytes = 3500;

// Where most frames are from, and the ports they are for.
inline constexpr std::array<std::array<std::uint8_t, 4>, 4> kFrameSources4 = {
    {{192, 0, 2, 1}, {192, 0, 2, 2}, {192, 0, 2, 200}, {203, 0, 113, 7}}};
inline constexpr std::array<std::array<std::uint8_t, 16>, 4> kFrameSources6 = {
    {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
     {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
     {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}};
inline constexpr std::array<std::uint16_t, 10> kFramePorts = {
    0, 22, 53, 80, 443, 8080, 49152, 65535, 68, 546};
// Where IPv4 frames are for, mostly the first; those of IPv6 are for one of
// kFrameSources6.
inline constexpr std::array<std::array<std::uint8_t, 4>, 3>
    kFrameDestinations4 = {
        {{198, 51, 100, 1}, {198, 51, 100, 130}, {192, 0, 2, 1}}};
// Of ICMP: errors and others, of both families; multicast listeners, and
// neighbour discovery as often as those together.
inline constexpr std::array<std::uint8_t, 22> kFrameIcmpTypes = {
    0,   1,   2,   3,   4,   5,   11,  12,  128, 130, 132,
    143, 133, 134, 135, 136, 133, 134, 135, 136, 137, 133};
inline constexpr std::array<std::uint8_t, 6> kFrameIcmpCodes = {0, 0, 0,
                                                                1, 3, 4};

class RandomFrames {
 public:
  explicit RandomFrames(std::uint64_t seed) : dice_(seed) {}

  // Of kMinFrameBytes to kMaxFrameBytes.
  Bytes Next();
  // Longer than one buffer, with lengths that are true and all headers in the
  // first.
  Bytes NextBig();

 private:
  // Well-formed stacks, from the outside inwards. Each layer announces itself
  // in the one before it.
  void Build();
  void AddTags();
  void AddIPv4();
  void AddIPv6();
  void AddExtension();
  void AddTransport();
  void AddPorts();

  void Announce(std::uint16_t type);
  void AwaitNext(std::size_t at, std::size_t bytes);
  void Put16(std::uint64_t value);
  void Put16At(std::size_t at, std::uint64_t value);
  void PutRandom(std::size_t count);
  // Mostly `length`, as it should be.
  std::uint64_t LengthOrLie(std::uint64_t length);

  void Mutate();
  void Cut();
  void Duplicate();

  Dice dice_;
  Bytes frame_;
  std::size_t extra_bytes_ = 0;  // of payload
  // Where the type of the next layer is to be written, and in how many bytes.
  std::size_t next_at_ = 0;
  std::size_t next_bytes_ = 0;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_FRAMES_H_
