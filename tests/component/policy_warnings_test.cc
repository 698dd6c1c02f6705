// What fwctl apply warns of, each with a twin that it must not warn of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/component/fwctl_policy_fixture.h"

namespace fwagent::client {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kUntil[] = ", until: 2023-12-24T12:00:00Z}";
constexpr char kLater[] = ", until: 2023-12-25T12:00:00Z}";

class PolicyWarnings : public FwctlPolicy {
 protected:
  // As they are said, without the name of the file.
  std::vector<std::string> Of(const std::string& document) {
    const std::string path = File(document);
    const Result result = Run({"apply", "--dry-run", "-f", path});
    EXPECT_EQ(result.exit_code, 0) << document << result.err;
    std::vector<std::string> warnings;
    for (absl::string_view line :
         absl::StrSplit(result.err, '\n', absl::SkipEmpty())) {
      EXPECT_TRUE(absl::ConsumePrefix(&line, "fwctl: warning: ")) << line;
      warnings.push_back(
          absl::StrReplaceAll(line, {{absl::StrCat(path, ":"), ""}}));
    }
    return warnings;
  }

  struct Row {
    std::string document;
    std::vector<std::string> warnings;
  };
  void Expect(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      EXPECT_THAT(Of(row.document), ElementsAreArray(row.warnings))
          << row.document;
    }
  }
};

TEST_F(PolicyWarnings, OfRulesThatAreThereTwice) {
  Expect({
      {"block: [192.0.2.1, 192.0.2.1]\n",
       {"1:20: source 192.0.2.1/32 is there already; of two ends the later "
        "one counts (see 1:9)"}},
      {"block: [192.0.2.1]\nallow: [192.0.2.1]\n",
       {"2:9: source 192.0.2.1/32 is both blocked and allowed: the block has "
        "no effect (see 1:9)"}},
      // When the allow ends, the block is there.
      {absl::StrCat("block: [192.0.2.1]\nallow: [{address: 192.0.2.1", kUntil,
                    "]\n"),
       {}},
      {"rules:\n- {rule: drop proto tcp, order: 7}\n"
       "- {rule: pass proto tcp, order: 7}\n",
       {"3:3: order 7: proto tcp is there with another action, drop, which "
        "comes first (see 2:3)"}},
  });
}

TEST_F(PolicyWarnings, OfRulesBehindOneThatDecides) {
  Expect({
      {"rules:\n- drop from 10.0.0.0/8\n- drop from 10.1.0.0/16 dport 22\n",
       {"3:3: \"drop from 10.1.0.0/16 dport 22\" never decides: everything "
        "that it asks for is decided by \"drop from 10.0.0.0/8\" before it "
        "(has no effect) (see 2:3)"}},
      {"rules:\n- drop from 10.0.0.0/8\n- pass from 10.1.0.0/16\n",
       {"3:3: \"pass from 10.1.0.0/16\" never decides: everything that it "
        "asks for is decided by \"drop from 10.0.0.0/8\" before it "
        "(contradicts it: drop, not pass) (see 2:3)"}},
      {"rules:\n- drop from 10.1.0.0/16\n- pass from 10.0.0.0/8\n", {}},
      {"rules:\n- drop from 10.0.0.0/8 shadow\n- pass from 10.1.0.0/16\n", {}},
      {"rules:\n- limit proto tcp rate 9/second\n- drop proto tcp\n", {}},
      {absl::StrCat("rules:\n- {rule: drop from 10.0.0.0/8", kUntil,
                    "\n- drop from 10.1.0.0/16\n"),
       {}},
      {absl::StrCat("rules:\n- {rule: drop from 10.0.0.0/8", kUntil,
                    "\n- {rule: drop from 10.1.0.0/16", kLater, "\n"),
       {}},
  });
  EXPECT_THAT(
      Of(absl::StrCat("rules:\n- {rule: drop from 10.0.0.0/8", kLater,
                      "\n- {rule: drop from 10.1.0.0/16", kUntil, "\n")),
      ElementsAre(HasSubstr("never decides")));
}

// What others have is not known here, and may go at any time.
TEST_F(PolicyWarnings, EachDocumentIsLookedAtByItself) {
  EXPECT_THAT(Of("owner: a\nrules: [drop from 10.0.0.0/8]\nblock: [10.2.0.0/16]"
                 "\n---\nowner: b\nblock: [10.2.0.1]\n"
                 "rules: [drop from 10.1.0.0/16, drop from 10.2.0.2]\n"),
              IsEmpty());
}

TEST_F(PolicyWarnings, OfRulesWhoseSourcesAreJudgedBefore) {
  Expect({
      {"block: [10.0.0.0/8]\nrules: [pass from 10.1.0.0/16 dport 22]\n",
       {"2:9: \"pass from 10.1.0.0/16 dport 22\" never decides: addresses are "
        "judged first, and its sources are blocked by source 10.0.0.0/8 (see "
        "1:9)"}},
      {"block: [10.0.0.0/8]\nallow: [2001:db8::/32]\n"
       "rules: [\"drop from 10.1.0.0/16,2001:db8::1\"]\n",
       {"3:9: \"drop from 10.1.0.0/16,2001:db8::1/128\" never decides: "
        "addresses are judged first, and its sources are allowed or blocked "
        "by source 10.0.0.0/8 and others (see 1:9)"}},
      {"block: [10.0.0.0/8]\nrules: [\"drop from 10.1.0.0/16,11.0.0.1\"]\n",
       {}},
      {"block: [10.0.0.0/8]\nrules: [drop to 10.1.0.0/16]\n", {}},
      {"block: [10.0.0.0/8]\nrules: [\"drop from !10.1.0.0/16\"]\n", {}},
      {"block: [10.0.0.0/8]\nsets: [{name: s}]\n"
       "rules: [\"drop from 10.1.0.0/16,@s\"]\n",
       {}},
      {absl::StrCat("block: [{address: 10.0.0.0/8", kUntil,
                    "]\nrules: [drop from 10.1.0.0/16]\n"),
       {}},
  });
}

TEST_F(PolicyWarnings, OfBlocksInsideOthers) {
  Expect({
      {"block-ports: [22/tcp, 1-1023/tcp]\n",
       {"1:15: port 22/tcp is covered by the block of port 1-1023/tcp (see "
        "1:23)"}},
      {"block-ports: [22/udp, 1-1023/tcp, 1000-1024/tcp]\n", {}},
      {absl::StrCat("block-ports: [22/tcp, {port: 1-1023/tcp", kUntil, "]\n"),
       {}},
      {"block: [10.1.0.0/16, 10.0.0.0/8]\n",
       {"1:9: source 10.1.0.0/16 is covered by the block of source 10.0.0.0/8 "
        "(see 1:22)"}},
      {"block: [10.1.0.0/16]\nallow: [10.0.0.0/8]\n",
       {"1:9: source 10.1.0.0/16 is blocked, but has no effect: it is allowed "
        "by source 10.0.0.0/8 (see 2:9)"}},
      {"block: [10.0.0.0/8]\nallow: [10.1.0.0/16]\n", {}},
      {"block: [10.0.0.0/8, 11.0.0.0/16, \"a00::/16\"]\n", {}},
      {absl::StrCat("block: [10.1.0.0/16, {address: 10.0.0.0/8", kUntil, "]\n"),
       {}},
      {absl::StrCat("block: [10.1.0.0/16]\nallow: [{address: 10.0.0.0/8",
                    kUntil, "]\n"),
       {}},
  });
}

// A long list with many of the lesser kind does not hide the others.
TEST_F(PolicyWarnings, AreAtMostAHundredAndThoseOfRulesComeFirst) {
  std::string document = "block: [11.0.0.0/8";
  for (int i = 0; i < 200; ++i) absl::StrAppend(&document, ", 11.0.0.", i);
  absl::StrAppend(&document,
                  "]\nrules: [drop proto tcp, pass proto tcp dport 22]\n");
  const auto warnings = Of(document);
  ASSERT_THAT(warnings, SizeIs(100));
  EXPECT_THAT(warnings.front(), HasSubstr("contradicts it: drop, not pass"));
  EXPECT_THAT(std::vector(warnings.begin() + 1, warnings.end()),
              Each(HasSubstr("covered by the block of source 11.0.0.0/8")));
}

}  // namespace
}  // namespace fwagent::client
