#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/address.h"

namespace fwagent::client {
namespace {

using ::testing::HasSubstr;

struct GoodRow {
  std::string text;
  Address::Kind kind;
  std::string target;
};

class GoodAddress : public ::testing::TestWithParam<GoodRow> {};

TEST_P(GoodAddress, IsRead) {
  const auto address = ParseAddress(GetParam().text);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->kind, GetParam().kind);
  EXPECT_EQ(address->target, GetParam().target);
}

constexpr auto kUnix = Address::Kind::kUnix;
constexpr auto kTcp = Address::Kind::kTcp;

INSTANTIATE_TEST_SUITE_P(
    Rows, GoodAddress,
    ::testing::Values(GoodRow{"unix:/run/x.sock", kUnix, "/run/x.sock"},
                      GoodRow{"unix:///run/x.sock", kUnix, "/run/x.sock"},
                      GoodRow{"/run/x.sock", kUnix, "/run/x.sock"},
                      GoodRow{"unix:x.sock", kUnix, "x.sock"},
                      GoodRow{"unix:/" + std::string(106, 'a'), kUnix,
                              "/" + std::string(106, 'a')},
                      GoodRow{"192.0.2.1:50051", kTcp, "192.0.2.1:50051"},
                      GoodRow{"firewall.example:1", kTcp, "firewall.example:1"},
                      GoodRow{"[2001:db8::1]:65535", kTcp,
                              "[2001:db8::1]:65535"}));

struct BadRow {
  std::string text;
  std::string says;
};

class BadAddress : public ::testing::TestWithParam<BadRow> {};

TEST_P(BadAddress, IsRefusedWithAHint) {
  const auto address = ParseAddress(GetParam().text);
  ASSERT_FALSE(address.ok());
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(address.status().message()),
              HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadAddress,
    ::testing::Values(BadRow{"", "expected unix:/path"},
                      BadRow{"unix:", "path of a socket"},
                      BadRow{"unix:/run/", "path of a socket"},
                      BadRow{"unix://run/x.sock", "did you mean unix:/path"},
                      BadRow{"unix:/" + std::string(107, 'a'), "at most 107"},
                      BadRow{"192.0.2.1", "expected unix:/path"},
                      BadRow{":50051", "expected unix:/path"},
                      BadRow{"http://192.0.2.1:80", "expected unix:/path"},
                      BadRow{"2001:db8::1:50051", "in brackets"},
                      BadRow{"[2001:db8::1]", "in brackets"},
                      BadRow{"192.0.2.1:0", "from 1 to 65535"},
                      BadRow{"192.0.2.1:65536", "from 1 to 65535"},
                      BadRow{"192.0.2.1:http", "from 1 to 65535"}));

TEST(Address, ToStringIsReadBack) {
  for (const char* text : {"unix:/run/x.sock", "[2001:db8::1]:1", "host:2"}) {
    EXPECT_EQ(ParseAddress(text)->ToString(), text);
  }
}

}  // namespace
}  // namespace fwagent::client
