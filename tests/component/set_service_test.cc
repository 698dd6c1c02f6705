// SetService over a channel in the process, on a store and a kernel in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fwagent/v1/set_service.grpc.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kNotPrintable[] = "not printable \x01";

class SetServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  SetServiceTest() : stub_(v1::SetService::NewStub(Channel())) {}

  grpc::Status Create(const std::string& name,
                      v1::SetAction action = v1::SET_ACTION_BLOCK) {
    v1::CreateSetRequest request;
    request.set_name(name);
    request.set_action(action);
    return Call(&v1::SetService::Stub::CreateSet, request);
  }

  grpc::Status Put(const std::string& name,
                   const std::vector<std::string>& prefixes) {
    v1::AddSetEntriesRequest request;
    request.set_name(name);
    for (const std::string& text : prefixes) {
      request.add_entries()->mutable_prefix()->set_text(text);
    }
    return Call(&v1::SetService::Stub::AddSetEntries, request);
  }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::SetService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response = nullptr) {
    Response ignored;
    return (stub_.get()->*method)(Context().get(), request,
                                  response == nullptr ? &ignored : response);
  }

  std::vector<std::string> Entries(const std::string& name) {
    v1::ListSetEntriesRequest request;
    request.set_name(name);
    v1::ListSetEntriesResponse page;
    std::vector<std::string> texts;
    EXPECT_TRUE(
        Call(&v1::SetService::Stub::ListSetEntries, request, &page).ok());
    for (const v1::SetEntry& entry : page.entries()) {
      texts.push_back(entry.prefix().text());
    }
    return texts;
  }

  std::unique_ptr<v1::SetService::Stub> stub_;
};

TEST_F(SetServiceTest, ASetIsMadeListedAndDeleted) {
  v1::CreateSetRequest create;
  create.set_name("bad");
  create.set_comment("a list");
  v1::CreateSetResponse made;
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, create, &made).ok());
  EXPECT_EQ(made.set().name(), "bad");
  EXPECT_EQ(made.set().action(), v1::SET_ACTION_BLOCK);
  EXPECT_EQ(made.set().create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(made.generation(), 1u);
  ASSERT_TRUE(Create("all-good", v1::SET_ACTION_ALLOW).ok());
  ASSERT_TRUE(Put("bad", {"192.0.2.1", "192.0.2.2"}).ok());

  v1::ListSetsResponse listed;
  ASSERT_TRUE(
      Call(&v1::SetService::Stub::ListSets, v1::ListSetsRequest(), &listed)
          .ok());
  ASSERT_EQ(listed.sets_size(), 2);
  EXPECT_EQ(listed.sets(0).name(), "all-good");
  EXPECT_EQ(listed.sets(0).action(), v1::SET_ACTION_ALLOW);
  EXPECT_EQ(listed.sets(1).comment(), "a list");
  EXPECT_EQ(listed.sets(1).size(), 2u);

  v1::DeleteSetRequest remove;
  remove.set_name("bad");
  v1::DeleteSetResponse deleted;
  ASSERT_TRUE(Call(&v1::SetService::Stub::DeleteSet, remove, &deleted).ok());
  EXPECT_EQ(deleted.set().size(), 2u);
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(SetServiceTest, ASetIsTriedAndThenPutInForce) {
  ASSERT_TRUE(Create("bad", v1::SET_ACTION_SHADOW).ok());
  ASSERT_TRUE(Put("bad", {"192.0.2.1", "192.0.2.2"}).ok());
  EXPECT_THAT(KernelSources(), IsEmpty());
  kernel_.Hit(1, {.packets = 3, .bytes = 300});
  v1::ListSetsResponse listed;
  const auto list = [&] {
    listed.Clear();
    return Call(&v1::SetService::Stub::ListSets, v1::ListSetsRequest(),
                &listed);
  };
  ASSERT_TRUE(list().ok());
  EXPECT_EQ(listed.sets(0).action(), v1::SET_ACTION_SHADOW);
  EXPECT_EQ(listed.sets(0).would_drop().packets(), 3u);

  v1::UpdateSetRequest update;
  update.set_name("bad");
  update.set_action(v1::SET_ACTION_BLOCK);
  v1::UpdateSetResponse updated;
  ASSERT_TRUE(Call(&v1::SetService::Stub::UpdateSet, update, &updated).ok());
  EXPECT_EQ(updated.set().action(), v1::SET_ACTION_BLOCK);
  EXPECT_EQ(updated.set().size(), 2u);
  EXPECT_EQ(KernelSources().size(), 2u);
  ASSERT_TRUE(list().ok());
  EXPECT_FALSE(listed.sets(0).has_would_drop());
  const std::uint64_t generation = updated.generation();
  ASSERT_TRUE(Call(&v1::SetService::Stub::UpdateSet, update, &updated).ok());
  EXPECT_FALSE(updated.has_set()) << "it is like that already";
  EXPECT_EQ(updated.generation(), generation);
}

TEST_F(SetServiceTest, AnUpdateNamesWhatIsWrong) {
  v1::UpdateSetRequest nothing;
  nothing.set_name("bad");
  ExpectViolations(Call(&v1::SetService::Stub::UpdateSet, nothing), {"action"});
  v1::UpdateSetRequest wrong;
  wrong.set_name("no name");
  wrong.set_action(static_cast<v1::SetAction>(9));
  wrong.set_comment(kNotPrintable);
  wrong.mutable_default_ttl()->set_seconds(60);
  wrong.set_no_default_ttl(true);
  ExpectViolations(Call(&v1::SetService::Stub::UpdateSet, wrong),
                   {"name", "action", "comment", "no_default_ttl"});
  nothing.set_action(v1::SET_ACTION_ALLOW);
  EXPECT_EQ(Call(&v1::SetService::Stub::UpdateSet, nothing).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(SetServiceTest, ASetIsChangedByItsOwnerAlone) {
  v1::CreateSetRequest create;
  create.set_name("bad");
  create.set_owner("crowdsec");
  v1::CreateSetResponse made;
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, create, &made).ok());
  EXPECT_EQ(made.set().owner(), "crowdsec");
  create.set_skip_satisfied(true);
  EXPECT_TRUE(Call(&v1::SetService::Stub::CreateSet, create).ok());
  create.clear_owner();
  EXPECT_EQ(Call(&v1::SetService::Stub::CreateSet, create).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);

  v1::AddSetEntriesRequest add;
  add.set_name("bad");
  add.add_entries()->mutable_prefix()->set_text("192.0.2.1");
  v1::RemoveSetEntriesRequest remove;
  remove.set_name("bad");
  remove.set_all(true);
  v1::DeleteSetRequest drop;
  drop.set_name("bad");
  const auto refused = [](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), "SET_OF_ANOTHER_OWNER");
    EXPECT_THAT(status.error_message(), HasSubstr("--owner crowdsec"));
  };
  refused(Call(&v1::SetService::Stub::AddSetEntries, add));
  refused(Call(&v1::SetService::Stub::RemoveSetEntries, remove));
  refused(Call(&v1::SetService::Stub::DeleteSet, drop));

  add.set_owner("crowdsec");
  EXPECT_TRUE(Call(&v1::SetService::Stub::AddSetEntries, add).ok());
  EXPECT_THAT(Entries("bad"), ::testing::SizeIs(1));
  remove.set_owner("crowdsec");
  EXPECT_TRUE(Call(&v1::SetService::Stub::RemoveSetEntries, remove).ok());
  drop.set_owner("two words");
  EXPECT_EQ(Call(&v1::SetService::Stub::DeleteSet, drop).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  drop.set_owner("crowdsec");
  EXPECT_TRUE(Call(&v1::SetService::Stub::DeleteSet, drop).ok());
}

TEST_F(SetServiceTest, WhatIsThereOrIsNotHasItsCode) {
  ASSERT_TRUE(Create("bad").ok());
  ASSERT_TRUE(Put("bad", {"192.0.2.1"}).ok());
  EXPECT_EQ(Create("bad").error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(Put("other", {"192.0.2.1"}).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(Put("bad", {"192.0.2.1"}).ok()) << "there already";

  v1::DeleteSetRequest remove;
  remove.set_name("other");
  EXPECT_EQ(Call(&v1::SetService::Stub::DeleteSet, remove).error_code(),
            grpc::StatusCode::NOT_FOUND);
  remove.set_skip_satisfied(true);
  v1::DeleteSetResponse deleted;
  EXPECT_TRUE(Call(&v1::SetService::Stub::DeleteSet, remove, &deleted).ok());
  EXPECT_FALSE(deleted.has_set());

  v1::CreateSetRequest again;
  again.set_name("bad");
  again.set_skip_satisfied(true);
  v1::CreateSetResponse made;
  EXPECT_TRUE(Call(&v1::SetService::Stub::CreateSet, again, &made).ok());
  EXPECT_FALSE(made.has_set());
  again.set_action(v1::SET_ACTION_ALLOW);
  EXPECT_FALSE(Call(&v1::SetService::Stub::CreateSet, again).ok())
      << "one of another action";

  v1::ListSetEntriesRequest list;
  list.set_name("other");
  EXPECT_EQ(Call(&v1::SetService::Stub::ListSetEntries, list).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(SetServiceTest, RemovingNamesWhatIsNotThereUnlessToldNotTo) {
  ASSERT_TRUE(Create("bad").ok());
  ASSERT_TRUE(Put("bad", {"192.0.2.1", "192.0.2.2", "2001:db8::/32"}).ok());
  v1::RemoveSetEntriesRequest request;
  request.set_name("bad");
  request.add_prefixes()->set_text("192.0.2.1");
  request.add_prefixes()->set_text("192.0.2.3");
  v1::RemoveSetEntriesResponse response;
  const auto remove = [&] {
    return Call(&v1::SetService::Stub::RemoveSetEntries, request, &response);
  };
  const grpc::Status refused = remove();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(refused.error_message(), HasSubstr("192.0.2.3"));
  EXPECT_THAT(Entries("bad"),
              ElementsAre("192.0.2.1/32", "192.0.2.2/32", "2001:db8::/32"));
  request.set_skip_satisfied(true);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(response.removed(), 1u);
  EXPECT_THAT(Entries("bad"), ElementsAre("192.0.2.2/32", "2001:db8::/32"));
  request.clear_prefixes();
  request.set_all(true);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(response.removed(), 2u);
  EXPECT_THAT(Entries("bad"), IsEmpty());
}

// Each row breaks one field of a request that is otherwise right.
template <typename Request>
struct WrongField {
  const char* field;
  std::function<void(Request&)> spoil;
};

TEST_F(SetServiceTest, EveryWrongFieldOfCreateSetIsNamed) {
  using Request = v1::CreateSetRequest;
  const std::vector<WrongField<Request>> rows = {
      {"name", [](Request& r) { r.clear_name(); }},
      {"name", [](Request& r) { r.set_name("-bad"); }},
      {"name", [](Request& r) { r.set_name("a/b"); }},
      {"name", [](Request& r) { r.set_name(std::string(65, 'a')); }},
      {"action",
       [](Request& r) { r.set_action(static_cast<v1::SetAction>(7)); }},
      {"comment", [](Request& r) { r.set_comment("a\nb"); }},
      {"comment", [](Request& r) { r.set_comment(std::string(257, 'a')); }},
      {"request_id", [](Request& r) { r.set_request_id(kNotPrintable); }},
      {"request_id",
       [](Request& r) { r.set_request_id(std::string(65, 'a')); }},
  };
  for (const auto& row : rows) {
    Request request;
    request.set_name(std::string(64, 'a'));
    row.spoil(request);
    SCOPED_TRACE(request.ShortDebugString());
    ExpectViolations(Call(&v1::SetService::Stub::CreateSet, request),
                     {row.field});
  }
  EXPECT_TRUE(Create(std::string(64, 'a')).ok());
  EXPECT_TRUE(Create("0.a-b_C").ok());
}

TEST_F(SetServiceTest, EveryWrongFieldOfTheOtherRequestsIsNamed) {
  v1::DeleteSetRequest remove;
  remove.set_name("a b");
  remove.set_request_id(kNotPrintable);
  ExpectViolations(Call(&v1::SetService::Stub::DeleteSet, remove),
                   {"request_id", "name"});
  v1::ListSetEntriesRequest list;
  list.set_name(".");
  list.set_page_size(-1);
  list.set_page_token("not one");
  ExpectViolations(Call(&v1::SetService::Stub::ListSetEntries, list),
                   {"name", "page_size", "page_token"});
  v1::FindInSetsRequest find;
  ExpectViolations(Call(&v1::SetService::Stub::FindInSets, find), {"prefix"});
  find.mutable_prefix()->set_text("192.0.2.1/24");
  ExpectViolations(Call(&v1::SetService::Stub::FindInSets, find),
                   {"prefix.text"});
}

TEST_F(SetServiceTest, EveryWrongFieldOfAddSetEntriesIsNamed) {
  using Request = v1::AddSetEntriesRequest;
  const std::vector<WrongField<Request>> rows = {
      {"name", [](Request& r) { r.clear_name(); }},
      {"request_id", [](Request& r) { r.set_request_id(kNotPrintable); }},
      {"entries", [](Request& r) { r.clear_entries(); }},
      {"entries",
       [](Request& r) {
         for (int i = 0; i < 100'000; ++i) *r.add_entries() = r.entries(0);
       }},
      {"entries[1].prefix", [](Request& r) { r.add_entries(); }},
      {"entries[1].prefix.text",
       [](Request& r) {
         r.add_entries()->mutable_prefix()->set_text("192.0.2.1/24");
       }},
      {"entries[1].prefix.binary",
       [](Request& r) {
         r.add_entries()->mutable_prefix()->mutable_binary()->set_address(
             "abc");
       }},
  };
  for (const auto& row : rows) {
    Request request;
    request.set_name("bad");
    request.add_entries()->mutable_prefix()->set_text("192.0.2.1");
    row.spoil(request);
    SCOPED_TRACE(row.field);
    ExpectViolations(Call(&v1::SetService::Stub::AddSetEntries, request),
                     {row.field});
  }
}

TEST_F(SetServiceTest, EveryWrongFieldOfRemoveSetEntriesIsNamed) {
  using Request = v1::RemoveSetEntriesRequest;
  const std::vector<WrongField<Request>> rows = {
      {"name", [](Request& r) { r.clear_name(); }},
      {"request_id", [](Request& r) { r.set_request_id(kNotPrintable); }},
      {"all", [](Request& r) { r.set_all(true); }},
      {"prefixes", [](Request& r) { r.clear_prefixes(); }},
      {"prefixes[1]", [](Request& r) { r.add_prefixes(); }},
      {"prefixes[1].text", [](Request& r) { r.add_prefixes()->set_text("x"); }},
  };
  for (const auto& row : rows) {
    Request request;
    request.set_name("bad");
    request.add_prefixes()->set_text("192.0.2.1");
    row.spoil(request);
    SCOPED_TRACE(row.field);
    ExpectViolations(Call(&v1::SetService::Stub::RemoveSetEntries, request),
                     {row.field});
  }
}

TEST_F(SetServiceTest, EntriesComePageByPageInOrder) {
  ASSERT_TRUE(Create("bad").ok());
  const std::vector<std::string> all = {"192.0.2.0/24", "192.0.2.0/32",
                                        "192.0.2.1/32", "2001:db8::/32",
                                        "2001:db8::1/128"};
  ASSERT_TRUE(Put("bad", {all.rbegin(), all.rend()}).ok());
  v1::ListSetEntriesRequest request;
  request.set_name("bad");
  for (const int size : {1, 2, 4, 5, 6}) {
    request.set_page_size(size);
    request.clear_page_token();
    std::vector<std::string> seen;
    do {
      v1::ListSetEntriesResponse page;
      ASSERT_TRUE(
          Call(&v1::SetService::Stub::ListSetEntries, request, &page).ok());
      EXPECT_LE(page.entries_size(), size);
      EXPECT_EQ(page.total_size(), all.size());
      EXPECT_EQ(page.generation(), 2u);
      for (const auto& entry : page.entries()) {
        seen.push_back(entry.prefix().text());
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(seen, all) << size;
  }
  request.set_name("empty");
  request.clear_page_token();
  ASSERT_TRUE(Create("empty").ok());
  v1::ListSetEntriesResponse page;
  ASSERT_TRUE(Call(&v1::SetService::Stub::ListSetEntries, request, &page).ok());
  EXPECT_EQ(page.entries_size(), 0);
  EXPECT_TRUE(page.next_page_token().empty());
}

TEST_F(SetServiceTest, FindsTheLongestEntryFirstInEverySet) {
  ASSERT_TRUE(Create("a").ok());
  ASSERT_TRUE(Create("b", v1::SET_ACTION_ALLOW).ok());
  ASSERT_TRUE(Put("a", {"192.0.2.0/24", "192.0.2.7"}).ok());
  ASSERT_TRUE(Put("b", {"192.0.0.0/16", "198.51.100.7"}).ok());
  v1::FindInSetsRequest request;
  request.mutable_prefix()->set_text("192.0.2.7");
  v1::FindInSetsResponse response;
  ASSERT_TRUE(Call(&v1::SetService::Stub::FindInSets, request, &response).ok());
  std::vector<std::string> hits;
  for (const auto& hit : response.hits()) {
    hits.push_back(hit.set().name() + " " + hit.entry().prefix().text());
  }
  EXPECT_THAT(
      hits, ElementsAre("a 192.0.2.7/32", "a 192.0.2.0/24", "b 192.0.0.0/16"));
  request.mutable_prefix()->set_text("192.1.0.0");
  ASSERT_TRUE(Call(&v1::SetService::Stub::FindInSets, request, &response).ok());
  EXPECT_THAT(response.hits(), IsEmpty());
}

TEST_F(SetServiceTest, AFullTableIsResourceExhaustedAndNothingIsThere) {
  ASSERT_TRUE(Create("bad").ok());
  std::vector<std::string> many;
  for (int i = 0; i <= static_cast<int>(kMaxSources); ++i) {
    many.push_back("192.0.2." + std::to_string(i));
  }
  EXPECT_EQ(Put("bad", many).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(Entries("bad"), IsEmpty());
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(SetServiceTest, UnderAnotherPolicyNothingIsChanged) {
  ASSERT_TRUE(Create("bad").ok());
  v1::AddSetEntriesRequest request;
  request.set_name("bad");
  request.add_entries()->mutable_prefix()->set_text("192.0.2.1");
  request.set_etag(Etag());
  ASSERT_TRUE(Create("meanwhile").ok());
  const grpc::Status status =
      Call(&v1::SetService::Stub::AddSetEntries, request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
  EXPECT_THAT(Entries("bad"), IsEmpty());
  request.set_etag(Etag());
  EXPECT_TRUE(Call(&v1::SetService::Stub::AddSetEntries, request).ok());
  EXPECT_THAT(Entries("bad"), ElementsAre("192.0.2.1/32"));
}

TEST_F(SetServiceTest, ValidateOnlyChangesNothingAndARetryIsHarmless) {
  v1::CreateSetRequest request;
  request.set_name("bad");
  request.set_validate_only(true);
  v1::CreateSetResponse first;
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, request, &first).ok());
  EXPECT_EQ(first.set().id(), 0u);
  EXPECT_EQ(store_.commits(), 0);
  request.set_validate_only(false);
  request.set_request_id("r-1");
  v1::CreateSetResponse second;
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, request, &first).ok());
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, request, &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(store_.commits(), 1);
}

TEST_F(SetServiceTest, EntriesEndAsTheRequestOrTheSetSays) {
  v1::CreateSetRequest create;
  create.set_name("bad");
  create.mutable_default_ttl()->set_seconds(3600);
  v1::CreateSetResponse made;
  ASSERT_TRUE(Call(&v1::SetService::Stub::CreateSet, create, &made).ok());
  EXPECT_EQ(made.set().default_ttl().seconds(), 3600);
  create.set_skip_satisfied(true);
  EXPECT_TRUE(Call(&v1::SetService::Stub::CreateSet, create).ok());
  create.clear_default_ttl();
  EXPECT_EQ(Call(&v1::SetService::Stub::CreateSet, create).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);

  ASSERT_TRUE(Put("bad", {"192.0.2.1"}).ok());
  v1::AddSetEntriesRequest add;
  add.set_name("bad");
  add.add_entries()->mutable_prefix()->set_text("192.0.2.2");
  add.mutable_ttl()->set_seconds(60);
  v1::AddSetEntriesResponse added;
  ASSERT_TRUE(Call(&v1::SetService::Stub::AddSetEntries, add, &added).ok());
  EXPECT_EQ(added.added(), 1u);
  EXPECT_EQ(added.changed(), 0u);
  add.mutable_expire_time()->set_seconds(1'700'000'900);
  ASSERT_TRUE(Call(&v1::SetService::Stub::AddSetEntries, add, &added).ok());
  EXPECT_EQ(added.added(), 0u);
  EXPECT_EQ(added.changed(), 1u);
  add.mutable_entries(0)->mutable_prefix()->set_text("192.0.2.3");
  add.set_permanent(true);
  ASSERT_TRUE(Call(&v1::SetService::Stub::AddSetEntries, add).ok());

  v1::ListSetEntriesRequest request;
  request.set_name("bad");
  v1::ListSetEntriesResponse page;
  ASSERT_TRUE(Call(&v1::SetService::Stub::ListSetEntries, request, &page).ok());
  ASSERT_EQ(page.entries_size(), 3);
  EXPECT_NEAR(static_cast<double>(page.entries(0).expire_time().seconds()),
              1'700'003'600, 1);
  EXPECT_NEAR(static_cast<double>(page.entries(1).expire_time().seconds()),
              1'700'000'900, 1);
  EXPECT_FALSE(page.entries(2).has_expire_time());
  v1::FindInSetsRequest find;
  find.mutable_prefix()->set_text("192.0.2.1");
  v1::FindInSetsResponse found;
  ASSERT_TRUE(Call(&v1::SetService::Stub::FindInSets, find, &found).ok());
  EXPECT_TRUE(found.hits(0).entry().has_expire_time());
  EXPECT_EQ(found.hits(0).set().default_ttl().seconds(), 3600);

  clocks_.Advance(absl::Hours(2));
  EXPECT_THAT(Entries("bad"), ElementsAre("192.0.2.3/32"));
}

TEST_F(SetServiceTest, WrongEndsAreNamed) {
  v1::CreateSetRequest create;
  create.set_name("bad");
  create.mutable_default_ttl()->set_seconds(-1);
  ExpectViolations(Call(&v1::SetService::Stub::CreateSet, create),
                   {"default_ttl"});
  create.mutable_default_ttl()->set_seconds(0);
  ExpectViolations(Call(&v1::SetService::Stub::CreateSet, create),
                   {"default_ttl"});
  v1::AddSetEntriesRequest add;
  add.set_name("bad");
  add.add_entries()->mutable_prefix()->set_text("192.0.2.2");
  add.mutable_ttl()->set_seconds(0);
  ExpectViolations(Call(&v1::SetService::Stub::AddSetEntries, add), {"ttl"});
  add.mutable_ttl()->set_seconds(11ll * 366 * 86400);
  ExpectViolations(Call(&v1::SetService::Stub::AddSetEntries, add), {"ttl"});
  add.set_permanent(false);
  ExpectViolations(Call(&v1::SetService::Stub::AddSetEntries, add),
                   {"permanent"});
  add.set_permanent(true);
  add.mutable_entries(0)->mutable_expire_time()->set_seconds(1);
  ExpectViolations(Call(&v1::SetService::Stub::AddSetEntries, add),
                   {"entries[0].expire_time"});
}

TEST_F(SetServiceTest, AnEndThatHasPassedIsNamedToo) {
  ASSERT_TRUE(Create("bad").ok());
  v1::AddSetEntriesRequest add;
  add.set_name("bad");
  add.add_entries()->mutable_prefix()->set_text("192.0.2.2");
  add.mutable_expire_time()->set_seconds(1'600'000'000);
  const grpc::Status status = Call(&v1::SetService::Stub::AddSetEntries, add);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("expire_time"));
  EXPECT_THAT(Entries("bad"), IsEmpty());
}

}  // namespace
}  // namespace fwagent::service
