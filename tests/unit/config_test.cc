// The configuration file, and flags over it.
#include "agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "agent/arguments.h"
#include "tests/support/temp_dir.h"

namespace fwagent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConfigTest : public ::testing::Test {
 protected:
  const std::string& Write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }

  absl::StatusOr<Config> Read(const std::string& text) {
    Config config;
    const absl::Status status = ReadConfigFile(Write(text), config);
    if (!status.ok()) return status;
    return config;
  }

  absl::StatusOr<Invocation> Parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "fwagent");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    return ParseArguments(static_cast<int>(argv.size()), argv.data());
  }

  fwagent::testing::TempDir dir_;
  const std::string path_ = dir_ / "fwagent.yaml";
};

TEST_F(ConfigTest, EveryKey) {
  const auto config = Read(
      "interfaces: [eth0, eth1]\nmode: generic\nsocket: /s\n"
      "socket_group: g\nlisten: 127.0.0.1:1\ninsecure_remote: true\n"
      "state_dir: /d\npin_dir: /p\nmax_sources: 7\nlog_level: debug\n"
      "malformed: pass\nundecided_fragments: drop\n"
      "default_verdict: drop\n"
      "interface_options: {eth1: {malformed: drop}}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(config->interfaces, ElementsAre("eth0", "eth1"));
  EXPECT_EQ(config->mode, dataplane::ModePreference::kGeneric);
  EXPECT_EQ(config->socket, "/s");
  EXPECT_EQ(config->socket_group, "g");
  EXPECT_EQ(config->listen, "127.0.0.1:1");
  EXPECT_TRUE(config->insecure_remote);
  EXPECT_EQ(config->state_dir, "/d");
  EXPECT_EQ(config->pin_dir, "/p");
  EXPECT_EQ(config->max_sources, 7u);
  EXPECT_EQ(config->log_level, "debug");
  const dataplane::PacketOptions packets = {
      .malformed = dataplane::Malformed::kPass,
      .undecided_fragments = dataplane::UndecidedFragments::kDrop,
      .default_verdict = dataplane::DefaultVerdict::kDrop};
  EXPECT_EQ(config->packets, packets);
  EXPECT_EQ(config->packets_of("eth0"), packets);
  EXPECT_EQ(config->packets_of("eth1").malformed, dataplane::Malformed::kDrop);
  EXPECT_EQ(config->packets_of("eth1").undecided_fragments,
            dataplane::UndecidedFragments::kDrop);
}

TEST_F(ConfigTest, AnEmptyFileLeavesTheDefaults) {
  const auto config = Read("# nothing yet\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->socket, "/run/fwagent/fwagent.sock");
  EXPECT_EQ(config->mode, dataplane::ModePreference::kAuto);
  EXPECT_EQ(config->max_sources, 10'000'000u);
}

TEST_F(ConfigTest, MistakesAreNamedWithTheirPlace) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const Row& row : {
           Row{"mode: auto\ninterface: eth0\n", ":2:1: unknown key"},
           Row{"mode: auto\nmode: native\n", ":2:1: \"mode\" is given twice"},
           Row{"mode: fast\n", "\"fast\" is not one of auto, native, generic"},
           Row{"max_sources: many\n", ":1:14: bad conversion"},
           Row{"max_sources: -1\n", ":1:14: bad conversion"},
           Row{"insecure_remote: perhaps\n", ":1:18: bad conversion"},
           Row{"interfaces: eth0\n", ":1:13: bad conversion"},
           Row{"state_dir:\n", ":1:1: \"state_dir\" has no value"},
           Row{"socket: ~\n", ":1:1: \"socket\" has no value"},
           Row{"- eth0\n", "must be a mapping"},
           Row{"mode: [auto\n", ":2:1: "},
           Row{"malformed: maybe\n",
               "\"maybe\" is not one of auto, pass, drop"},
           Row{"undecided_fragments: auto\n", "is not one of pass, drop"},
           Row{"default_verdict: reject\n", "is not one of pass, drop"},
           Row{"shadow: maybe\n", "is not one of true, false"},
           Row{"essential: dhcp,arp\n", "\"arp\" is not one of neighbor"},
           Row{"essential: all,dhcp\n", "\"all\" is not one of"},
           Row{"interface_options: [eth0]\n", "must be a mapping"},
           Row{"interface_options: {eth0: drop}\n", "eth0: must be a mapping"},
           Row{"interface_options: {eth0: {mode: fast}}\n",
               "eth0: mode: \"fast\" is not one of"},
           Row{"interface_options: {eth0: {socket: /s}}\n",
               "eth0: unknown key \"socket\""},
           Row{"interface_options: {eth0: {malformed: x}}\n",
               "eth0: malformed"},
           Row{"interface_options: {eth0: {}, eth0: {}}\n", "given twice"},
       }) {
    const absl::Status status = Read(row.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.text;
    EXPECT_THAT(std::string(status.message()),
                ::testing::AllOf(HasSubstr(path_), HasSubstr(row.message)));
  }
}

TEST_F(ConfigTest, AMissingFileIsNotFound) {
  Config config;
  EXPECT_EQ(ReadConfigFile(dir_.path(), config).code(),
            absl::StatusCode::kFailedPrecondition)
      << "a folder";
  EXPECT_EQ(ReadConfigFile(dir_ / "none", config).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ConfigTest, FlagsOverrideTheFile) {
  Write("interfaces: [eth0]\nmode: native\nmax_sources: 7\n");
  const auto invocation =
      Parse({"--config", path_, "--mode", "generic", "-i", "eth1", "-i", "eth2",
             "--socket", "/a", "--socket", "/b"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_THAT(invocation->config.interfaces, ElementsAre("eth1", "eth2"));
  EXPECT_EQ(invocation->config.mode, dataplane::ModePreference::kGeneric);
  EXPECT_EQ(invocation->config.max_sources, 7u) << "not given as a flag";
  EXPECT_EQ(invocation->config.socket, "/b") << "the last one counts";
}

TEST_F(ConfigTest, InterfacesMustBeNamedOnceAndBeNames) {
  Write("");
  for (const std::vector<std::string>& interfaces :
       std::vector<std::vector<std::string>>{
           {}, {"eth0", "eth0"}, {""}, {"a/b"}, {"sixteen-letters0"}}) {
    Config config;
    config.interfaces = interfaces;
    EXPECT_EQ(ValidateConfig(config).code(),
              absl::StatusCode::kInvalidArgument);
  }
  Config config;
  config.interfaces = {"eth0", "fifteen-letters"};
  EXPECT_TRUE(ValidateConfig(config).ok());
  config.max_sources = 0;
  EXPECT_FALSE(ValidateConfig(config).ok());
}

TEST_F(ConfigTest, WhatPassesAllTheSameIsAListOfNames) {
  const auto essential = [this](const std::string& text) {
    const auto config = Read("interfaces: [eth0]\n" + text);
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? config->packets_of("eth0").essential : 0;
  };
  EXPECT_EQ(essential(""), dataplane::kAllEssentials);
  EXPECT_EQ(essential("essential: none\n"), 0u);
  EXPECT_EQ(essential("essential: all\n"), dataplane::kAllEssentials);
  EXPECT_EQ(essential("essential: [dhcp, icmp-errors]\n"),
            dataplane::kEssentials[1].bit | dataplane::kEssentials[3].bit);
  EXPECT_EQ(essential("essential: dhcp\ninterface_options: {eth0: "
                      "{essential: [neighbor-discovery]}}\n"),
            dataplane::kEssentials[0].bit);
}

TEST_F(ConfigTest, TheVeryNameGoesBeforePatternsAndTheseInTheirOrder) {
  const auto config = Read(
      "interfaces: [eth*, wan]\nmode: native\ndefault_verdict: drop\n"
      "interface_options:\n"
      "  eth*: {mode: generic, malformed: drop}\n"
      "  eth?: {mode: auto}\n"
      "  eth0: {default_verdict: pass}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(ValidateConfig(*config).ok()) << ValidateConfig(*config);
  using dataplane::ModePreference;
  EXPECT_EQ(config->mode_of("wan"), ModePreference::kNative);
  EXPECT_EQ(config->mode_of("eth0"), ModePreference::kNative)
      << "what its pattern says does not count";
  EXPECT_EQ(config->mode_of("eth1"), ModePreference::kGeneric)
      << "the first pattern";
  const auto verdict = [&config](const char* name) {
    return config->packets_of(name).default_verdict;
  };
  EXPECT_EQ(verdict("eth0"), dataplane::DefaultVerdict::kPass);
  EXPECT_EQ(verdict("eth1"), dataplane::DefaultVerdict::kDrop);
  EXPECT_EQ(config->packets_of("eth0").malformed, dataplane::Malformed::kAuto);
  EXPECT_EQ(config->packets_of("eth10").malformed, dataplane::Malformed::kDrop);
}

TEST_F(ConfigTest, WhatWouldNotStartIsRefusedBeforehand) {
  const auto refused = [](auto change) {
    Config config;
    config.interfaces = {"eth0"};
    EXPECT_TRUE(ValidateConfig(config).ok());
    change(config);
    EXPECT_FALSE(ValidateConfig(config).ok());
  };
  refused([](Config& c) { c.log_level = "loud"; });
  refused([](Config& c) { c.listen = "nonsense"; });
  refused([](Config& c) { c.listen = "0.0.0.0:7443"; });
  refused([](Config& c) { c.socket = std::string(200, 'x'); });
  refused([](Config& c) { c.socket = ""; });
  refused([](Config& c) { c.max_sources = 0xffffffff; });
  refused([](Config& c) { c.interface_options = {{"eth1", {}}}; });
  refused([](Config& c) { c.interface_options = {{"veth*", {}}}; });
  refused([](Config& c) { c.interfaces = {"eth*", "eth*"}; });
}

TEST_F(ConfigTest, UsageErrorsAndVersionEndAtOnce) {
  EXPECT_EQ(Parse({"--version"})->exit_code, 0);
  EXPECT_EQ(Parse({"--no-such-flag"})->exit_code, 2);
  EXPECT_EQ(Parse({"--max-sources", "x"})->exit_code, 2);
  EXPECT_FALSE(Parse({"--malformed", "x"}).ok());
  EXPECT_FALSE(Parse({"--undecided-fragments", "x"}).ok());
}

TEST_F(ConfigTest, WhoIsNeverDropped) {
  const auto config = Read(
      "interfaces: [eth0]\nfailsafe: [192.0.2.0/24 22/tcp, any 443/tcp]\n"
      "session_ports: [22, 2222]\n"
      "interface_options: {eth0: {default_verdict: drop}}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(ValidateConfig(*config).ok());
  EXPECT_EQ(config->failsafe_entries().size(), 3u);
  EXPECT_THAT(config->session_ports, ElementsAre(22, 2222));
  // Of every interface, whatever else is said of it.
  EXPECT_EQ(config->packets_of("eth0").failsafe, config->failsafe_entries());
  EXPECT_EQ(config->packets_of("eth1").failsafe, config->failsafe_entries());
  EXPECT_EQ(config->common_packets().failsafe, config->failsafe_entries());
}

TEST_F(ConfigTest, WhoIsNeverDroppedByFlags) {
  const auto parsed =
      Parse({"-i", "eth0", "--failsafe", "192.0.2.0/24 22/tcp", "--failsafe",
             "192.0.2.1", "--session-port", "2222"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->config.failsafe,
              ElementsAre("192.0.2.0/24 22/tcp", "192.0.2.1"));
  EXPECT_THAT(parsed->config.session_ports, ElementsAre(2222));
}

TEST_F(ConfigTest, FailsafeEntriesThatAreWrongOrTooMany) {
  const auto error = [this](const std::string& failsafe) {
    const auto config = Read("interfaces: [eth0]\nfailsafe: " + failsafe);
    if (!config.ok()) return std::string(config.status().message());
    return std::string(ValidateConfig(*config).message());
  };
  EXPECT_THAT(error("[192.0.2.1/24]"), HasSubstr("failsafe: host bits"));
  EXPECT_THAT(error("[any 22]"), HasSubstr("failsafe: \"22\" are no ports"));
  std::string many = "[any";
  for (int i = 1; i < 32; ++i) many += ", any";
  EXPECT_EQ(error(many + "]"), "");
  EXPECT_THAT(error(many + ", 192.0.2.1]"), HasSubstr("at most 64 entries"));
}

}  // namespace
}  // namespace fwagent
