// ImportSet, the one stream: its parts, in which order they may come, and that
// nothing is changed by one that is not whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fwagent/v1/set_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Part = v1::ImportSetRequest;

Part Header(const std::string& name = "bad") {
  Part part;
  part.mutable_header()->set_name(name);
  return part;
}

// Hosts 192.0.2.N.
Part Hosts(const std::vector<int>& numbers) {
  Part part;
  std::string& packed = *part.mutable_prefixes()->mutable_ipv4();
  for (const int number : numbers) {
    packed += {'\xc0', '\0', '\2', static_cast<char>(number), '\x20'};
  }
  return part;
}

Part End(std::uint64_t count) {
  Part part;
  part.set_entry_count(count);
  return part;
}

class SetImportTest : public fwagent::testing::ServiceFixture {
 protected:
  SetImportTest() : stub_(v1::SetService::NewStub(Channel())) {}

  // Sends the parts and ends the stream.
  grpc::Status Import(const std::vector<Part>& parts) {
    const auto context = Context();
    response_.Clear();
    const auto writer = stub_->ImportSet(context.get(), &response_);
    for (const Part& part : parts) {
      if (!writer->Write(part)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  std::vector<std::string> Entries(const std::string& name = "bad") {
    v1::ListSetEntriesRequest request;
    request.set_name(name);
    v1::ListSetEntriesResponse page;
    std::vector<std::string> texts;
    const auto status = stub_->ListSetEntries(Context().get(), request, &page);
    EXPECT_TRUE(status.ok()) << status.error_message();
    for (const v1::SetEntry& entry : page.entries()) {
      texts.push_back(entry.prefix().text());
    }
    return texts;
  }

  v1::ImportSetResponse response_;
  std::unique_ptr<v1::SetService::Stub> stub_;
};

TEST_F(SetImportTest, PartsAreTakenTogetherAndTheSetIsMade) {
  Part header = Header();
  header.mutable_header()->set_comment("a list");
  Part last = Hosts({4});
  last.mutable_prefixes()->set_ipv6(std::string("\x20\x01\x0d\xb8", 4) +
                                    std::string(12, '\0') + '\x20');
  ASSERT_TRUE(Import({header, Hosts({1, 2}), Hosts({}), last, End(4)}).ok());
  EXPECT_EQ(response_.set().name(), "bad");
  EXPECT_EQ(response_.set().comment(), "a list");
  EXPECT_EQ(response_.set().size(), 4u);
  EXPECT_EQ(response_.added(), 4u);
  EXPECT_EQ(response_.removed(), 0u);
  EXPECT_EQ(response_.generation(), 1u);
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32", "192.0.2.2/32",
                                     "192.0.2.4/32", "2001:db8::/32"));
  EXPECT_EQ(store_.commits(), 1);
}

TEST_F(SetImportTest, ItReplacesAddsOrLeavesAsItIs) {
  ASSERT_TRUE(Import({Header(), Hosts({1, 2}), End(2)}).ok());
  ASSERT_TRUE(Import({Header(), Hosts({2, 3}), End(2)}).ok());
  EXPECT_EQ(response_.added(), 1u);
  EXPECT_EQ(response_.removed(), 1u);
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.2/32", "192.0.2.3/32"));
  Part add = Header();
  add.mutable_header()->set_mode(v1::IMPORT_MODE_ADD);
  ASSERT_TRUE(Import({add, Hosts({3, 4}), End(2)}).ok());
  EXPECT_EQ(response_.added(), 1u);
  EXPECT_EQ(response_.removed(), 0u);
  EXPECT_EQ(response_.set().size(), 3u);
  EXPECT_EQ(response_.generation(), 3u);

  ASSERT_TRUE(Import({Header(), Hosts({2, 3, 4}), End(3)}).ok());
  EXPECT_EQ(response_.generation(), 3u) << "unchanged";
  EXPECT_EQ(response_.set().size(), 3u);
  EXPECT_EQ(store_.commits(), 3);
  ASSERT_TRUE(Import({Header(), End(0)}).ok());
  EXPECT_EQ(response_.removed(), 3u);
  EXPECT_THAT(Entries(), IsEmpty());
}

TEST_F(SetImportTest, WhatComesTwiceIsOneEntry) {
  const grpc::Status status = Import({Header(), Hosts({1, 1, 2}), End(3)});
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.set().size(), 2u);
}

TEST_F(SetImportTest, EveryWrongFieldOfTheHeaderIsNamed) {
  const auto refused = [&](const std::vector<std::string>& fields,
                           const auto& spoil) {
    Part header = Header();
    spoil(*header.mutable_header());
    SCOPED_TRACE(header.ShortDebugString());
    ExpectViolations(Import({header, Hosts({1}), End(1)}), fields);
  };
  using H = v1::ImportHeader;
  refused({"name"}, [](H& h) { h.clear_name(); });
  refused({"name"}, [](H& h) { h.set_name("a b"); });
  refused({"mode"}, [](H& h) { h.set_mode(static_cast<v1::ImportMode>(9)); });
  refused({"action"},
          [](H& h) { h.set_action(static_cast<v1::SetAction>(9)); });
  refused({"comment"}, [](H& h) { h.set_comment("a\nb"); });
  refused({"request_id"}, [](H& h) { h.set_request_id("a b"); });
  refused({"request_id", "name", "comment"}, [](H& h) {
    h.set_request_id("a b");
    h.set_name("");
    h.set_comment("\x7f");
  });
}

TEST_F(SetImportTest, PartsInAnotherOrderAreRefused) {
  const std::vector<std::vector<Part>> rows = {
      {Hosts({1}), Header(), End(1)},
      {End(0), Header()},
      {Part(), Header(), End(0)},
      {Header(), Header(), End(0)},
      {Header(), Hosts({1}), Header(), End(1)},
      {Header(), Part(), End(0)},
      {Header(), Hosts({1}), End(1), Hosts({2})},
      {Header(), Hosts({1}), End(1), End(1)},
  };
  for (std::size_t row = 0; row < rows.size(); ++row) {
    SCOPED_TRACE(row);
    ExpectViolations(Import(rows[row]), {"part"});
  }
}

TEST_F(SetImportTest, WrongCountsAndBytesAreNamed) {
  for (const std::uint64_t count : {0u, 1u, 3u}) {
    ExpectViolations(Import({Header(), Hosts({1, 2}), End(count)}),
                     {"entry_count"});
  }
  Part odd = Hosts({1});
  odd.mutable_prefixes()->mutable_ipv4()->pop_back();
  ExpectViolations(Import({Header(), odd, End(1)}), {"prefixes.ipv4"});
  Part too_long = Hosts({1});
  too_long.mutable_prefixes()->mutable_ipv4()->back() = 33;
  ExpectViolations(Import({Header(), too_long, End(1)}), {"prefixes.ipv4"});
  Part host_bits = Hosts({1});
  host_bits.mutable_prefixes()->mutable_ipv4()->back() = 24;
  ExpectViolations(Import({Header(), host_bits, End(1)}), {"prefixes.ipv4"});
  Part v6;
  v6.mutable_prefixes()->set_ipv6(std::string(16, 'a'));
  ExpectViolations(Import({Header(), v6, End(1)}), {"prefixes.ipv6"});
  v6.mutable_prefixes()->set_ipv6(std::string(16, '\0') + '\x81');
  ExpectViolations(Import({Header(), v6, End(1)}), {"prefixes.ipv6"});
}

TEST_F(SetImportTest, AStreamThatEndsWithoutItsCountChangesNothing) {
  const std::vector<std::vector<Part>> rows = {
      {}, {Header()}, {Header(), Hosts({1})}};
  for (const auto& parts : rows) {
    const grpc::Status status = Import(parts);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_THAT(status.error_message(), HasSubstr("nothing was changed"));
  }
  EXPECT_EQ(store_.commits(), 0);
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(SetImportTest, ABrokenOffStreamLeavesTheSetAsItWas) {
  ASSERT_TRUE(Import({Header(), Hosts({1}), End(1)}).ok());
  {
    const auto context = Context();
    const auto writer = stub_->ImportSet(context.get(), &response_);
    writer->Write(Header());
    writer->Write(Hosts({2}));
    context->TryCancel();
    EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server_.reset();  // waits for the call
  EXPECT_EQ(store_.commits(), 1);
  EXPECT_THAT(KernelSources(), SizeIs(1));
  EXPECT_EQ(KernelSources()[0].prefix.ToString(), "192.0.2.1/32");
}

TEST_F(SetImportTest, MoreThanTheTablesTakeIsRefusedAsItComes) {
  std::vector<int> many;
  for (int i = 0; i <= static_cast<int>(kMaxSources); ++i) many.push_back(i);
  EXPECT_EQ(Import({Header(), Hosts(many), End(many.size())}).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  std::vector<int> more(2 * kMaxSources + 1);
  for (std::size_t i = 0; i < more.size(); ++i) more[i] = static_cast<int>(i);
  EXPECT_EQ(Import({Header(), Hosts(more)}).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED)
      << "before the end";
  EXPECT_THAT(store_.state().sets, IsEmpty());
  EXPECT_EQ(store_.state().generation, 0u);
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(SetImportTest, ASetOfAnotherActionIsLeftAlone) {
  ASSERT_TRUE(Import({Header(), Hosts({1}), End(1)}).ok());
  Part allow = Header();
  allow.mutable_header()->set_action(v1::SET_ACTION_ALLOW);
  EXPECT_EQ(Import({allow, Hosts({2}), End(1)}).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
}

// A list that is fetched every hour does not put in force what is being tried,
// and no list that says nothing of it becomes an allowance.
TEST_F(SetImportTest, WithoutAnActionASetKeepsItsOwnUnlessItAllows) {
  for (const v1::SetAction action :
       {v1::SET_ACTION_SHADOW, v1::SET_ACTION_NONE, v1::SET_ACTION_BLOCK}) {
    Part first = Header();
    first.mutable_header()->set_name(v1::SetAction_Name(action));
    first.mutable_header()->set_action(action);
    ASSERT_TRUE(Import({first, Hosts({1}), End(1)}).ok());
    first.mutable_header()->clear_action();
    EXPECT_TRUE(Import({first, Hosts({2}), End(1)}).ok()) << action;
    EXPECT_EQ(response_.set().action(), action);
  }
  Part allow = Header();
  allow.mutable_header()->set_action(v1::SET_ACTION_ALLOW);
  ASSERT_TRUE(Import({allow, Hosts({1}), End(1)}).ok());
  allow.mutable_header()->clear_action();
  EXPECT_EQ(Import({allow, Hosts({2}), End(1)}).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(SetImportTest, UnderAnotherPolicyItIsAborted) {
  Part header = Header();
  header.mutable_header()->set_etag(Etag());
  ASSERT_TRUE(Import({header, Hosts({1}), End(1)}).ok());
  const grpc::Status status = Import({header, Hosts({2}), End(1)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
}

TEST_F(SetImportTest, ARetryIsHarmlessAndValidateOnlyChangesNothing) {
  Part header = Header();
  header.mutable_header()->set_request_id("r-1");
  ASSERT_TRUE(Import({header, Hosts({1}), End(1)}).ok());
  const std::string first = response_.SerializeAsString();
  ASSERT_TRUE(Import({header, Hosts({1}), End(1)}).ok());
  EXPECT_EQ(response_.SerializeAsString(), first);
  EXPECT_EQ(Import({header, Hosts({2}), End(1)}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT)
      << "another import with that id";
  header = Header();
  header.mutable_header()->set_validate_only(true);
  ASSERT_TRUE(Import({header, Hosts({2}), End(1)}).ok());
  EXPECT_EQ(response_.added(), 1u);
  EXPECT_EQ(response_.removed(), 1u);
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.1/32"));
  EXPECT_EQ(store_.commits(), 1);
}

TEST_F(SetImportTest, EntriesSayForHowManySecondsTheyAreWanted) {
  Part header = Header();
  header.mutable_header()->mutable_ttl()->set_seconds(600);
  Part part = Hosts({1, 2, 3});
  for (const std::uint32_t seconds : {0u, 60u, 4294967295u}) {
    part.mutable_prefixes()->add_ipv4_ttl_seconds(seconds);
  }
  ASSERT_TRUE(Import({header, part, Hosts({4}), End(4)}).ok());
  clocks_.Advance(absl::Seconds(61));
  EXPECT_THAT(Entries(),
              ElementsAre("192.0.2.1/32", "192.0.2.3/32", "192.0.2.4/32"));
  clocks_.Advance(absl::Minutes(10));
  EXPECT_THAT(Entries(), ElementsAre("192.0.2.3/32"));
  ASSERT_TRUE(Import({Header(), Hosts({3, 4}), End(2)}).ok());
  EXPECT_EQ(response_.added(), 1u);
  EXPECT_EQ(response_.changed(), 0u);
}

TEST_F(SetImportTest, WrongSecondsAreNamed) {
  Part part = Hosts({1, 2});
  part.mutable_prefixes()->add_ipv4_ttl_seconds(5);
  ExpectViolations(Import({Header(), part, End(2)}), {"prefixes.ipv4"});
  part.mutable_prefixes()->add_ipv4_ttl_seconds(4'000'000'000);
  ExpectViolations(Import({Header(), part, End(2)}),
                   {"prefixes.ipv4_ttl_seconds[1]"});
  Part header = Header();
  header.mutable_header()->mutable_default_ttl()->set_seconds(-5);
  ExpectViolations(Import({header, Hosts({1}), End(1)}), {"default_ttl"});
}

}  // namespace
}  // namespace fwagent::service
