#include "agent/policy/port_range.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace fwagent::policy {
namespace {

// The text of the range, or the error.
std::string Created(Protocol protocol, std::uint32_t first,
                    std::uint32_t last) {
  const auto range = PortRange::Create(protocol, first, last);
  if (range.ok()) return range->ToString();
  EXPECT_EQ(range.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(range.status().message());
}

TEST(PortRange, ReadsGoodRanges) {
  EXPECT_EQ(Created(Protocol::kTcp, 443, 443), "443/tcp");
  EXPECT_EQ(Created(Protocol::kUdp, 8000, 8100), "8000-8100/udp");
  EXPECT_EQ(Created(Protocol::kSctp, 1, 65535), "1-65535/sctp");
  EXPECT_EQ(Created(Protocol::kTcp, 1, 1), "1/tcp");
  EXPECT_EQ(Created(Protocol::kTcp, 65535, 65535), "65535/tcp");
}

TEST(PortRange, RefusesWithAReason) {
  const std::string advice = "a port is a number from 1 to 65535, not ";
  EXPECT_EQ(Created(Protocol::kTcp, 0, 0), advice + "0");
  EXPECT_EQ(Created(Protocol::kTcp, 0, 80), advice + "0");
  EXPECT_EQ(Created(Protocol::kTcp, 80, 0), advice + "0");
  EXPECT_EQ(Created(Protocol::kTcp, 1, 65536), advice + "65536");
  EXPECT_EQ(Created(Protocol::kTcp, 65536, 65536), advice + "65536");
  // 80 in the low 16 bits.
  EXPECT_EQ(Created(Protocol::kTcp, 65616, 65616), advice + "65616");
  EXPECT_EQ(Created(Protocol::kTcp, 80, 4294967295u), advice + "4294967295");
  EXPECT_EQ(Created(Protocol::kTcp, 90, 80),
            "the range runs backwards, from 90 to 80: did you mean 80-90?");
}

TEST(PortRange, ProtocolIsPartOfIdentity) {
  const auto tcp = PortRange::Create(Protocol::kTcp, 53, 53);
  const auto udp = PortRange::Create(Protocol::kUdp, 53, 53);
  EXPECT_NE(*tcp, *udp);
  EXPECT_EQ(*tcp, *PortRange::Create(Protocol::kTcp, 53, 53));
  EXPECT_NE(*tcp, *PortRange::Create(Protocol::kTcp, 53, 54));
}

}  // namespace
}  // namespace fwagent::policy
