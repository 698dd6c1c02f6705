// apply, diff, export, against a whole agent but for kernel and disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fwagent/v1/policy_service.grpc.pb.h"
#include "tests/component/fwctl_policy_fixture.h"

namespace fwagent::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kDocument[] =
    "version: 1\n"
    "owner: web\n"
    "allow:\n"
    "  - 192.0.2.0/24\n"
    "block:\n"
    "  - 198.51.100.7/32\n"
    "  - address: 203.0.113.0/24\n"
    "    comment: \"spam: #1\"\n"
    "    until: 2023-12-24T12:00:00Z\n"
    "block-ports:\n"
    "  - 23/tcp\n"
    "rules:\n"
    "  - order: 1000\n"
    "    rule: drop from @drop proto tcp dport 22\n"
    "  - order: 1010\n"
    "    rule: pass proto icmp\n"
    "    comment: ping\n"
    "sets:\n"
    "  - name: drop\n"
    "    action: block\n"
    "    default-ttl: 1d\n"
    "    entries:\n"
    "      - 192.88.99.0/24\n";

TEST_F(FwctlPolicy, MakesTheHostWhatTheDocumentSays) {
  EXPECT_EQ(Apply(kDocument),
            "applied: 6 rules added, 1 set changed; now generation 1\n");
  EXPECT_THAT(KernelSources(), SizeIs(4));
  EXPECT_EQ(Apply(kDocument),
            "unchanged: everything is as the document has it\n");
  EXPECT_EQ(Apply("owner: web\n"),
            "applied: 6 rules removed, 1 set changed; now generation 2\n");
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(FwctlPolicy, WhatIsExportedIsTheDocument) {
  Apply(kDocument);
  EXPECT_EQ(Export({"--owner", "web"}), kDocument);
  EXPECT_EQ(Export(), "version: 1\nowner: cli\n");
  const std::string json = Out({"export", "--owner", "web", "-o", "json"});
  EXPECT_EQ(Out({"diff", "-f", File(json)}), "no difference\n");
  Apply("owner: web\n");
  Apply(json);
  EXPECT_EQ(Export({"--owner", "web"}), kDocument);
}

TEST_F(FwctlPolicy, OwnersStandSideBySide) {
  Apply(kDocument);
  Out({"block-ip", "192.0.2.77"});
  EXPECT_EQ(Out({"diff", "-f", File(kDocument)}), "no difference\n");
  const std::string all = Export({"--all-owners"});
  EXPECT_EQ(all, absl::StrCat("version: 1\nowner: cli\nblock:\n"
                              "  - 192.0.2.77/32\n---\n",
                              kDocument));
  Apply("owner: web\n---\nowner: cli\n");
  EXPECT_THAT(KernelSources(), IsEmpty());
  Apply(all);
  EXPECT_EQ(Export({"--all-owners"}), all);
  const std::string json = Out({"export", "--all-owners", "-o", "json"});
  EXPECT_EQ(Out({"diff", "-f", File(json)}), "no difference\n");
}

TEST_F(FwctlPolicy, ADocumentWithoutAnOwnerIsOfWhomTheCommandSays) {
  Out({"apply", "-f", File("block: [192.0.2.1]\n"), "--owner", "ops"});
  EXPECT_THAT(Export({"--owner", "ops"}), HasSubstr("192.0.2.1/32"));
  EXPECT_THAT(Export(), Not(HasSubstr("192.0.2.1")));
}

TEST_F(FwctlPolicy, DiffShowsEachChangeAndMakesNone) {
  Apply(kDocument);
  const Result diff =
      Run({"diff", "-f",
           File("owner: web\n"
                "block: [198.51.100.8, {address: 203.0.113.0/24, comment: x}]\n"
                "rules: [{rule: pass proto icmp, order: 7, comment: ping}]\n"
                "sets: [{name: drop, action: allow, entries: [192.88.99.1]},\n"
                "       {name: new}]\n")});
  EXPECT_EQ(diff.exit_code, 1);
  EXPECT_EQ(
      diff.out,
      "+ web: block source 198.51.100.8/32\n"
      "~ web: block source 203.0.113.0/24: ends 2023-12-24T12:00:00Z -> "
      "never, comment \"spam: #1\" -> \"x\"\n"
      "~ web: order 7: pass proto icmp: order 1010 -> 7\n"
      "- web: allow source 192.0.2.0/24\n"
      "- web: block source 198.51.100.7/32\n"
      "- web: block port 23/tcp\n"
      "- web: order 1000: drop from @drop proto tcp dport 22\n"
      "~ web: set drop (allow): 1 entry in, 1 entry out, action block -> "
      "allow, default TTL 1d -> -\n"
      "+ web: set new (block): no entries\n"
      "would apply: 1 rule added, 4 rules removed, 2 rules changed, 2 sets "
      "changed\n");
  EXPECT_THAT(diff.err, HasSubstr("is not as the document has it"));
  EXPECT_EQ(Export({"--owner", "web"}), kDocument);
  const Result dry = Run({"apply", "--dry-run", "-f", File("owner: web\n")});
  EXPECT_EQ(dry.exit_code, 0);
  EXPECT_THAT(dry.out, HasSubstr("would apply: 6 rules removed"));
  EXPECT_EQ(Export({"--owner", "web"}), kDocument);
}

TEST_F(FwctlPolicy, WhatTheAgentRefusesHasItsPlaceToo) {
  const std::string path = File(
      "owner: web\n"
      "block:\n"
      "  - 192.0.2.1\n"
      "  - 192.0.2.1/24\n");
  const Result bits = Run({"apply", "-f", path});
  EXPECT_EQ(bits.exit_code, 1);
  EXPECT_THAT(bits.err, HasSubstr(absl::StrCat(path, ":4:5: ")));
  for (const auto& [text, place] :
       std::vector<std::pair<const char*, const char*>>{
           {"rules:\n  - drop from 10.0.0.0/8 dport 70000\n", ":2:5: "},
           {"rules: [{rule: limit any, order: 1}]\n", ":1:9: "},
           {"rules: [limit rate 0/second]\n", ":1:9: "},
           {"rules:\n- {rule: drop any, order: 9}\n- {rule: drop proto tcp, "
            "order: 8}\n",
            ":3:3: "},
           {"block: [{address: 192.0.2.1, comment: \"\\a\"}]\n", ":1:9: "},
           {"sets: [{name: a b}]\n", ":1:8: "},
           {"owner: \"a b\"\n", ":1:8: "},
           {"block: [{address: 192.0.2.1, until: 2099-01-01T00:00:00Z}]\n",
            ":1:9: "}}) {
    const Result result = Run({"apply", "-f", File(text)});
    EXPECT_EQ(result.exit_code, 1) << text;
    EXPECT_THAT(result.err, HasSubstr(absl::StrCat(path, place))) << text;
  }
  EXPECT_THAT(KernelSources(), IsEmpty());
  EXPECT_EQ(engine_->GetStatus().generation, 0u);
}

TEST_F(FwctlPolicy, SetsOfOthersAndSetsInUseAreNamed) {
  Out({"set", "create", "s"});
  const Result taken =
      Run({"apply", "-f", File("owner: w\nsets: [{name: s}]\n")});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_THAT(taken.err,
              AllOf(HasSubstr("p.yaml:2:8: "), HasSubstr("belongs to cli")));
  Out({"rule", "add", "drop from @s", "--owner", "ops"});
  const Result used = Run({"apply", "-f", File("block: []\n")});
  EXPECT_THAT(used.err, HasSubstr("is in use"));
  const Result missing =
      Run({"apply", "-f", File("owner: w\nrules: [drop from @nobody]\n")});
  EXPECT_THAT(missing.err, HasSubstr("there is no set \"nobody\""));
}

TEST_F(FwctlPolicy, WarnsOfWhatIsThereTwice) {
  const Result result =
      Run({"apply", "-f",
           File("block: [192.0.2.1, 192.0.2.1]\nallow: [192.0.2.1]\n")});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("p.yaml:1:20: source 192.0.2.1/32 is there "
                              "already"),
                    HasSubstr("(see "), HasSubstr("p.yaml:1:9)"),
                    HasSubstr("p.yaml:2:9: source 192.0.2.1/32 is both blocked "
                              "and allowed")));
}

TEST_F(FwctlPolicy, AnEtagGuardsWhatSomebodyElseChanged) {
  Apply(kDocument);
  const std::string etag = Etag();
  Out({"block-ip", "192.0.2.77"});
  const Result late =
      Run({"apply", "-f", File("owner: web\n"), "--if-etag", etag});
  EXPECT_EQ(late.exit_code, 1);
  EXPECT_THAT(late.err, HasSubstr("no longer the one"));
  EXPECT_EQ(Export({"--owner", "web"}), kDocument);
}

TEST_F(FwctlPolicy, CanBeTakenBackUnlessConfirmed) {
  const Result result =
      Run({"apply", "-f", File(kDocument), "--confirm-within", "60s"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("not confirmed yet"));
  clocks_.Advance(absl::Minutes(2));
  const auto back = engine_->TakeBackOfOverdue();
  ASSERT_TRUE(back.has_value());
  ASSERT_TRUE(engine_->Apply(*back).ok());
  EXPECT_THAT(KernelSources(), IsEmpty());
}

TEST_F(FwctlPolicy, EveryMistakeIsOnALineOfItsOwn) {
  const Result result = Run({"apply", "-f", File("alow: []\nblock: 1\n")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("p.yaml:1:1: unknown key"),
                    HasSubstr("\nfwctl: "), HasSubstr("p.yaml:2:8: ")));
  EXPECT_EQ(Run({"apply"}).exit_code, 2);
  EXPECT_EQ(Run({"apply", "-f", "/nowhere"}).exit_code, 1);
}

// The client counts what it sends.
TEST_F(FwctlPolicy, ARequestWithoutItsEndChangesNothing) {
  const auto stub = v1::PolicyService::NewStub(Channel());
  for (const bool wrong_count : {true, false}) {
    const auto context = Context();
    v1::ApplyPolicyResponse response;
    const auto writer = stub->ApplyPolicy(context.get(), &response);
    v1::ApplyPolicyRequest part;
    part.mutable_header();
    writer->Write(part);
    part.mutable_document();
    writer->Write(part);
    part.mutable_rules()
        ->add_rules()
        ->mutable_source_block()
        ->mutable_source()
        ->set_text("192.0.2.1");
    writer->Write(part);
    part.mutable_end()->set_rule_count(2);
    if (wrong_count) writer->Write(part);
    writer->WritesDone();
    EXPECT_EQ(writer->Finish().error_code(),
              wrong_count ? grpc::StatusCode::INVALID_ARGUMENT
                          : grpc::StatusCode::CANCELLED);
  }
  EXPECT_EQ(engine_->GetStatus().generation, 0u);
}

}  // namespace
}  // namespace fwagent::client
