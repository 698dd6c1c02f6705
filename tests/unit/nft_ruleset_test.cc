// Our rules as text for nft(8).
#include "tests/support/nft_ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwagent::testing {
namespace {

using policy::SourceVerdict;
using ::testing::HasSubstr;
using ::testing::Not;

const NftExits kExits = {
    .passed = "a", .allowed = "b", .source_blocked = "c", .port_blocked = "d"};

policy::SourceRule Source(const char* prefix, SourceVerdict verdict) {
  return {.prefix = *policy::Prefix::Parse(prefix), .verdict = verdict};
}

TEST(NftRulesetTest, HasTheRulesInSetsOfTheirKind) {
  const std::string text =
      NftRuleset({.sources = {Source("192.0.2.0/24", SourceVerdict::kBlock),
                              Source("192.0.2.7", SourceVerdict::kAllow),
                              Source("2001:db8::/32", SourceVerdict::kBlock)},
                  .ports = {{6, 80, 80}, {6, 90, 99}, {33, 5, 5}}},
                 "dev0", kExits);
  const auto has_set = [](const char* name, const char* elements) {
    return HasSubstr(std::string("set ") + name +
                     "; flags interval; auto-merge; elements = { " + elements +
                     " } }");
  };
  EXPECT_THAT(text, has_set("blocked4 { type ipv4_addr", "192.0.2.0/24"));
  EXPECT_THAT(text, has_set("allowed4 { type ipv4_addr", "192.0.2.7/32"));
  EXPECT_THAT(text, has_set("blocked6 { type ipv6_addr", "2001:db8::/32"));
  EXPECT_THAT(text, has_set("tcp_ports { type inet_service", "80-80, 90-99"));
  EXPECT_THAT(text, has_set("dccp_ports { type inet_service", "5-5"));
  EXPECT_THAT(text, HasSubstr("ingress device \"dev0\""));
  EXPECT_THAT(text, HasSubstr("ip6 saddr @blocked6 fwd to \"c\""));
}

TEST(NftRulesetTest, HasEmptySetsWithoutRules) {
  const std::string text = NftRuleset({}, "dev0", kExits);
  EXPECT_THAT(text, HasSubstr("set udp_ports"));
  EXPECT_THAT(text, Not(HasSubstr("elements")));
}

}  // namespace
}  // namespace fwagent::testing
