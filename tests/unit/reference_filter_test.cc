// What the reference does with clocks and options, which no random test
// explains.
#include "tests/support/reference_filter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

#include "tests/support/packet.h"

namespace fwagent::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Options = ReferenceFilter::Options;
using Malformed = ReferenceFilter::Malformed;

const ReferenceRules kTcp80 = {.ports = {{6, 80, 80}}};
constexpr Judgement kLaterPassed = Passed(FW_REASON_FRAGMENT);
constexpr Judgement kLaterDropped = Dropped(FW_REASON_FRAGMENT);

ReferenceFilter FilterWith(const ReferenceRules& rules,
                           const Options& options) {
  ReferenceFilter filter(options);
  filter.SetRules(rules);
  return filter;
}

Bytes First4(std::uint16_t port) {
  return (Ethernet{} / IPv4{.more_fragments = true} / Tcp{.dport = port})
      .ToBytes();
}
Bytes Later4(std::uint8_t protocol = 6, const char* src = "192.0.2.1") {
  return (Ethernet{} /
          IPv4{.src = src, .protocol = protocol, .fragment_offset = 3} / Raw{})
      .ToBytes();
}
Bytes First6(std::uint16_t port) {
  return (Ethernet{} / IPv6{} / Fragment{.more = true} / Tcp{.dport = port})
      .ToBytes();
}
Bytes Later6() {
  return (Ethernet{} / IPv6{} / Fragment{.offset = 3} / Raw{}).ToBytes();
}

TEST(ReferenceFilterTest, LaterFragmentsFollowTheFirst) {
  auto filter = FilterWith(kTcp80, {.follows_fragments = true});
  EXPECT_EQ(filter.Judge(Later4()), kLaterPassed) << "before the first";
  EXPECT_EQ(filter.Judge(First4(80)), Dropped(FW_REASON_PORT_BLOCKED));
  EXPECT_EQ(filter.Judge(Later4()), kLaterDropped);
  EXPECT_EQ(filter.Judge(Later4(17)), kLaterPassed) << "another protocol";
  EXPECT_EQ(filter.Judge(Later4(6, "192.0.2.2")), kLaterPassed);
  EXPECT_EQ(filter.Judge(First4(81)), Passed(FW_REASON_NO_MATCH));
  EXPECT_EQ(filter.Judge(Later4()), kLaterPassed) << "another datagram";
  EXPECT_EQ(filter.Judge(First6(80)), Dropped(FW_REASON_PORT_BLOCKED));
  EXPECT_EQ(filter.Judge(Later6()), kLaterDropped);
}

TEST(ReferenceFilterTest, LaterFragmentsPassWhereNoneAreFollowed) {
  auto filter = FilterWith(kTcp80, {});
  EXPECT_EQ(filter.Judge(First4(80)), Dropped(FW_REASON_PORT_BLOCKED));
  EXPECT_EQ(filter.Judge(Later4()), kLaterPassed);
}

TEST(ReferenceFilterTest, FragmentsAreFollowedForTwoSeconds) {
  auto filter = FilterWith(kTcp80, {.follows_fragments = true});
  EXPECT_EQ(filter.Judge(First4(80), seconds(5)),
            Dropped(FW_REASON_PORT_BLOCKED));
  EXPECT_EQ(filter.Judge(Later4(), milliseconds(6999)), kLaterDropped);
  EXPECT_EQ(filter.Judge(Later4(), milliseconds(7001)), kLaterPassed);
}

TEST(ReferenceFilterTest, UndecidedFragmentsCanBeDropped) {
  auto filter = FilterWith(
      kTcp80, {.follows_fragments = true, .drops_undecided_fragments = true});
  EXPECT_EQ(filter.Judge(Later4()), kLaterDropped);
  EXPECT_EQ(filter.Judge(First4(81)), Passed(FW_REASON_NO_MATCH));
  EXPECT_EQ(filter.Judge(Later4()), kLaterPassed);
  EXPECT_EQ(filter.Judge(Later4(), milliseconds(2001)), kLaterDropped);
  filter.SetRules({});
  EXPECT_EQ(filter.Judge(Later4(), seconds(3)), kLaterPassed) << "no ports";
}

TEST(ReferenceFilterTest, UdpLiteAndDccpHavePorts) {
  const ReferenceRules rules = {.ports = {{136, 80, 80}, {33, 80, 80}}};
  for (const std::uint8_t protocol : Bytes{136, 33}) {
    const Bytes frame =
        (Ethernet{} / IPv4{.protocol = protocol} / Udp{.dport = 80}).ToBytes();
    EXPECT_EQ(FilterWith(rules, {.knows_udp_lite_and_dccp = true}).Judge(frame),
              Dropped(FW_REASON_PORT_BLOCKED));
    EXPECT_EQ(FilterWith(rules, {}).Judge(frame), Passed(FW_REASON_NO_MATCH));
  }
}

TEST(ReferenceFilterTest, MalformedPacketsAsTheInterfaceSays) {
  const Bytes ip = (Ethernet{} / IPv4{.version = 5} / Tcp{}).ToBytes();
  const Bytes transport = (Ethernet{} / IPv4{.protocol = 6} / Raw{}).ToBytes();
  const auto judge = [](const ReferenceRules& rules, Malformed malformed,
                        const Bytes& frame) {
    return FilterWith(rules, {.malformed = malformed}).Judge(frame).verdict;
  };
  for (const auto& rules : {kTcp80, ReferenceRules{}}) {
    const fw_verdict if_needed =
        rules.ports.empty() ? FW_VERDICT_PASS : FW_VERDICT_DROP;
    EXPECT_EQ(judge(rules, Malformed::kAuto, ip), if_needed);
    EXPECT_EQ(judge(rules, Malformed::kPass, ip), FW_VERDICT_PASS);
    EXPECT_EQ(judge(rules, Malformed::kDrop, ip), FW_VERDICT_DROP);
    EXPECT_EQ(judge(rules, Malformed::kAuto, transport), if_needed);
    EXPECT_EQ(judge(rules, Malformed::kPass, transport), if_needed);
    EXPECT_EQ(judge(rules, Malformed::kDrop, transport), FW_VERDICT_DROP);
  }
}

}  // namespace
}  // namespace fwagent::testing
