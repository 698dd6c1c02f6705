// The whole agent but the kernel and the disk, over a channel in the process.
#include <gmock/gmock.h>
#include <grpcpp/support/error_details.h>
#include <gtest/gtest.h>

#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/service_fixture.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

class ServiceTest : public fwagent::testing::ServiceFixture {
 protected:
  ServiceTest()
      : ServiceFixture(2), stub_(v1::FirewallService::NewStub(Channel())) {}

  grpc::Status BlockIP(const std::string& text) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text(text);
    v1::BlockIPResponse response;
    return stub_->BlockIP(Context().get(), request, &response);
  }

  std::unique_ptr<v1::FirewallService::Stub> stub_;
};

TEST_F(ServiceTest, BlockIPAnswersWithTheRule) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("2001:DB8:0::/32");
  request.set_comment("scanner");
  v1::BlockIPResponse response;
  const auto status = stub_->BlockIP(Context().get(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.rule().id(), 1u);
  EXPECT_EQ(response.rule().source_block().source().text(), "2001:db8::/32");
  EXPECT_EQ(response.rule().comment(), "scanner");
  EXPECT_EQ(response.rule().create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(response.rule().create_time().nanos(), 123'456'000);
  EXPECT_EQ(response.generation(), 1u);
  EXPECT_THAT(*kernel_.ReadSources(), Optional(SizeIs(1)));
}

TEST_F(ServiceTest, ABlockMayEndAndBeRenewed) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("192.0.2.1");
  request.mutable_ttl()->set_seconds(600);
  request.mutable_ttl()->set_nanos(500'000'000);
  v1::BlockIPResponse response;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().expire_time().seconds(), 1'700'000'600);
  EXPECT_EQ(response.rule().expire_time().nanos(), 623'456'000);
  EXPECT_EQ(stub_->BlockIP(Context().get(), request, &response).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);

  request.mutable_expire_time()->set_seconds(1'800'000'000);
  request.set_renew(true);
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().id(), 1u);
  EXPECT_EQ(response.rule().expire_time().seconds(), 1'800'000'000);
  request.clear_ending();
  request.set_validate_only(true);
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  EXPECT_FALSE(response.rule().has_expire_time());
  EXPECT_EQ(response.generation(), 2u);

  v1::ListRulesResponse listed;
  ASSERT_TRUE(stub_->ListRules(Context().get(), {}, &listed).ok());
  ASSERT_THAT(listed.rules(), SizeIs(1));
  EXPECT_EQ(listed.rules(0).expire_time().seconds(), 1'800'000'000);
  clocks_.SetWall(clocks_.wall() + absl::Hours(1));
  ASSERT_TRUE(stub_->ListRules(Context().get(), {}, &listed).ok());
  EXPECT_NEAR(static_cast<double>(listed.rules(0).expire_time().seconds()),
              1'800'003'600, 1);
  clocks_.Advance(absl::Hours(24 * 365 * 4));
  ASSERT_TRUE(stub_->ListRules(Context().get(), {}, &listed).ok());
  EXPECT_THAT(listed.rules(), IsEmpty());
  EXPECT_EQ(listed.total_size(), 0u);
}

TEST_F(ServiceTest, AnEndThatCannotBeIsNamed) {
  const auto ttl = [this](std::int64_t seconds, std::int32_t nanos) {
    v1::BlockPortRequest request;
    request.set_protocol(v1::PROTOCOL_TCP);
    request.mutable_ports()->set_first(80);
    request.mutable_ttl()->set_seconds(seconds);
    request.mutable_ttl()->set_nanos(nanos);
    v1::BlockPortResponse response;
    return stub_->BlockPort(Context().get(), request, &response);
  };
  constexpr std::int64_t kTenYears = 3653LL * 86'400;
  ExpectViolations(ttl(0, 0), {"ttl"});
  ExpectViolations(ttl(-1, 0), {"ttl"});
  ExpectViolations(ttl(kTenYears, 1), {"ttl"});
  ExpectViolations(ttl(INT64_MAX, 0), {"ttl"});
  ExpectViolations(ttl(1, -1), {"ttl"});
  ExpectViolations(ttl(1, 1'000'000'000), {"ttl"});

  const auto until = [this](std::int64_t seconds, std::int32_t nanos) {
    v1::BlockIPRequest request;
    request.mutable_source()->set_text("192.0.2.1");
    request.mutable_expire_time()->set_seconds(seconds);
    request.mutable_expire_time()->set_nanos(nanos);
    v1::BlockIPResponse response;
    return stub_->BlockIP(Context().get(), request, &response);
  };
  ExpectViolations(until(1'700'000'000, 123'456'000), {"expire_time"});
  ExpectViolations(until(0, 0), {"expire_time"});
  ExpectViolations(until(1'700'000'001 + kTenYears, 0), {"expire_time"});
  ExpectViolations(until(INT64_MAX, 0), {"expire_time"});
  ExpectViolations(until(1'800'000'000, -1), {"expire_time"});
  EXPECT_THAT(until(0, 0).error_message(),
              HasSubstr("expire_time: is not ahead: the host's clock says "
                        "2023-11-14T22:13:20Z"));
}

TEST_F(ServiceTest, AWrongEndOfAnEditIsNamed) {
  v1::ChangeSourcesRequest request;
  request.add_edits()->mutable_block()->set_text("192.0.2.1");
  auto* edit = request.add_edits();
  edit->mutable_block()->set_text("192.0.2.2");
  v1::ChangeSourcesResponse response;
  edit->mutable_expire_time()->set_seconds(1);
  ExpectViolations(stub_->ChangeSources(Context().get(), request, &response),
                   {"edits[1].expire_time"});
  edit->mutable_ttl()->set_seconds(-1);
  ExpectViolations(stub_->ChangeSources(Context().get(), request, &response),
                   {"edits[1].ttl"});
  edit->mutable_unblock()->set_text("192.0.2.2");
  edit->mutable_ttl()->set_seconds(1);
  ExpectViolations(stub_->ChangeSources(Context().get(), request, &response),
                   {"edits[1].ending"});
  edit->clear_ending();
  edit->set_renew(true);
  ExpectViolations(stub_->ChangeSources(Context().get(), request, &response),
                   {"edits[1].renew"});
  edit->mutable_block()->set_text("192.0.2.2");
  edit->mutable_ttl()->set_seconds(1);
  EXPECT_TRUE(stub_->ChangeSources(Context().get(), request, &response).ok());
  EXPECT_TRUE(response.rules(1).has_expire_time());
}

TEST_F(ServiceTest, BinaryAndTextAreTheSamePrefix) {
  v1::BlockIPRequest request;
  request.mutable_source()->mutable_binary()->set_address("\xC0\x00\x02\x01");
  request.mutable_source()->mutable_binary()->set_address(
      std::string("\xC0\x00\x02\x01", 4));
  v1::BlockIPResponse response;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().source_block().source().text(), "192.0.2.1/32");
  EXPECT_EQ(BlockIP("192.0.2.1").error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
}

TEST_F(ServiceTest, MalformedTextIsRefused) {
  for (const char* text :
       {"", "192.0.2", "192.0.2.1/33", "2001:db8::/129", "10.0.0.5/8",
        "::ffff:192.0.2.1", "::ffff:0:0/96", "example.com", "192.0.2.1/",
        "192.0.2.1/-1", "192.0.2.1 ", "fe80::1%eth0"}) {
    SCOPED_TRACE(text);
    ExpectViolations(BlockIP(text), {"source.text"});
  }
}

TEST_F(ServiceTest, HostBitsAreExplained) {
  EXPECT_THAT(
      BlockIP("10.0.0.5/8").error_message(),
      ::testing::AllOf(HasSubstr("10.0.0.0/8"), HasSubstr("10.0.0.5/32")));
}

TEST_F(ServiceTest, MalformedBinaryIsRefused) {
  struct Row {
    std::string address;
    std::optional<std::uint32_t> length;
  };
  const std::string mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff\xC0\0\x02\x01", 16);
  for (const Row& row :
       {Row{"", {}}, Row{"abc", {}}, Row{"abcde", 32},
        Row{std::string(4, '\0'), 33}, Row{std::string(16, '\1'), 129},
        Row{std::string("\x0A\0\0\x05", 4), 8}, Row{mapped, {}}}) {
    v1::BlockIPRequest request;
    auto* binary = request.mutable_source()->mutable_binary();
    binary->set_address(row.address);
    if (row.length.has_value()) binary->set_length(*row.length);
    v1::BlockIPResponse response;
    ExpectViolations(stub_->BlockIP(Context().get(), request, &response),
                     {"source.binary"});
  }
}

TEST_F(ServiceTest, MissingMessagesAreNamed) {
  v1::BlockIPResponse ip;
  ExpectViolations(stub_->BlockIP(Context().get(), {}, &ip), {"source"});
  v1::UnblockIPResponse unblocked_ip;
  ExpectViolations(stub_->UnblockIP(Context().get(), {}, &unblocked_ip),
                   {"source"});
  v1::BlockPortResponse port;
  ExpectViolations(stub_->BlockPort(Context().get(), {}, &port),
                   {"protocol", "ports"});
  v1::UnblockPortResponse unblocked_port;
  ExpectViolations(stub_->UnblockPort(Context().get(), {}, &unblocked_port),
                   {"protocol", "ports"});
}

TEST_F(ServiceTest, MalformedPortsAreRefused) {
  struct Row {
    std::uint32_t first;
    std::optional<std::uint32_t> last;
  };
  for (const Row& row : {Row{0, {}}, Row{65536, {}}, Row{80, 65536},
                         Row{90, 80}, Row{80, 0}, Row{0, 80}}) {
    SCOPED_TRACE(row.first);
    v1::BlockPortRequest request;
    request.set_protocol(v1::PROTOCOL_TCP);
    request.mutable_ports()->set_first(row.first);
    if (row.last.has_value()) request.mutable_ports()->set_last(*row.last);
    v1::BlockPortResponse response;
    ExpectViolations(stub_->BlockPort(Context().get(), request, &response),
                     {"ports"});
  }
}

TEST_F(ServiceTest, UnknownEnumValueIsRefused) {
  v1::BlockPortRequest request;
  request.set_protocol(static_cast<v1::Protocol>(99));
  request.mutable_ports()->set_first(80);
  v1::BlockPortResponse response;
  ExpectViolations(stub_->BlockPort(Context().get(), request, &response),
                   {"protocol"});
}

TEST_F(ServiceTest, EveryWrongFieldIsNamedAtOnce) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("nonsense");
  request.set_comment("line\nbreak");
  request.set_request_id(std::string(65, 'x'));
  v1::BlockIPResponse response;
  ExpectViolations(stub_->BlockIP(Context().get(), request, &response),
                   {"source.text", "comment", "request_id"});
}

TEST_F(ServiceTest, AFullTableIsResourceExhaustedWithAReason) {
  ASSERT_TRUE(BlockIP("192.0.2.1").ok());
  ASSERT_TRUE(BlockIP("192.0.2.2").ok());
  const grpc::Status full = BlockIP("192.0.2.3");
  EXPECT_EQ(full.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  google::rpc::Status wire;
  ASSERT_TRUE(grpc::ExtractErrorDetails(full, &wire).ok());
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "TABLE_FULL");
  v1::ListRulesResponse list;
  ASSERT_TRUE(stub_->ListRules(Context().get(), {}, &list).ok());
  EXPECT_EQ(list.total_size(), 2u);
}

TEST_F(ServiceTest, PortRangeRoundTrip) {
  v1::BlockPortRequest block;
  block.set_protocol(v1::PROTOCOL_SCTP);
  block.mutable_ports()->set_first(1);
  block.mutable_ports()->set_last(65535);
  v1::BlockPortResponse blocked;
  ASSERT_TRUE(stub_->BlockPort(Context().get(), block, &blocked).ok());
  EXPECT_EQ(blocked.rule().port_block().ports().last(), 65535u);
  EXPECT_EQ(blocked.rule().port_block().protocol(), v1::PROTOCOL_SCTP);

  v1::UnblockPortRequest other;
  other.set_protocol(v1::PROTOCOL_TCP);
  *other.mutable_ports() = block.ports();
  v1::UnblockPortResponse unblocked;
  EXPECT_EQ(stub_->UnblockPort(Context().get(), other, &unblocked).error_code(),
            grpc::StatusCode::NOT_FOUND);
  other.set_protocol(v1::PROTOCOL_SCTP);
  EXPECT_TRUE(stub_->UnblockPort(Context().get(), other, &unblocked).ok());
  EXPECT_EQ(unblocked.rule().id(), blocked.rule().id());
}

TEST_F(ServiceTest, EachProtocolComesBackAsItself) {
  for (int number = 1; number < v1::Protocol_ARRAYSIZE; ++number) {
    v1::BlockPortRequest block;
    block.set_protocol(static_cast<v1::Protocol>(number));
    block.mutable_ports()->set_first(443);
    v1::BlockPortResponse blocked;
    ASSERT_TRUE(stub_->BlockPort(Context().get(), block, &blocked).ok());
    EXPECT_EQ(blocked.rule().port_block().protocol(), number);
  }
}

TEST_F(ServiceTest, RequestIdMakesARetryHarmless) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("192.0.2.1");
  request.set_request_id("0b8f5a3e-5f0e-4d7e-9d55-6f6a1c2d3e4f");
  v1::BlockIPResponse first;
  v1::BlockIPResponse second;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &first).ok());
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  request.mutable_source()->set_text("192.0.2.2");
  EXPECT_EQ(stub_->BlockIP(Context().get(), request, &second).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, ValidateOnlyAnswersWithoutIdOrTime) {
  v1::BlockIPRequest request;
  request.mutable_source()->set_text("192.0.2.1");
  request.set_validate_only(true);
  v1::BlockIPResponse response;
  ASSERT_TRUE(stub_->BlockIP(Context().get(), request, &response).ok());
  EXPECT_EQ(response.rule().id(), 0u);
  EXPECT_FALSE(response.rule().has_create_time());
  EXPECT_EQ(store_.commits(), 0);
}

v1::ChangeSourcesRequest Sources(const std::vector<std::string>& block,
                                 const std::vector<std::string>& unblock) {
  v1::ChangeSourcesRequest request;
  for (const std::string& text : block) {
    auto* edit = request.add_edits();
    edit->mutable_block()->set_text(text);
    edit->set_comment("of a list");
  }
  for (const std::string& text : unblock) {
    request.add_edits()->mutable_unblock()->set_text(text);
  }
  return request;
}

TEST_F(ServiceTest, ManySourcesChangeTogether) {
  ASSERT_TRUE(BlockIP("192.0.2.1").ok());
  auto request = Sources({"192.0.2.2", "2001:db8::/32"}, {"192.0.2.1"});
  v1::ChangeSourcesResponse response;
  ASSERT_TRUE(stub_->ChangeSources(Context().get(), request, &response).ok());
  ASSERT_EQ(response.rules_size(), 3);
  EXPECT_EQ(response.rules(0).source_block().source().text(), "192.0.2.2/32");
  EXPECT_EQ(response.rules(0).comment(), "of a list");
  EXPECT_EQ(response.rules(2).id(), 1u);
  EXPECT_EQ(response.changed_count(), 3u);
  EXPECT_EQ(response.generation(), 2u);

  const grpc::Status again =
      stub_->ChangeSources(Context().get(), request, &response);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  request.set_skip_satisfied(true);
  request.set_omit_rules(true);
  request.add_edits()->mutable_unblock()->set_text("192.0.2.2");
  EXPECT_EQ(
      stub_->ChangeSources(Context().get(), request, &response).error_code(),
      grpc::StatusCode::INVALID_ARGUMENT)
      << "blocked and unblocked at once";
  request.mutable_edits()->RemoveLast();
  request.add_edits()->mutable_unblock()->set_text("198.51.100.1");
  response.Clear();
  ASSERT_TRUE(stub_->ChangeSources(Context().get(), request, &response).ok());
  EXPECT_EQ(response.changed_count(), 0u);
  EXPECT_EQ(response.rules_size(), 0);
}

TEST_F(ServiceTest, WhatIsWrongWithOneOfManySourcesIsNamed) {
  auto request = Sources({"192.0.2.2", "192.0.2.3/24", "nonsense"}, {});
  v1::ChangeSourcesResponse response;
  const auto refused = [&] {
    return stub_->ChangeSources(Context().get(), request, &response);
  };
  ExpectViolations(refused(), {"edits[1].block.text"});
  request = Sources({"192.0.2.2"}, {"192.0.2.300"});
  ExpectViolations(refused(), {"edits[1].unblock.text"});
  request = Sources({"192.0.2.2"}, {});
  request.add_edits();
  ExpectViolations(refused(), {"edits[1]"});
  request = Sources({"192.0.2.2"}, {});
  request.mutable_edits(0)->set_comment("a\nb");
  request.mutable_edits(0)->mutable_block()->Clear();
  ExpectViolations(refused(), {"edits[0].block", "edits[0].comment"});
  request = Sources({}, {});
  request.set_request_id("not printable \x01");
  ExpectViolations(refused(), {"request_id", "edits"});
}

TEST_F(ServiceTest, ListPagesAndRefusesForeignTokens) {
  ASSERT_TRUE(BlockIP("192.0.2.1").ok());
  ASSERT_TRUE(BlockIP("2001:db8::1").ok());
  v1::ListRulesRequest request;
  request.set_page_size(1);
  v1::ListRulesResponse first;
  ASSERT_TRUE(stub_->ListRules(Context().get(), request, &first).ok());
  EXPECT_EQ(first.rules_size(), 1);
  EXPECT_EQ(first.total_size(), 2u);
  ASSERT_FALSE(first.next_page_token().empty());
  request.set_page_token(first.next_page_token());
  v1::ListRulesResponse second;
  ASSERT_TRUE(stub_->ListRules(Context().get(), request, &second).ok());
  EXPECT_EQ(second.rules(0).source_block().source().text(), "2001:db8::1/128");
  EXPECT_TRUE(second.next_page_token().empty());

  for (const char* token : {"x", "-1", "1 ", "99999999999999999999999"}) {
    request.set_page_token(token);
    EXPECT_EQ(stub_->ListRules(Context().get(), request, &second).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << token;
  }
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(stub_->ListRules(Context().get(), request, &second).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, StatsNameEveryOutcome) {
  ASSERT_TRUE(engine_->Attach("eth0", dataplane::ModePreference::kAuto).ok());
  kernel_.Count("eth0", policy::Verdict::kDrop, policy::Reason::kSourceBlocked,
                {.packets = 3, .bytes = 180});
  v1::GetStatsResponse response;
  ASSERT_TRUE(stub_->GetStats(Context().get(), {}, &response).ok());
  ASSERT_EQ(response.interfaces_size(), 1);
  const auto& stats = response.interfaces(0);
  EXPECT_EQ(stats.name(), "eth0");
  EXPECT_EQ(stats.counters_size(), static_cast<int>(policy::kOutcomes.size()));
  for (const auto& counter : stats.counters()) {
    const bool counted = counter.verdict() == v1::VERDICT_DROP &&
                         counter.reason() == v1::REASON_SOURCE_BLOCKED;
    EXPECT_NE(counter.verdict(), v1::VERDICT_UNSPECIFIED);
    EXPECT_EQ(counter.packets(), counted ? 3u : 0u);
    EXPECT_EQ(counter.bytes(), counted ? 180u : 0u);
  }
}

TEST_F(ServiceTest, StatusAndDetach) {
  ASSERT_TRUE(BlockIP("192.0.2.1").ok());
  ASSERT_TRUE(
      engine_->Attach("eth0", dataplane::ModePreference::kGeneric).ok());
  v1::GetStatusResponse status;
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &status).ok());
  EXPECT_EQ(status.version(), "9.8.7");
  ASSERT_EQ(status.interfaces_size(), 1);
  EXPECT_TRUE(status.interfaces(0).attached());
  EXPECT_EQ(status.interfaces(0).mode(), v1::ATTACH_MODE_GENERIC);
  ASSERT_EQ(status.tables_size(), 2);
  EXPECT_EQ(status.tables(0).name(), "source-ipv4");
  EXPECT_EQ(status.tables(0).capacity(), 2u);
  EXPECT_EQ(status.tables(0).entries(), 1u);
  EXPECT_NE(status.tables(0).memory_bytes(), 0u);
  EXPECT_EQ(status.tables(0).memory_bytes(),
            kernel_.SourceUsage(policy::Family::kIPv4).memory_bytes);

  v1::DetachRequest request;
  request.add_interfaces("eth9");
  v1::DetachResponse response;
  EXPECT_EQ(stub_->Detach(Context().get(), request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  for (const std::string& name : {std::string(), std::string(20'000, 'n')}) {
    request.set_interfaces(0, name);
    EXPECT_EQ(stub_->Detach(Context().get(), request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  request.clear_interfaces();
  ASSERT_TRUE(stub_->Detach(Context().get(), request, &response).ok());
  EXPECT_THAT(response.interfaces(), ::testing::ElementsAre("eth0"));
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &status).ok());
  EXPECT_FALSE(status.interfaces(0).attached());
}

TEST_F(ServiceTest, ASoundStoreIsNotRecovered) {
  v1::RecoverRequest request;
  v1::RecoverResponse response;
  EXPECT_EQ(stub_->Recover(Context().get(), request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  for (const auto from :
       {v1::RECOVERY_SOURCE_KERNEL, v1::RECOVERY_SOURCE_COPY}) {
    request.set_from(from);
    const auto refused = stub_->Recover(Context().get(), request, &response);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(refused.error_message(), HasSubstr("sound"));
  }
  v1::GetStatusResponse seen;
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &seen).ok());
  EXPECT_FALSE(seen.read_only());
}

TEST_F(ServiceTest, AttachGuardsUntilDetach) {
  v1::AttachRequest request;
  request.add_interfaces("eth1");
  request.set_mode(v1::MODE_PREFERENCE_GENERIC);
  v1::AttachResponse response;
  const auto status = stub_->Attach(Context().get(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.interfaces_size(), 1);
  EXPECT_EQ(response.interfaces(0).name(), "eth1");
  EXPECT_TRUE(response.interfaces(0).attached());
  EXPECT_EQ(response.interfaces(0).mode(), v1::ATTACH_MODE_GENERIC);

  kernel_.RemoveInterface("eth1");
  kernel_.AddInterface("eth1");
  keeper_->Look();
  v1::GetStatusResponse seen;
  ASSERT_TRUE(stub_->GetStatus(Context().get(), {}, &seen).ok());
  EXPECT_EQ(seen.interfaces(0).repairs(), 1u);
  EXPECT_EQ(seen.table_repairs(), 0u);
  EXPECT_EQ(seen.trouble(), "");

  request.set_mode(v1::MODE_PREFERENCE_NATIVE);
  EXPECT_EQ(stub_->Attach(Context().get(), request, &response).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  request.set_mode(v1::MODE_PREFERENCE_UNSPECIFIED);
  request.add_interfaces("eth9");
  EXPECT_EQ(stub_->Attach(Context().get(), request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_interfaces(1, "veth*");
  ASSERT_TRUE(stub_->Attach(Context().get(), request, &response).ok());
  EXPECT_EQ(response.interfaces_size(), 1) << "no veth yet";
}

TEST_F(ServiceTest, AttachNamesTheFieldThatIsWrong) {
  const auto attach = [this](const std::vector<std::string>& interfaces,
                             int mode) {
    v1::AttachRequest request;
    request.mutable_interfaces()->Assign(interfaces.begin(), interfaces.end());
    request.set_mode(static_cast<v1::ModePreference>(mode));
    v1::AttachResponse response;
    return stub_->Attach(Context().get(), request, &response);
  };
  ExpectViolations(attach({"eth0", ""}, 0), {"interfaces[1]"});
  ExpectViolations(attach({"eth0/1"}, 0), {"interfaces[0]"});
  ExpectViolations(attach({"sixteen-letters0"}, 0), {"interfaces[0]"});
  ExpectViolations(attach({"eth0"}, 9), {"mode"});
  ExpectViolations(attach({}, v1::MODE_PREFERENCE_NATIVE), {"mode"});
  EXPECT_TRUE(keeper_->Report().interfaces.empty());
}

}  // namespace
}  // namespace fwagent::service
