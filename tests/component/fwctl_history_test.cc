// history, rollback, --if-etag.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FwctlHistory : public ::testing::Test {
 protected:
  FwctlHistory() {
    std::vector<fwagent::v1::Generation> generations(2);
    generations[0].set_generation(12);
    generations[0].set_etag("tag-12");
    generations[0].mutable_time()->set_seconds(1'700'000'000);
    generations[0].set_origin("uid 0");
    generations[0].set_summary("block source 192.0.2.1/32\x1b[2J (rule 9)");
    generations[0].set_can_undo(true);
    generations[1].set_generation(9);
    generations[1].mutable_time()->set_seconds(1'700'000'000 - 60);
    generations[1].set_origin("fail2ban");
    generations[1].set_summary("delete set bad");
    agent_.service().SetHistory(std::move(generations));
  }

  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlHistory, IsATableTheNewestFirst) {
  const FwctlResult result = Run({"history"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr("GENERATION  TIME                  BACK  CHANGE"),
            HasSubstr("        12  2023-11-14T22:13:20Z  yes   block source"),
            HasSubstr("         9  2023-11-14T22:12:20Z  no    delete set "
                      "bad"),
            HasSubstr("fail2ban\n"), Not(HasSubstr("\x1b"))));
  EXPECT_LT(result.out.find("uid 0"), result.out.find("fail2ban"));
}

TEST_F(FwctlHistory, CountLimitsIt) {
  EXPECT_THAT(Run({"history", "--count", "1"}).out,
              AllOf(HasSubstr("uid 0"), Not(HasSubstr("fail2ban"))));
  EXPECT_EQ(agent_.service().LastRequest(), "page_size: 1");
  for (const char* count : {"0", "-1", "10001", "x"}) {
    EXPECT_EQ(Run({"history", "--count", count}).exit_code, 2) << count;
  }
}

TEST_F(FwctlHistory, IsJsonOnDemand) {
  const FwctlResult result = Run({"-o", "json", "history"});
  fwagent::v1::ListHistoryResponse history;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(result.out, &history).ok())
      << result.out;
  EXPECT_EQ(history.generations(0).etag(), "tag-12");
  EXPECT_FALSE(history.generations(1).can_undo());
}

TEST_F(FwctlHistory, RollbackSaysWhatCameOfIt) {
  Run({"block-ip", "192.0.2.1"});
  EXPECT_EQ(Run({"rollback", "9", "--validate-only"}).out,
            "would bring back generation 9: 1 rule and 0 sets changed; now "
            "generation 1\n");
  EXPECT_EQ(Run({"rollback", "9", "--request-id", "r-1", "--if-etag", "e"}).out,
            "brought back generation 9: 1 rule and 0 sets changed; now "
            "generation 2\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "generation: 9 request_id: \"r-1\" etag: \"e\"");
  const FwctlResult json = Run({"-o", "json", "rollback", "9"});
  fwagent::v1::RollbackResponse response;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(json.out, &response).ok())
      << json.out;
  EXPECT_EQ(response.generation(), 3u);
}

TEST_F(FwctlHistory, RollbackToWhatIsNoEarlierGenerationFails) {
  const FwctlResult result = Run({"rollback", "11"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("no earlier one"));
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"rollback"},
        {"rollback", "x"},
        {"rollback", "-1"},
        {"rollback", "1", "2"}}) {
    EXPECT_EQ(Run(args).exit_code, 2) << args.back();
  }
}

TEST_F(FwctlHistory, EveryChangeTakesAnEtag) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"block-ip", "192.0.2.1"},
        {"unblock-ip", "192.0.2.1"},
        {"block-port", "80/tcp"},
        {"unblock-port", "80/tcp"},
        {"block-ip", "192.0.2.1", "192.0.2.2"}}) {
    std::vector<std::string> line = args;
    line.insert(line.end(), {"--if-etag", "tag-12"});
    EXPECT_EQ(Run(line).exit_code, 0) << args[0];
    EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("etag: \"tag-12\""));
  }
  agent_.service().FailNext(
      WithReason(grpc::StatusCode::ABORTED, "another policy", "ETAG_MISMATCH"));
  const FwctlResult result =
      Run({"-o", "json", "block-ip", "192.0.2.9", "--if-etag", "tag-9"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("\"ABORTED\""), HasSubstr("\"ETAG_MISMATCH\"")));
}

}  // namespace
}  // namespace fwagent::testing
