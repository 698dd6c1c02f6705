#include "agent/packet_option_keys.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace fwagent {
namespace {

using dataplane::DefaultVerdict;
using dataplane::kEssentials;
using dataplane::Malformed;
using dataplane::PacketOptions;
using dataplane::UndecidedFragments;

constexpr char kEssentialKey[] = "essential";

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
        {"drop", Set<kDefault, DefaultVerdict::kDrop>}}},
      {"shadow",
       {{"true", Set<&PacketOptions::shadow, true>},
        {"false", Set<&PacketOptions::shadow, false>}}}};
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

// "all", "none", or names with commas between them.
absl::Status SetEssential(const std::string& text, PacketOptions& options) {
  std::uint32_t bits = 0;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    const std::string name(absl::StripAsciiWhitespace(word));
    const auto found =
        std::find_if(kEssentials.begin(), kEssentials.end(),
                     [&name](const auto& one) { return one.name == name; });
    if (found != kEssentials.end()) {
      bits |= found->bit;
    } else if (text == "all") {
      bits = dataplane::kAllEssentials;
    } else if (text != "none") {
      return absl::InvalidArgumentError(absl::StrCat(
          kEssentialKey, ": \"", name, "\" is not one of ",
          absl::StrJoin(
              kEssentials, ", ",
              [](std::string* out, const auto& one) { out->append(one.name); }),
          "; give some with commas between them, all, or none"));
    }
  }
  options.essential = bits;
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> PacketOptionKeys() {
  std::vector<std::string> names;
  for (const Key& key : Keys()) names.emplace_back(key.name);
  names.emplace_back(kEssentialKey);
  return names;
}

absl::Status SetPacketOption(const std::string& key, const std::string& text,
                             PacketOptions& options) {
  if (key == kEssentialKey) return SetEssential(text, options);
  for (const Key& known : Keys()) {
    if (known.name == key) return SetValue(known, text, options);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown key \"", key, "\"; known are ",
                   absl::StrJoin(PacketOptionKeys(), ", ")));
}

}  // namespace fwagent
