#include "agent/text/port_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fwagent::text {
namespace {

using ::testing::HasSubstr;

struct GoodRow {
  std::string text;
  fwagent::v1::Protocol protocol;
  std::uint32_t first;
  std::optional<std::uint32_t> last;
};

class GoodPortSpec : public ::testing::TestWithParam<GoodRow> {};

TEST_P(GoodPortSpec, IsRead) {
  const auto spec = ParsePortSpec(GetParam().text);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->protocol, GetParam().protocol);
  EXPECT_EQ(spec->ports.first(), GetParam().first);
  EXPECT_EQ(spec->ports.has_last(), GetParam().last.has_value());
  EXPECT_EQ(spec->ports.last(), GetParam().last.value_or(0));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, GoodPortSpec,
    ::testing::Values(
        GoodRow{"443/tcp", fwagent::v1::PROTOCOL_TCP, 443, std::nullopt},
        GoodRow{"8000-8100/udp", fwagent::v1::PROTOCOL_UDP, 8000, 8100},
        GoodRow{"9899/sctp", fwagent::v1::PROTOCOL_SCTP, 9899, std::nullopt},
        GoodRow{"53/udplite", fwagent::v1::PROTOCOL_UDPLITE, 53, std::nullopt},
        GoodRow{"5001/DCCP", fwagent::v1::PROTOCOL_DCCP, 5001, std::nullopt},
        GoodRow{"53/UDP", fwagent::v1::PROTOCOL_UDP, 53, std::nullopt},
        GoodRow{"80-80/tcp", fwagent::v1::PROTOCOL_TCP, 80, 80},
        // Not ports, but numbers: the agent says so, naming the field.
        GoodRow{"0/tcp", fwagent::v1::PROTOCOL_TCP, 0, std::nullopt},
        GoodRow{"70000/tcp", fwagent::v1::PROTOCOL_TCP, 70000, std::nullopt},
        GoodRow{"90-80/tcp", fwagent::v1::PROTOCOL_TCP, 90, 80}));

struct BadRow {
  std::string text;
  std::string says;
};

class BadPortSpec : public ::testing::TestWithParam<BadRow> {};

TEST_P(BadPortSpec, IsRefusedWithAHint) {
  const auto spec = ParsePortSpec(GetParam().text);
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(spec.status().message()), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadPortSpec,
    ::testing::Values(BadRow{"443", "add the protocol, as in 443/tcp"},
                      BadRow{"8000-8100", "as in 8000-8100/tcp"},
                      BadRow{"tcp/443", "did you mean 443/tcp?"},
                      BadRow{"udp/1-2", "did you mean 1-2/udp?"},
                      BadRow{"443/icmp", "\"icmp\" is not a protocol"},
                      BadRow{"443/", "\"\" is not a protocol"},
                      BadRow{"443/tcp/udp", "\"tcp/udp\" is not a protocol"},
                      BadRow{"/tcp", "\"\" is neither"},
                      BadRow{"-80/tcp", "\"-80\" is neither"},
                      BadRow{"80-/tcp", "\"80-\" is neither"},
                      BadRow{"1-2-3/tcp", "\"1-2-3\" is neither"},
                      BadRow{"+80/tcp", "\"+80\" is neither"},
                      BadRow{" 80/tcp", "\" 80\" is neither"},
                      BadRow{"0x50/tcp", "\"0x50\" is neither"},
                      BadRow{"4294967296/tcp", "\"4294967296\" is neither"},
                      BadRow{"https/tcp", "\"https\" is neither"},
                      BadRow{"https", "443/tcp"}, BadRow{"", "443/tcp"}));

}  // namespace
}  // namespace fwagent::text
