#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "client/arguments.h"

namespace fwagent::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ArgumentsTest : public ::testing::Test {
 protected:
  ArgumentsTest() { unsetenv("FWCTL_ADDRESS"); }
  ~ArgumentsTest() override { unsetenv("FWCTL_ADDRESS"); }
};

Arguments Parsed(const std::vector<std::string>& args) {
  const Invocation invocation = ParseArguments(args);
  if (const auto* error = std::get_if<UsageError>(&invocation)) {
    ADD_FAILURE() << error->failure.message;
    return {};
  }
  return std::get<Arguments>(invocation);
}

std::string Refusal(const std::vector<std::string>& args) {
  const Invocation invocation = ParseArguments(args);
  const auto* error = std::get_if<UsageError>(&invocation);
  if (error == nullptr) return "understood";
  EXPECT_EQ(error->failure.exit_code, ExitCode::kUsage);
  return error->failure.message;
}

TEST_F(ArgumentsTest, Defaults) {
  const Arguments arguments = Parsed({"block-ip", "192.0.2.1"});
  EXPECT_EQ(arguments.command, Command::kBlockIp);
  EXPECT_EQ(arguments.output, OutputFormat::kText);
  EXPECT_EQ(arguments.address.ToString(), "unix:/run/fwagent/fwagent.sock");
  EXPECT_EQ(arguments.timeout, absl::Seconds(5));
  EXPECT_THAT(arguments.prefixes, ElementsAre("192.0.2.1"));
  EXPECT_FALSE(arguments.validate_only);
  EXPECT_FALSE(arguments.tolerate_unchanged);
}

TEST_F(ArgumentsTest, ABlockMayEnd) {
  const Arguments plain = Parsed({"block-ip", "192.0.2.1"});
  EXPECT_EQ(plain.ttl, std::nullopt);
  EXPECT_EQ(plain.until, std::nullopt);
  EXPECT_FALSE(plain.renew);
  EXPECT_EQ(Parsed({"block-ip", "192.0.2.1", "--ttl", "10m"}).ttl,
            absl::Minutes(10));
  const Arguments until = Parsed(
      {"block-port", "80/tcp", "--until", "1970-01-01T00:01:00Z", "--renew"});
  EXPECT_EQ(until.until, absl::FromUnixSeconds(60));
  EXPECT_TRUE(until.renew);
  EXPECT_THAT(Refusal({"block-ip", "192.0.2.1", "--ttl", "soon"}),
              HasSubstr("--ttl: \"soon\""));
  // An empty variable in a script must not block for ever.
  EXPECT_THAT(Refusal({"block-ip", "192.0.2.1", "--ttl="}),
              HasSubstr("--ttl: \"\""));
  EXPECT_THAT(Refusal({"block-ip", "192.0.2.1", "--until", "soon"}),
              HasSubstr("--until: \"soon\""));
  EXPECT_THAT(Refusal({"block-ip", "192.0.2.1", "--ttl", "1m", "--until",
                       "2026-12-01T12:00:00Z"}),
              HasSubstr("excludes"));
  EXPECT_NE(Refusal({"unblock-ip", "192.0.2.1", "--ttl", "1m"}), "understood");
}

TEST_F(ArgumentsTest, GlobalOptionsStandBeforeOrAfterTheCommand) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"-o", "json", "-a", "host:1", "--timeout", "2s", "list"},
           {"list", "-o", "json", "-a", "host:1", "--timeout", "2s"},
           {"--output=json", "list", "--address=host:1", "--timeout=2"}}) {
    const Arguments arguments = Parsed(args);
    EXPECT_EQ(arguments.command, Command::kList);
    EXPECT_EQ(arguments.output, OutputFormat::kJson);
    EXPECT_EQ(arguments.address.ToString(), "host:1");
    EXPECT_EQ(arguments.timeout, absl::Seconds(2));
  }
}

TEST_F(ArgumentsTest, EnvironmentNamesTheAddressUnlessAnOptionDoes) {
  setenv("FWCTL_ADDRESS", "unix:/env.sock", 1);
  EXPECT_EQ(Parsed({"list"}).address.ToString(), "unix:/env.sock");
  EXPECT_EQ(Parsed({"list", "-a", "/opt.sock"}).address.ToString(),
            "unix:/opt.sock");
  setenv("FWCTL_ADDRESS", "nonsense", 1);
  EXPECT_THAT(Refusal({"list"}), HasSubstr("\"nonsense\""));
}

TEST_F(ArgumentsTest, OptionsOfAChange) {
  const Arguments block =
      Parsed({"block-ip", "192.0.2.1", "--comment", "a comment", "--request-id",
              "id-1", "--validate-only", "--exist-ok"});
  EXPECT_EQ(block.comment, "a comment");
  EXPECT_EQ(block.request_id, "id-1");
  EXPECT_TRUE(block.validate_only);
  EXPECT_TRUE(block.tolerate_unchanged);
  const Arguments unblock =
      Parsed({"unblock-port", "443/tcp", "--missing-ok", "--request-id=id-2"});
  EXPECT_EQ(unblock.command, Command::kUnblockPort);
  EXPECT_EQ(unblock.request_id, "id-2");
  EXPECT_TRUE(unblock.tolerate_unchanged);
}

TEST_F(ArgumentsTest, AddressesAreTheAgentsToJudge) {
  EXPECT_THAT(Parsed({"block-ip", "not an address"}).prefixes,
              ElementsAre("not an address"));
  EXPECT_THAT(Parsed({"block-ip", "[2001:db8::1]"}).prefixes,
              ElementsAre("2001:db8::1"));
  EXPECT_THAT(Parsed({"block-ip", "192.0.2.1", "2001:db8::1"}).prefixes,
              ElementsAre("192.0.2.1", "2001:db8::1"));
  // An empty variable in a script.
  EXPECT_THAT(Parsed({"block-ip", ""}).prefixes, ElementsAre(""));
  EXPECT_EQ(Parsed({"unblock-ip", "--file", "-"}).file, "-");
}

TEST_F(ArgumentsTest, CommentsAreTakenAsTheyAre) {
  for (const std::string comment :
       {"{}", "[a,b]", "%%", "list", "", "a,b", "-x", "--watch"}) {
    EXPECT_EQ(Parsed({"block-ip", "192.0.2.1", "--comment=" + comment}).comment,
              comment);
  }
}

TEST_F(ArgumentsTest, AnEmptyValueDoesNotEatTheNextArgument) {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"block-ip", "--comment=", "192.0.2.1"},
           {"block-ip", "--comment", "", "192.0.2.1"}}) {
    const Arguments arguments = Parsed(args);
    EXPECT_EQ(arguments.comment, "");
    EXPECT_THAT(arguments.prefixes, ElementsAre("192.0.2.1"));
  }
  EXPECT_THAT(Refusal({"list", "--timeout=", "-o", "json"}),
              HasSubstr("--timeout: \"\""));
}

TEST_F(ArgumentsTest, Watch) {
  EXPECT_EQ(Parsed({"stats"}).watch, std::nullopt);
  EXPECT_EQ(Parsed({"stats", "--watch"}).watch, absl::Seconds(1));
  EXPECT_EQ(Parsed({"stats", "--watch=0.5"}).watch, absl::Milliseconds(500));
  EXPECT_EQ(Parsed({"stats", "--watch", "2"}).watch, absl::Seconds(2));
  const Arguments counted =
      Parsed({"stats", "--watch", "-o", "json", "--count", "3"});
  EXPECT_EQ(counted.watch, absl::Seconds(1));
  EXPECT_EQ(counted.sample_count, 3);
  EXPECT_EQ(counted.output, OutputFormat::kJson);
}

TEST_F(ArgumentsTest, DetachNamesInterfacesOrSaysAll) {
  EXPECT_THAT(Parsed({"detach", "eth0", "list"}).interfaces,
              ElementsAre("eth0", "list"));
  EXPECT_THAT(Parsed({"detach", "--all"}).interfaces, IsEmpty());
  EXPECT_THAT(Refusal({"detach"}), HasSubstr("--all"));
  EXPECT_THAT(Refusal({"detach", "--all", "eth0"}), HasSubstr("not both"));
}

struct BadRow {
  std::vector<std::string> args;
  std::string says;
};

class BadCommandLine : public ArgumentsTest,
                       public ::testing::WithParamInterface<BadRow> {};

TEST_P(BadCommandLine, IsRefused) {
  EXPECT_THAT(Refusal(GetParam().args), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadCommandLine,
    ::testing::Values(
        BadRow{{}, "a command is required"},
        BadRow{{"blockip", "192.0.2.1"}, "no such command: blockip"},
        BadRow{{"-o", "json"}, "a command is required"},
        BadRow{{"list", "stats"}, "stats"},
        BadRow{{"list", "--bogus"}, "--bogus"}, BadRow{{"block-ip"}, "PREFIX"},
        BadRow{{"unblock-ip", "--file="}, "PREFIX"},
        BadRow{{"block-ip", "192.0.2.1", "--missing-ok"}, "--missing-ok"},
        BadRow{{"unblock-ip", "192.0.2.1", "--exist-ok"}, "--exist-ok"},
        BadRow{{"unblock-ip", "192.0.2.1", "--comment=x"}, "--comment"},
        BadRow{{"block-ip", "\xff"}, "UTF-8"},
        BadRow{{"block-port", "443"}, "443/tcp"},
        BadRow{{"-o", "xml", "list"}, "xml"},
        BadRow{{"list", "-a", "192.0.2.1"}, "192.0.2.1"},
        BadRow{{"list", "--timeout"}, "--timeout"},
        BadRow{{"list", "--timeout", "soon"}, "--timeout: \"soon\""},
        BadRow{{"list", "--timeout", "0"}, "--timeout: \"0\""},
        BadRow{{"list", "--timeout=-1s"}, "--timeout: \"-1s\""},
        BadRow{{"list", "--timeout", "inf"}, "--timeout: \"inf\""},
        BadRow{{"list", "--timeout", "nan"}, "--timeout: \"nan\""},
        BadRow{{"stats", "--watch=often"}, "--watch: \"often\""},
        BadRow{{"stats", "--watch=0"}, "--watch: \"0\""},
        BadRow{{"stats", "--count", "3"}, "--count requires --watch"},
        BadRow{{"stats", "--watch", "--count", "0"}, "--count"},
        BadRow{{"stats", "--watch", "--count", "x"}, "--count"}));

TEST_F(ArgumentsTest, UsageErrorsKnowTheOutputThatWasAskedFor) {
  const auto output = [](const std::vector<std::string>& args) {
    return std::get<UsageError>(ParseArguments(args)).output;
  };
  EXPECT_EQ(output({"-o", "json", "nonsense"}), OutputFormat::kJson);
  EXPECT_EQ(output({"block-port", "443", "-o", "json"}), OutputFormat::kJson);
  EXPECT_EQ(output({"nonsense"}), OutputFormat::kText);
}

TEST_F(ArgumentsTest, HelpAndVersion) {
  const auto help = std::get<Help>(ParseArguments({"--help"})).text;
  EXPECT_THAT(help, HasSubstr("Exit codes"));
  EXPECT_THAT(help, HasSubstr("FWCTL_ADDRESS"));
  EXPECT_THAT(std::get<Help>(ParseArguments({"stats", "--help"})).text,
              HasSubstr("--watch"));
  EXPECT_THAT(std::get<Help>(ParseArguments({"--version"})).text,
              HasSubstr("fwctl "));
}

}  // namespace
}  // namespace fwagent::client
