// What is rejected is answered, once and rightly.
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/bpf/filter.h"

namespace fwagent::testing {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIPv4 = 20;
constexpr std::size_t kIPv6 = 40;
constexpr Judgement kRejected = {FW_VERDICT_REJECT, FW_REASON_RULE};

class FilterRejectTest : public FilterTest {
 protected:
  void SetUp() override {
    FilterTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(filter().Block({.ordered = {"reject dport 22", "reject icmp 8"}}),
              absl::OkStatus());
  }
};

// The sum of 16-bit words, folded: 0xffff where a checksum in it is right.
std::uint32_t Sum(const Bytes& bytes, std::size_t first, std::size_t last,
                  std::uint32_t start = 0) {
  std::uint32_t sum = start;
  for (std::size_t i = first; i + 1 < last; i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

std::uint32_t Number(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = at; i < at + size; ++i) number = number << 8 | bytes[i];
  return number;
}

// Of what is behind an IPv4 or IPv6 header without options.
std::uint32_t TransportSum(const Bytes& answer, bool v6, std::uint8_t protocol,
                           bool pseudo = true) {
  const std::size_t behind = kEthernet + (v6 ? kIPv6 : kIPv4);
  std::uint32_t start = 0;
  if (pseudo) {
    start = Sum(answer, kEthernet + (v6 ? 8 : 12), behind) + protocol +
            static_cast<std::uint32_t>(answer.size() - behind);
  }
  return Sum(answer, behind, answer.size(), start);
}

Bytes Syn(bool v6, std::uint16_t dport = 22, std::uint8_t flags = 0x02,
          const Bytes& data = {}) {
  const auto high = static_cast<std::uint8_t>(dport >> 8);
  const auto low = static_cast<std::uint8_t>(dport);
  Bytes tcp = {0xc0, 0x01, high, low,   0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
               0x77, 0x88, 0x50, flags, 0,    0,    0,    0,    0,    0};
  tcp.insert(tcp.end(), data.begin(), data.end());
  const Raw raw{.bytes = tcp, .ip_protocol = IPPROTO_TCP};
  return v6 ? (Ethernet{} / IPv6{} / raw).ToBytes()
            : (Ethernet{} / IPv4{} / raw).ToBytes();
}

TEST_F(FilterRejectTest, ASegmentGetsAReset) {
  for (const bool v6 : {false, true}) {
    SCOPED_TRACE(v6);
    const Bytes syn = Syn(v6);
    EXPECT_EQ(filter().Run(syn), kRejected);
    const auto answer = filter().Answer(syn);
    ASSERT_TRUE(answer.has_value());
    const std::size_t ip = v6 ? kIPv6 : kIPv4;
    ASSERT_EQ(answer->size(), kEthernet + ip + 20);
    // Turned around: Ethernet, addresses, ports.
    EXPECT_EQ(Bytes(answer->begin(), answer->begin() + 6),
              Bytes(syn.begin() + 6, syn.begin() + 12));
    const auto width = static_cast<std::ptrdiff_t>(v6 ? 16 : 4);
    const auto source = static_cast<std::ptrdiff_t>(kEthernet + (v6 ? 8 : 12));
    EXPECT_EQ(
        Bytes(answer->begin() + source, answer->begin() + source + width),
        Bytes(syn.begin() + source + width, syn.begin() + source + 2 * width));
    const std::size_t tcp = kEthernet + ip;
    EXPECT_EQ(Number(*answer, tcp, 2), 22u);
    EXPECT_EQ(Number(*answer, tcp + 2, 2), 0xc001u);
    EXPECT_EQ(Number(*answer, tcp + 4, 4), 0u);
    EXPECT_EQ(Number(*answer, tcp + 8, 4), 0x11223345u);  // past the SYN
    EXPECT_EQ((*answer)[tcp + 13], 0x14);                 // RST, ACK
    if (!v6) {
      EXPECT_EQ(Sum(*answer, kEthernet, tcp), 0xffffu);
    }
    EXPECT_EQ(TransportSum(*answer, v6, IPPROTO_TCP), 0xffffu);
    EXPECT_EQ(filter().Answer(Syn(v6, 23)), std::nullopt) << "the twin";
  }
}

TEST_F(FilterRejectTest, AResetFitsTheSegment) {
  // With an ACK, the sequence is what it acknowledges.
  const auto answer = filter().Answer(Syn(false, 22, 0x18, Bytes(7)));
  ASSERT_TRUE(answer.has_value());
  const std::size_t tcp = kEthernet + kIPv4;
  EXPECT_EQ(Number(*answer, tcp + 4, 4), 0x55667788u);
  EXPECT_EQ((*answer)[tcp + 13], 0x04);
  // Without one, all of its data and its FIN are acknowledged.
  const auto fin = filter().Answer(Syn(true, 22, 0x01, Bytes(7)));
  ASSERT_TRUE(fin.has_value());
  EXPECT_EQ(Number(*fin, kEthernet + kIPv6 + 8, 4), 0x11223344u + 8);
}

TEST_F(FilterRejectTest, OtherPacketsGetIcmp) {
  const Bytes udp4 =
      (Ethernet{} / IPv4{} / Udp{.dport = 22} / Raw{.bytes = Bytes(100)})
          .ToBytes();
  const auto answer = filter().Answer(udp4);
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->size(), kEthernet + kIPv4 + 8 + kIPv4 + 8);
  EXPECT_EQ((*answer)[kEthernet + kIPv4], 3);
  EXPECT_EQ((*answer)[kEthernet + kIPv4 + 1], 3);
  EXPECT_EQ(Sum(*answer, kEthernet, kEthernet + kIPv4), 0xffffu);
  EXPECT_EQ(TransportSum(*answer, false, IPPROTO_ICMP, false), 0xffffu);
  // It quotes the packet.
  EXPECT_EQ(Bytes(answer->begin() + kEthernet + kIPv4 + 8, answer->end()),
            Bytes(udp4.begin() + kEthernet, udp4.begin() + kEthernet + 28));

  const Bytes udp6 = (Ethernet{} / IPv6{} / Udp{.dport = 22}).ToBytes();
  const auto answer6 = filter().Answer(udp6);
  ASSERT_TRUE(answer6.has_value());
  EXPECT_EQ((*answer6)[kEthernet + kIPv6], 1);
  EXPECT_EQ((*answer6)[kEthernet + kIPv6 + 1], 4);
  EXPECT_EQ(TransportSum(*answer6, true, IPPROTO_ICMPV6), 0xffffu);
}

TEST_F(FilterRejectTest, SomePacketsNobodyMayAnswer) {
  const std::vector<std::pair<std::string, Bytes>> frames = {
      {"a reset", Syn(false, 22, 0x04)},
      {"ICMP",
       (Ethernet{} / IPv4{} /
        Raw{.bytes = {8, 0, 0, 0, 0, 0, 0, 0}, .ip_protocol = IPPROTO_ICMP})
           .ToBytes()},
      {"to a group",
       (Ethernet{} / IPv4{.dst = "224.0.0.1"} / Udp{.dport = 22}).ToBytes()},
      {"from nobody",
       (Ethernet{} / IPv4{.src = "0.0.0.0"} / Udp{.dport = 22}).ToBytes()},
      {"a first fragment", (Ethernet{} / IPv4{.more_fragments = true} /
                            Udp{.dport = 22} / Raw{.bytes = Bytes(16)})
                               .ToBytes()},
      {"to a group, IPv6",
       (Ethernet{} / IPv6{.dst = "ff02::1"} / Udp{.dport = 22}).ToBytes()},
  };
  for (const auto& [name, frame] : frames) {
    SCOPED_TRACE(name);
    EXPECT_EQ(filter().Run(frame), kRejected);
    EXPECT_EQ(filter().Answer(frame), std::nullopt);
  }
}

TEST_F(FilterRejectTest, AnswersAreLimited) {
  // A burst is behind what is answered in the time that this takes.
  int answers = 0;
  for (int i = 0; i < 20 * FW_ANSWERS_AT_ONCE; ++i) {
    if (filter().Answer(Syn(false)).has_value()) ++answers;
  }
  EXPECT_GT(answers, 0);
  EXPECT_LT(answers, 20 * FW_ANSWERS_AT_ONCE);
}

}  // namespace
}  // namespace fwagent::testing
