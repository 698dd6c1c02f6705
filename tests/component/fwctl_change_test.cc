// block-ip, unblock-ip, block-port, unblock-port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/fwctl_runner.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FwctlChange : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlChange, BlockIpBlocksTheSourceAndSaysSo) {
  const FwctlResult result = Run({"block-ip", "192.0.2.5"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "blocked source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(agent_.service().LastRequest(), "source { text: \"192.0.2.5\" }");
}

TEST_F(FwctlChange, EveryOptionIsSent) {
  EXPECT_EQ(Run({"block-ip", "192.0.2.0/24", "--comment", "why", "--request-id",
                 "r-1", "--validate-only"})
                .out,
            "would block source 192.0.2.0/24\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "source { text: \"192.0.2.0/24\" } comment: \"why\" "
            "request_id: \"r-1\" validate_only: true");
  EXPECT_EQ(Run({"block-port", "8000-8100/udp", "--comment", "why",
                 "--request-id", "r-2"})
                .out,
            "blocked port 8000-8100/udp (rule 1)\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "protocol: PROTOCOL_UDP ports { first: 8000 last: 8100 } "
            "comment: \"why\" request_id: \"r-2\"");
}

TEST_F(FwctlChange, ABlockForATimeSaysWhenItEnds) {
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--ttl", "1h30m"}).out,
            "blocked source 192.0.2.5/32 (rule 1), ends in 1h30m\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "source { text: \"192.0.2.5\" } ttl { seconds: 5400 }");
  EXPECT_EQ(
      Run({"block-port", "80/tcp", "--until", "2023-11-14T22:13:30Z"}).out,
      "blocked port 80/tcp (rule 2), ends in 10s\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "protocol: PROTOCOL_TCP ports { first: 80 } "
            "expire_time { seconds: 1700000010 }");
  EXPECT_THAT(Run({"unblock-ip", "192.0.2.5"}).out,
              "unblocked source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(
      Run({"block-ip", "192.0.2.5", "192.0.2.6", "--ttl", "0.5", "--renew"})
          .exit_code,
      0);
  EXPECT_EQ(agent_.service().LastRequest(),
            "edits { block { text: \"192.0.2.5\" } ttl { nanos: 500000000 } "
            "renew: true } edits { block { text: \"192.0.2.6\" } "
            "ttl { nanos: 500000000 } renew: true } omit_rules: true");
}

TEST_F(FwctlChange, WhatIsBlockedIsRenewedOnlyWhenThatIsSaid) {
  Run({"block-ip", "192.0.2.5", "--ttl", "1m"});
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--ttl", "7d"}).exit_code, 1);
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--ttl", "7d", "--renew"}).out,
            "blocked source 192.0.2.5/32 (rule 1), ends in 7d\n");
}

TEST_F(FwctlChange, SeveralPrefixesAreOneChange) {
  const FwctlResult result =
      Run({"block-ip", "192.0.2.5", "2001:db8::/32", "--comment", "why"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "blocked 2 sources\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "edits { block { text: \"192.0.2.5\" } comment: \"why\" } "
            "edits { block { text: \"2001:db8::/32\" } comment: \"why\" } "
            "omit_rules: true");
  EXPECT_EQ(agent_.service().CallCount(), 1u);
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5", "192.0.2.6", "--missing-ok"}).out,
            "unblocked 1 source; 1 was not blocked\n");
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "192.0.2.6", "--validate-only"}).out,
            "would block 2 sources\n");
  EXPECT_THAT(Run({"block-ip", "192.0.2.7", "192.0.2.8", "-o", "json"}).out,
              HasSubstr("\"changedCount\":\"2\""));
}

TEST_F(FwctlChange, AFileIsOneChangeAndItsLinesAreNamed) {
  const TempDir dir;
  const std::string path = dir / "bans.txt";
  std::ofstream(path) << "# bad guys\n192.0.2.5\n\n2001:db8::/32 ; all of it\n";
  EXPECT_EQ(Run({"block-ip", "--file", path, "192.0.2.9"}).out,
            "blocked 3 sources\n");
  std::ofstream(path) << "192.0.2.6\n\nbad\n";
  const FwctlResult refused = Run({"block-ip", "-f", path});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.err, "fwctl: " + path + ", line 3: is no prefix\n");
  std::ofstream(path) << "# nobody\n";
  EXPECT_EQ(Run({"block-ip", "-f", path}).out,
            "unchanged: the list is empty\n");
}

TEST_F(FwctlChange, AFileThatCannotBeUsedIsSaidBeforeAnythingIsSent) {
  const TempDir dir;
  const std::string path = dir / "bans.txt";
  EXPECT_THAT(Run({"block-ip", "-f", path}).err,
              AllOf(HasSubstr("cannot open"), HasSubstr(path)));
  std::ofstream(path) << "192.0.2.6 scan\n";
  EXPECT_THAT(Run({"block-ip", "-f", path}).err, HasSubstr("line 1"));
  EXPECT_EQ(Run({"block-ip"}).exit_code, 2);
  EXPECT_EQ(agent_.service().CallCount(), 0u);
}

TEST_F(FwctlChange, ASinglePortIsSentAsOne) {
  EXPECT_EQ(Run({"block-port", "443/tcp"}).out,
            "blocked port 443/tcp (rule 1)\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "protocol: PROTOCOL_TCP ports { first: 443 }");
}

TEST_F(FwctlChange, UnblockLiftsWhatWasBlocked) {
  Run({"block-ip", "192.0.2.5"});
  Run({"block-port", "443/tcp"});
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5", "--validate-only"}).out,
            "would unblock source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5"}).out,
            "unblocked source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(Run({"unblock-port", "443/tcp"}).out,
            "unblocked port 443/tcp (rule 2)\n");
  EXPECT_EQ(Run({"unblock-port", "443/tcp"}).exit_code, 1);
}

TEST_F(FwctlChange, WhatIsBlockedAlreadyIsAnErrorUnlessExistOk) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"block-ip", "192.0.2.5"},
                                             {"block-port", "443/tcp"}}) {
    Run(args);
    const FwctlResult refused = Run(args);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, HasSubstr("fwctl: blocked already by rule"));
    const FwctlResult fine = Run({args[0], args[1], "--exist-ok"});
    EXPECT_EQ(fine.exit_code, 0);
    EXPECT_THAT(fine.out, HasSubstr("unchanged: blocked already by rule"));
    EXPECT_EQ(fine.err, "");
  }
}

TEST_F(FwctlChange, WhatIsNotBlockedIsAnErrorUnlessMissingOk) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"unblock-ip", "192.0.2.5"},
                                             {"unblock-port", "443/tcp"}}) {
    const FwctlResult refused = Run(args);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(refused.err, "fwctl: not blocked\n");
    const FwctlResult fine = Run({args[0], args[1], "--missing-ok"});
    EXPECT_EQ(fine.exit_code, 0);
    EXPECT_EQ(fine.out, "unchanged: not blocked\n");
  }
}

TEST_F(FwctlChange, ToleranceIsForThatOneErrorAlone) {
  const auto exists = grpc::StatusCode::ALREADY_EXISTS;
  const auto missing = grpc::StatusCode::NOT_FOUND;
  for (const grpc::Status& other : {WithReason(missing, "no", "RULE_NOT_FOUND"),
                                    WithReason(exists, "no", "PIN_EXISTS"),
                                    {exists, "no"}}) {
    agent_.service().FailNext(other);
    EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--exist-ok"}).exit_code, 1);
  }
  for (const grpc::Status& other :
       {WithReason(exists, "no", "RULE_EXISTS"),
        WithReason(missing, "no", "SOURCE_NOT_IN_TABLE"),
        {missing, "no"}}) {
    agent_.service().FailNext(other);
    EXPECT_EQ(Run({"unblock-ip", "192.0.2.5", "--missing-ok"}).exit_code, 1);
  }
}

TEST_F(FwctlChange, AllowsAndUnallows) {
  EXPECT_EQ(Run({"allow-ip", "192.0.2.5", "--comment", "office"}).out,
            "allowed source 192.0.2.5/32 (rule 1)\n");
  EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("office"));
  EXPECT_EQ(Run({"block-ip", "192.0.2.5"}).out,
            "blocked source 192.0.2.5/32 (rule 2)\n");
  EXPECT_EQ(Run({"allow-ip", "192.0.2.5"}).exit_code, 1);
  EXPECT_EQ(Run({"unallow-ip", "192.0.2.5"}).out,
            "unallowed source 192.0.2.5/32 (rule 1)\n");
  EXPECT_EQ(Run({"unallow-ip", "192.0.2.5", "--missing-ok"}).exit_code, 0);
  EXPECT_EQ(Run({"allow-ip", "192.0.2.6", "192.0.2.7"}).out,
            "allowed 2 sources\n");
}

TEST_F(FwctlChange, ManyOwnersHoldTheSame) {
  EXPECT_EQ(Run({"block-ip", "192.0.2.5"}).exit_code, 0);
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--owner", "fail2ban"}).exit_code, 0);
  EXPECT_EQ(Run({"block-ip", "192.0.2.5", "--owner", "ops"}).exit_code, 0);
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5"}).out,
            "unblocked source 192.0.2.5/32 (rule 1)\n"
            "still blocked by fail2ban (rule 2)\n"
            "still blocked by ops (rule 3)\n");
  EXPECT_THAT(
      Run({"-o", "json", "unblock-ip", "192.0.2.5", "--owner", "ops"}).out,
      HasSubstr("\"stillHeld\":[{\"id\":\"2\""));
  EXPECT_EQ(Run({"block-ip", "192.0.2.5"}).exit_code, 0);
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5", "--all-owners"}).out,
            "unblocked source 192.0.2.5/32 (rule 2)\n"
            "also for cli (rule 4)\n");
  EXPECT_EQ(Run({"unblock-ip", "192.0.2.5", "--all-owners", "--owner", "ops"})
                .exit_code,
            2);
}

TEST_F(FwctlChange, AnyIsAllOfBothFamilies) {
  EXPECT_EQ(Run({"block-ip", "any"}).out, "blocked 2 sources\n");
  EXPECT_THAT(agent_.service().LastRequest(),
              AllOf(HasSubstr("0.0.0.0/0"), HasSubstr("::/0")));
}

TEST_F(FwctlChange, Json) {
  EXPECT_EQ(Run({"-o", "json", "block-ip", "192.0.2.5"}).out,
            "{\"rule\":{\"id\":\"1\",\"sourceBlock\":{\"source\":{\"text\":"
            "\"192.0.2.5/32\"}},\"comment\":\"\",\"owner\":\"cli\"},"
            "\"generation\":\"1\"}\n");
  EXPECT_EQ(Run({"-o", "json", "block-port", "443/tcp"}).out,
            "{\"rule\":{\"id\":\"2\",\"portBlock\":{\"protocol\":"
            "\"PROTOCOL_TCP\",\"ports\":{\"first\":443,\"last\":443}},"
            "\"comment\":\"\",\"owner\":\"cli\"},\"generation\":\"2\"}\n");
  EXPECT_EQ(Run({"-o", "json", "unblock-port", "443/tcp"}).exit_code, 0);
  EXPECT_EQ(Run({"-o", "json", "unblock-port", "443/tcp", "--missing-ok"}).out,
            "{\"unchanged\":true,\"message\":\"not blocked\"}\n");
}

TEST_F(FwctlChange, AMalformedPortIsNotSent) {
  for (const std::string port : {"443", "tcp/443", "443/icmp", "x/tcp"}) {
    const FwctlResult result = Run({"block-port", port});
    EXPECT_EQ(result.exit_code, 2) << port;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("\"" + port + "\""));
  }
  EXPECT_EQ(agent_.service().CallCount(), 0);
}

TEST_F(FwctlChange, NumbersAndAddressesAreSentAsTheyAre) {
  Run({"block-port", "70000/tcp"});
  EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("first: 70000"));
  Run({"block-port", "0/tcp"});
  EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("ports { }"));
  Run({"block-port", "90-80/tcp"});
  EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("first: 90 last: 80"));
  Run({"block-ip", "192.0.2.5/33"});
  EXPECT_THAT(agent_.service().LastRequest(), HasSubstr("192.0.2.5/33"));
}

}  // namespace
}  // namespace fwagent::testing
