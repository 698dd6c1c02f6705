// ListHistory, Rollback, and changes on condition of an etag.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HistoryServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  HistoryServiceTest() : stub_(v1::FirewallService::NewStub(Channel())) {}

  grpc::Status Block(const std::string& prefix, const std::string& etag = "") {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text(prefix);
    request.set_etag(etag);
    v1::BlockIPResponse response;
    return stub_->BlockIP(Context().get(), request, &response);
  }

  grpc::Status History(const v1::ListHistoryRequest& request) {
    history_.Clear();
    return stub_->ListHistory(Context().get(), request, &history_);
  }

  grpc::Status Rollback(const v1::RollbackRequest& request) {
    rolled_.Clear();
    return stub_->Rollback(Context().get(), request, &rolled_);
  }
  grpc::Status Rollback(std::uint64_t generation) {
    v1::RollbackRequest request;
    request.set_generation(generation);
    return Rollback(request);
  }

  std::vector<std::string> Blocked() {
    v1::ListRulesResponse listed;
    EXPECT_TRUE(stub_->ListRules(Context().get(), {}, &listed).ok());
    std::vector<std::string> texts;
    for (const v1::Rule& rule : listed.rules()) {
      texts.push_back(rule.source_block().source().text());
    }
    return texts;
  }

  v1::ListHistoryResponse history_;
  v1::RollbackResponse rolled_;
  std::unique_ptr<v1::FirewallService::Stub> stub_;
};

TEST_F(HistoryServiceTest, TheNewestGenerationComesFirstWithItsEtag) {
  ASSERT_TRUE(Block("192.0.2.1").ok());
  ASSERT_TRUE(Block("192.0.2.2").ok());
  ASSERT_TRUE(History({}).ok());
  ASSERT_EQ(history_.generations_size(), 2);
  const v1::Generation& newest = history_.generations(0);
  EXPECT_EQ(newest.generation(), 2u);
  EXPECT_EQ(newest.etag(), Etag());
  EXPECT_EQ(newest.time().seconds(), 1'700'000'000);
  EXPECT_THAT(newest.summary(), HasSubstr("192.0.2.2"));
  EXPECT_FALSE(newest.origin().empty());
  EXPECT_TRUE(newest.can_undo());
  EXPECT_NE(history_.generations(1).etag(), newest.etag());
  EXPECT_TRUE(history_.next_page_token().empty());

  v1::GetStatusResponse status;
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &status).ok());
  EXPECT_EQ(status.etag(), newest.etag());
}

TEST_F(HistoryServiceTest, ComesPageByPage) {
  for (const char* host : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    ASSERT_TRUE(Block(host).ok());
  }
  v1::ListHistoryRequest request;
  for (const int size : {1, 2, 3, 4}) {
    request.set_page_size(size);
    request.clear_page_token();
    std::vector<std::uint64_t> seen;
    do {
      ASSERT_TRUE(History(request).ok());
      EXPECT_LE(history_.generations_size(), size);
      for (const auto& one : history_.generations()) {
        seen.push_back(one.generation());
      }
      request.set_page_token(history_.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(seen, ElementsAre(3u, 2u, 1u)) << size;
  }
}

TEST_F(HistoryServiceTest, WrongFieldsAreNamed) {
  v1::ListHistoryRequest list;
  for (const char* token : {"x", "-1", " 1", "99999999999999999999999"}) {
    list.set_page_token(token);
    ExpectViolations(History(list), {"page_token"});
  }
  list.set_page_size(-1);
  ExpectViolations(History(list), {"page_token", "page_size"});
  v1::RollbackRequest rollback;
  rollback.set_request_id("not printable \x01");
  ExpectViolations(Rollback(rollback), {"request_id"});
}

TEST_F(HistoryServiceTest, ARollbackBringsBackAnyGenerationThatWas) {
  ASSERT_TRUE(Block("192.0.2.1").ok());
  ASSERT_TRUE(Block("192.0.2.2").ok());
  ASSERT_TRUE(Rollback(1).ok());
  EXPECT_EQ(rolled_.changed_rules(), 1u);
  EXPECT_EQ(rolled_.changed_sets(), 0u);
  EXPECT_EQ(rolled_.generation(), 3u);
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  ASSERT_TRUE(Rollback(2).ok());
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32", "192.0.2.2/32"));
  ASSERT_TRUE(Rollback(0).ok());
  EXPECT_THAT(Blocked(), IsEmpty());
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(HistoryServiceTest, WhatIsNoEarlierGenerationIsRefused) {
  ASSERT_TRUE(Block("192.0.2.1").ok());
  for (const std::uint64_t generation : {1ull, 2ull, ~0ull}) {
    const grpc::Status status = Rollback(generation);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << generation;
    EXPECT_FALSE(status.error_message().empty());
  }
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  EXPECT_EQ(store_.commits(), 1);
}

TEST_F(HistoryServiceTest, ARollbackIsAChangeLikeOthers) {
  ASSERT_TRUE(Block("192.0.2.1").ok());
  const std::string old = Etag();
  ASSERT_TRUE(Block("192.0.2.2").ok());
  v1::RollbackRequest request;
  request.set_generation(1);
  request.set_validate_only(true);
  ASSERT_TRUE(Rollback(request).ok());
  EXPECT_EQ(rolled_.changed_rules(), 1u);
  EXPECT_EQ(store_.commits(), 2);
  request.set_validate_only(false);
  request.set_etag(old);
  const grpc::Status refused = Rollback(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(refused), "ETAG_MISMATCH");
  request.set_etag(Etag());
  request.set_request_id("r-1");
  ASSERT_TRUE(Rollback(request).ok());
  const std::string first = rolled_.SerializeAsString();
  ASSERT_TRUE(Rollback(request).ok()) << "a retry";
  EXPECT_EQ(rolled_.SerializeAsString(), first);
  EXPECT_EQ(store_.commits(), 3);
}

TEST_F(HistoryServiceTest, AChangeOfAnotherPolicyIsAborted) {
  const std::string empty = Etag();
  ASSERT_TRUE(Block("192.0.2.1", empty).ok());
  const grpc::Status refused = Block("192.0.2.2", empty);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(refused), "ETAG_MISMATCH");
  EXPECT_THAT(refused.error_message(), HasSubstr(Etag()));
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  EXPECT_TRUE(Block("192.0.2.2", Etag()).ok());
}

}  // namespace
}  // namespace fwagent::service
