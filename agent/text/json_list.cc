#include "agent/text/json_list.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/text/address_range.h"
#include "agent/text/printable.h"

namespace fwagent::text {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

absl::StatusOr<Struct> Parse(std::string_view text) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &object);
  if (status.ok()) return object;
  return absl::InvalidArgumentError("is not a JSON object");
}

// Null when there is none.
const Value* Find(const Struct& object, const std::string& name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? nullptr : &found->second;
}

absl::Status Wrong(const Value& element, const char* what) {
  constexpr std::size_t kShown = 80;
  std::string text;
  (void)google::protobuf::util::MessageToJsonString(element, &text);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return absl::InvalidArgumentError(absl::StrCat(Printable(text), " ", what));
}

absl::StatusOr<std::vector<std::string>> PrefixesOf(const Value& element);

// {"addr": "192.0.2.0", "len": 24}
absl::StatusOr<std::vector<std::string>> FromPrefix(const Value& element,
                                                    const Struct& prefix) {
  const Value* address = Find(prefix, "addr");
  const Value* length = Find(prefix, "len");
  if (address == nullptr || length == nullptr) {
    return Wrong(element, "is no prefix");
  }
  return std::vector<std::string>{
      absl::StrCat(address->string_value(), "/", length->number_value())};
}

absl::StatusOr<std::vector<std::string>> FromObject(const Value& element) {
  const Struct& object = element.struct_value();
  if (const Value* prefix = Find(object, "prefix")) {
    return FromPrefix(element, prefix->struct_value());
  }
  if (const Value* range = Find(object, "range")) {
    const ListValue& ends = range->list_value();
    if (ends.values_size() != 2) return Wrong(element, "is no range");
    return PrefixesOfRange(ends.values(0).string_value(),
                           ends.values(1).string_value());
  }
  // With a timeout, a counter or a comment.
  if (const Value* inner = Find(object, "elem")) {
    const Value* value = Find(inner->struct_value(), "val");
    if (value != nullptr) return PrefixesOf(*value);
  }
  return Wrong(element, "is no address, prefix or range");
}

absl::StatusOr<std::vector<std::string>> PrefixesOf(const Value& element) {
  if (element.has_struct_value()) return FromObject(element);
  if (element.kind_case() == Value::kStringValue) {
    return std::vector<std::string>{element.string_value()};
  }
  return Wrong(element, "is no address, prefix or range");
}

// The one set.
absl::StatusOr<const Struct*> FindSet(const Struct& document) {
  const Struct* found = nullptr;
  int sets = 0;
  const Value* parts = Find(document, "nftables");
  for (const Value& part : parts->list_value().values()) {
    const Value* set = Find(part.struct_value(), "set");
    if (set == nullptr) continue;
    ++sets;
    found = &set->struct_value();
  }
  if (sets == 1) return found;
  return absl::InvalidArgumentError(
      absl::StrCat("has ", sets,
                   " sets of nftables: list one, as by nft --json list set "
                   "inet filter blocked"));
}

// What is left of an element, in seconds; `timeout` says how long it had in
// all.
absl::StatusOr<std::uint32_t> TtlIn(const Struct& object,
                                    std::uint32_t otherwise) {
  const Value* seconds = Find(object, "expires");
  if (seconds == nullptr) seconds = Find(object, "timeout");
  if (seconds == nullptr) return otherwise;
  if (seconds->kind_case() != Value::kNumberValue ||
      !(seconds->number_value() >= 0)) {
    return Wrong(*seconds, "is no number of seconds");
  }
  // What is about to end has a second left.
  if (seconds->number_value() < 1) return 1;
  return ReadEntryTtl(
      absl::StrFormat("%.0f", std::floor(seconds->number_value())));
}

absl::StatusOr<std::uint32_t> TtlOf(const Value& element,
                                    std::uint32_t otherwise) {
  const Value* inner = Find(element.struct_value(), "elem");
  return inner == nullptr ? absl::StatusOr<std::uint32_t>(otherwise)
                          : TtlIn(inner->struct_value(), otherwise);
}

}  // namespace

absl::StatusOr<std::string> PrefixOfJsonLine(std::string_view line) {
  const auto object = Parse(line);
  if (!object.ok()) return object.status();
  if (const Value* cidr = Find(*object, "cidr")) return cidr->string_value();
  const Value* type = Find(*object, "type");
  if (type != nullptr && type->string_value() == "metadata") {
    return std::string();
  }
  return absl::InvalidArgumentError(
      "is a JSON object without a prefix under \"cidr\"");
}

bool IsNftDocument(std::string_view text) {
  constexpr std::size_t kBeginning = 200;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{' &&
         text.substr(begin, kBeginning).find("\"nftables\"") !=
             std::string_view::npos;
}

absl::Status ForEachNftElement(
    std::string_view text,
    const std::function<absl::Status(
        std::uint64_t number, const absl::StatusOr<NftElement>& element)>&
        take) {
  const auto document = Parse(text);
  if (!document.ok()) return document.status();
  if (Find(*document, "nftables") == nullptr) {
    return absl::InvalidArgumentError("is no document of nftables");
  }
  const auto set = FindSet(*document);
  if (!set.ok()) return set.status();
  const auto of_all = TtlIn(**set, kAsTheImportSays);
  if (!of_all.ok()) return of_all.status();
  const Value* elements = Find(**set, "elem");
  if (elements == nullptr) return absl::OkStatus();
  std::uint64_t number = 0;
  for (const Value& element : elements->list_value().values()) {
    ++number;
    const auto prefixes = PrefixesOf(element);
    const auto ttl = TtlOf(element, *of_all);
    if (!prefixes.ok() || !ttl.ok()) {
      absl::Status taken =
          take(number, prefixes.ok() ? ttl.status() : prefixes.status());
      if (!taken.ok()) return taken;
      continue;
    }
    for (const std::string& prefix : *prefixes) {
      absl::Status taken = take(number, NftElement{prefix, *ttl});
      if (!taken.ok()) return taken;
    }
  }
  return absl::OkStatus();
}

}  // namespace fwagent::text
