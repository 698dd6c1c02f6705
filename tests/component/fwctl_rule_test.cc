// rule add, remove, list.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fwctl_runner.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FwctlRule : public ::testing::Test {
 protected:
  // What it printed, having succeeded.
  std::string Out(std::vector<std::string> args) {
    const FwctlResult result = runner_.Run(agent_, std::move(args));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  // What it printed, having failed.
  std::string Err(std::vector<std::string> args, int exit_code = 1) {
    const FwctlResult result = runner_.Run(agent_, std::move(args));
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
  }
  std::string File(const std::string& text) {
    const std::string path = dir_ / "rules";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  std::string LastRequest() { return agent_.service().LastRequest(); }

  TempDir dir_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlRule, AddSaysWhatWasAdded) {
  EXPECT_EQ(Out({"rule", "add", "drop", "proto", "tcp", "dport", "22"}),
            "added drop proto tcp dport 22 (rule 1)\n");
  EXPECT_EQ(LastRequest(),
            "edits { add { action: RULE_ACTION_DROP match: \"proto tcp dport "
            "22\" } }");
  // A shell may have made one word of all.
  EXPECT_EQ(Out({"rule", "add", "reject from 10.0.0.0/8", "--order", "5"}),
            "added reject from 10.0.0.0/8 (rule 2)\n");
  EXPECT_THAT(LastRequest(), HasSubstr("order: 5"));
  EXPECT_EQ(Out({"rule", "add", "pass"}), "added pass any (rule 3)\n");
}

TEST_F(FwctlRule, AddSendsItsOptions) {
  Out({"rule", "add", "limit", "rate", "5/second", "--comment", "why",
       "--owner", "ops", "--ttl", "10m", "--renew", "--exist-ok",
       "--request-id", "r-1", "--if-etag", "e"});
  EXPECT_THAT(LastRequest(),
              AllOf(HasSubstr("action: RULE_ACTION_LIMIT match: \"rate "
                              "5/second\""),
                    HasSubstr("comment: \"why\" ttl { seconds: 600 } "
                              "renew: true"),
                    HasSubstr("skip_satisfied: true request_id: \"r-1\" "
                              "etag: \"e\" owner: \"ops\"")));
  Out({"rule", "add", "drop", "--until", "2026-12-01T12:00:00Z"});
  EXPECT_THAT(LastRequest(), HasSubstr("expire_time { seconds: 1796126400 }"));
}

TEST_F(FwctlRule, AdditionsThatWereOnlyTriedSaySo) {
  EXPECT_EQ(Out({"rule", "add", "drop", "dport", "1", "--validate-only"}),
            "would add drop dport 1\n");
  EXPECT_THAT(LastRequest(), HasSubstr("validate_only: true"));
}

TEST_F(FwctlRule, WhatIsThereAlreadyIsSaid) {
  Out({"rule", "add", "drop", "dport", "1"});
  EXPECT_THAT(Err({"rule", "add", "drop", "dport", "1"}), HasSubstr("rule 1"));
  EXPECT_EQ(Out({"rule", "add", "drop", "dport", "1", "--exist-ok"}),
            "added 0 rules; 1 was there already\n");
  EXPECT_EQ(Out({"rule", "remove", "drop", "dport", "2", "--missing-ok"}),
            "removed 0 rules; 1 was not there\n");
}

TEST_F(FwctlRule, RemovesByNumbersOrByWords) {
  for (const char* port : {"1", "2", "3"}) {
    Out({"rule", "add", "drop", "dport", port});
  }
  EXPECT_EQ(Out({"rule", "remove", "1", "3"}), "removed 2 rules\n");
  EXPECT_EQ(LastRequest(), "edits { remove_id: 1 } edits { remove_id: 3 }");
  EXPECT_EQ(Out({"rule", "remove", "drop dport 2", "--owner", "cli"}),
            "removed drop dport 2 (rule 2)\n");
  EXPECT_THAT(LastRequest(), HasSubstr("remove { action: RULE_ACTION_DROP "
                                       "match: \"dport 2\" }"));
  EXPECT_THAT(Err({"rule", "remove", "1", "x"}),
              HasSubstr("\"x\" is not the number of a rule"));
  EXPECT_THAT(Err({"rule", "remove", "7"}), HasSubstr("rule 7"));
}

TEST_F(FwctlRule, ListIsInTheOrderOfJudgement) {
  EXPECT_EQ(Out({"rule", "list"}),
            "ORDER  ID  PACKETS  ACTION  MATCH  OWNER  ENDS  COMMENT\n");
  Out({"rule", "add", "drop", "dport", "1", "--comment", "a note"});
  Out({"rule", "add", "pass", "dport", "2", "--order", "5", "--owner", "ops"});
  Out({"block-ip", "192.0.2.1"});
  EXPECT_EQ(Out({"rule", "list"}),
            "ORDER  ID  PACKETS  ACTION  MATCH    OWNER  ENDS   COMMENT\n"
            "    5   2        0  pass    dport 2  ops    never\n"
            " 1000   1        0  drop    dport 1  cli    never  a note\n");
  EXPECT_EQ(Out({"rule", "list", "--owner", "ops"}),
            "ORDER  ID  PACKETS  ACTION  MATCH    OWNER  ENDS   COMMENT\n"
            "    5   2        0  pass    dport 2  ops    never\n");
}

TEST_F(FwctlRule, JsonIsTheProtocolsOwn) {
  const std::string added =
      Out({"-o", "json", "rule", "add", "drop", "dport", "1"});
  fwagent::v1::ChangeRulesResponse response;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(added, &response).ok())
      << added;
  EXPECT_EQ(response.rules(0).filter().match(), "dport 1");
  const std::string text = Out({"-o", "json", "rule", "list"});
  fwagent::v1::ListRulesResponse listed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &listed).ok())
      << text;
  ASSERT_EQ(listed.rules_size(), 1);
  EXPECT_EQ(listed.rules(0).id(), 1u);
  EXPECT_EQ(listed.total_size(), 1u);
}

TEST_F(FwctlRule, AFileHasARuleOnEachLine) {
  EXPECT_EQ(Out({"rule", "add", "--order", "7", "--file",
                 File("# rules\n\n order 5 drop dport 1 # one\r\n"
                      "reject\tproto udp\n")}),
            "added 2 rules\n");
  EXPECT_EQ(LastRequest(),
            "edits { add { order: 5 action: RULE_ACTION_DROP match: \"dport "
            "1\" } } edits { add { order: 7 action: RULE_ACTION_REJECT match: "
            "\"proto udp\" } }");
  EXPECT_THAT(Out({"rule", "add", "--file", File("# nothing\n")}),
              HasSubstr("the list is empty"));
}

TEST_F(FwctlRule, ABadLineIsNamedAndNothingIsSent) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"drop dport 1\nblock dport 2\n",
       "rules, line 2: a rule begins with drop, pass, reject or limit, not "
       "with \"block\""},
      {"order x drop\n", "rules, line 1: \"x\" is not an order"},
      {"order 5\n",
       "rules, line 1: a rule begins with drop, pass, reject or "
       "limit, not with \"\""},
  };
  for (const auto& [text, said] : cases) {
    EXPECT_THAT(Err({"rule", "add", "--file", File(text)}), HasSubstr(said));
  }
  EXPECT_THAT(Err({"rule", "add", "--file", dir_ / "missing"}),
              HasSubstr("cannot open"));
  EXPECT_EQ(agent_.service().CallCount(), 0u);
}

TEST_F(FwctlRule, WhatTheAgentRefusesIsNamedByItsLine) {
  EXPECT_THAT(
      Err({"rule", "add", "--file", File("drop dport 1\n\ndrop bad\n")}),
      HasSubstr("rules, line 3: is no match"));
  // What was typed needs no name.
  const std::string typed = Err({"rule", "add", "drop", "bad"});
  EXPECT_THAT(typed, HasSubstr("drop bad: is no match"));
  EXPECT_THAT(Err({"rule", "remove", "drop", "bad"}),
              HasSubstr("drop bad: is no match"));
}

TEST_F(FwctlRule, UsageErrorsAreTheirOwnExitCode) {
  EXPECT_THAT(Err({"rule"}, 2), HasSubstr("subcommand"));
  EXPECT_THAT(Err({"rule", "add"}, 2), HasSubstr("give one rule"));
  EXPECT_THAT(Err({"rule", "add", "drop", "--file", "x"}, 2),
              HasSubstr("give one rule"));
  EXPECT_THAT(Err({"rule", "add", "drop", "--order", "x"}, 2),
              HasSubstr("--order"));
  EXPECT_THAT(Err({"rule", "add", "drop", "--ttl", "1m", "--until",
                   "2026-12-01T12:00:00Z"},
                  2),
              HasSubstr("--until"));
  EXPECT_THAT(Err({"rule", "add", "drop", "--ttl", "soon"}, 2),
              HasSubstr("--ttl"));
  EXPECT_THAT(Err({"rule", "remove"}, 2), HasSubstr("ID|RULE"));
  EXPECT_EQ(agent_.service().CallCount(), 0u);
}

}  // namespace
}  // namespace fwagent::testing
