// Where the outline of a frame ends, and what its plain form is.
#include "tests/support/frame_outline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fwagent::testing {
namespace {

using End = FrameOutline::End;

constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kTcp = 6;

const Bytes kWhole4 = (Ethernet{} / IPv4{} / Tcp{}).ToBytes();
const Bytes kWhole6 = (Ethernet{} / IPv6{} / Tcp{}).ToBytes();

Bytes Changed(Bytes frame, std::size_t at, std::uint8_t to) {
  frame.at(at) = to;
  return frame;
}

struct Row {
  std::string name;
  Bytes frame;
  End end;
  Bytes twin;  // that ends elsewhere
};

TEST(FrameOutlineTest, EndsWhereTheWayToThePortsEnds) {
  const std::vector<Row> rows = {
      {"ARP", Changed(kWhole4, 13, 6), End::kNotIp, kWhole4},
      {"cut in a tag",
       Cut((Ethernet{} / Vlan{} / IPv4{} / Tcp{}).ToBytes(), 17),
       End::kCutInLink, (Ethernet{} / Vlan{} / IPv4{} / Tcp{}).ToBytes()},
      {"17 tags",
       (Times(1, Ethernet{}) / Times(17, Vlan{}) / IPv4{} / Tcp{}).ToBytes(),
       End::kTooManyTags,
       (Times(1, Ethernet{}) / Times(16, Vlan{}) / IPv4{} / Tcp{}).ToBytes()},
      {"IPv4 version", Changed(kWhole4, 14, 0x55), End::kBadIPv4, kWhole4},
      {"IPv4 length", Cut(kWhole4, kWhole4.size() - 1), End::kBadIPv4, kWhole4},
      {"IPv6 version", Changed(kWhole6, 14, 0x50), End::kBadIPv6, kWhole6},
      {"IPv6 length", Cut(kWhole6, kWhole6.size() - 1), End::kBadIPv6, kWhole6},
      {"cut options",
       (Ethernet{} / IPv6{.next_header = 60} / Raw{.bytes = {6, 1, 0, 0}})
           .ToBytes(),
       End::kCutInExtension,
       (Ethernet{} / IPv6{} / Extension{.length = 9} / Tcp{}).ToBytes()},
      {"25 options",
       (Ethernet{} / IPv6{} / Times(25, Extension{}) / Tcp{}).ToBytes(),
       End::kTooManyExtensions,
       (Ethernet{} / IPv6{} / Times(24, Extension{}) / Tcp{}).ToBytes()},
      {"cut port",
       (Ethernet{} / IPv4{} / Raw{.bytes = {0, 1, 0}, .ip_protocol = kTcp})
           .ToBytes(),
       End::kCutBeforePort,
       (Ethernet{} / IPv4{} / Raw{.bytes = {0, 1, 0, 2}, .ip_protocol = kTcp})
           .ToBytes()},
      {"TCP at offset 1",
       (Ethernet{} / IPv4{.fragment_offset = 1} / Tcp{}).ToBytes(),
       End::kRewritesTcp,
       (Ethernet{} / IPv4{.fragment_offset = 1} / Udp{}).ToBytes()},
      {"later IPv4 fragment",
       (Ethernet{} / IPv4{.fragment_offset = 2} / Tcp{}).ToBytes(),
       End::kLaterFragment,
       (Ethernet{} / IPv4{.more_fragments = true} / Tcp{}).ToBytes()},
      {"later IPv6 fragment",
       (Ethernet{} / IPv6{} / Fragment{.offset = 1} / Tcp{}).ToBytes(),
       End::kLaterFragment,
       (Ethernet{} / IPv6{} / Fragment{.more = true} / Tcp{}).ToBytes()},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ReadOutline(row.frame).end, row.end) << row.name;
    EXPECT_NE(ReadOutline(row.twin).end, row.end) << "the twin of " << row.name;
  }
}

TEST(FrameOutlineTest, FragmentsOfOneDatagramHaveItsNameInCommon) {
  const auto name = [](const Fragment& fragment) {
    return ReadOutline((Ethernet{} / IPv6{} / fragment / Tcp{}).ToBytes())
        .datagram;
  };
  const auto first = name({.more = true, .identification = 7});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(name({.offset = 3, .identification = 7}), first);
  EXPECT_NE(name({.offset = 3, .identification = 8}), first);
  EXPECT_EQ(name({.identification = 7}), std::nullopt) << "atomic";
}

Bytes Plain(const Bytes& frame) { return PlainForm(frame, ReadOutline(frame)); }

TEST(FrameOutlineTest, ThePlainFormHidesNothing) {
  EXPECT_EQ(Plain(kWhole4), kWhole4);
  EXPECT_EQ(
      Plain(
          (Times(1, Ethernet{}) / Times(3, Vlan{}) / IPv4{} / Tcp{}).ToBytes()),
      kWhole4);
  EXPECT_EQ(Plain(Pad(kWhole6, 120)), kWhole6);

  const auto behind = [](const Packet& between) {
    return (Ethernet{} / IPv6{} / between / Tcp{}).ToBytes();
  };
  const Bytes options = behind(Times(1, Extension{}));
  EXPECT_EQ(Plain(options), options);
  EXPECT_EQ(Plain(behind(Times(1, Extension{.type = kHip}))), options);
  EXPECT_EQ(Plain(behind(Times(2, Extension{.type = kHip}))),
            behind(Times(2, Extension{})));
}

// Twelve bytes become sixteen.
TEST(FrameOutlineTest, AnAuthenticationHeaderGrowsToWholeUnits) {
  const Bytes before =
      (Ethernet{} / IPv6{.next_header = kAuthentication} /
       Raw{.bytes = {kTcp, 1, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 1, 0, 80}})
          .ToBytes();
  const Bytes after = (Ethernet{} / IPv6{.next_header = 60} /
                       Raw{.bytes = {kTcp, 1, 0, 0, 1, 1, 1, 1, 2, 2,
                                     2,    2, 0, 0, 0, 0, 0, 1, 0, 80}})
                          .ToBytes();
  EXPECT_EQ(Plain(before), after);
}

}  // namespace
}  // namespace fwagent::testing
