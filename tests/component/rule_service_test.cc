// ChangeRules over a channel in the process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RuleServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  RuleServiceTest() : stub_(v1::FirewallService::NewStub(Channel())) {}

  static v1::FilterRule* Add(v1::ChangeRulesRequest& request,
                             const std::string& match,
                             v1::RuleAction action = v1::RULE_ACTION_DROP) {
    v1::FilterRule* rule = request.add_edits()->mutable_add();
    rule->set_action(action);
    rule->set_match(match);
    return rule;
  }

  grpc::Status Send(const v1::ChangeRulesRequest& request) {
    response_.Clear();
    return stub_->ChangeRules(Context().get(), request, &response_);
  }

  // Refused, and this is said.
  void ExpectRefused(const v1::ChangeRulesRequest& request,
                     const std::string& field, const std::string& said) {
    const grpc::Status status = Send(request);
    ExpectViolations(status, {field});
    EXPECT_THAT(status.error_message(), HasSubstr(said));
    EXPECT_THAT(kernel_.ordered().rules, IsEmpty());
  }

  std::unique_ptr<v1::FirewallService::Stub> stub_;
  v1::ChangeRulesResponse response_;
};

TEST_F(RuleServiceTest, AnswersWithTheRulesInCanonicalWords) {
  v1::ChangeRulesRequest request;
  Add(request, "dport 90,80-90 from 10.0.0.1 proto 6")->set_order(0);
  Add(request, "", v1::RULE_ACTION_REJECT);
  request.mutable_edits(1)->set_comment("why");
  request.mutable_edits(1)->mutable_ttl()->set_seconds(60);
  request.set_owner("ops");
  ASSERT_TRUE(Send(request).ok());
  ASSERT_THAT(response_.rules(), SizeIs(2));
  EXPECT_EQ(response_.generation(), 1u);
  const v1::Rule& first = response_.rules(0);
  EXPECT_EQ(first.id(), 1u);
  EXPECT_EQ(first.owner(), "ops");
  EXPECT_TRUE(first.filter().has_order());
  EXPECT_EQ(first.filter().order(), 0u);
  EXPECT_EQ(first.filter().match(), "from 10.0.0.1/32 proto tcp dport 80-90");
  const v1::Rule& second = response_.rules(1);
  EXPECT_EQ(second.filter().order(), 1000u);
  EXPECT_EQ(second.filter().action(), v1::RULE_ACTION_REJECT);
  EXPECT_EQ(second.filter().match(), "any");
  EXPECT_EQ(second.comment(), "why");
  EXPECT_TRUE(second.has_expire_time());
}

TEST_F(RuleServiceTest, AnEmptyRequestNamesItsEdits) {
  v1::ChangeRulesRequest request;
  ExpectRefused(request, "edits", "must be 1 to 100000, not 0");
  request.add_edits();
  ExpectRefused(request, "edits[0]", "is empty: say which rule to add");
}

TEST_F(RuleServiceTest, AWrongRuleNamesItsEditAndItsField) {
  v1::ChangeRulesRequest request;
  Add(request, "dport 22");
  v1::FilterRule* rule = Add(request, "dport 99999");
  ExpectRefused(request, "edits[1].add.match",
                "dport: \"99999\" is not a number from 0 to 65535");
  rule->set_match("dport 23");
  rule->set_action(v1::RULE_ACTION_UNSPECIFIED);
  ExpectRefused(request, "edits[1].add.action", "must be RULE_ACTION_DROP (1)");
  rule->set_action(static_cast<v1::RuleAction>(99));
  ExpectRefused(request, "edits[1].add.action", "must be RULE_ACTION_DROP (1)");
  rule->set_action(v1::RULE_ACTION_DROP);
  rule->set_order(1'000'000'001);
  ExpectRefused(request, "edits[1].add.order", "at most 1000000000");
  rule->set_order(5);
  rule->set_match("dport 23 rate 5/second");
  ExpectRefused(request, "edits[1].add.match",
                "\"rate\" is for rules that limit");
  rule->set_match("dport 23");
  rule->set_action(v1::RULE_ACTION_LIMIT);
  ExpectRefused(request, "edits[1].add.match", "a limit needs a rate");
  rule->set_action(v1::RULE_ACTION_DROP);
  request.mutable_edits(1)->mutable_ttl()->set_seconds(-1);
  ExpectViolations(Send(request), {"edits[1].ttl"});
  request.mutable_edits(1)->clear_ending();
  request.set_owner("not an owner");
  ExpectViolations(Send(request), {"owner"});
  request.clear_owner();
  EXPECT_TRUE(Send(request).ok());
}

TEST_F(RuleServiceTest, ARemovalOfNothingNamesItsField) {
  v1::ChangeRulesRequest request;
  request.add_edits()->set_remove_id(7);
  ExpectRefused(request, "edits[0].remove_id", "there is no rule 7 (any more)");
  request.mutable_edits(0)->mutable_remove()->set_match("port 5");
  request.mutable_edits(0)->mutable_remove()->set_action(v1::RULE_ACTION_DROP);
  ExpectRefused(request, "edits[0].remove.match", "port: is not a word");
}

TEST_F(RuleServiceTest, RulesGoByWordsOrById) {
  v1::ChangeRulesRequest request;
  Add(request, "dport 1");
  Add(request, "dport 2");
  ASSERT_TRUE(Send(request).ok());
  EXPECT_EQ(Send(request).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  Add(request, "dport 3");
  request.set_skip_satisfied(true);
  ASSERT_TRUE(Send(request).ok());
  EXPECT_THAT(response_.rules(), SizeIs(1));

  v1::ChangeRulesRequest removal;
  removal.add_edits()->set_remove_id(2);
  *removal.add_edits()->mutable_remove() = request.edits(0).add();
  ASSERT_TRUE(Send(removal).ok());
  EXPECT_THAT(response_.rules(), SizeIs(2));
  ASSERT_THAT(kernel_.ordered().rules, SizeIs(1));
  EXPECT_EQ(kernel_.ordered().rules[0].match.text(), "dport 3");
}

// The id of another kind of rule is not one of these.
TEST_F(RuleServiceTest, OnlyOrderedRulesGoByIdHere) {
  v1::BlockIPRequest block;
  block.mutable_source()->set_text("192.0.2.1");
  v1::BlockIPResponse blocked;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), block, &blocked).ok());
  v1::ChangeRulesRequest removal;
  removal.add_edits()->set_remove_id(blocked.rule().id());
  const grpc::Status status = Send(removal);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("edits[0].remove_id: rule 1 (source 192.0.2.1/32) is "
                        "none of those that are judged in order"));
  EXPECT_THAT(KernelSources(), SizeIs(1));
}

TEST_F(RuleServiceTest, ASetThatIsNotThereIsAReason) {
  v1::ChangeRulesRequest request;
  Add(request, "from @office");
  const grpc::Status status = Send(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "SET_NOT_FOUND");
}

TEST_F(RuleServiceTest, TheListSaysHowOftenARuleDecided) {
  v1::ChangeRulesRequest request;
  Add(request, "dport 1");
  Add(request, "dport 2");
  ASSERT_TRUE(Send(request).ok());
  kernel_.Hit(2, {.packets = 3, .bytes = 180});
  v1::ListRulesResponse listed;
  ASSERT_TRUE(stub_->ListRules(Context().get(), {}, &listed).ok());
  ASSERT_THAT(listed.rules(), SizeIs(2));
  EXPECT_EQ(listed.rules(0).hits().packets(), 0u);
  EXPECT_EQ(listed.rules(1).hits().packets(), 3u);
  EXPECT_EQ(listed.rules(1).hits().bytes(), 180u);
}

}  // namespace
}  // namespace fwagent::service
