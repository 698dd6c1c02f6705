// --confirm-within, confirm, and where it is seen what waits.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

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
using ::testing::Not;

constexpr char kNotice[] =
    "fwctl: not confirmed yet: run `fwctl confirm` within 1m "
    "(by 2023-11-14T22:14:20Z), else it is taken back\n";

class FwctlConfirm : public ::testing::Test {
 protected:
  FwctlConfirm() {
    std::vector<fwagent::v1::Generation> generations(2);
    generations[0].set_generation(12);
    generations[0].set_summary("block source 192.0.2.1/32");
    generations[0].mutable_confirm_by()->set_seconds(1'700'000'060);
    generations[1].set_generation(9);
    generations[1].set_summary("delete set bad");
    agent_.service().SetHistory(std::move(generations));
  }

  void WaitFor(std::uint64_t generation) {
    fwagent::v1::GetStatusResponse status;
    auto* what = status.mutable_unconfirmed();
    what->set_generation(generation);
    what->set_origin("uid 0\x1b[2J");
    what->mutable_confirm_by()->set_seconds(1'700'000'060);
    agent_.service().SetStatus(status);
  }

  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  TempDir dir_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlConfirm, EveryChangeSaysThatItMustBeConfirmed) {
  const std::string list = dir_ / "list";
  std::ofstream(list) << "192.0.2.1\n";
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"block-ip", "192.0.2.1"},
        {"unblock-ip", "192.0.2.1"},
        {"block-ip", "192.0.2.1", "192.0.2.2"},
        {"allow-ip", "192.0.2.1"},
        {"unallow-ip", "192.0.2.1"},
        {"block-port", "80/tcp"},
        {"unblock-port", "80/tcp"},
        {"rollback", "9"},
        {"set", "create", "bad"},
        {"set", "add", "bad", "192.0.2.1"},
        {"set", "remove", "bad", "192.0.2.1"},
        {"set", "import", "bad", list},
        {"set", "flush", "bad"},
        {"set", "delete", "bad"}}) {
    std::vector<std::string> line = args;
    line.insert(line.end(), {"--confirm-within", "60s"});
    const FwctlResult result = Run(line);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, kNotice) << args[0] << " " << args[1];
    EXPECT_THAT(result.out, Not(HasSubstr("confirm")));
    const std::string request = args[0] == "set"
                                    ? agent_.sets().LastRequest()
                                    : agent_.service().LastRequest();
    EXPECT_THAT(request, HasSubstr("confirm_within { seconds: 60 }"));
  }
}

TEST_F(FwctlConfirm, WithoutItNothingIsSaid) {
  const FwctlResult result = Run({"block-ip", "192.0.2.1"});
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(agent_.service().LastRequest(), Not(HasSubstr("confirm")));
}

TEST_F(FwctlConfirm, JsonHasAFieldForIt) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"block-ip", "192.0.2.1"},
        {"set", "create", "bad"}}) {
    std::vector<std::string> line = {"-o", "json"};
    line.insert(line.end(), args.begin(), args.end());
    line.insert(line.end(), {"--confirm-within", "1m"});
    const FwctlResult result = Run(line);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out,
                HasSubstr("\"confirmBy\":\"2023-11-14T22:14:20Z\""));
  }
  EXPECT_THAT(Run({"-o", "json", "block-ip", "192.0.2.2"}).out,
              Not(HasSubstr("confirmBy")));
}

TEST_F(FwctlConfirm, ATimeThatIsNoneIsAnError) {
  for (const char* within : {"", "x", "-", "60x"}) {
    const FwctlResult result =
        Run({"block-ip", "192.0.2.1", "--confirm-within", within});
    EXPECT_EQ(result.exit_code, 2) << within;
    EXPECT_THAT(result.err, HasSubstr("--confirm-within"));
    EXPECT_EQ(
        Run({"set", "create", "bad", "--confirm-within", within}).exit_code, 2);
  }
  // How much is too much, the agent says.
  EXPECT_EQ(Run({"block-ip", "192.0.2.1", "--confirm-within", "2d"}).exit_code,
            0);
  EXPECT_EQ(Run({"list", "--confirm-within", "60s"}).exit_code, 2);
}

TEST_F(FwctlConfirm, ConfirmsWhatWaitsOrWhatIsNamed) {
  WaitFor(12);
  const FwctlResult named = Run({"confirm", "12"});
  EXPECT_EQ(named.exit_code, 0);
  EXPECT_EQ(named.out, "confirmed generation 12: it stays\n");
  EXPECT_EQ(agent_.service().LastRequest(), "generation: 12");
  WaitFor(13);
  const FwctlResult any = Run({"-o", "json", "confirm"});
  EXPECT_EQ(any.out, "{\"generation\":\"13\"}\n");
  EXPECT_EQ(agent_.service().LastRequest(), "");
  const FwctlResult none = Run({"confirm"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("nothing waits"));
  EXPECT_EQ(Run({"confirm", "x"}).exit_code, 2);
  EXPECT_EQ(Run({"confirm", "1", "2"}).exit_code, 2);
}

TEST_F(FwctlConfirm, StatusAndHistoryShowWhatWaits) {
  EXPECT_THAT(Run({"status"}).out, Not(HasSubstr("CONFIRMED")));
  WaitFor(12);
  EXPECT_THAT(
      Run({"status"}).out,
      AllOf(HasSubstr("NOT CONFIRMED: generation 12, by uid 0"),
            HasSubstr("run `fwctl confirm` by 2023-11-14T22:14:20Z, else it "
                      "is taken back\n\n"),
            Not(HasSubstr("\x1b"))));
  const std::string history = Run({"history"}).out;
  EXPECT_THAT(history,
              HasSubstr("block source 192.0.2.1/32 [not confirmed yet, until "
                        "2023-11-14T22:14:20Z]"));
  EXPECT_THAT(history, HasSubstr("delete set bad\n"));
}

}  // namespace
}  // namespace fwagent::testing
