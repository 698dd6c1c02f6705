#include "agent/document/policy_text.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/document/document_reader.h"

namespace fwagent::document {
namespace {

// Takes "name[7]" off the front, and gives the number.
bool ConsumeIndex(absl::string_view name, absl::string_view& field,
                  std::size_t& index) {
  if (!absl::ConsumePrefix(&field, name) || !absl::ConsumePrefix(&field, "[")) {
    return false;
  }
  const std::size_t end = field.find(']');
  if (end == absl::string_view::npos ||
      !absl::SimpleAtoi(field.substr(0, end), &index)) {
    return false;
  }
  field.remove_prefix(end + 1);
  absl::ConsumePrefix(&field, ".");
  return true;
}

// One character more than is taken, so that it shows.
bool ReadAll(std::istream& in, std::string& text) {
  std::array<char, 65536> block;
  while (text.size() <= kMostBytes &&
         (in.read(block.data(), block.size()) || in.gcount() > 0)) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  return !in.bad();
}

}  // namespace

std::string PolicyText::PlaceOf(std::string_view field) const {
  absl::string_view rest(field.data(), field.size());
  std::size_t document = 0;
  if (!ConsumeIndex("documents", rest, document) || document >= places.size()) {
    return "";
  }
  const DocumentPlaces& of = places[document];
  std::size_t index = 0;
  if (ConsumeIndex("rules", rest, index) && index < of.rules.size()) {
    return PlaceText(name, of.rules[index]);
  }
  if (ConsumeIndex("sets", rest, index) && index < of.sets.size()) {
    return PlaceText(name, of.sets[index]);
  }
  return PlaceText(name, of.owner);
}

absl::StatusOr<PolicyText> ReadPolicy(std::string_view text,
                                      const std::string& name,
                                      const ReadOptions& options) {
  auto documents = ReadYaml(text, name);
  if (!documents.ok()) return documents.status();
  PolicyText policy;
  policy.name = name;
  v1::PolicyEnd counts;
  Mistakes mistakes(policy.name);
  DocumentReader reader(options, policy, counts, mistakes);
  for (const Value& document : *documents) {
    // JSON has no other way to put several into one text.
    if (document.kind == Value::Kind::kList) {
      for (const Value& item : document.items) reader.Read(item);
    } else {
      reader.Read(document);
    }
  }
  absl::Status sound = mistakes.ToStatus();
  if (!sound.ok()) return sound;
  if (policy.owners.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        name,
        ": there is no document in it; one that takes everything away "
        "from an owner is \"owner: NAME\" alone"));
  }
  *policy.parts.emplace_back().mutable_end() = std::move(counts);
  return policy;
}

absl::StatusOr<PolicyText> ReadPolicyFile(const std::string& path,
                                          ReadOptions options) {
  std::string text;
  if (path == "-") {
    if (!ReadAll(std::cin, text)) {
      return absl::NotFoundError("cannot read standard input");
    }
    return ReadPolicy(text, "standard input", options);
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || !ReadAll(file, text)) {
    return absl::NotFoundError(
        absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  const std::size_t slash = path.rfind('/');
  if (options.folder.empty() && slash != std::string::npos) {
    options.folder = path.substr(0, slash + 1);
  }
  return ReadPolicy(text, path, options);
}

}  // namespace fwagent::document
