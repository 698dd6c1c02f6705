// Lists that other programs print as JSON.
#include "agent/text/json_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/text/address_range.h"
#include "agent/text/packed_list.h"

namespace fwagent::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Of PackList, without what goes wrong.
std::uint64_t CountIn(const std::string& text) {
  const auto list = PackList(text, "list");
  EXPECT_TRUE(list.ok()) << list.status();
  return list.ok() ? list->count : 0;
}
std::string RefusalOf(const std::string& text) {
  return std::string(PackList(text, "list").status().message());
}

std::vector<std::string> RangeOf(const char* first, const char* last) {
  const auto prefixes = PrefixesOfRange(first, last);
  EXPECT_TRUE(prefixes.ok()) << prefixes.status();
  return prefixes.value_or(std::vector<std::string>());
}

std::string Document(const std::string& elements) {
  return absl::StrCat(
      R"({"nftables": [{"metainfo": {"version": "1.0.6", )"
      R"("release_name": "Lester Gooch #5", "json_schema_version": 1}}, )"
      R"({"set": {"family": "inet", "name": "bl", "table": "f", )"
      R"("type": "ipv4_addr", "handle": 1, "flags": ["interval", "timeout"])",
      elements, "}}]}");
}

std::vector<std::string> ElementsOf(const std::string& document) {
  std::vector<std::string> prefixes;
  const absl::Status status = ForEachNftElement(
      document, [&](std::uint64_t number, const auto& element) {
        if (!element.ok()) return element.status();
        prefixes.push_back(absl::StrCat(number, ": ", element->prefix));
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  return prefixes;
}

TEST(JsonList, SpamhausDropLineByLine) {
  const std::string drop =
      R"({"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"})"
      "\n"
      R"({"cidr":"2001:db8::/32","sblid":"SBL1","rir":"ripencc"})"
      "\n"
      R"({"type":"metadata","timestamp":1763900000,"size":2,"records":2})"
      "\n";
  EXPECT_EQ(CountIn(drop), 2u);
  EXPECT_THAT(RefusalOf(drop + "{\"cidr\":\"1.10.16.1/20\"}\n"),
              HasSubstr("list, line 4: \"1.10.16.1/20\" has host bits set"));
  EXPECT_THAT(RefusalOf("\n  {\"prefix\":\"10.0.0.0/8\"}"),
              HasSubstr("list, line 2: is a JSON object without a prefix"));
  EXPECT_THAT(RefusalOf("{\"cidr\":\"10.0.0.0/8\""),
              HasSubstr("line 1: is not a JSON object"));
  const auto rest =
      PackList(drop + "{broken\n10.0.0.1\n", "list", {.skip_invalid = true});
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->count, 3u);
  EXPECT_THAT(rest->skipped_lines, SizeIs(1));
}

// As nftables 1.0.6 prints it.
TEST(JsonList, ASetOfNftables) {
  EXPECT_THAT(
      ElementsOf(Document(
          R"(, "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, )"
          R"({"elem": {"val": "192.0.2.1", "timeout": 3600, "expires": 3599}},)"
          R"("192.0.2.7", {"elem": {"val": {"range": ["198.51.100.3", )"
          R"("198.51.100.9"]}, "comment": "x"}}])")),
      ElementsAre("1: 10.0.0.0/8", "2: 192.0.2.1", "3: 192.0.2.7",
                  "4: 198.51.100.3/32", "4: 198.51.100.4/30",
                  "4: 198.51.100.8/31"));
  EXPECT_THAT(ElementsOf(Document("")), IsEmpty()) << "an empty set has none";
  EXPECT_EQ(CountIn(Document(R"(, "elem": ["192.0.2.1", "2001:db8::1"])")), 2u);
}

// What is left of each element, in seconds.
std::vector<std::uint32_t> TtlsOf(const std::string& document) {
  std::vector<std::uint32_t> ttls;
  const absl::Status status =
      ForEachNftElement(document, [&](std::uint64_t, const auto& element) {
        if (!element.ok()) return element.status();
        ttls.push_back(element->ttl_seconds);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  return ttls;
}

TEST(JsonList, WhatIsLeftOfAnElementIsKept) {
  const std::string elements =
      R"("elem": [{"elem": {"val": "192.0.2.1", "timeout": 3600, )"
      R"("expires": 99}}, {"elem": {"val": "192.0.2.2", "expires": 0}}, )"
      R"({"elem": {"val": "192.0.2.3", "timeout": 60}}, "192.0.2.4"])";
  EXPECT_THAT(TtlsOf(Document(", " + elements)),
              ElementsAre(99, 1, 60, kAsTheImportSays));
  EXPECT_THAT(TtlsOf(Document(R"(, "timeout": 600, )" + elements)),
              ElementsAre(99, 1, 60, 600))
      << "those without one have the set's";
  EXPECT_THAT(
      RefusalOf(Document(
          R"(, "elem": [{"elem": {"val": "192.0.2.1", "expires": "x"}}])")),
      HasSubstr("element 1: \"x\" is no number of seconds"));
}

TEST(JsonList, AWrongElementIsNamed) {
  EXPECT_THAT(RefusalOf(Document(R"(, "elem": ["192.0.2.1", 443])")),
              HasSubstr("list, element 2: 443 is no address"));
  EXPECT_THAT(RefusalOf(Document(
                  R"(, "elem": [{"concat": ["192.0.2.1", "tcp", 22]}])")),
              HasSubstr("element 1: {\"concat\":"));
  EXPECT_THAT(RefusalOf(Document(R"(, "elem": ["example.net"])")),
              HasSubstr("element 1: \"example.net\" is no IPv4 or IPv6"));
  EXPECT_THAT(
      RefusalOf(Document(R"(, "elem": [{"range": ["10.0.0.9", "10.0.0.1"]}])")),
      HasSubstr("element 1: \"10.0.0.9-10.0.0.1\" is no range"));
  const auto rest = PackList(Document(R"(, "elem": [443, "192.0.2.1", "x"])"),
                             "list", {.skip_invalid = true});
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->count, 1u);
  EXPECT_THAT(rest->skipped_lines, SizeIs(2));
}

TEST(JsonList, ADocumentWithoutOneSetIsRefusedWhole) {
  EXPECT_THAT(RefusalOf(R"({"nftables": [{"metainfo": {}}]})"),
              HasSubstr("list has 0 sets of nftables: list one"));
  EXPECT_THAT(RefusalOf(R"({"nftables": [{"set": {}}, {"set": {}}]})"),
              HasSubstr("has 2 sets"));
  EXPECT_THAT(RefusalOf(R"({"nftables": [)"),
              HasSubstr("list is not a JSON object"));
  EXPECT_FALSE(IsNftDocument("# \"nftables\"\n10.0.0.1\n"));
}

TEST(AddressRange, IsCutIntoAsFewPrefixesAsCanBe) {
  EXPECT_THAT(RangeOf("10.0.0.0", "10.0.0.255"), ElementsAre("10.0.0.0/24"));
  EXPECT_THAT(RangeOf("10.0.0.1", "10.0.0.1"), ElementsAre("10.0.0.1/32"));
  EXPECT_THAT(
      RangeOf("10.0.0.1", "10.0.0.6"),
      ElementsAre("10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"));
  EXPECT_THAT(RangeOf("0.0.0.0", "255.255.255.255"), ElementsAre("0.0.0.0/0"));
  EXPECT_THAT(RangeOf("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
              ElementsAre("::/0"));
  EXPECT_THAT(RangeOf("255.255.255.254", "255.255.255.255"),
              ElementsAre("255.255.255.254/31"));
  EXPECT_THAT(RangeOf("2001:db9::1", "2001:db9::3"),
              ElementsAre("2001:db9::1/128", "2001:db9::2/127"));
  EXPECT_THAT(RangeOf("0.0.0.1", "255.255.255.254"), SizeIs(62));
}

TEST(AddressRange, WhatIsNoneIsRefused) {
  for (const auto& [first, last] :
       std::vector<std::pair<const char*, const char*>>{
           {"10.0.0.2", "10.0.0.1"},
           {"10.0.0.1", "2001:db8::1"},
           {"10.0.0", "10.0.0.1"},
           {"", ""}}) {
    EXPECT_EQ(PrefixesOfRange(first, last).status().code(),
              absl::StatusCode::kInvalidArgument)
        << first;
  }
}

}  // namespace
}  // namespace fwagent::text
