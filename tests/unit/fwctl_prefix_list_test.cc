#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "client/prefix_list.h"

namespace fwagent::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<std::vector<ListedPrefix>> Read(const std::string& text,
                                               std::size_t most = 3) {
  std::istringstream in(text);
  return ReadPrefixList(in, "list", most);
}

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  const auto listed = Read(text);
  EXPECT_TRUE(listed.ok()) << listed.status();
  for (const ListedPrefix& prefix : *listed) texts.push_back(prefix.text);
  return texts;
}

TEST(PrefixList, TakesTheFirstWordOfEachLine) {
  EXPECT_THAT(Texts("192.0.2.1\n2001:db8::/32\n"),
              ElementsAre("192.0.2.1", "2001:db8::/32"));
  EXPECT_THAT(Texts("  192.0.2.1\t\r\n192.0.2.2"),
              ElementsAre("192.0.2.1", "192.0.2.2"));
}

TEST(PrefixList, PassesOverCommentsAndEmptyLines) {
  EXPECT_THAT(Texts("# a list\n\n   \n; too\n192.0.2.0/24 ; SBL1\n"
                    "192.0.2.1# scan\n"),
              ElementsAre("192.0.2.0/24", "192.0.2.1"));
  EXPECT_THAT(Texts(""), IsEmpty());
  EXPECT_THAT(Texts("# only"), IsEmpty());
}

TEST(PrefixList, NamesTheLine) {
  EXPECT_EQ((*Read("\n# x\n192.0.2.1"))[0].place, "list, line 3");
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row& row :
       {Row{"192.0.2.1\n192.0.2.2 192.0.2.3\n", "list, line 2: more than"},
        Row{"\n\xff\xfe\n", "list, line 2: not valid UTF-8"},
        Row{"a\nb\nc\nd\n", "list: more than 3 prefixes"}}) {
    const absl::Status status = Read(row.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says));
  }
  EXPECT_TRUE(Read("a\nb\nc\n# d\n").ok());
}

}  // namespace
}  // namespace fwagent::client
