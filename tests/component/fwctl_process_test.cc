// fwctl as the process that scripts start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_agent.h"
#include "tests/support/process.h"

namespace fwagent::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FwctlProcess : public ::testing::Test {
 protected:
  // Runs a line of shell in which $FWCTL is the program, at the fake agent.
  ProcessResult Shell(const std::string& line) {
    ProcessOptions options;
    options.argv = {"/bin/bash", "-c", line};
    options.env = {"FWCTL=" FWCTL_BINARY, "FWCTL_ADDRESS=" + agent_.address()};
    return RunProcess(options);
  }

  FakeAgent agent_;
};

TEST_F(FwctlProcess, DoesWhatTheFunctionDoes) {
  const ProcessResult done = Shell("$FWCTL block-ip 192.0.2.5");
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_EQ(done.out, "blocked source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(Shell("$FWCTL block-ip 192.0.2.5").exit_code, 1);
  EXPECT_EQ(Shell("$FWCTL block-ip").exit_code, 2);
  EXPECT_EQ(Shell("$FWCTL list -a /nowhere.sock").exit_code, 3);
}

TEST_F(FwctlProcess, AReaderThatWentAwayIsAFailure) {
  const ProcessResult result = Shell(
      "$FWCTL stats --watch=1ms | true; "
      "exit ${PIPESTATUS[0]}");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("Broken pipe"));
}

TEST_F(FwctlProcess, AClosedOutputIsAFailureAndNotASocket) {
  const ProcessResult result = Shell("$FWCTL list >&-");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("Bad file descriptor"));
  EXPECT_EQ(Shell("$FWCTL list <&-").exit_code, 0);
  EXPECT_EQ(Shell("$FWCTL list 2>&-").exit_code, 0);
}

TEST_F(FwctlProcess, AFullDiskIsAFailure) {
  const ProcessResult result = Shell("$FWCTL list > /dev/full");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

TEST_F(FwctlProcess, CarriesItsOwnGrpcAndProtobuf) {
  const ProcessResult result = Shell("ldd $FWCTL");
  EXPECT_THAT(result.out, HasSubstr("libc.so"));
  for (const char* library : {"libgrpc", "libprotobuf", "libabsl"}) {
    EXPECT_THAT(result.out, Not(HasSubstr(library)));
  }
}

}  // namespace
}  // namespace fwagent::testing
