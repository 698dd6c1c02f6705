// Failsafe entries as people write them, and what they save.
#include "agent/policy/failsafe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fwagent::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  const auto entries = ParseFailsafe(text);
  EXPECT_TRUE(entries.ok()) << entries.status();
  if (!entries.ok()) return texts;
  for (const FailsafeEntry& entry : *entries) {
    texts.push_back(FailsafeToString(entry));
  }
  return texts;
}

TEST(Failsafe, IsReadAndWritten) {
  EXPECT_THAT(Texts("198.51.100.0/24 22/tcp"),
              ElementsAre("198.51.100.0/24 22/tcp"));
  EXPECT_THAT(Texts(" 2001:db8::/32\t22-23/udp "),
              ElementsAre("2001:db8::/32 22-23/udp"));
  EXPECT_THAT(Texts("192.0.2.7"), ElementsAre("192.0.2.7/32"));
  EXPECT_THAT(Texts("any 22/tcp"),
              ElementsAre("0.0.0.0/0 22/tcp", "::/0 22/tcp"));
}

TEST(Failsafe, WhatIsWrongIsSaid) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "is no failsafe entry"},
      {"any 22/tcp more", "is no failsafe entry"},
      {"192.0.2.1/24", "host bits are set"},
      {"host 22/tcp", "host"},
      {"any 22", "are no ports of a protocol"},
      {"any 22/icmp", "are no ports of a protocol"},
      {"any x/tcp", "are no ports of a protocol"},
      {"any 1-2-3/tcp", "are no ports of a protocol"},
      {"any 0/tcp", "port"},
      {"any 23-22/tcp", "23"},
      {"any 65536/tcp", "65536"},
  };
  for (const auto& [text, what] : rows) {
    const auto entries = ParseFailsafe(text);
    EXPECT_TRUE(absl::IsInvalidArgument(entries.status())) << text;
    EXPECT_THAT(std::string(entries.status().message()), HasSubstr(what));
  }
}

TEST(Failsafe, SavesSourcesAtPorts) {
  const auto entries = *ParseFailsafe("192.0.2.0/24 22-23/tcp");
  const auto saves = [&entries](const char* source, Protocol protocol,
                                std::uint16_t port) {
    return IsFailsafe(entries, {.source = *Prefix::Parse(source),
                                .protocol = protocol,
                                .port_host = port});
  };
  EXPECT_TRUE(saves("192.0.2.255", Protocol::kTcp, 22));
  EXPECT_TRUE(saves("192.0.2.0", Protocol::kTcp, 23));
  EXPECT_FALSE(saves("192.0.3.0", Protocol::kTcp, 22));
  EXPECT_FALSE(saves("2001:db8::1", Protocol::kTcp, 22));
  EXPECT_FALSE(saves("192.0.2.1", Protocol::kUdp, 22));
  EXPECT_FALSE(saves("192.0.2.1", Protocol::kTcp, 24));
  EXPECT_FALSE(IsFailsafe(entries, {.source = *Prefix::Parse("192.0.2.1")}));
  EXPECT_FALSE(IsFailsafe(entries, {}));
  EXPECT_TRUE(IsFailsafe(*ParseFailsafe("192.0.2.1"),
                         {.source = *Prefix::Parse("192.0.2.1")}));
}

}  // namespace
}  // namespace fwagent::policy
