#include "agent/service/policy_import.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/convert_sets.h"
#include "agent/service/error_details.h"
#include "agent/service/packed_entries.h"
#include "agent/service/request_fields.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

constexpr std::size_t kDefaultChanges = 1'000;
constexpr std::size_t kMostChanges = 10'000;
// What is longer belongs into sets, of which entries cost much less.
constexpr std::uint64_t kMostRules = 1'000'000;
constexpr std::uint64_t kMostDocuments = 1'000;
constexpr std::uint64_t kMostSets = 10'000;

absl::Status Wrong(std::string_view field, std::string_view what) {
  FieldViolations violations;
  violations.Add(field, what);
  return violations.ToStatus();
}

absl::Status TooMany(std::uint64_t most, const char* what) {
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", most, " ", what, " in one request: split it"));
}

}  // namespace

absl::Status PolicyImport::Take(const v1::ApplyPolicyRequest& part) {
  using Part = v1::ApplyPolicyRequest;
  if (has_end_) return Wrong("part", "comes behind end, the last one");
  if (part.has_header() == has_header_) {
    return Wrong("part", has_header_ ? "is a second header"
                                     : "must be the header at first");
  }
  const bool needs_document = part.has_rules() || part.has_set();
  if (needs_document && change_.desired.empty()) {
    return Wrong("part", "needs a document before it");
  }
  switch (part.part_case()) {
    case Part::kHeader:
      return TakeHeader(part.header());
    case Part::kDocument:
      return TakeDocument(part.document());
    case Part::kRules:
      return TakeRules(part.rules());
    case Part::kSet:
      return TakeSet(part.set());
    case Part::kPrefixes:
      return TakePrefixes(part.prefixes());
    case Part::kEnd:
      return TakeEnd(part.end());
    case Part::PART_NOT_SET:
      break;
  }
  return Wrong("part", "must be document, rules, set, prefixes or end");
}

absl::Status PolicyImport::TakeHeader(const v1::ApplyPolicyHeader& header) {
  FieldViolations violations;
  change_ = ReadCommon(header, violations);
  if (header.max_changes() < 0) {
    violations.Add("max_changes", "must not be negative");
  }
  FW_RETURN_IF_ERROR(violations.ToStatus());
  max_changes_ = header.max_changes() == 0
                     ? kDefaultChanges
                     : std::min(static_cast<std::size_t>(header.max_changes()),
                                kMostChanges);
  has_header_ = true;
  return absl::OkStatus();
}

absl::Status PolicyImport::TakeDocument(const v1::PolicyDocument& document) {
  if (change_.desired.size() == kMostDocuments) {
    return TooMany(kMostDocuments, "documents");
  }
  CloseSet();
  last_order_ = 0;
  change_.desired.emplace_back();
  if (document.owner().empty()) return absl::OkStatus();
  const absl::Status valid = policy::ValidateOwner(document.owner());
  if (!valid.ok()) {
    return Wrong(Path() + ".owner", std::string(valid.message()));
  }
  change_.desired.back().owner = document.owner();
  return absl::OkStatus();
}

absl::Status PolicyImport::TakeRules(const v1::PolicyRules& rules) {
  rule_count_ += static_cast<std::uint64_t>(rules.rules_size());
  if (rule_count_ > kMostRules) {
    return TooMany(kMostRules, "rules (put addresses into a set)");
  }
  for (const v1::Rule& wire : rules.rules()) {
    const std::string path =
        absl::StrCat(Path(), ".rules[", document().rules.size(), "]");
    FieldViolations violations;
    core::DesiredRule rule = ReadRule(wire, path, violations);
    if (const auto* match = std::get_if<policy::PacketMatch>(&rule.match)) {
      if (match->order() < last_order_) {
        violations.Add(
            path + ".filter.order",
            absl::StrCat("is ", match->order(), ", behind a rule of the order ",
                         last_order_, ": put it before that one"));
      }
      last_order_ = match->order();
    }
    FW_RETURN_IF_ERROR(violations.ToStatus());
    document().rules.push_back(std::move(rule));
  }
  return absl::OkStatus();
}

absl::Status PolicyImport::TakeSet(const v1::PolicySet& set) {
  if (++set_count_ > kMostSets) return TooMany(kMostSets, "sets");
  CloseSet();
  FieldViolations violations;
  document().sets.push_back(ReadSet(
      set.set(), absl::StrCat(Path(), ".sets[", document().sets.size(), "]."),
      violations));
  if (!set.keep_entries()) {
    entries_ = std::make_unique<policy::SetEntries::Builder>();
  }
  return violations.ToStatus();
}

absl::Status PolicyImport::TakePrefixes(const v1::PackedPrefixes& prefixes) {
  if (entries_ == nullptr) {
    return Wrong("part", "needs a set before it, without keep_entries");
  }
  const std::size_t before = entries_->size();
  FW_RETURN_IF_ERROR(AddPacked(
      prefixes,
      absl::StrCat(Path(), ".sets[", document().sets.size() - 1, "].prefixes"),
      *entries_));
  entry_count_ += entries_->size() - before;
  return CheckEntryCount(entry_count_, max_entries_);
}

absl::Status PolicyImport::TakeEnd(const v1::PolicyEnd& end) {
  CloseSet();
  if (change_.desired.empty()) {
    return Wrong("part", "is the end of nothing: give a document");
  }
  if (end.rule_count() != rule_count_ || end.set_count() != set_count_ ||
      end.entry_count() != entry_count_) {
    return Wrong("end",
                 absl::StrCat("says ", end.rule_count(), " rules, ",
                              end.set_count(), " sets and ", end.entry_count(),
                              " entries, but ", rule_count_, ", ", set_count_,
                              " and ", entry_count_, " came: some were lost"));
  }
  has_end_ = true;
  return absl::OkStatus();
}

absl::StatusOr<core::Change> PolicyImport::Finish() && {
  if (!has_end_) {
    return absl::CancelledError(
        "the request was broken off before its end: nothing was changed");
  }
  return std::move(change_);
}

std::string PolicyImport::Path() const {
  return absl::StrCat("documents[", change_.desired.size() - 1, "]");
}

void PolicyImport::CloseSet() {
  if (entries_ == nullptr) return;
  document().sets.back().entries =
      std::make_shared<policy::SetEntries>(std::move(*entries_).Build());
  entries_ = nullptr;
}

}  // namespace fwagent::service
