// What the program needs to be loaded, and what it leaves behind in counters.
#include <linux/capability.h>

#include "tests/bpf/filter.h"
#include "tests/support/capabilities.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {
namespace {

class FilterLoadTest : public ::testing::Test {
 protected:
  void SetUp() override { SkipUnless(BpfIsAllowed()); }
};

std::uint64_t PacketsIn(const Filter::Counters& counters) {
  std::uint64_t packets = 0;
  for (const auto& by_reason : counters) {
    for (const fw_counter& counter : by_reason) packets += counter.packets;
  }
  return packets;
}

// Without CAP_PERFMON the verifier forbids most arithmetic with pointers.
TEST_F(FilterLoadTest, TwoCapabilitiesAreEnough) {
  RunWithCapabilities(FewestCapabilities(), [] {
    absl::StatusOr<Filter> filter = Filter::Load({});
    ASSERT_TRUE(filter.ok()) << filter.status();
    ASSERT_EQ(filter->Block({.sources = {"192.0.2.1/32"}}), absl::OkStatus());
    EXPECT_EQ(filter->Run((Ethernet{} / IPv4{} / Udp{}).ToBytes()),
              kSourceBlocked);
    EXPECT_EQ(
        filter->Run((Ethernet{} / IPv4{.src = "192.0.2.2"} / Udp{}).ToBytes()),
        kPassed);
  });
}

TEST_F(FilterLoadTest, NoCapabilityIsNotEnough) {
  RunWithCapabilities({}, [] {
    const absl::Status status = Filter::Load({}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  });
}

// Only how it learns the size of a frame is another.
TEST_F(FilterLoadTest, TheProgramForOlderKernelsAgrees) {
  absl::StatusOr<Filter> filter =
      Filter::Load({.variant = dataplane::ProgramVariant::kCompat});
  ASSERT_TRUE(filter.ok()) << filter.status();
  ASSERT_EQ(filter->Block({.sources = {"192.0.2.1/32"},
                           .ports = {{FW_PORT_UDP, 53, 53}}}),
            absl::OkStatus());
  const auto to = [](std::uint16_t port) {
    return (Ethernet{} / Vlan{} / IPv6{} / Extension{} / Udp{.dport = port})
        .ToBytes();
  };
  EXPECT_EQ(filter->Run(to(53)), kPortBlocked);
  EXPECT_EQ(filter->Run(to(54)), kPassed);
  EXPECT_EQ(filter->Run(Pad(to(54), 100)), kPassed);
  EXPECT_EQ(filter->Run(Cut(to(54), 73)), Dropped(FW_REASON_MALFORMED_IP));
  EXPECT_EQ(filter->Run((Ethernet{} / IPv4{} / Udp{}).ToBytes()),
            kSourceBlocked);
}

TEST_F(FilterLoadTest, CountsInItsOwnSlotOnly) {
  absl::StatusOr<Filter> filter = Filter::Load({.slot = FW_MAX_INTERFACES - 1});
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->Run((Ethernet{} / IPv4{} / Udp{}).ToBytes()), kPassed);
  for (std::uint32_t slot = 0; slot < FW_MAX_INTERFACES; ++slot) {
    EXPECT_EQ(PacketsIn(filter->ReadCounters(slot)),
              slot == FW_MAX_INTERFACES - 1 ? 1u : 0u);
  }
}

TEST_F(FilterLoadTest, EveryPacketIsCountedOnce) {
  absl::StatusOr<Filter> filter = Filter::Load({});
  ASSERT_TRUE(filter.ok()) << filter.status();
  ASSERT_EQ(filter->Block({.sources = {"192.0.2.1/32"},
                           .ports = {{FW_PORT_UDP, 53, 53}}}),
            absl::OkStatus());
  const std::vector<Bytes> frames = {
      (Ethernet{} / IPv4{} / Udp{}).ToBytes(),
      (Ethernet{} / IPv6{} / Udp{.dport = 53}).ToBytes(),
      (Ethernet{} / IPv6{} / Udp{.dport = 54}).ToBytes(),
      (Ethernet{} / IPv6{} / Fragment{.offset = 4} / Udp{}).ToBytes(),
      (Ethernet{} / Raw{.bytes = Bytes(28), .ethertype = 0x0806}).ToBytes(),
      (Ethernet{} / IPv4{.version = 5} / Udp{}).ToBytes(),
      (Packet() / Ethernet{} / IPv6{} / Times(30, Extension{}) / Udp{})
          .ToBytes(),
      Pad((Ethernet{} / IPv6{.next_header = 17} / Raw{}).ToBytes(), 60),
  };
  std::uint64_t bytes = 0;
  for (const Bytes& frame : frames) {
    filter->Run(frame);
    bytes += frame.size();
  }
  const Filter::Counters counters = filter->ReadCounters(0);
  EXPECT_EQ(PacketsIn(counters), frames.size());
  std::uint64_t counted = 0;
  for (const auto& by_reason : counters) {
    for (const fw_counter& counter : by_reason) counted += counter.bytes;
  }
  EXPECT_EQ(counted, bytes);
}

}  // namespace
}  // namespace fwagent::testing
