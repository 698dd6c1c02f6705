// list, a page at a time.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FwctlList : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  void AddSource(const std::string& prefix, const std::string& comment,
                 const std::string& owner = "cli") {
    fwagent::v1::Rule rule;
    rule.mutable_source_block()->mutable_source()->set_text(prefix);
    rule.set_comment(comment);
    rule.set_owner(owner);
    rule.mutable_create_time()->set_seconds(1'700'000'000);
    agent_.service().AddRule(rule);
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlList, IsAnAlignedTable) {
  AddSource("192.0.2.0/24", "a note", "ops");
  fwagent::v1::Rule rule;
  rule.set_owner("cli");
  rule.mutable_port_block()->set_protocol(fwagent::v1::PROTOCOL_SCTP);
  rule.mutable_port_block()->mutable_ports()->set_first(1);
  rule.mutable_port_block()->mutable_ports()->set_last(2);
  rule.mutable_expire_time()->set_seconds(1'700'000'597);
  rule.mutable_expire_time()->set_nanos(1);
  agent_.service().AddRule(rule);
  const FwctlResult result = Run({"list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "ID  ACTION  RULE                 OWNER  CREATED               "
            "ENDS      COMMENT\n"
            " 1  block   source 192.0.2.0/24  ops    2023-11-14T22:13:20Z  "
            "never     a note\n"
            " 2  block   port 1-2/sctp        cli    -                     "
            "in 9m58s\n");
  EXPECT_EQ(Run({"list", "--owner", "ops"}).out,
            "ID  ACTION  RULE                 OWNER  CREATED               "
            "ENDS   COMMENT\n"
            " 1  block   source 192.0.2.0/24  ops    2023-11-14T22:13:20Z  "
            "never  a note\n");
  EXPECT_THAT(Run({"-o", "json", "list", "--owner", "ops"}).out,
              HasSubstr("\"totalSize\":\"1\""));
}

TEST_F(FwctlList, NoRulesIsAnEmptyTable) {
  EXPECT_EQ(Run({"list"}).out,
            "ID  ACTION  RULE  OWNER  CREATED  ENDS  COMMENT\n");
  EXPECT_EQ(Run({"list", "-o", "json"}).out,
            "{\"rules\":[],\"totalSize\":\"0\",\"generation\":\"0\"}\n");
}

TEST_F(FwctlList, EveryPageIsInTheOneDocument) {
  for (int i = 0; i < 7; ++i) AddSource("192.0.2." + std::to_string(i), "");
  agent_.service().SetPageSize(3);
  const FwctlResult result = Run({"list", "-o", "json"});
  EXPECT_EQ(result.exit_code, 0);
  fwagent::v1::ListRulesResponse all;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(result.out, &all).ok())
      << result.out;
  ASSERT_EQ(all.rules_size(), 7);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(all.rules(i).id(), i + 1);
  EXPECT_EQ(all.total_size(), 7);
  EXPECT_EQ(agent_.service().CallCount(), 3);
}

TEST_F(FwctlList, EveryPageIsInTheOneTable) {
  for (int i = 0; i < 5; ++i) AddSource("192.0.2." + std::to_string(i), "");
  agent_.service().SetPageSize(2);
  const std::string out = Run({"list"}).out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 6);
  EXPECT_THAT(out, HasSubstr("192.0.2.4"));
}

TEST_F(FwctlList, ControlCharactersAreNeverPrintedRaw) {
  AddSource("192.0.2.1", "\x1b[2Jgone\n\xc2\x9b");
  EXPECT_THAT(Run({"list"}).out, HasSubstr("\\x1b[2Jgone\\x0a\\u009b\n"));
  const std::string json = Run({"list", "-o", "json"}).out;
  EXPECT_THAT(json, HasSubstr("\\u001b[2Jgone\\n"));
  EXPECT_THAT(json, Not(HasSubstr("\x1b")));
}

TEST_F(FwctlList, AnAgentThatRepeatsAPageIsNotAskedForEver) {
  AddSource("192.0.2.1", "");
  agent_.service().RepeatPages();
  const FwctlResult result = Run({"list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("same page twice"));
}

TEST_F(FwctlList, AFailureIsReportedBesideWhatWasListed) {
  agent_.service().FailNext({grpc::StatusCode::INTERNAL, "broken"});
  const FwctlResult result = Run({"list", "-o", "json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("\"code\":\"INTERNAL\""));
}

}  // namespace
}  // namespace fwagent::testing
