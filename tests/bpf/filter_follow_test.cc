// Later fragments do as the first one of their datagram.
#include <time.h>

#include <string>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

using dataplane::UndecidedFragments;

const Rules kTcp80 = {.ports = {{FW_PORT_TCP, 80, 80}}};
const Judgement kFollowed = Dropped(FW_REASON_FRAGMENT);

// A fragment of a TCP segment. Everything that names its datagram can differ.
struct Piece {
  bool v6 = false;
  std::uint16_t offset = 0;  // in units of 8 bytes
  std::uint16_t port = 80;   // of the first one
  std::uint32_t identification = 7;
  std::string src = {};
  std::string dst = {};
  std::uint8_t protocol = 6;
  int tags = 0;
  int extensions = 0;  // IPv6, before the fragment header
};

Bytes FrameOf(const Piece& piece) {
  Packet packet = Packet() / Ethernet{} / Times(piece.tags, Vlan{});
  const Packet segment = Packet() / Tcp{.dport = piece.port};
  if (piece.v6) {
    const IPv6 defaults;
    return (packet /
            IPv6{.src = piece.src.empty() ? defaults.src : piece.src,
                 .dst = piece.dst.empty() ? defaults.dst : piece.dst} /
            Times(piece.extensions, Extension{.type = 60}) /
            Fragment{.offset = piece.offset,
                     .more = true,
                     .identification = piece.identification} /
            segment)
        .ToBytes();
  }
  const IPv4 defaults;
  return (packet /
          IPv4{.src = piece.src.empty() ? defaults.src : piece.src,
               .dst = piece.dst.empty() ? defaults.dst : piece.dst,
               .protocol = piece.protocol,
               .identification =
                   static_cast<std::uint16_t>(piece.identification),
               .fragment_offset = piece.offset,
               .more_fragments = true} /
          segment)
      .ToBytes();
}

class FilterFollowTest : public FilterTest {
 protected:
  // Frames one after the other.
  void Expect(const Piece& piece, const Judgement& judgement) {
    EXPECT_EQ(filter().Run(FrameOf(piece)), judgement)
        << (piece.v6 ? "IPv6" : "IPv4") << ", offset " << piece.offset
        << ", identification " << piece.identification;
  }
};

TEST_F(FilterFollowTest, AFirstOneThatIsDroppedTakesTheOthersWithIt) {
  for (const bool v6 : {false, true}) {
    ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
    Expect({.v6 = v6, .offset = 3}, kFragment);
    Expect({.v6 = v6}, kPortBlocked);
    Expect({.v6 = v6, .offset = 3}, kFollowed);
    Expect({.v6 = v6, .offset = 180}, kFollowed);
  }
}

TEST_F(FilterFollowTest, AFirstOneThatPassesLeavesTheOthersAlone) {
  for (const bool v6 : {false, true}) {
    ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
    Expect({.v6 = v6, .port = 81}, kPassed);
    Expect({.v6 = v6, .offset = 3}, kFragment);
  }
}

// Identifications come again.
TEST_F(FilterFollowTest, TheNextDatagramOfThatIdentificationIsAnother) {
  for (const bool v6 : {false, true}) {
    ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
    Expect({.v6 = v6}, kPortBlocked);
    Expect({.v6 = v6, .port = 81}, kPassed);
    Expect({.v6 = v6, .offset = 3}, kFragment);
    Expect({.v6 = v6}, kPortBlocked);
    Expect({.v6 = v6, .offset = 3}, kFollowed);
  }
}

TEST_F(FilterFollowTest, OtherDatagramsAreLeftAlone) {
  ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
  Expect({}, kPortBlocked);
  Expect({.offset = 3, .identification = 8}, kFragment);
  Expect({.offset = 3, .src = "192.0.2.2"}, kFragment);
  Expect({.offset = 3, .dst = "198.51.100.2"}, kFragment);
  Expect({.offset = 3, .protocol = 17}, kFragment);
  Expect({.v6 = true, .offset = 3}, kFragment);
  Expect({.v6 = true}, kPortBlocked);
  Expect({.v6 = true, .offset = 3, .identification = 7 + (1 << 16)}, kFragment);
  Expect({.v6 = true, .offset = 3, .src = "2001:db8::2"}, kFragment);
  Expect({.v6 = true, .offset = 3, .dst = "2001:db8:1::2"}, kFragment);
  Expect({.v6 = true, .offset = 3}, kFollowed);
}

// The two need not come with the same headers before them.
TEST_F(FilterFollowTest, WhereTheIdentificationIsDoesNotMatter) {
  for (const bool v6 : {false, true}) {
    ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
    Expect({.v6 = v6, .tags = 2, .extensions = 3}, kPortBlocked);
    Expect({.v6 = v6, .offset = 3, .extensions = 1}, kFollowed);
    Expect({.v6 = v6, .offset = 3, .tags = 16}, kFollowed);
  }
}

TEST_F(FilterFollowTest, AFirstOneWithoutItsPortsIsFollowedToo) {
  ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
  const Bytes stump =
      (Ethernet{} /
       IPv4{.protocol = 6, .identification = 7, .more_fragments = true})
          .ToBytes();
  EXPECT_EQ(filter().Run(stump), Dropped(FW_REASON_MALFORMED_TRANSPORT));
  Expect({.offset = 3}, kFollowed);
}

// What is remembered stays: Block would forget it.
TEST_F(FilterFollowTest, NothingIsFollowedWhereNoPortIsBlocked) {
  ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
  Expect({}, kPortBlocked);
  Expect({.offset = 3}, kFollowed);
  ASSERT_EQ(filter().BlockPorts({}), absl::OkStatus());
  Expect({.offset = 3}, kFragment);
  ASSERT_EQ(filter().BlockPorts(kTcp80), absl::OkStatus());
  Expect({.offset = 3}, kFollowed);
}

TEST_F(FilterFollowTest, ItEndsAfterItsTime) {
  ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
  Expect({}, kPortBlocked);
  Expect({.offset = 3}, kFollowed);
  const timespec rest = {.tv_sec = FW_FRAGMENT_SECONDS, .tv_nsec = 1'000'000};
  nanosleep(&rest, nullptr);
  Expect({.offset = 3}, kFragment);
}

// More datagrams than are remembered: the oldest become undecided, and nothing
// is refused.
TEST_F(FilterFollowTest, ItsMemoryIsBounded) {
  ASSERT_EQ(filter().Block(kTcp80), absl::OkStatus());
  for (std::uint32_t i = 0; i < 3 * FW_DATAGRAMS; ++i) {
    ASSERT_EQ(filter().Run(FrameOf({.v6 = true, .identification = i})),
              kPortBlocked);
  }
  Expect({.v6 = true, .offset = 3, .identification = 0}, kFragment);
  Expect({.v6 = true, .offset = 3, .identification = 3 * FW_DATAGRAMS - 1},
         kFollowed);
}

TEST_F(FilterFollowTest, UndecidedOnesCanBeDropped) {
  const dataplane::PacketOptions packets = {.undecided_fragments =
                                                UndecidedFragments::kDrop};
  auto filter = Filter::Load({.packets = packets});
  ASSERT_TRUE(filter.ok()) << filter.status();
  for (const bool v6 : {false, true}) {
    ASSERT_EQ(filter->Block(kTcp80), absl::OkStatus());
    const auto run = [&](const Piece& piece) {
      return filter->Run(FrameOf(piece));
    };
    EXPECT_EQ(run({.v6 = v6, .offset = 3}), kFollowed);
    EXPECT_EQ(run({.v6 = v6, .port = 81}), kPassed);
    EXPECT_EQ(run({.v6 = v6, .offset = 3}), kFragment);
    EXPECT_EQ(run({.v6 = v6}), kPortBlocked);
    EXPECT_EQ(run({.v6 = v6, .offset = 3}), kFollowed);
    ASSERT_EQ(filter->Block({}), absl::OkStatus());
    EXPECT_EQ(run({.v6 = v6, .offset = 3}), kFragment) << "no port is blocked";
  }
}

}  // namespace
}  // namespace fwagent::testing
