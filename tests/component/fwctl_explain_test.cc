// fwctl explain: what it sends, and what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "client/capture.h"
#include "client/test_frame.h"
#include "tests/support/fwctl_runner.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FwctlExplain : public ::testing::Test {
 protected:
  FwctlExplain() {
    explanation_.set_verdict(fwagent::v1::VERDICT_DROP);
    explanation_.set_reason(fwagent::v1::REASON_SOURCE_BLOCKED);
    auto* rule = explanation_.mutable_decided_by()->mutable_rule();
    rule->set_id(7);
    rule->mutable_source_block()->mutable_source()->set_text("192.0.2.0/24");
    rule->set_owner("fail2ban");
    rule->set_comment("ssh scan\x1b[2J");
    rule->mutable_create_time()->set_seconds(1'700'000'000 - 3720);
    rule->mutable_expire_time()->set_seconds(1'700'000'060);
    auto* set = explanation_.add_shadowed()->mutable_set();
    set->mutable_set()->set_id(3);
    set->mutable_set()->set_name("drop");
    set->mutable_set()->set_owner("cli");
    set->mutable_entry()->mutable_prefix()->set_text("192.0.0.0/16");
    explanation_.mutable_packet()->mutable_source()->set_text("192.0.2.7/32");
    explanation_.mutable_packet()->set_protocol(fwagent::v1::PROTOCOL_TCP);
    explanation_.mutable_packet()->set_port(22);
    explanation_.set_interface("eth0");
    agent_.service().SetExplanation(explanation_);
  }

  FwctlResult Run(std::vector<std::string> args) {
    args.insert(args.begin(), "explain");
    return runner_.Run(agent_, std::move(args));
  }

  // A capture in the classic format, little endian, of these packets.
  std::string Capture(std::uint32_t link_type,
                      const std::vector<std::string>& packets,
                      std::uint32_t more_bytes = 0) {
    const std::string path = dir_ / "test.pcap";
    std::ofstream file(path, std::ios::binary);
    const auto put = [&file](std::uint32_t word) {
      file.write(reinterpret_cast<const char*>(&word), sizeof(word));
    };
    for (const std::uint32_t word :
         {0xa1b2c3d4u, 0x00040002u, 0u, 0u, 65535u, link_type}) {
      put(word);
    }
    for (const std::string& packet : packets) {
      const auto size = static_cast<std::uint32_t>(packet.size());
      for (const std::uint32_t word : {0u, 0u, size, size + more_bytes}) {
        put(word);
      }
      file << packet;
    }
    return path;
  }

  fwagent::v1::ExplainResponse explanation_;
  TempDir dir_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

const std::vector<std::string> kWords = {"--src",     "192.0.2.7", "--dst",
                                         "192.0.2.1", "--proto",   "tcp",
                                         "--dport",   "22"};

TEST_F(FwctlExplain, SaysVerdictReasonRuleAndWhatItShadowed) {
  const FwctlResult result = Run(kWords);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(
      result.out,
      "drop: source-blocked (the source address is blocked)\n"
      "packet from 192.0.2.7 to port 22/tcp on eth0\n"
      "decided by rule 7: block source 192.0.2.0/24, owner fail2ban, made "
      "2023-11-14T21:11:20Z (1h2m ago), ends in 1m: ssh scan\\x1b[2J\n"
      "shadowed   set drop (3): block source 192.0.0.0/16, owner cli\n");
}

TEST_F(FwctlExplain, WhereNoRuleDecided) {
  explanation_.clear_decided_by();
  explanation_.clear_shadowed();
  explanation_.clear_packet();
  explanation_.clear_interface();
  explanation_.set_verdict(fwagent::v1::VERDICT_PASS);
  explanation_.set_reason(fwagent::v1::REASON_NOT_IP);
  agent_.service().SetExplanation(explanation_);
  EXPECT_EQ(Run(kWords).out,
            "pass: not-ip (it is neither IPv4 nor IPv6)\n"
            "packet without a source address, but no interface is "
            "guarded: this is what would become of it\n");
}

TEST_F(FwctlExplain, JsonIsTheAnswerOfTheProtocol) {
  std::vector<std::string> words = kWords;
  words.insert(words.end(), {"-o", "json"});
  EXPECT_THAT(Run(words).out,
              AllOf(HasSubstr("\"reason\":\"REASON_SOURCE_BLOCKED\""),
                    HasSubstr("\"decidedBy\":{\"rule\":{\"id\":\"7\"")));
}

TEST_F(FwctlExplain, ThePacketAndTheInterfaceAreSent) {
  std::vector<std::string> words = kWords;
  words.insert(words.end(), {"--iface", "eth1"});
  EXPECT_EQ(Run(words).exit_code, 0);
  EXPECT_THAT(agent_.service().LastRequest(),
              AllOf(HasSubstr("frame: "), HasSubstr("interface: \"eth1\"")));
}

TEST_F(FwctlExplain, WhatCannotBeUnderstoodIsNotSent) {
  const std::vector<std::vector<std::string>> rows = {
      {},
      {"--src", "192.0.2"},
      {"--src", "192.0.2.1", "--proto", "tcp"},
      {"--src", "192.0.2.1", "--proto", "tcp", "--dport", "65536"},
      {"--src", "192.0.2.1", "--dport", "22"},
      {"--src", "192.0.2.1", "--packet", "2"},
      {"--src", "192.0.2.1", "--pcap", "x.pcap"},
      {"--pcap", "x.pcap", "--packet", "0"}};
  for (const auto& row : rows) {
    EXPECT_EQ(Run(row).exit_code, 2) << ::testing::PrintToString(row);
  }
  EXPECT_EQ(agent_.service().CallCount(), 0u);
}

std::string Frame() {
  return *client::BuildFrame({.source = "192.0.2.7",
                              .protocol = "udp",
                              .destination_port = std::uint16_t{53}});
}

TEST_F(FwctlExplain, APacketOutOfACapture) {
  const std::string path = Capture(1, {std::string(60, 'x'), Frame()});
  const auto second = client::ReadCapture(path, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->frame, Frame());
  EXPECT_EQ(second->missing_bytes, 0u);
  const FwctlResult result = Run({"--pcap", path, "--packet", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("drop: source-blocked"));
  EXPECT_THAT(result.out, Not(HasSubstr("lacks")));
}

TEST_F(FwctlExplain, WhatTheCaptureLacksIsFilledUp) {
  const std::string path = Capture(1, {Frame()}, 100);
  EXPECT_EQ(client::ReadCapture(path, 1)->frame, Frame() + std::string(100, 0));
  EXPECT_THAT(Run({"--pcap", path}).out,
              HasSubstr("lacks the last 100 bytes of the packet"));
}

TEST_F(FwctlExplain, CapturesWithoutEthernetHeaders) {
  const std::string ip = Frame().substr(14);
  const std::string type = Frame().substr(12, 2);
  const std::string raw = client::ReadCapture(Capture(101, {ip}), 1)->frame;
  EXPECT_EQ(raw, Frame());
  for (const auto& [link_type, packet] :
       {std::pair{113u, std::string(14, 0) + type + ip},
        std::pair{276u, type + std::string(18, 0) + ip}}) {
    const auto cooked = client::ReadCapture(Capture(link_type, {packet}), 1);
    ASSERT_TRUE(cooked.ok()) << cooked.status();
    EXPECT_EQ(cooked->frame.substr(12), Frame().substr(12));
  }
  EXPECT_FALSE(client::ReadCapture(Capture(113, {"short"}), 1).ok());
  EXPECT_FALSE(client::ReadCapture(Capture(105, {ip}), 1).ok());  // Wi-Fi
}

TEST_F(FwctlExplain, ACaptureThatCannotBeReadIsNamed) {
  const FwctlResult gone = Run({"--pcap", dir_ / "gone.pcap"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_THAT(gone.err, HasSubstr("gone.pcap: No such file"));
  const FwctlResult few =
      Run({"--pcap", Capture(1, {Frame()}), "--packet", "2"});
  EXPECT_EQ(few.exit_code, 1);
  EXPECT_THAT(few.err, HasSubstr("there is no packet 2: it has 1"));
  std::ofstream(dir_ / "text.pcap") << "this is no capture at all, but text";
  EXPECT_EQ(Run({"--pcap", dir_ / "text.pcap"}).exit_code, 1);
  EXPECT_EQ(agent_.service().CallCount(), 0u);
}

}  // namespace
}  // namespace fwagent::testing
