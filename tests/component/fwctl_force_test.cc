// --force, and who is never dropped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FwctlForce : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlForce, IsSentWhenItIsSaid) {
  const std::vector<std::vector<std::string>> changes = {
      {"block-ip", "192.0.2.1"},   {"block-ip", "192.0.2.2", "192.0.2.3"},
      {"allow-ip", "192.0.2.4"},   {"unblock-ip", "192.0.2.1"},
      {"unallow-ip", "192.0.2.4"}, {"block-port", "22/tcp"},
      {"unblock-port", "22/tcp"},  {"rollback", "0"},
      {"attach", "eth0"}};
  for (std::vector<std::string> change : changes) {
    Run(change);
    EXPECT_THAT(agent_.service().LastRequest(), Not(HasSubstr("force")))
        << change[0];
    change.emplace_back("--force");
    Run(change);
    EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("force: true"))
        << change[0];
  }
}

TEST_F(FwctlForce, OfSetsToo) {
  for (const char* command : {"create", "add", "delete"}) {
    std::vector<std::string> change = {"set", command, "some"};
    if (change[1] == "add") change.emplace_back("192.0.2.1");
    change.emplace_back("--force");
    Run(change);
    EXPECT_THAT(agent_.sets().LastRequest(), HasSubstr("force: true"))
        << command;
  }
}

TEST_F(FwctlForce, IsForChangesAlone) {
  EXPECT_EQ(Run({"list", "--force"}).exit_code, 2);
  EXPECT_EQ(Run({"set", "list", "--force"}).exit_code, 2);
}

TEST_F(FwctlForce, ARefusalIsShownWithItsReason) {
  agent_.service().FailNext(WithReason(grpc::StatusCode::FAILED_PRECONDITION,
                                       "this would cut off 192.0.2.7",
                                       "LOCKOUT"));
  const FwctlResult result = Run({"-o", "json", "block-ip", "192.0.2.0/24"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("\"reason\":\"LOCKOUT\""));
}

TEST_F(FwctlForce, StatusShowsWhoIsNeverDropped) {
  fwagent::v1::GetStatusResponse status;
  agent_.service().SetStatus(status);
  EXPECT_THAT(Run({"status"}).out, Not(HasSubstr("NEVER DROPPED")));
  status.add_failsafe("198.51.100.0/24 22/tcp");
  status.add_failsafe("::/0\x1b");
  agent_.service().SetStatus(status);
  EXPECT_THAT(Run({"status"}).out,
              HasSubstr("NEVER DROPPED\n198.51.100.0/24 22/tcp\n::/0\\x1b\n"));
}

}  // namespace
}  // namespace fwagent::testing
