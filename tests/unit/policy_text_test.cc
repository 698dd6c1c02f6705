// Documents as people write them.
#include "agent/document/policy_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/document/document_reader.h"
#include "tests/support/temp_dir.h"

namespace fwagent::document {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

absl::StatusOr<PolicyText> Read(const std::string& text) {
  return ReadPolicy(text, "p.yaml", {.now = kNow});
}

std::vector<std::string> MistakesIn(const std::string& text) {
  const auto policy = Read(text);
  if (policy.ok()) return {};
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
  return absl::StrSplit(std::string(policy.status().message()), '\n');
}

// The rules of all parts.
std::vector<v1::Rule> RulesOf(const PolicyText& policy) {
  std::vector<v1::Rule> rules;
  for (const v1::ApplyPolicyRequest& part : policy.parts) {
    rules.insert(rules.end(), part.rules().rules().begin(),
                 part.rules().rules().end());
  }
  return rules;
}

std::vector<std::string> WordsOf(const PolicyText& policy) {
  std::vector<std::string> words;
  for (const v1::Rule& rule : RulesOf(policy)) {
    words.push_back(absl::StrCat(rule.filter().order(), " ",
                                 v1::RuleAction_Name(rule.filter().action()),
                                 " ", rule.filter().match()));
  }
  return words;
}

TEST(PolicyText, ReadsEveryKindOfRule) {
  const auto policy = Read(
      "version: 1\n"
      "owner: web\n"
      "allow: [192.0.2.0/24]\n"
      "block:\n"
      "  - address: 198.51.100.7\n"
      "    comment: 'why: #1'\n"
      "    until: 2026-12-24T12:00:00.5Z\n"
      "block-ports: [23/tcp, {port: 6000-6010/udp}]\n"
      "rules: [drop proto icmp]\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_THAT(policy->owners, ElementsAre("web"));
  const auto rules = RulesOf(*policy);
  ASSERT_THAT(rules, SizeIs(5));
  EXPECT_EQ(rules[0].source_allow().source().text(), "192.0.2.0/24");
  EXPECT_EQ(rules[1].source_block().source().text(), "198.51.100.7");
  EXPECT_EQ(rules[1].comment(), "why: #1");
  EXPECT_EQ(rules[1].expire_time().seconds(), 1'798'113'600);
  EXPECT_EQ(rules[1].expire_time().nanos(), 500'000'000);
  EXPECT_EQ(rules[2].port_block().ports().first(), 23u);
  EXPECT_EQ(rules[3].port_block().ports().last(), 6010u);
  EXPECT_EQ(rules[4].filter().match(), "proto icmp");
  EXPECT_EQ(policy->parts.front().document().owner(), "web");
  EXPECT_EQ(policy->parts.back().end().rule_count(), 5u);
}

TEST(PolicyText, RulesAreJudgedInTheirOrderAndMaySayTheirPlace) {
  const auto policy = Read(
      "rules:\n"
      "  - pass proto icmp\n"
      "  - drop\n"
      "  - {rule: drop proto tcp, order: 5000}\n"
      "  - reject proto udp\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_THAT(WordsOf(*policy),
              ElementsAre("1000 RULE_ACTION_PASS proto icmp",
                          "1010 RULE_ACTION_DROP any",
                          "5000 RULE_ACTION_DROP proto tcp",
                          "5010 RULE_ACTION_REJECT proto udp"));
}

TEST(PolicyText, RulesMayBeInKeys) {
  const auto policy = Read(
      "rules:\n"
      "  - {action: limit, from: ['10.0.0.0/8', '@office'], proto: tcp,\n"
      "     dport: [22, 80-90], rate: 10/second, per: source, shadow: true}\n"
      "  - {action: drop, to: '!192.0.2.1', shadow: false}\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_THAT(
      WordsOf(*policy),
      ElementsAre("1000 RULE_ACTION_LIMIT shadow from 10.0.0.0/8,@office "
                  "proto tcp dport 22,80-90 rate 10/second per source",
                  "1010 RULE_ACTION_DROP to !192.0.2.1"));
  EXPECT_THAT(
      MistakesIn("rules: [{action: drop, rule: drop any}, {order: 1}]\n"),
      ElementsAre(HasSubstr("p.yaml:1:9: give a rule either in words"),
                  HasSubstr("p.yaml:1:41: \"rule\" is missing")));
}

TEST(PolicyText, SetsAreFilledInOrKeepWhatTheyHave) {
  testing::TempDir dir;
  std::ofstream(dir / "list") << "# x\n10.0.0.1\n10.0.0.2\n";
  const auto policy = ReadPolicy(
      "sets:\n"
      "  - {name: kept, action: allow, default-ttl: 1d12h, comment: c}\n"
      "  - {name: empty, entries: []}\n"
      "  - {name: few, entries: [192.0.2.1, {address: '2001:db8::/32',\n"
      "     until: 2023-11-14T22:13:30Z}, {address: 192.0.2.2,\n"
      "     until: 2023-11-14T22:13:20Z}]}\n"
      "  - {name: filed, file: list}\n"
      "  - name: lines\n"
      "    entries: |\n"
      "      10.1.0.0/16 ; comment\n",
      "p.yaml", {.now = kNow, .folder = absl::StrCat(dir.path(), "/")});
  ASSERT_TRUE(policy.ok()) << policy.status();
  std::vector<v1::PolicySet> sets;
  std::vector<v1::PackedPrefixes> entries;
  for (const auto& part : policy->parts) {
    if (part.has_set()) sets.push_back(part.set());
    if (part.has_prefixes()) entries.push_back(part.prefixes());
  }
  ASSERT_THAT(sets, SizeIs(5));
  EXPECT_TRUE(sets[0].keep_entries());
  EXPECT_EQ(sets[0].set().action(), v1::SET_ACTION_ALLOW);
  EXPECT_EQ(sets[0].set().default_ttl().seconds(), 36 * 3600);
  EXPECT_FALSE(sets[1].keep_entries());
  // What has ended is not among them.
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_THAT(entries[0].ipv4_ttl_seconds(), IsEmpty());
  EXPECT_THAT(entries[0].ipv6_ttl_seconds(), ElementsAre(10u));
  EXPECT_EQ(entries[1].ipv4().size(), 10u);
  EXPECT_EQ(policy->parts.back().end().entry_count(), 5u);
  EXPECT_EQ(policy->parts.back().end().set_count(), 5u);
}

TEST(PolicyText, EachMistakeIsNamedWithItsPlace) {
  EXPECT_THAT(
      MistakesIn("alow: [192.0.2.1]\n"
                 "block:\n"
                 "  - [1]\n"
                 "  - {address: 1, adress: 2, address: 3}\n"
                 "  - {comment: x}\n"
                 "block-ports: 23\n"
                 "rules:\n"
                 "  - drp any\n"
                 "  - {rule: drop any, order: -1}\n"),
      ElementsAre(
          HasSubstr("p.yaml:1:1: unknown key \"alow\" in a document; known are "
                    "version, owner, allow, block, block-ports, rules, sets"),
          HasSubstr("p.yaml:3:5: an address must be a mapping"),
          HasSubstr("p.yaml:4:18: unknown key \"adress\" in an address"),
          HasSubstr("p.yaml:4:29: \"address\" is given twice; first in line 4"),
          HasSubstr("p.yaml:5:5: \"address\" is missing"),
          HasSubstr("p.yaml:6:14: \"block-ports\" must be a list, not a single "
                    "value"),
          HasSubstr("p.yaml:8:5: a rule begins with drop, pass"),
          HasSubstr("p.yaml:9:29: \"order\" must be a number")));
  EXPECT_THAT(
      MistakesIn("block: [{address: 1, until: tomorrow}]\n"),
      ElementsAre(HasSubstr("p.yaml:1:29: until: \"tomorrow\" is not")));
  EXPECT_THAT(MistakesIn("sets: [{entries: [x, 192.0.2.1, 1::/8]}]\n"),
              ElementsAre(HasSubstr("p.yaml:1:8: \"name\" is missing"),
                          HasSubstr("p.yaml:1:19: \"x\" is no"),
                          HasSubstr("p.yaml:1:33:")));
  EXPECT_THAT(MistakesIn("sets:\n- name: a\n  entries: |\n    10.0.0.1\n"
                         "    10.0.0.999\n"),
              ElementsAre(HasSubstr("entries, line 2: ")));
  EXPECT_THAT(MistakesIn("sets: [{name: a, file: /nowhere/x}]\n"),
              ElementsAre(HasSubstr("p.yaml:1:24: cannot read /nowhere/x")));
  EXPECT_THAT(MistakesIn("version: 2\n"),
              ElementsAre("p.yaml:1:10: \"version\" must be 1"));
  EXPECT_THAT(MistakesIn("owner:\nblock: [192.0.2.1]\n"),
              ElementsAre(HasSubstr("p.yaml:1:1: \"owner\" has no value")));
}

TEST(PolicyText, TenMistakesAreEnough) {
  std::string text = "block:\n";
  for (int i = 0; i < 50; ++i) text += "  - []\n";
  EXPECT_THAT(MistakesIn(text), SizeIs(10));
}

TEST(PolicyText, WhatIsNoYamlIsNamedWithItsPlace) {
  EXPECT_THAT(MistakesIn("block: [192.0.2.1\nowner: x\n"),
              ElementsAre(HasSubstr("p.yaml:")));
  EXPECT_THAT(MistakesIn("a: &x [1]\nb: *x\n"),
              ElementsAre(HasSubstr("p.yaml:1:4: anchors are not read")));
  EXPECT_THAT(MistakesIn("block: !!python/object [1]\n"),
              ElementsAre(HasSubstr("p.yaml:1:8:")));
  EXPECT_TRUE(Read("owner: !!str web\n").ok());
  EXPECT_THAT(MistakesIn("owner: \xff\n"),
              ElementsAre("p.yaml: not valid UTF-8"));
  EXPECT_THAT(MistakesIn(std::string(100'000, '[')),
              ElementsAre(HasSubstr("p.yaml:1:")));
  EXPECT_THAT(MistakesIn("just words"),
              ElementsAre(HasSubstr("a document must be a mapping")));
  for (const char* nothing : {"", "# only this\n", "---\n---\n", "null"}) {
    EXPECT_THAT(MistakesIn(nothing),
                ElementsAre(HasSubstr("there is no document in it")))
        << nothing;
  }
}

TEST(PolicyText, WhatIsTooLongIsRefusedBeforeItIsRead) {
  const std::string text(kMostBytes + 1, '#');
  const auto policy = Read(text);
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(policy.status().message()),
              AllOf(HasSubstr("at most 64 are read"), HasSubstr("file:")));
  EXPECT_THAT(MistakesIn(std::string(1000, '#')),
              ElementsAre(HasSubstr("no document")));
}

TEST(PolicyText, SeveralDocumentsHaveAnOwnerEach) {
  for (const char* text :
       {"owner: a\nblock: [10.0.0.1]\n---\nowner: b\nblock: [10.0.0.2]\n",
        R"([{"owner": "a", "block": ["10.0.0.1"]},)"
        "\n"
        R"( {"owner": "b", "block": ["10.0.0.2"]}])"}) {
    const auto policy = Read(text);
    ASSERT_TRUE(policy.ok()) << policy.status();
    EXPECT_THAT(policy->owners, ElementsAre("a", "b"));
    EXPECT_THAT(RulesOf(*policy), SizeIs(2));
    EXPECT_NE(policy->PlaceOf("documents[1].rules[0]"), "");
  }
  EXPECT_THAT(MistakesIn("owner: a\n---\nowner: a\n"),
              ElementsAre(HasSubstr(
                  "p.yaml:3:8: a second document of the owner a; the first is "
                  "in line 1")));
  const auto nobody = Read("block: [10.0.0.1]\n");
  ASSERT_TRUE(nobody.ok());
  EXPECT_THAT(nobody->owners, ElementsAre("cli"));
}

TEST(PolicyText, KnowsWhereEachThingWasWritten) {
  const auto policy = Read(
      "block: [10.0.0.1, any]\n"
      "rules:\n"
      "  - drop any\n"
      "sets:\n"
      "  - {name: a}\n"
      "---\n"
      "owner: b\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->PlaceOf("documents[0].rules[0].source_block"),
            "p.yaml:1:9");
  // Both families of "any" were written at one place.
  EXPECT_EQ(policy->PlaceOf("documents[0].rules[1]"), "p.yaml:1:19");
  EXPECT_EQ(policy->PlaceOf("documents[0].rules[2]"), "p.yaml:1:19");
  EXPECT_EQ(policy->PlaceOf("documents[0].rules[3].filter.match"),
            "p.yaml:3:5");
  EXPECT_EQ(policy->PlaceOf("documents[0].sets[0].name"), "p.yaml:5:5");
  EXPECT_EQ(policy->PlaceOf("documents[1].owner"), "p.yaml:7:8");
  for (const char* nowhere : {"etag", "documents[2]", "documents[x]", ""}) {
    EXPECT_EQ(policy->PlaceOf(nowhere), "") << nowhere;
  }
}

TEST(PolicyText, FilesAreNamedFromTheFolderOfTheDocument) {
  testing::TempDir dir;
  std::ofstream(dir / "list") << "10.0.0.1\n";
  std::ofstream(dir / "p.yaml") << "sets: [{name: a, file: list}]\n";
  const auto policy = ReadPolicyFile(dir / "p.yaml", {.now = kNow});
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->parts.back().end().entry_count(), 1u);
  EXPECT_EQ(ReadPolicyFile("/nowhere", {.now = kNow}).status().code(),
            absl::StatusCode::kNotFound);
}

// What editors are told of is what is read.
TEST(PolicySchema, KnowsTheKeysOfDocuments) {
  std::ifstream file(FW_SOURCE_DIR "/deploy/policy.schema.json");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto schema = ReadYaml(text, "schema");
  ASSERT_TRUE(schema.ok()) << schema.status();
  const auto at = [](const Value& map, const std::string& key) -> const Value& {
    static const Value kNothing;
    for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
      if (map.items[i].scalar == key) return map.items[i + 1];
    }
    ADD_FAILURE() << "no " << key;
    return kNothing;
  };
  const Value& kinds = at(schema->front(), "$defs");
  for (const auto& [kind, keys] : DocumentReader::Keys()) {
    const Value& definition = at(kinds, kind.empty() ? "document" : kind);
    // Where there is a short form too, the mapping is the second one.
    const bool has_short_form = definition.items[0].scalar == "oneOf";
    const Value& properties =
        at(has_short_form ? definition.items[1].items[1] : definition,
           "properties");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < properties.items.size(); i += 2) {
      names.push_back(properties.items[i].scalar);
    }
    EXPECT_THAT(names, ::testing::UnorderedElementsAreArray(keys)) << kind;
  }
}

TEST(ToDocument, WhatIsWrittenIsReadAgain) {
  OwnedPolicy owned;
  owned.owner = "web";
  v1::Rule rule;
  rule.mutable_source_block()->mutable_source()->set_text("2001:db8::/32");
  rule.set_comment("\"quotes\": [and] {more}, \t#1 \\ ' ü no");
  rule.mutable_expire_time()->set_seconds(1'800'000'000);
  rule.mutable_expire_time()->set_nanos(123'456'000);
  owned.rules.push_back(rule);
  rule.Clear();
  rule.mutable_filter()->set_order(7);
  rule.mutable_filter()->set_action(v1::RULE_ACTION_DROP);
  rule.mutable_filter()->set_match("from !10.0.0.0/8,@a flags S/SA");
  rule.set_comment("null");
  owned.rules.push_back(rule);
  OwnedPolicy::FilledSet set;
  set.set.set_name("true");
  set.set.set_action(v1::SET_ACTION_ALLOW);
  set.set.mutable_default_ttl()->set_seconds(90);
  set.set.mutable_default_ttl()->set_nanos(5'000);
  set.entries.emplace_back().mutable_prefix()->set_text("::/0");
  owned.sets.push_back(set);
  const Value document = ToDocument(owned);
  for (const std::string& text : {ToYaml(document), ToJson(document)}) {
    const auto policy = Read(text);
    ASSERT_TRUE(policy.ok()) << policy.status() << text;
    const auto rules = RulesOf(*policy);
    ASSERT_THAT(rules, SizeIs(2)) << text;
    EXPECT_EQ(rules[0].DebugString(), owned.rules[0].DebugString());
    EXPECT_EQ(rules[1].DebugString(), owned.rules[1].DebugString());
    for (const auto& part : policy->parts) {
      if (!part.has_set()) continue;
      EXPECT_EQ(part.set().set().DebugString(), set.set.DebugString());
      EXPECT_FALSE(part.set().keep_entries());
    }
    EXPECT_EQ(policy->parts.back().end().entry_count(), 1u);
  }
}

}  // namespace
}  // namespace fwagent::document
