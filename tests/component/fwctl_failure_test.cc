// What fwctl says and returns when something goes wrong.
#include <gmock/gmock.h>
#include <grpcpp/support/error_details.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

grpc::Status Refusal() {
  google::rpc::BadRequest bad_request;
  auto* violation = bad_request.add_field_violations();
  violation->set_field("source.text");
  violation->set_description("did you mean \"192.0.2.0/24\"?\x1b");
  google::rpc::ErrorInfo info;
  info.set_reason("HOST_BITS_SET");
  google::rpc::Status envelope;
  envelope.set_code(grpc::StatusCode::INVALID_ARGUMENT);
  envelope.set_message("host bits are set");
  envelope.add_details()->PackFrom(bad_request);
  envelope.add_details()->PackFrom(info);
  grpc::Status status;
  EXPECT_TRUE(grpc::SetErrorDetails(envelope, &status).ok());
  return status;
}

class FwctlFailure : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlFailure, ARefusalNamesItsFields) {
  agent_.service().FailNext(Refusal());
  const FwctlResult result = Run({"block-ip", "192.0.2.1/24"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "fwctl: host bits are set\n"
            "  source.text: did you mean \"192.0.2.0/24\"?\\x1b\n");
}

TEST_F(FwctlFailure, ARefusalInJson) {
  agent_.service().FailNext(Refusal());
  const FwctlResult result = Run({"-o", "json", "block-ip", "192.0.2.1/24"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "{\"error\":{\"code\":\"INVALID_ARGUMENT\","
            "\"reason\":\"HOST_BITS_SET\",\"message\":\"host bits are set\","
            "\"fieldViolations\":[{\"field\":\"source.text\","
            "\"description\":\"did you mean \\\"192.0.2.0/24\\\"?\\u001b\"}]}}"
            "\n");
}

TEST_F(FwctlFailure, DetailsThatCannotBeReadLeaveTheMessage) {
  agent_.service().FailNext(
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "table is full", "\xff\xff"});
  const FwctlResult result = Run({"block-ip", "192.0.2.1"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "fwctl: table is full\n");
}

TEST_F(FwctlFailure, EveryCommandReportsFailures) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"block-ip", "192.0.2.1"},
                                             {"unblock-ip", "192.0.2.1"},
                                             {"block-port", "1/tcp"},
                                             {"unblock-port", "1/tcp"},
                                             {"list"},
                                             {"stats"},
                                             {"status"},
                                             {"confirm"},
                                             {"detach", "eth0"},
                                             {"version"}}) {
    agent_.service().FailNext({grpc::StatusCode::INTERNAL, "broken"});
    const FwctlResult failed = Run(args);
    EXPECT_EQ(failed.exit_code, 1) << args[0];
    EXPECT_EQ(failed.err, "fwctl: broken\n") << args[0];
    agent_.service().FailNext({grpc::StatusCode::UNAVAILABLE, "stopping"});
    const FwctlResult unreachable = Run(args);
    EXPECT_EQ(unreachable.exit_code, 3) << args[0];
    EXPECT_THAT(unreachable.err, HasSubstr("stopping")) << args[0];
  }
}

TEST_F(FwctlFailure, WhatTheAgentRefusesIsNoUnreachableAgent) {
  agent_.service().FailNext(WithReason(
      grpc::StatusCode::UNAVAILABLE, "the disk is gone", "STORE_UNAVAILABLE"));
  const FwctlResult refused = Run({"block-ip", "192.0.2.1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.err, "fwctl: the disk is gone\n");
}

TEST_F(FwctlFailure, AnErrorWithoutWordsIsItsCode) {
  agent_.service().FailNext({grpc::StatusCode::ABORTED, ""});
  EXPECT_EQ(Run({"list"}).err, "fwctl: ABORTED\n");
}

TEST_F(FwctlFailure, AnAgentThatDoesNotAnswerIsUnreachable) {
  agent_.service().Hang();
  const FwctlResult change =
      Run({"block-ip", "192.0.2.1", "--timeout", "50ms"});
  EXPECT_EQ(change.exit_code, 3);
  EXPECT_THAT(change.err, HasSubstr("within 50ms; the change may or may not"));
  const FwctlResult read = Run({"list", "--timeout", "50ms", "-o", "json"});
  EXPECT_EQ(read.exit_code, 3);
  EXPECT_THAT(read.err, HasSubstr("\"code\":\"DEADLINE_EXCEEDED\""));
  EXPECT_THAT(read.err, Not(HasSubstr("may or may not")));
}

TEST_F(FwctlFailure, AMissingSocketIsUnreachable) {
  const std::string address = agent_.address() + ".not";
  const FwctlResult result = runner_.Run({"list", "-a", address});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "fwctl: cannot reach the agent at " + address +
                            ": No such file or directory; is fwagent "
                            "running, and with this socket?\n");
}

TEST_F(FwctlFailure, AFileThatIsNoSocketIsUnreachable) {
  TempDir dir;
  std::ofstream(dir / "file") << "text";
  const FwctlResult result =
      runner_.Run({"list", "-o", "json", "-a", dir / "file"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("\"reason\":\"AGENT_UNREACHABLE\""));
  EXPECT_THAT(result.err, HasSubstr("nobody listens there"));
}

TEST_F(FwctlFailure, ASocketOfOthersNamesTheGroupThatMayUseIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  constexpr gid_t kGroup = 54321;
  constexpr uid_t kNobody = 65534;
  const std::string path = agent_.socket_path();
  const std::string folder = path.substr(0, path.rfind('/'));
  ASSERT_EQ(chmod(folder.c_str(), 0755), 0);
  ASSERT_EQ(chown(path.c_str(), 0, kGroup), 0);
  ASSERT_EQ(chmod(path.c_str(), 0660), 0);
  ASSERT_EQ(seteuid(kNobody), 0);
  const FwctlResult refused = Run({"list"});
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("Permission denied; run as root or as a "
                                     "member of the group 54321"));
  EXPECT_EQ(Run({"list"}).exit_code, 0);
}

TEST_F(FwctlFailure, AnAddressWithNobodyBehindItIsUnreachable) {
  // Bound, so that nobody else takes the port, but not listening.
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(local);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&local), size), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size), 0);
  const std::string address =
      "127.0.0.1:" + std::to_string(ntohs(local.sin_port));
  const FwctlResult result = runner_.Run({"status", "-a", address});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("the agent at " + address));
  EXPECT_THAT(result.err, HasSubstr("Connection refused"));
  close(fd);
}

TEST_F(FwctlFailure, OutputThatIsLostIsAFailure) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  const int code = client::RunFwctl({"-a", agent_.address(), "list"}, full, err,
                                    runner_.surroundings());
  EXPECT_EQ(code, 1);
  EXPECT_EQ(err.str(),
            "fwctl: cannot write the output: No space left on device\n");
}

TEST_F(FwctlFailure, HelpThatIsLostIsAFailureToo) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(client::RunFwctl({"--help"}, full, err, runner_.surroundings()), 1);
  EXPECT_EQ(Run({"--help"}).exit_code, 0);
}

TEST_F(FwctlFailure, AWatchEndsWhenNobodyReads) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(client::RunFwctl({"-a", agent_.address(), "stats", "--watch"}, full,
                             err, runner_.surroundings()),
            1);
  EXPECT_EQ(agent_.service().CallCount(), 1);
}

TEST_F(FwctlFailure, UsageErrorsInJson) {
  const FwctlResult result = Run({"-o", "json", "block-port", "443"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("\"reason\":\"USAGE\""));
}

}  // namespace
}  // namespace fwagent::testing
