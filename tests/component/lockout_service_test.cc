// force, in every request that changes something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "fwagent/v1/set_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;

class LockoutServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  LockoutServiceTest()
      : stub_(v1::FirewallService::NewStub(Channel())),
        sets_(v1::SetService::NewStub(Channel())) {
    lifelines_ = {{.packet = {.source = *policy::Prefix::Parse("192.0.2.7"),
                              .protocol = policy::Protocol::kTcp,
                              .port_host = 22},
                   .who = "the peer of this call"}};
  }

  void ExpectRefused(const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), "LOCKOUT") << status.error_message();
  }

  // Without force, and then with it.
  template <typename Send, typename Request>
  void ExpectForceIsNeeded(const Send& send, Request request) {
    ExpectRefused(send(request));
    request.set_force(true);
    const grpc::Status forced = send(request);
    EXPECT_TRUE(forced.ok()) << forced.error_message();
  }

  std::unique_ptr<v1::FirewallService::Stub> stub_;
  std::unique_ptr<v1::SetService::Stub> sets_;
};

TEST_F(LockoutServiceTest, BlockIP) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("192.0.2.0/24");
  v1::BlockIPResponse response;
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return stub_->BlockIP(Context().get(), one, &response);
      },
      request);
}

TEST_F(LockoutServiceTest, BlockPort) {
  v1::BlockPortRequest request;
  request.set_protocol(v1::PROTOCOL_TCP);
  request.mutable_ports()->set_first(22);
  v1::BlockPortResponse response;
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return stub_->BlockPort(Context().get(), one, &response);
      },
      request);
}

TEST_F(LockoutServiceTest, UnallowIP) {
  v1::AllowIPRequest allow;
  allow.mutable_source()->set_text("192.0.2.7");
  v1::AllowIPResponse allowed;
  ASSERT_TRUE(stub_->AllowIP(Context().get(), allow, &allowed).ok());
  v1::BlockIPRequest block;
  block.mutable_source()->set_text("192.0.2.0/24");
  v1::BlockIPResponse blocked;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), block, &blocked).ok());
  v1::UnallowIPRequest request;
  request.mutable_source()->set_text("192.0.2.7");
  v1::UnallowIPResponse response;
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return stub_->UnallowIP(Context().get(), one, &response);
      },
      request);
  v1::RollbackRequest back;
  back.set_generation(1);
  v1::RollbackResponse rolled;
  EXPECT_TRUE(stub_->Rollback(Context().get(), back, &rolled).ok());
  back.set_generation(0);
  EXPECT_TRUE(stub_->Rollback(Context().get(), back, &rolled).ok());
  back.set_generation(3);
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return stub_->Rollback(Context().get(), one, &rolled);
      },
      back);
}

TEST_F(LockoutServiceTest, ChangeSources) {
  v1::ChangeSourcesRequest request;
  request.add_edits()->mutable_block()->set_text("192.0.2.0/24");
  request.add_edits()->mutable_block()->set_text("198.51.100.0/24");
  v1::ChangeSourcesResponse response;
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return stub_->ChangeSources(Context().get(), one, &response);
      },
      request);
}

TEST_F(LockoutServiceTest, Sets) {
  v1::CreateSetRequest create;
  create.set_name("some");
  v1::CreateSetResponse created;
  ASSERT_TRUE(sets_->CreateSet(Context().get(), create, &created).ok());
  v1::AddSetEntriesRequest request;
  request.set_name("some");
  request.add_entries()->mutable_prefix()->set_text("192.0.2.7");
  v1::AddSetEntriesResponse response;
  ExpectForceIsNeeded(
      [&](const auto& one) {
        return sets_->AddSetEntries(Context().get(), one, &response);
      },
      request);
}

TEST_F(LockoutServiceTest, Import) {
  const auto send = [this](bool force) {
    auto context = Context();
    v1::ImportSetResponse response;
    auto writer = sets_->ImportSet(context.get(), &response);
    v1::ImportSetRequest part;
    part.mutable_header()->set_name("some");
    part.mutable_header()->set_force(force);
    writer->Write(part);
    part.mutable_prefixes()->set_ipv4(std::string("\xc0\x00\x02\x00\x18", 5));
    writer->Write(part);
    part.set_entry_count(1);
    writer->Write(part);
    writer->WritesDone();
    return writer->Finish();
  };
  ExpectRefused(send(false));
  EXPECT_TRUE(send(true).ok());
}

TEST_F(LockoutServiceTest, Attach) {
  lifelines_[0].packet.more.interface = "eth0";
  kernel_.SetDropsByDefault(true);
  v1::AttachResponse response;
  const auto send = [&](const auto& one) {
    return stub_->Attach(Context().get(), one, &response);
  };
  v1::AttachRequest other;
  other.add_interfaces("eth1");
  EXPECT_TRUE(send(other).ok());
  v1::AttachRequest request;
  request.add_interfaces("eth*");
  ExpectForceIsNeeded(send, request);
  // It is cut off already.
  EXPECT_TRUE(send(request).ok());
}

TEST_F(LockoutServiceTest, AttachWhereTheCallerIsAllowed) {
  lifelines_[0].packet.more.interface = "eth0";
  kernel_.SetDropsByDefault(true);
  v1::AllowIPRequest allow;
  allow.mutable_source()->set_text("192.0.2.7");
  v1::AllowIPResponse allowed;
  ASSERT_TRUE(stub_->AllowIP(Context().get(), allow, &allowed).ok());
  v1::AttachRequest request;
  request.add_interfaces("eth0");
  v1::AttachResponse response;
  EXPECT_TRUE(stub_->Attach(Context().get(), request, &response).ok());
}

TEST_F(LockoutServiceTest, TheTwinIsNotHeldBack) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("192.0.3.0/24");
  v1::BlockIPResponse response;
  EXPECT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
}

TEST_F(LockoutServiceTest, StatusShowsWhoIsNeverDropped) {
  v1::GetStatusResponse status;
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &status).ok());
  EXPECT_THAT(status.failsafe(), ElementsAre("198.51.100.0/24 22/tcp"));
}

}  // namespace
}  // namespace fwagent::service
