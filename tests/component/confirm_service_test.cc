// confirm_within in every request that changes something, and Confirm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "fwagent/v1/set_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConfirmServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  ConfirmServiceTest()
      : stub_(v1::FirewallService::NewStub(Channel())),
        set_stub_(v1::SetService::NewStub(Channel())) {}

  static constexpr std::int64_t kNow = 1'700'000'000;

  v1::BlockIPRequest BlockRequest(const std::string& prefix,
                                  std::int64_t within) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text(prefix);
    request.mutable_confirm_within()->set_seconds(within);
    return request;
  }
  grpc::Status Block(const v1::BlockIPRequest& request) {
    block_.Clear();
    return stub_->BlockIP(Context().get(), request, &block_);
  }
  grpc::Status Confirm(std::uint64_t generation = 0) {
    v1::ConfirmRequest request;
    request.set_generation(generation);
    confirmed_.Clear();
    return stub_->Confirm(Context().get(), request, &confirmed_);
  }
  v1::GetStatusResponse Status() {
    v1::GetStatusResponse status;
    EXPECT_TRUE(stub_->GetStatus(Context().get(), {}, &status).ok());
    return status;
  }
  // Asks for a change that must be confirmed in a minute, and confirms it.
  template <typename Stub, typename Method, typename Request, typename Response>
  void ExpectWaits(Stub& stub, Method method, Request request,
                   Response response) {
    request.mutable_confirm_within()->set_seconds(60);
    const grpc::Status status =
        (stub.*method)(Context().get(), request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.confirm_by().seconds(), kNow + 60)
        << request.GetTypeName();
    EXPECT_EQ(Status().unconfirmed().generation(), response.generation());
    EXPECT_TRUE(Confirm(response.generation()).ok());
  }

  std::unique_ptr<v1::FirewallService::Stub> stub_;
  std::unique_ptr<v1::SetService::Stub> set_stub_;
  v1::BlockIPResponse block_;
  v1::ConfirmResponse confirmed_;
};

TEST_F(ConfirmServiceTest, SaysWhatWaitsUntilItIsConfirmed) {
  EXPECT_FALSE(Status().has_unconfirmed());
  ASSERT_TRUE(Block(BlockRequest("192.0.2.1", 60)).ok());
  EXPECT_EQ(block_.generation(), 1u);
  EXPECT_EQ(block_.confirm_by().seconds(), kNow + 60);
  const v1::GetStatusResponse status = Status();
  EXPECT_EQ(status.unconfirmed().generation(), 1u);
  EXPECT_EQ(status.unconfirmed().time().seconds(), kNow);
  EXPECT_EQ(status.unconfirmed().confirm_by().seconds(), kNow + 60);
  EXPECT_FALSE(status.unconfirmed().origin().empty());
  v1::ListHistoryResponse history;
  ASSERT_TRUE(stub_->ListHistory(Context().get(), {}, &history).ok());
  EXPECT_EQ(history.generations(0).confirm_by().seconds(), kNow + 60);

  const grpc::Status other = Confirm(7);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(other), "ANOTHER_TO_CONFIRM");
  ASSERT_TRUE(Confirm().ok());
  EXPECT_EQ(confirmed_.generation(), 1u);
  EXPECT_FALSE(Status().has_unconfirmed());
  ASSERT_TRUE(stub_->ListHistory(Context().get(), {}, &history).ok());
  EXPECT_FALSE(history.generations(0).has_confirm_by());
  const grpc::Status nothing = Confirm();
  EXPECT_EQ(nothing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(nothing), "NOTHING_TO_CONFIRM");
  EXPECT_THAT(KernelSources(), SizeIs(1));
}

TEST_F(ConfirmServiceTest, EveryChangeCanBeMadeOnCondition) {
  v1::BlockIPRequest block;
  block.mutable_source()->set_text("192.0.2.1");
  ExpectWaits(*stub_, &v1::FirewallService::Stub::BlockIP, block,
              v1::BlockIPResponse());
  v1::UnblockIPRequest unblock;
  unblock.mutable_source()->set_text("192.0.2.1");
  ExpectWaits(*stub_, &v1::FirewallService::Stub::UnblockIP, unblock,
              v1::UnblockIPResponse());
  v1::AllowIPRequest allow;
  allow.mutable_source()->set_text("192.0.2.1");
  ExpectWaits(*stub_, &v1::FirewallService::Stub::AllowIP, allow,
              v1::AllowIPResponse());
  v1::UnallowIPRequest unallow;
  unallow.mutable_source()->set_text("192.0.2.1");
  ExpectWaits(*stub_, &v1::FirewallService::Stub::UnallowIP, unallow,
              v1::UnallowIPResponse());
  v1::BlockPortRequest block_port;
  block_port.set_protocol(v1::PROTOCOL_TCP);
  block_port.mutable_ports()->set_first(80);
  ExpectWaits(*stub_, &v1::FirewallService::Stub::BlockPort, block_port,
              v1::BlockPortResponse());
  v1::UnblockPortRequest unblock_port;
  unblock_port.set_protocol(v1::PROTOCOL_TCP);
  unblock_port.mutable_ports()->set_first(80);
  ExpectWaits(*stub_, &v1::FirewallService::Stub::UnblockPort, unblock_port,
              v1::UnblockPortResponse());
  v1::ChangeSourcesRequest sources;
  sources.add_edits()->mutable_block()->set_text("192.0.2.3");
  ExpectWaits(*stub_, &v1::FirewallService::Stub::ChangeSources, sources,
              v1::ChangeSourcesResponse());
  v1::RollbackRequest rollback;
  ExpectWaits(*stub_, &v1::FirewallService::Stub::Rollback, rollback,
              v1::RollbackResponse());
  v1::CreateSetRequest create;
  create.set_name("list");
  ExpectWaits(*set_stub_, &v1::SetService::Stub::CreateSet, create,
              v1::CreateSetResponse());
  v1::AddSetEntriesRequest add;
  add.set_name("list");
  add.add_entries()->mutable_prefix()->set_text("192.0.2.1");
  ExpectWaits(*set_stub_, &v1::SetService::Stub::AddSetEntries, add,
              v1::AddSetEntriesResponse());
  v1::RemoveSetEntriesRequest remove;
  remove.set_name("list");
  remove.set_all(true);
  ExpectWaits(*set_stub_, &v1::SetService::Stub::RemoveSetEntries, remove,
              v1::RemoveSetEntriesResponse());
  v1::DeleteSetRequest drop;
  drop.set_name("list");
  ExpectWaits(*set_stub_, &v1::SetService::Stub::DeleteSet, drop,
              v1::DeleteSetResponse());
}

TEST_F(ConfirmServiceTest, SoCanAnImport) {
  const auto import = [this](std::int64_t within,
                             v1::ImportSetResponse& response) {
    const auto context = Context();
    const auto writer = set_stub_->ImportSet(context.get(), &response);
    v1::ImportSetRequest part;
    part.mutable_header()->set_name("list");
    part.mutable_header()->mutable_confirm_within()->set_seconds(within);
    writer->Write(part);
    part.mutable_prefixes()->set_ipv4(std::string("\xc0\x00\x02\x01\x20", 5));
    writer->Write(part);
    part.set_entry_count(1);
    writer->Write(part);
    writer->WritesDone();
    return writer->Finish();
  };
  v1::ImportSetResponse response;
  ExpectViolations(import(0, response), {"confirm_within"});
  ASSERT_TRUE(import(60, response).ok());
  EXPECT_EQ(response.confirm_by().seconds(), kNow + 60);
  clocks_.Advance(absl::Seconds(61));
  ASSERT_TRUE(engine_->Apply(*engine_->TakeBackOfOverdue()).ok());
  EXPECT_THAT(engine_->Sets(), IsEmpty());
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(ConfirmServiceTest, AWrongTimeIsNamed) {
  for (const std::int64_t within : {0, -1, 24 * 3600 + 1}) {
    ExpectViolations(Block(BlockRequest("192.0.2.1", within)),
                     {"confirm_within"});
  }
  v1::BlockIPRequest request = BlockRequest("192.0.2.1", 0);
  request.mutable_confirm_within()->set_nanos(999'999'999);
  ExpectViolations(Block(request), {"confirm_within"});
  request = BlockRequest("192.0.2.1", 24 * 3600);
  request.mutable_confirm_within()->set_nanos(1);
  ExpectViolations(Block(request), {"confirm_within"});
  request.mutable_confirm_within()->set_nanos(-1);
  ExpectViolations(Block(request), {"confirm_within"});
  request = BlockRequest("192.0.2.1/24", 0);
  ExpectViolations(Block(request), {"source.text", "confirm_within"});
  for (const std::int64_t within : {1, 24 * 3600}) {
    ASSERT_TRUE(Block(BlockRequest("192.0.2.1", within)).ok());
    v1::RollbackResponse rolled;
    ASSERT_TRUE(stub_->Rollback(Context().get(), {}, &rolled).ok());
    EXPECT_FALSE(rolled.has_confirm_by());
    EXPECT_FALSE(Status().has_unconfirmed());
  }
}

TEST_F(ConfirmServiceTest, OneWaitsAtATime) {
  ASSERT_TRUE(Block(BlockRequest("192.0.2.1", 60)).ok());
  const grpc::Status refused = Block(BlockRequest("192.0.2.2", 60));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(refused), "CONFIRMATION_PENDING");
  EXPECT_THAT(refused.error_message(), HasSubstr("fwctl confirm 1"));
  EXPECT_THAT(KernelSources(), SizeIs(1));
  v1::BlockIPRequest sure;
  sure.mutable_source()->set_text("192.0.2.2");
  ASSERT_TRUE(Block(sure).ok());
  EXPECT_FALSE(block_.has_confirm_by());
  clocks_.Advance(absl::Seconds(60));
  clocks_.Advance(absl::Milliseconds(200));
  const grpc::Status late = Confirm();
  EXPECT_EQ(late.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(late), "CONFIRMED_TOO_LATE");
}

}  // namespace
}  // namespace fwagent::service
