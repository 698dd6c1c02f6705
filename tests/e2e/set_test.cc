// Sets as a user meets them: a list goes in with fwctl, and packets of its
// addresses stop, and of no others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/agent_host.h"
#include "tests/support/require_bpf.h"
#include "tests/support/traffic.h"
#include "tests/support/wire.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Addresses = std::vector<std::string>;

// What kList names, both ends of each prefix, and its neighbours on either
// side.
constexpr char kList[] =
    "# bad ones\n"
    "198.51.100.7\n"
    "203.0.113.0/28   ; a net\r\n"
    "\n"
    "2001:db8:bad::/48\n";
const Addresses kListed = {"198.51.100.7", "203.0.113.0", "203.0.113.15",
                           "2001:db8:bad::1", "2001:db8:bad:ffff::1"};
const Addresses kNotListed = {"198.51.100.6",    "198.51.100.8",
                              "203.0.112.255",   "203.0.113.16",
                              "2001:db8:bac::1", "2001:db8:bae::1"};

class SetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    site_ = std::make_unique<AgentHost>();
    ASSERT_TRUE(site_->StartAgent());
    wire_ = std::make_unique<Wire>(*site_);
  }

  // fwctl succeeds; what it printed.
  std::string Do(const std::vector<std::string>& args,
                 const std::string& input = "") {
    const ProcessResult result = site_->Fwctl(args, input);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  // fwctl refuses; what it printed.
  std::string Refused(const std::vector<std::string>& args,
                      const std::string& input = "") {
    const ProcessResult result = site_->Fwctl(args, input);
    EXPECT_EQ(result.exit_code, 1) << result.out;
    return result.err;
  }

  std::string File(const std::string& text) {
    const std::string path = site_->dir() / "list";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }

  void ExpectPasses(bool passes, const Addresses& addresses) {
    for (const std::string& address : addresses) {
      EXPECT_EQ(wire_->Passes(SourceTarget(address, address)), passes)
          << address;
    }
  }
  void ExpectBlocked(const Addresses& addresses) {
    ExpectPasses(false, addresses);
  }
  void ExpectPassing(const Addresses& addresses) {
    ExpectPasses(true, addresses);
  }

  // Waits until an address passes, and says how long after `since` it did.
  absl::Duration PassesAfter(absl::Time since, const std::string& address) {
    while (!wire_->Passes(SourceTarget(address, address))) {
      if (absl::Now() - since > absl::Seconds(30)) {
        ADD_FAILURE() << address << " is still blocked";
        break;
      }
    }
    return absl::Now() - since;
  }

  // The number of the policy that is in force.
  std::string Generation() {
    const std::string out = Do({"-o", "json", "history", "--count", "1"});
    constexpr std::string_view kKey = "\"generation\":\"";
    const std::size_t begin = out.find(kKey);
    if (begin == std::string::npos) return "0";
    const std::size_t digits = begin + kKey.size();
    return out.substr(digits, out.find('"', digits) - digits);
  }

  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Wire> wire_;
};

TEST_F(SetTest, AnImportBlocksWhatIsInItAndNothingBeside) {
  ExpectPassing(kListed);
  EXPECT_THAT(Do({"set", "import", "bad", File(kList)}),
              HasSubstr("set bad (block): 3 entries, 3 in, 0 out"));
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
}

TEST_F(SetTest, AListIsTriedAndThenPutInForce) {
  Do({"set", "import", "bad", "--action", "shadow", File(kList)});
  ExpectPassing(kListed);
  ExpectPassing(kNotListed);
  const std::string tried = Do({"set", "list"});
  EXPECT_THAT(tried, HasSubstr(absl::StrCat("shadow  cli          3  -",
                                            "             ", kListed.size())));
  // The list of the next hour is only tried too.
  Do({"set", "import", "bad", File(std::string(kList) + "192.0.2.99\n")});
  ExpectPassing({"192.0.2.99"});
  EXPECT_THAT(Do({"set", "update", "bad", "--action", "block"}),
              HasSubstr("set bad (block): 4 entries"));
  ExpectBlocked(kListed);
  ExpectBlocked({"192.0.2.99"});
  ExpectPassing(kNotListed);
  Do({"set", "update", "bad", "--action", "none"});
  ExpectPassing(kListed);
}

TEST_F(SetTest, ASetWithoutAnActionIsThereForRules) {
  Do({"set", "import", "bad", "--action", "none", File(kList)});
  ExpectPassing(kListed);
  Do({"rule", "add", "drop", "from", "@bad"});
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
}

TEST_F(SetTest, RealTrafficOfAnAddressInASetStops) {
  ASSERT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv4));
  Do({"set", "import", "bad", "-"}, absl::StrCat(AgentHost::kPeerIPv4, "\n"));
  EXPECT_FALSE(Pings(site_->peer(), AgentHost::kHostIPv4));
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv6));
  Do({"set", "delete", "bad"});
  EXPECT_TRUE(Pings(site_->peer(), AgentHost::kHostIPv4));
}

TEST_F(SetTest, AnImportReplacesUnlessItAdds) {
  Do({"set", "import", "bad", File(kList)});
  EXPECT_THAT(Do({"set", "import", "bad", File("198.51.100.8\n198.51.100.7")}),
              HasSubstr("2 entries, 1 in, 2 out"));
  ExpectBlocked({"198.51.100.7", "198.51.100.8"});
  ExpectPassing({"203.0.113.0", "2001:db8:bad::1", "198.51.100.6"});
  EXPECT_THAT(Do({"set", "import", "bad", "--add", File("198.51.100.6\n")}),
              HasSubstr("3 entries, 1 in, 0 out"));
  ExpectBlocked({"198.51.100.6", "198.51.100.7", "198.51.100.8"});
  ExpectPassing({"198.51.100.5", "198.51.100.9"});
}

TEST_F(SetTest, AnUnchangedImportIsNoNewGeneration) {
  Do({"set", "import", "bad", File(kList)});
  const std::string before = Generation();
  EXPECT_THAT(Do({"set", "import", "bad", File(kList)}),
              HasSubstr("3 entries, 0 in, 0 out"));
  EXPECT_EQ(Generation(), before);
  ExpectBlocked(kListed);
}

TEST_F(SetTest, AnAllowingSetBeatsABlockWhateverTheLengths) {
  Do({"block-ip", "198.51.100.7"});
  Do({"set", "import", "bad", File("203.0.113.1\n203.0.113.2\n")});
  ExpectBlocked({"198.51.100.7", "203.0.113.1", "203.0.113.2"});
  Do({"set", "import", "good", "--action", "allow",
      File("198.51.100.0/24\n203.0.113.1\n")});
  ExpectPassing({"198.51.100.7", "203.0.113.1"});
  ExpectBlocked({"203.0.113.2"});
  Do({"set", "delete", "good"});
  ExpectBlocked({"198.51.100.7", "203.0.113.1", "203.0.113.2"});
}

TEST_F(SetTest, AnAllowingSetOpensBlockedPortsTooToItsAddressesAlone) {
  const auto passes = [this](const std::string& source) {
    Target target = SourceTarget(source, source);
    target.probe = Ethernet{} / IPv4{.src = source} / Tcp{.dport = 80};
    return wire_->Passes(target);
  };
  Do({"block-port", "80/tcp"});
  EXPECT_FALSE(passes("203.0.113.1"));
  Do({"set", "import", "good", "--action", "allow", File("203.0.113.1\n")});
  EXPECT_TRUE(passes("203.0.113.1"));
  EXPECT_FALSE(passes("203.0.113.2"));
}

TEST_F(SetTest, WhatIsTakenOutPassesAgain) {
  Do({"set", "import", "bad", File(kList)});
  Do({"set", "remove", "bad", "198.51.100.7"});
  ExpectPassing({"198.51.100.7"});
  ExpectBlocked({"203.0.113.0", "2001:db8:bad::1"});
  Do({"set", "add", "bad", "198.51.100.7", "198.51.100.8"});
  ExpectBlocked({"198.51.100.7", "198.51.100.8"});
  Do({"set", "flush", "bad"});
  ExpectPassing(kListed);
  Do({"set", "add", "bad", "203.0.113.0/28"});
  ExpectBlocked({"203.0.113.0", "203.0.113.15"});
  Do({"set", "delete", "bad"});
  ExpectPassing(kListed);
  EXPECT_THAT(Refused({"set", "add", "bad", "203.0.113.1"}), HasSubstr("bad"));
}

TEST_F(SetTest, AnAddressOfARuleAndOfASetIsBlockedUntilBothLetGo) {
  Do({"block-ip", "198.51.100.7"});
  Do({"set", "import", "bad", File("198.51.100.7\n")});
  Do({"unblock-ip", "198.51.100.7"});
  ExpectBlocked({"198.51.100.7"});
  Do({"set", "delete", "bad"});
  ExpectPassing({"198.51.100.7"});
}

TEST_F(SetTest, SetsStayOverAKillAndAStart) {
  Do({"set", "import", "bad", File(kList)});
  Do({"set", "import", "good", "--action", "allow", File("198.51.100.7\n")});
  site_->StopAgent(SIGKILL);
  const Addresses blocked(kListed.begin() + 1, kListed.end());
  ExpectBlocked(blocked);
  ExpectPassing({"198.51.100.7"});
  ASSERT_TRUE(site_->StartAgent());
  ExpectBlocked(blocked);
  ExpectPassing({"198.51.100.7"});
  ExpectPassing(kNotListed);
  EXPECT_THAT(Do({"set", "list", "bad"}),
              AllOf(HasSubstr("203.0.113.0/28"), HasSubstr("198.51.100.7")));
  Do({"set", "delete", "good"});
  ExpectBlocked(kListed);
}

TEST_F(SetTest, ARollbackBringsBackWhatWas) {
  Do({"set", "import", "bad", File(kList)});
  const std::string good_times = Generation();
  Do({"set", "import", "bad", File("198.51.100.8\n")});
  Do({"block-ip", "203.0.113.16"});
  ExpectPassing(kListed);
  ExpectBlocked({"198.51.100.8", "203.0.113.16"});
  Do({"rollback", good_times});
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
  Do({"set", "delete", "bad"});
  Do({"rollback", good_times});
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
}

TEST_F(SetTest, AWrongLineIsNamedAndNothingIsChanged) {
  Do({"set", "import", "bad", File("198.51.100.8\n")});
  const std::string before = Generation();
  const std::string path = File("198.51.100.7\n# fine\n203.0.113.999\n1::/8\n");
  EXPECT_THAT(Refused({"set", "import", "bad", path}),
              AllOf(HasSubstr(path + ", line 3: "), HasSubstr("203.0.113.999"),
                    Not(HasSubstr("1::/8"))));
  EXPECT_EQ(Generation(), before);
  ExpectBlocked({"198.51.100.8"});
  ExpectPassing({"198.51.100.7"});
}

TEST_F(SetTest, WithSkipInvalidTheOtherLinesAreTaken) {
  EXPECT_THAT(
      Do({"set", "import", "bad", "--skip-invalid",
          File("198.51.100.7\n203.0.113.999\n1::/8\n203.0.113.0/28\n")}),
      AllOf(HasSubstr("2 entries"), HasSubstr("2 lines left out"),
            HasSubstr("line 2: "), HasSubstr("line 3: ")));
  ExpectBlocked({"198.51.100.7", "203.0.113.0", "203.0.113.15"});
  ExpectPassing({"198.51.100.6", "203.0.113.16"});
}

TEST_F(SetTest, AListComesFromStandardInput) {
  Do({"set", "import", "bad", "-"}, kList);
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
  EXPECT_THAT(Refused({"set", "import", "bad", "-"}, "1.2.3\n"),
              HasSubstr("standard input, line 1: "));
  ExpectBlocked(kListed);
}

TEST_F(SetTest, WhatIpsetSavesIsTaken) {
  Do({"set", "import", "bad", "-"},
     "create old hash:net family inet hashsize 1024 maxelem 65536 timeout 0\n"
     "add old 198.51.100.7 timeout 500 comment \"seen at 203.0.113.16\"\n"
     "add old 203.0.113.0/28\n"
     "create old6 hash:net family inet6 hashsize 1024 maxelem 65536\n"
     "add old6 2001:db8:bad::/48\n");
  ExpectBlocked(kListed);
  ExpectPassing(kNotListed);
}

TEST_F(SetTest, AnEntryEndsAndItsNeighboursDoNot) {
  Do({"set", "import", "bad", File("198.51.100.8\n203.0.113.1\n")});
  const absl::Time before = absl::Now();
  Do({"set", "add", "bad", "--ttl", "3s", "198.51.100.7", "203.0.113.0/28"});
  Do({"set", "add", "bad", "--ttl", "1h", "198.51.100.9"});
  ExpectBlocked({"198.51.100.7", "203.0.113.2"});
  EXPECT_THAT(Do({"set", "list", "bad"}),
              HasSubstr("add bad 198.51.100.7/32 timeout "));
  EXPECT_GE(PassesAfter(before, "198.51.100.7"), absl::Seconds(3));
  ExpectPassing({"203.0.113.2", "203.0.113.15"});
  ExpectBlocked({"198.51.100.8", "198.51.100.9", "203.0.113.1"});
  EXPECT_TRUE(
      site_->agent().WaitForErr("set bad: 2 entries have ended: generation 4"));
  EXPECT_THAT(Do({"set", "list", "bad"}),
              AllOf(Not(HasSubstr("198.51.100.7")), HasSubstr("198.51.100.8"),
                    HasSubstr("198.51.100.9"), HasSubstr("203.0.113.1/32")));
  ExpectBlocked({"198.51.100.8", "198.51.100.9", "203.0.113.1"});
}

TEST_F(SetTest, AnEntryEndsOnTimeWithTheAgentDead) {
  const absl::Time before = absl::Now();
  Do({"set", "import", "bad", "-"},
     "create old hash:ip family inet timeout 4\n"
     "add old 198.51.100.7\n"
     "add old 198.51.100.8 timeout 0\n"
     "add old 203.0.113.1 timeout 3600\n");
  site_->StopAgent(SIGKILL);
  ExpectBlocked({"198.51.100.7", "198.51.100.8", "203.0.113.1"});
  EXPECT_GE(PassesAfter(before, "198.51.100.7"), absl::Seconds(4));
  ExpectBlocked({"198.51.100.8", "203.0.113.1"});
  ASSERT_TRUE(site_->StartAgent());
  ExpectPassing({"198.51.100.7"});
  ExpectBlocked({"198.51.100.8", "203.0.113.1"});
  EXPECT_TRUE(site_->agent().WaitForErr("set bad: 1 entry has ended"));
}

TEST_F(SetTest, ADefaultOfTheSetEndsWhatDoesNotSay) {
  Do({"set", "create", "bad", "--ttl", "3s"});
  const absl::Time before = absl::Now();
  Do({"set", "add", "bad", "198.51.100.7"});
  Do({"set", "add", "bad", "--permanent", "198.51.100.8"});
  EXPECT_THAT(Do({"set", "list"}), HasSubstr("3s"));
  ExpectBlocked({"198.51.100.7", "198.51.100.8"});
  EXPECT_GE(PassesAfter(before, "198.51.100.7"), absl::Seconds(3));
  ExpectBlocked({"198.51.100.8"});
}

TEST_F(SetTest, ARenewedEntryGoesOn) {
  Do({"set", "create", "bad"});
  Do({"set", "add", "bad", "--ttl", "2s", "198.51.100.7"});
  const absl::Time before = absl::Now();
  EXPECT_THAT(
      Do({"set", "add", "bad", "--ttl", "5s", "198.51.100.7"}),
      HasSubstr("1 was there already, of which 1 ends at another time"));
  EXPECT_GE(PassesAfter(before, "198.51.100.7"), absl::Seconds(5));
}

TEST_F(SetTest, ValidateOnlyChangesNothing) {
  Do({"set", "import", "bad", "--validate-only", File(kList)});
  ExpectPassing(kListed);
  EXPECT_THAT(Do({"set", "list"}), Not(HasSubstr("bad")));
}

TEST_F(SetTest, CheckNamesTheSetAndTheEntry) {
  Do({"set", "import", "bad", File(kList)});
  EXPECT_THAT(Do({"set", "check", "203.0.113.9"}),
              AllOf(HasSubstr("bad"), HasSubstr("203.0.113.0/28")));
  EXPECT_THAT(Refused({"set", "check", "203.0.113.16"}),
              HasSubstr("in no set"));
}

}  // namespace
}  // namespace fwagent::testing
