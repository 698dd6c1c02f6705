// Owners and allowances over the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class OwnerServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  OwnerServiceTest() : stub_(v1::FirewallService::NewStub(Channel())) {}

  grpc::Status Block(const std::string& owner) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text("192.0.2.1");
    request.set_owner(owner);
    v1::BlockIPResponse response;
    return stub_->BlockIP(Context().get(), request, &response);
  }

  std::unique_ptr<v1::FirewallService::Stub> stub_;
};

TEST_F(OwnerServiceTest, WhatIsLiftedSaysWhoStillHoldsIt) {
  ASSERT_TRUE(Block("").ok());
  ASSERT_TRUE(Block("fail2ban").ok());
  ASSERT_TRUE(Block("crowdsec").ok());
  v1::UnblockIPRequest request;
  request.mutable_source()->set_text("192.0.2.1");
  v1::UnblockIPResponse response;
  ASSERT_TRUE(stub_->UnblockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().owner(), "cli") << "the owner of who names none";
  ASSERT_THAT(response.still_held(), SizeIs(2));
  EXPECT_EQ(response.still_held(0).owner(), "fail2ban");
  EXPECT_THAT(response.other_rules(), SizeIs(0));

  request.set_all_owners(true);
  response.Clear();
  ASSERT_TRUE(stub_->UnblockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().owner(), "fail2ban");
  ASSERT_THAT(response.other_rules(), SizeIs(1));
  EXPECT_EQ(response.other_rules(0).owner(), "crowdsec");
  EXPECT_THAT(response.still_held(), SizeIs(0));
}

TEST_F(OwnerServiceTest, AnOwnerThatCannotBeIsNamed) {
  const grpc::Status status = Block("two words");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("owner"));
  v1::ChangeSourcesRequest many;
  many.add_edits()->mutable_block()->set_text("192.0.2.1");
  many.set_owner("-");
  v1::ChangeSourcesResponse response;
  EXPECT_EQ(stub_->ChangeSources(Context().get(), many, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OwnerServiceTest, AllowsOneAndMany) {
  v1::AllowIPRequest allow;
  allow.mutable_source()->set_text("2001:db8::/32");
  allow.set_comment("office");
  v1::AllowIPResponse allowed;
  ASSERT_TRUE(stub_->AllowIP(Context().get(), allow, &allowed).ok());
  EXPECT_EQ(allowed.rule().source_allow().source().text(), "2001:db8::/32");
  EXPECT_FALSE(allowed.rule().has_source_block());
  EXPECT_EQ(stub_->AllowIP(Context().get(), allow, &allowed).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);

  v1::ChangeSourcesRequest many;
  many.set_owner("ops");
  many.add_edits()->mutable_allow()->set_text("192.0.2.0/24");
  many.add_edits()->mutable_block()->set_text("192.0.2.0/24");
  v1::ChangeSourcesResponse changed;
  ASSERT_TRUE(stub_->ChangeSources(Context().get(), many, &changed).ok());
  ASSERT_THAT(changed.rules(), SizeIs(2));
  EXPECT_TRUE(changed.rules(0).has_source_allow());
  EXPECT_TRUE(changed.rules(1).has_source_block());
  EXPECT_EQ(changed.rules(1).owner(), "ops");

  v1::UnallowIPRequest unallow;
  unallow.mutable_source()->set_text("2001:db8::/32");
  v1::UnallowIPResponse ended;
  ASSERT_TRUE(stub_->UnallowIP(Context().get(), unallow, &ended).ok());
  EXPECT_EQ(ended.rule().comment(), "office");
  EXPECT_EQ(stub_->UnallowIP(Context().get(), unallow, &ended).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(OwnerServiceTest, PortsHaveOwnersToo) {
  v1::BlockPortRequest block;
  block.set_protocol(v1::PROTOCOL_TCP);
  block.mutable_ports()->set_first(443);
  v1::BlockPortResponse blocked;
  ASSERT_TRUE(stub_->BlockPort(Context().get(), block, &blocked).ok());
  block.set_owner("ops");
  ASSERT_TRUE(stub_->BlockPort(Context().get(), block, &blocked).ok());
  v1::UnblockPortRequest unblock;
  unblock.set_protocol(v1::PROTOCOL_TCP);
  unblock.mutable_ports()->set_first(443);
  v1::UnblockPortResponse lifted;
  ASSERT_TRUE(stub_->UnblockPort(Context().get(), unblock, &lifted).ok());
  ASSERT_THAT(lifted.still_held(), SizeIs(1));
  EXPECT_EQ(lifted.still_held(0).owner(), "ops");
}

}  // namespace
}  // namespace fwagent::service
