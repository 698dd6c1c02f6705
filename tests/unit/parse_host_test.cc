// The program's parser on the host. Frames lie in heap blocks of exactly their
// size, so that AddressSanitizer sees every byte that is read beyond the end.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/host_parser.h"

namespace fwagent::testing {
namespace {

std::vector<Bytes> Frames() {
  return {
      (Ethernet{} / IPv4{} / Tcp{}).ToBytes(),
      (Ethernet{} / IPv4{.option_words = 10} / Udp{}).ToBytes(),
      (Ethernet{} / IPv4{.fragment_offset = 4} / Udp{}).ToBytes(),
      (Ethernet{} / Vlan{} / Vlan{} / IPv4{} / Sctp{}).ToBytes(),
      (Ethernet{} / IPv6{} / Tcp{}).ToBytes(),
      (Ethernet{} / IPv6{} / Extension{.type = 0, .length = 3} / Fragment{} /
       Extension{.type = 51, .length = 4} / Udp{})
          .ToBytes(),
      (Ethernet{} / IPv6{.payload_bytes = 0} / Extension{.type = 0} / Tcp{})
          .ToBytes(),
      (Packet() / Ethernet{} / Times(16, Vlan{}) / IPv6{} /
       Times(24, Extension{}) / Sctp{})
          .ToBytes(),
  };
}

// What holds for any frame.
void ExpectSound(const HostPacket& packet) {
  EXPECT_LE(packet.link.tag_count, std::uint32_t{FW_MAX_VLAN_TAGS});
  EXPECT_LE(packet.link.ethertype, std::uint32_t{FW_LINK_DEEP});
  EXPECT_FALSE(fw_is_vlan(packet.link.ethertype));
  const std::uint32_t extent = packet.transport.extent & ~FW_EXTENT_FIRST;
  EXPECT_LE(extent, std::uint32_t{FW_EXTENT_CHAIN_DEEP});
  EXPECT_LE(packet.transport.port, 65535u);
  if (!packet.has_address) return;
  EXPECT_NE(extent, std::uint32_t{FW_EXTENT_CHAIN});
  if (extent == FW_EXTENT_PORTS || extent == FW_EXTENT_PORTS_CUT) {
    EXPECT_LT(packet.transport.protocol, std::uint32_t{FW_PORT_PROTOCOLS});
  }
  if (extent == FW_EXTENT_FRAGMENT || extent != packet.transport.extent) {
    EXPECT_TRUE(packet.has_identification);
  }
}

TEST(ParseHostTest, WholeFramesAreReadToTheirPorts) {
  const auto frame = [](std::uint16_t port) {
    return (Ethernet{} / Vlan{} / IPv6{.src = "2001:db8::7"} /
            Extension{.length = 9} / Udp{.dport = port})
        .ToBytes();
  };
  const HostPacket packet = ParseOnHost(frame(53));
  EXPECT_TRUE(packet.has_address);
  EXPECT_EQ(packet.link.tag_count, 1u);
  EXPECT_EQ(packet.source[15], 7);
  EXPECT_EQ(packet.transport.extent, std::uint32_t{FW_EXTENT_PORTS});
  EXPECT_EQ(packet.transport.protocol, std::uint32_t{FW_PORT_UDP});
  EXPECT_EQ(packet.transport.port, 53u);
  EXPECT_EQ(ParseOnHost(frame(54)).transport.port, 54u);
}

TEST(ParseHostTest, SourcesAreInNetworkByteOrder) {
  const HostPacket packet =
      ParseOnHost((Ethernet{} / IPv4{.src = "192.0.2.7"} / Raw{}).ToBytes());
  EXPECT_EQ(Bytes(packet.source.begin(), packet.source.begin() + 4),
            (Bytes{192, 0, 2, 7}));
}

TEST(ParseHostTest, NoFrameIsReadBeyondItsEnd) {
  for (const Bytes& whole : Frames()) {
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      SCOPED_TRACE(std::to_string(size) + " bytes");
      const HostPacket packet = ParseOnHost(Cut(whole, size));
      ExpectSound(packet);
      if (size < ETH_HLEN) {
        EXPECT_EQ(packet.link.ethertype, std::uint32_t{FW_LINK_CUT});
      }
    }
  }
}

// What lies say about their length is believed up to the end of the frame.
TEST(ParseHostTest, FramesWithAnyByteChangedAreReadSoundly) {
  for (const Bytes& whole : Frames()) {
    for (std::size_t at = 12; at < whole.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        Bytes frame = whole;
        frame[at] = static_cast<std::uint8_t>(value);
        ExpectSound(ParseOnHost(frame));
      }
    }
  }
}

TEST(ParseHostTest, FramesWithManyBytesChangedAreReadSoundly) {
  std::minstd_rand random(1);
  const std::vector<Bytes> frames = Frames();
  for (int round = 0; round < 20'000; ++round) {
    Bytes frame = frames[random() % frames.size()];
    for (unsigned changes = random() % 8; changes > 0; --changes) {
      frame[12 + random() % (frame.size() - 12)] =
          static_cast<std::uint8_t>(random());
    }
    ExpectSound(ParseOnHost(Cut(frame, 14 + random() % frame.size())));
  }
}

// Farther than the program follows a chain.
TEST(ParseHostTest, ChainsBeyondSixteenKibibytesAreTooDeep) {
  const auto frame = [](int headers) {
    return (Packet() / Ethernet{} / IPv6{} /
            Times(headers, Extension{.length = 255}) / Udp{})
        .ToBytes();
  };
  EXPECT_EQ(ParseOnHost(frame(7)).transport.extent,
            std::uint32_t{FW_EXTENT_PORTS});
  EXPECT_EQ(ParseOnHost(frame(8)).transport.extent,
            std::uint32_t{FW_EXTENT_CHAIN_DEEP});
}

}  // namespace
}  // namespace fwagent::testing
