#include "agent/packet_option_keys.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fwagent {
namespace {

using dataplane::DefaultVerdict;
using dataplane::Malformed;
using dataplane::PacketOptions;
using dataplane::UndecidedFragments;

struct Value {
  const char* text;
  void (*set)(PacketOptions& options);
};

struct Key {
  const char* name;
  std::vector<Value> values;
};

template <auto kMember, auto kValue>
void Set(PacketOptions& options) {
  options.*kMember = kValue;
}

const std::vector<Key>& Keys() {
  constexpr auto kMalformed = &PacketOptions::malformed;
  constexpr auto kFragments = &PacketOptions::undecided_fragments;
  constexpr auto kDefault = &PacketOptions::default_verdict;
  static const auto* const kKeys = new std::vector<Key>{
      {"malformed",
       {{"auto", Set<kMalformed, Malformed::kAuto>},
        {"pass", Set<kMalformed, Malformed::kPass>},
        {"drop", Set<kMalformed, Malformed::kDrop>}}},
      {"undecided_fragments",
       {{"pass", Set<kFragments, UndecidedFragments::kPass>},
        {"drop", Set<kFragments, UndecidedFragments::kDrop>}}},
      {"default_verdict",
       {{"pass", Set<kDefault, DefaultVerdict::kPass>},
        {"drop", Set<kDefault, DefaultVerdict::kDrop>}}}};
  return *kKeys;
}

absl::Status SetValue(const Key& key, const std::string& text,
                      PacketOptions& options) {
  for (const Value& value : key.values) {
    if (value.text != text) continue;
    value.set(options);
    return absl::OkStatus();
  }
  const auto append_text = [](std::string* out, const Value& value) {
    out->append(value.text);
  };
  return absl::InvalidArgumentError(
      absl::StrCat(key.name, ": \"", text, "\" is not one of ",
                   absl::StrJoin(key.values, ", ", append_text)));
}

}  // namespace

std::vector<std::string> PacketOptionKeys() {
  std::vector<std::string> names;
  for (const Key& key : Keys()) names.emplace_back(key.name);
  return names;
}

absl::Status SetPacketOption(const std::string& key, const std::string& text,
                             PacketOptions& options) {
  for (const Key& known : Keys()) {
    if (known.name == key) return SetValue(known, text, options);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown key \"", key, "\"; known are ",
                   absl::StrJoin(PacketOptionKeys(), ", ")));
}

}  // namespace fwagent
