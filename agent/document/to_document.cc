#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/document/policy_text.h"
#include "agent/text/port_spec.h"
#include "agent/text/rule_words.h"
#include "agent/text/set_action.h"

namespace fwagent::document {
namespace {

// RFC 3339, to the microsecond where there is one.
std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime(
      "%Y-%m-%dT%H:%M:%E*SZ",
      absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
      absl::UTCTimeZone());
}

std::string TtlText(const google::protobuf::Duration& ttl) {
  constexpr std::int64_t kDay = 86'400;
  if (ttl.nanos() == 0 && ttl.seconds() % kDay == 0) {
    return absl::StrCat(ttl.seconds() / kDay, "d");
  }
  return absl::FormatDuration(absl::Seconds(ttl.seconds()) +
                              absl::Nanoseconds(ttl.nanos()));
}

// What is said of a rule besides its match; the match alone where there is
// nothing.
Value Described(const char* key, std::string match, const v1::Rule& rule) {
  if (rule.comment().empty() && !rule.has_expire_time()) {
    return Value::Scalar(std::move(match));
  }
  Value map = Value::Map();
  map.Add(key, std::move(match));
  if (!rule.comment().empty()) map.Add("comment", rule.comment());
  if (rule.has_expire_time()) map.Add("until", TimeText(rule.expire_time()));
  return map;
}

Value Ordered(const v1::Rule& rule) {
  Value map = Value::Map();
  map.Add("order", Value::Number(rule.filter().order()));
  map.Add("rule", text::RuleText(rule.filter()));
  if (!rule.comment().empty()) map.Add("comment", rule.comment());
  if (rule.has_expire_time()) map.Add("until", TimeText(rule.expire_time()));
  return map;
}

Value ToValue(const OwnedPolicy::FilledSet& filled) {
  Value map = Value::Map();
  map.Add("name", filled.set.name());
  map.Add("action", text::SetActionName(filled.set.action()));
  if (!filled.set.comment().empty()) map.Add("comment", filled.set.comment());
  if (filled.set.has_default_ttl()) {
    map.Add("default-ttl", TtlText(filled.set.default_ttl()));
  }
  Value entries = Value::List();
  entries.items.reserve(filled.entries.size());
  for (const v1::SetEntry& entry : filled.entries) {
    if (!entry.has_expire_time()) {
      entries.items.push_back(Value::Scalar(entry.prefix().text()));
      continue;
    }
    Value one = Value::Map();
    one.Add("address", entry.prefix().text());
    one.Add("until", TimeText(entry.expire_time()));
    entries.items.push_back(std::move(one));
  }
  map.Add("entries", std::move(entries));
  return map;
}

void AddList(const char* key, Value list, Value& document) {
  if (!list.items.empty()) document.Add(key, std::move(list));
}

}  // namespace

Value ToDocument(const OwnedPolicy& policy) {
  Value allow = Value::List();
  Value block = Value::List();
  Value ports = Value::List();
  std::vector<const v1::Rule*> ordered;
  for (const v1::Rule& rule : policy.rules) {
    if (rule.has_source_allow()) {
      allow.items.push_back(
          Described("address", rule.source_allow().source().text(), rule));
    } else if (rule.has_source_block()) {
      block.items.push_back(
          Described("address", rule.source_block().source().text(), rule));
    } else if (rule.has_port_block()) {
      ports.items.push_back(
          Described("port", text::PortSpecText(rule.port_block()), rule));
    } else if (rule.has_filter()) {
      ordered.push_back(&rule);
    }
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const v1::Rule* a, const v1::Rule* b) {
                     return a->filter().order() < b->filter().order();
                   });
  Value rules = Value::List();
  for (const v1::Rule* rule : ordered) rules.items.push_back(Ordered(*rule));
  Value sets = Value::List();
  for (const auto& set : policy.sets) sets.items.push_back(ToValue(set));

  Value document = Value::Map();
  document.Add("version", Value::Number(1));
  document.Add("owner", policy.owner);
  AddList("allow", std::move(allow), document);
  AddList("block", std::move(block), document);
  AddList("block-ports", std::move(ports), document);
  AddList("rules", std::move(rules), document);
  AddList("sets", std::move(sets), document);
  return document;
}

}  // namespace fwagent::document
