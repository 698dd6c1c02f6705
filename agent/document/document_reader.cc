#include "agent/document/document_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/document/entry_parts.h"
#include "agent/text/duration.h"
#include "agent/text/port_spec.h"
#include "agent/text/printable.h"
#include "agent/text/rule_words.h"
#include "agent/text/set_action.h"

namespace fwagent::document {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kMostMistakes = 10;
constexpr std::uint64_t kFirstOrder = 1000;
constexpr std::uint64_t kOrderStep = 10;
constexpr std::uint64_t kMaxOrder = 1'000'000'000;
constexpr int kRulesInPart = 1000;

// What a rule asks for, besides "rule": the words of docs/rules.md.
constexpr std::array<const char*, 15> kConditions = {
    "from", "to",     "proto", "sport", "dport", "icmp", "icmpv6", "flags",
    "vlan", "length", "iface", "rate",  "burst", "per",  "block"};

void SetTime(absl::Time time, google::protobuf::Timestamp* wire) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  wire->set_seconds(seconds);
  wire->set_nanos(static_cast<std::int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

const char* KindText(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "";
}

// Words that came with an error begin with the name of an option.
std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

}  // namespace

void Mistakes::Add(Place place, std::string_view what) {
  if (full()) return;
  lines_.push_back(
      absl::StrCat(PlaceText(name_, place), ": ", std::string(what)));
}

void Mistakes::AddLine(std::string line) {
  if (!full()) lines_.push_back(std::move(line));
}

bool Mistakes::full() const { return lines_.size() >= kMostMistakes; }

absl::Status Mistakes::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
}

std::map<std::string, std::vector<std::string>> DocumentReader::Keys() {
  std::vector<std::string> rule = {"rule",  "order",  "comment",
                                   "until", "action", "shadow"};
  rule.insert(rule.end(), kConditions.begin(), kConditions.end());
  return {
      {"",
       {"version", "owner", "allow", "block", "block-ports", "rules", "sets"}},
      {"address", {"address", "comment", "until"}},
      {"port", {"port", "comment", "until"}},
      {"rule", rule},
      {"set", {"name", "action", "comment", "default-ttl", "entries", "file"}},
      {"entry", {"address", "until"}}};
}

void DocumentReader::ReadMap(const Value& map, const char* what,
                             const Setters& setters) {
  if (map.kind != Kind::kMap) {
    mistakes_.Add(map.place,
                  absl::StrCat(what, " must be a mapping of keys to values, ",
                               "not ", KindText(map.kind)));
    return;
  }
  std::map<std::string_view, Place> seen;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
    const Value& key = map.items[i];
    const Value& value = map.items[i + 1];
    const auto setter =
        std::find_if(setters.begin(), setters.end(), [&key](const auto& one) {
          return key.kind == Kind::kScalar && one.first == key.scalar;
        });
    if (setter == setters.end()) {
      const auto name = [](std::string* out, const auto& one) {
        out->append(one.first);
      };
      mistakes_.Add(key.place,
                    absl::StrCat("unknown key ", text::JsonQuoted(key.scalar),
                                 " in ", what, "; known are ",
                                 absl::StrJoin(setters, ", ", name)));
      continue;
    }
    const auto [first, is_new] = seen.emplace(key.scalar, key.place);
    if (!is_new) {
      mistakes_.Add(key.place,
                    absl::StrCat("\"", key.scalar, "\" is given twice; first ",
                                 "in line ", first->second.line));
      continue;
    }
    if (value.kind == Kind::kNull) {
      mistakes_.Add(key.place,
                    absl::StrCat("\"", key.scalar, "\" has no value: give ",
                                 "one, or leave the key out"));
      continue;
    }
    setter->second(value);
  }
}

void DocumentReader::ForEachItem(
    const Value& list, const char* key,
    const std::function<void(const Value&)>& read) {
  if (list.kind != Kind::kList) {
    mistakes_.Add(list.place, absl::StrCat("\"", key, "\" must be a list, not ",
                                           KindText(list.kind)));
    return;
  }
  for (const Value& item : list.items) {
    if (mistakes_.full()) return;
    read(item);
  }
}

std::optional<std::string> DocumentReader::Text(const Value& value,
                                                const char* key) {
  if (value.kind == Kind::kScalar) return value.scalar;
  mistakes_.Add(value.place, absl::StrCat("\"", key, "\" must be a single ",
                                          "value, not ", KindText(value.kind)));
  return std::nullopt;
}

std::optional<absl::Time> DocumentReader::Time(const Value& value,
                                               const char* key) {
  const auto words = Text(value, key);
  if (!words.has_value()) return std::nullopt;
  const auto time = text::ReadTime(key, *words);
  if (time.ok()) return *time;
  mistakes_.Add(value.place, Message(time.status()));
  return std::nullopt;
}

void DocumentReader::Read(const Value& document) {
  // A document of another version may mean anything else.
  std::string owner = options_.default_owner;
  DocumentPlaces places;
  places.owner = document.place;
  for (std::size_t i = 0; i + 1 < document.items.size(); i += 2) {
    if (document.kind != Kind::kMap) break;
    const Value& value = document.items[i + 1];
    if (document.items[i].scalar != "owner") continue;
    places.owner = value.place;
    owner = value.scalar;
  }
  const auto again =
      std::find(policy_.owners.begin(), policy_.owners.end(), owner);
  if (again != policy_.owners.end()) {
    const auto first = static_cast<std::size_t>(again - policy_.owners.begin());
    mistakes_.Add(places.owner, absl::StrCat("a second document of the owner ",
                                             text::Printable(owner),
                                             "; the first is in line ",
                                             policy_.places[first].owner.line));
    return;
  }
  policy_.owners.push_back(owner);
  policy_.places.push_back(std::move(places));
  policy_.parts.emplace_back().mutable_document()->set_owner(owner);
  next_order_ = kFirstOrder;
  std::vector<const Value*> sets;
  const auto address = [this](const char* key, bool allows) {
    return [this, key, allows](const Value& list) {
      ForEachItem(list, key, [this, allows](const Value& item) {
        ReadAddress(item, allows);
      });
    };
  };
  ReadMap(document, "a document",
          {{"version",
            [this](const Value& value) {
              if (value.scalar == "1") return;
              mistakes_.Add(value.place, "\"version\" must be 1");
            }},
           {"owner", [this](const Value& value) { Text(value, "owner"); }},
           {"allow", address("allow", true)},
           {"block", address("block", false)},
           {"block-ports",
            [this](const Value& list) {
              ForEachItem(list, "block-ports",
                          [this](const Value& item) { ReadPort(item); });
            }},
           {"rules",
            [this](const Value& list) {
              ForEachItem(list, "rules",
                          [this](const Value& item) { ReadRule(item); });
            }},
           {"sets", [this, &sets](const Value& list) {
              ForEachItem(list, "sets", [&sets](const Value& item) {
                sets.push_back(&item);
              });
            }}});
  // Parts of rules come before those of sets.
  for (const Value* set : sets) ReadSet(*set);
}

v1::PolicyRules& DocumentReader::RulesPart() {
  v1::ApplyPolicyRequest* last = &policy_.parts.back();
  if (!last->has_rules() || last->rules().rules_size() >= kRulesInPart) {
    last = &policy_.parts.emplace_back();
  }
  return *last->mutable_rules();
}

void DocumentReader::AddRule(v1::Rule rule, Place place) {
  *RulesPart().add_rules() = std::move(rule);
  policy_.places.back().rules.push_back(place);
  counts_.set_rule_count(counts_.rule_count() + 1);
}

void DocumentReader::ReadEnd(const Value& value, v1::Rule& rule) {
  const auto time = Time(value, "until");
  if (time.has_value()) SetTime(*time, rule.mutable_expire_time());
}

void DocumentReader::ReadAddress(const Value& value, bool allows) {
  v1::Rule rule;
  std::optional<std::string> address;
  if (value.kind == Kind::kScalar) {
    address = value.scalar;
  } else {
    ReadMap(
        value, "an address",
        {{"address", [&](const Value& one) { address = Text(one, "address"); }},
         {"comment",
          [&](const Value& one) {
            rule.set_comment(Text(one, "comment").value_or(""));
          }},
         {"until", [&](const Value& one) { ReadEnd(one, rule); }}});
    if (value.kind == Kind::kMap && !address.has_value()) {
      mistakes_.Add(value.place, "\"address\" is missing");
    }
  }
  if (!address.has_value()) return;
  const std::vector<std::string> both = {"0.0.0.0/0", "::/0"};
  for (const std::string& prefix :
       *address == "any" ? both : std::vector<std::string>{*address}) {
    v1::Prefix* source = allows ? rule.mutable_source_allow()->mutable_source()
                                : rule.mutable_source_block()->mutable_source();
    source->set_text(prefix);
    AddRule(rule, value.place);
  }
}

void DocumentReader::ReadPort(const Value& value) {
  v1::Rule rule;
  std::optional<std::string> port;
  if (value.kind == Kind::kScalar) {
    port = value.scalar;
  } else {
    ReadMap(value, "a port",
            {{"port", [&](const Value& one) { port = Text(one, "port"); }},
             {"comment",
              [&](const Value& one) {
                rule.set_comment(Text(one, "comment").value_or(""));
              }},
             {"until", [&](const Value& one) { ReadEnd(one, rule); }}});
    if (value.kind == Kind::kMap && !port.has_value()) {
      mistakes_.Add(value.place, "\"port\" is missing");
    }
  }
  if (!port.has_value()) return;
  const auto spec = text::ParsePortSpec(*port);
  if (!spec.ok()) {
    mistakes_.Add(value.place, Message(spec.status()));
    return;
  }
  rule.mutable_port_block()->set_protocol(spec->protocol);
  *rule.mutable_port_block()->mutable_ports() = spec->ports;
  AddRule(std::move(rule), value.place);
}

void DocumentReader::ReadRule(const Value& value) {
  v1::Rule rule;
  std::optional<std::string> words;
  std::optional<std::uint64_t> order;
  std::string action;
  std::string shadow;
  std::string conditions;
  if (value.kind == Kind::kScalar) {
    words = value.scalar;
  } else {
    Setters setters = {
        {"rule", [&](const Value& one) { words = Text(one, "rule"); }},
        {"order",
         [&](const Value& one) {
           std::uint64_t number = 0;
           if (absl::SimpleAtoi(one.scalar, &number) && number <= kMaxOrder) {
             order = number;
           } else {
             mistakes_.Add(one.place,
                           "\"order\" must be a number from 0 to 1000000000");
           }
         }},
        {"comment",
         [&](const Value& one) {
           rule.set_comment(Text(one, "comment").value_or(""));
         }},
        {"until", [&](const Value& one) { ReadEnd(one, rule); }},
        {"action",
         [&](const Value& one) { action = Text(one, "action").value_or(""); }},
        {"shadow", [&](const Value& one) {
           if (one.scalar == "true") {
             shadow = " shadow";
           } else if (one.scalar != "false") {
             mistakes_.Add(one.place, "\"shadow\" must be true or false");
           }
         }}};
    for (const char* key : kConditions) {
      setters.emplace_back(key, [&, key](const Value& one) {
        std::vector<std::string> list;
        if (one.kind == Kind::kScalar) list.push_back(one.scalar);
        if (one.kind == Kind::kList) {
          for (const Value& item : one.items) {
            list.push_back(Text(item, key).value_or(""));
          }
        }
        if (list.empty()) {
          mistakes_.Add(one.place, absl::StrCat("\"", key,
                                                "\" must be a value or a list "
                                                "of them"));
        }
        absl::StrAppend(&conditions, " ", key, " ", absl::StrJoin(list, ","));
      });
    }
    ReadMap(value, "a rule", setters);
    if (value.kind != Kind::kMap) return;
    const bool in_keys =
        !action.empty() || !shadow.empty() || !conditions.empty();
    if (words.has_value() == in_keys) {
      mistakes_.Add(value.place,
                    in_keys ? "give a rule either in words, by \"rule\", or in "
                              "keys, beginning with \"action\""
                            : "\"rule\" is missing, or \"action\"");
      return;
    }
    if (in_keys) words = absl::StrCat(action, shadow, conditions);
  }
  if (!words.has_value()) return;
  auto filter = text::ReadFilterRule({*words});
  if (!filter.ok()) {
    mistakes_.Add(value.place, Message(filter.status()));
    return;
  }
  // Those that do not say where they are judged follow the one before.
  const std::uint64_t place = order.value_or(next_order_);
  next_order_ = place + kOrderStep;
  if (place > kMaxOrder) {
    mistakes_.Add(value.place, "is judged behind the order 1000000000");
    return;
  }
  *rule.mutable_filter() = *std::move(filter);
  rule.mutable_filter()->set_order(static_cast<std::uint32_t>(place));
  AddRule(std::move(rule), value.place);
}

void DocumentReader::ReadSet(const Value& value) {
  v1::PolicySet part;
  v1::Set& set = *part.mutable_set();
  const Value* entries = nullptr;
  const Value* file = nullptr;
  ReadMap(value, "a set",
          {{"name",
            [&](const Value& one) {
              set.set_name(Text(one, "name").value_or(""));
            }},
           {"action",
            [&](const Value& one) {
              const auto action = text::SetActionNamed(one.scalar);
              if (action.has_value()) {
                set.set_action(*action);
              } else {
                mistakes_.Add(one.place,
                              "\"action\" must be block, allow, none or "
                              "shadow");
              }
            }},
           {"comment",
            [&](const Value& one) {
              set.set_comment(Text(one, "comment").value_or(""));
            }},
           {"default-ttl",
            [&](const Value& one) {
              const auto ttl = text::ReadTtl("default-ttl", one.scalar);
              if (!ttl.ok()) {
                mistakes_.Add(one.place, Message(ttl.status()));
                return;
              }
              absl::Duration rest;
              set.mutable_default_ttl()->set_seconds(
                  absl::IDivDuration(*ttl, absl::Seconds(1), &rest));
              set.mutable_default_ttl()->set_nanos(
                  static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
            }},
           {"entries", [&](const Value& one) { entries = &one; }},
           {"file", [&](const Value& one) { file = &one; }}});
  if (value.kind != Kind::kMap) return;
  if (set.name().empty()) mistakes_.Add(value.place, "\"name\" is missing");
  if (set.action() == v1::SET_ACTION_UNSPECIFIED) {
    set.set_action(v1::SET_ACTION_BLOCK);
  }
  part.set_keep_entries(entries == nullptr && file == nullptr);
  *policy_.parts.emplace_back().mutable_set() = std::move(part);
  policy_.places.back().sets.push_back(value.place);
  counts_.set_set_count(counts_.set_count() + 1);
  EntryParts parts(policy_.parts);
  if (entries != nullptr) ReadEntries(*entries, parts);
  if (file != nullptr) {
    const std::string path = Text(*file, "file").value_or("");
    auto list = ReadListFile(path);
    if (list.ok()) {
      parts.Add(*std::move(list));
    } else {
      mistakes_.Add(file->place, Message(list.status()));
    }
  }
  counts_.set_entry_count(counts_.entry_count() + parts.count());
}

absl::StatusOr<text::PackedList> DocumentReader::ReadListFile(
    const std::string& name) {
  if (name.empty() || name == "-") {
    return absl::InvalidArgumentError("\"file\" must be the name of a file");
  }
  policy_.files.push_back(name.front() == '/' ? name : options_.folder + name);
  return text::PackFile(policy_.files.back());
}

void DocumentReader::ReadEntries(const Value& value, EntryParts& entries) {
  if (value.kind == Kind::kScalar) {
    // A block of text is a list as a file has it.
    auto list = text::PackList(
        value.scalar,
        absl::StrCat(PlaceText(policy_.name, value.place), ": entries"));
    if (list.ok()) {
      entries.Add(*std::move(list));
    } else {
      mistakes_.AddLine(Message(list.status()));
    }
    return;
  }
  ForEachItem(value, "entries",
              [&](const Value& item) { ReadEntry(item, entries); });
}

void DocumentReader::ReadEntry(const Value& value, EntryParts& entries) {
  std::optional<std::string> address;
  std::uint32_t seconds = text::kAsTheImportSays;
  bool has_ended = false;
  if (value.kind == Kind::kScalar) {
    const absl::Status added = entries.Add(value.scalar, seconds);
    if (!added.ok()) mistakes_.Add(value.place, Message(added));
    return;
  }
  ReadMap(
      value, "an entry",
      {{"address", [&](const Value& one) { address = Text(one, "address"); }},
       {"until", [&](const Value& one) {
          const auto time = Time(one, "until");
          if (!time.has_value()) return;
          const std::int64_t left = absl::ToInt64Seconds(
              absl::Ceil(*time - options_.now, absl::Seconds(1)));
          has_ended = left <= 0;
          seconds = static_cast<std::uint32_t>(
              std::clamp<std::int64_t>(left, 0, text::kNeverEnds - 1));
        }}});
  if (value.kind != Kind::kMap) return;
  if (!address.has_value()) {
    mistakes_.Add(value.place, "\"address\" is missing");
    return;
  }
  if (has_ended) return;
  const absl::Status added = entries.Add(*address, seconds);
  if (!added.ok()) mistakes_.Add(value.place, Message(added));
}

}  // namespace fwagent::document
