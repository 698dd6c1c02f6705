// Explain: from the bytes of a packet to the rules that match it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/packet.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using fwagent::testing::Bytes;
using fwagent::testing::Ethernet;
using fwagent::testing::IPv4;
using fwagent::testing::Raw;
using fwagent::testing::Tcp;

class ExplainServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  ExplainServiceTest() : stub_(v1::FirewallService::NewStub(Channel())) {}

  void Block(const std::string& prefix, const std::string& comment) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text(prefix);
    request.set_comment(comment);
    request.set_owner("fail2ban");
    v1::BlockIPResponse response;
    EXPECT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  }

  grpc::Status Explain(const Bytes& frame, const std::string& interface = "") {
    v1::ExplainRequest request;
    request.set_frame(frame.data(), frame.size());
    request.set_interface(interface);
    return stub_->Explain(Context().get(), request, &response_);
  }

  v1::ExplainResponse response_;
  std::unique_ptr<v1::FirewallService::Stub> stub_;
};

TEST_F(ExplainServiceTest, SaysWhoBlockedWhatAndWhy) {
  Block("192.0.2.0/24", "ssh scan");
  const Bytes frame =
      (Ethernet{} / IPv4{.src = "192.0.2.7"} / Tcp{.dport = 22}).ToBytes();
  const grpc::Status status = Explain(frame);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.verdict(), v1::VERDICT_DROP);
  EXPECT_EQ(response_.reason(), v1::REASON_SOURCE_BLOCKED);
  const v1::Rule& rule = response_.decided_by().rule();
  EXPECT_EQ(rule.source_block().source().text(), "192.0.2.0/24");
  EXPECT_EQ(rule.owner(), "fail2ban");
  EXPECT_EQ(rule.comment(), "ssh scan");
  EXPECT_EQ(rule.create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(response_.shadowed_size(), 0);
  EXPECT_EQ(response_.packet().source().text(), "192.0.2.7/32");
  EXPECT_EQ(response_.packet().protocol(), v1::PROTOCOL_TCP);
  EXPECT_EQ(response_.packet().port(), 22u);
  EXPECT_EQ(response_.generation(), 1u);
  // The twin, which no rule is about.
  ASSERT_TRUE(
      Explain((Ethernet{} / IPv4{.src = "192.0.3.7"} / Tcp{}).ToBytes()).ok());
  EXPECT_EQ(response_.verdict(), v1::VERDICT_PASS);
  EXPECT_FALSE(response_.has_decided_by());
}

TEST_F(ExplainServiceTest, WhatIsNoIpPacketHasNoPort) {
  ASSERT_TRUE(Explain((Ethernet{.ethertype = 0x0806} / Raw{}).ToBytes()).ok());
  EXPECT_EQ(response_.reason(), v1::REASON_NOT_IP);
  EXPECT_FALSE(response_.packet().has_source());
  EXPECT_FALSE(response_.packet().has_port());
}

TEST_F(ExplainServiceTest, AFrameThatIsNoneIsRefused) {
  ExpectViolations(Explain({}), {"frame"});
  ExpectViolations(Explain(Bytes(13)), {"frame"});
  ExpectViolations(Explain(Bytes(64 * 1024 + 1)), {"frame"});
}

TEST_F(ExplainServiceTest, AnInterfaceThatIsNotGuardedIsRefused) {
  const grpc::Status status = Explain(Bytes(14), "eth7");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "INTERFACE_NOT_GUARDED");
}

}  // namespace
}  // namespace fwagent::service
