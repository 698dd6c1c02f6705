#include "agent/service/set_import.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/expiry.h"
#include "agent/service/convert_sets.h"
#include "agent/service/error_details.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

absl::Status Wrong(std::string_view field, std::string_view what) {
  FieldViolations violations;
  violations.Add(field, what);
  return violations.ToStatus();
}

using Lengths = google::protobuf::RepeatedField<std::uint32_t>;

// How long entries are wanted, as in core::SetEdit.
absl::StatusOr<std::vector<policy::Deadline>> ReadLengths(
    const Lengths& lengths, const std::string& field) {
  constexpr std::uint32_t kNever = 0xffff'ffff;
  static const std::int64_t kMost = absl::ToInt64Seconds(core::kLongestRule);
  std::vector<policy::Deadline> ends;
  ends.reserve(static_cast<std::size_t>(lengths.size()));
  for (const std::uint32_t seconds : lengths) {
    if (seconds == 0) {
      ends.push_back(core::SetEdit::kAsAll);
    } else if (seconds == kNever) {
      ends.push_back(core::SetEdit::kWithoutEnd);
    } else if (seconds > kMost) {
      return Wrong(absl::StrCat(field, "[", ends.size(), "]"),
                   "is more than ten years: for an entry that does not end "
                   "give 4294967295");
    } else {
      ends.push_back(seconds);
    }
  }
  return ends;
}

}  // namespace

absl::Status SetImport::Take(const v1::ImportSetRequest& part) {
  if (has_end_) return Wrong("part", "comes behind entry_count, the last one");
  if (!has_header_) return TakeHeader(part);
  switch (part.part_case()) {
    case v1::ImportSetRequest::kPrefixes:
      return TakePrefixes(part.prefixes());
    case v1::ImportSetRequest::kEntryCount:
      return TakeEnd(part.entry_count());
    default:
      return Wrong("part", "must be prefixes or entry_count");
  }
}

absl::Status SetImport::TakeHeader(const v1::ImportSetRequest& part) {
  if (!part.has_header()) return Wrong("part", "must be the header at first");
  FW_ASSIGN_OR_RETURN(change_, ToChange(part.header()));
  has_header_ = true;
  return absl::OkStatus();
}

absl::Status SetImport::TakePrefixes(const v1::PackedPrefixes& prefixes) {
  const std::uint64_t before = entries_.size();
  const auto add = [&](policy::Family family, const std::string& bytes,
                       const Lengths& lengths,
                       const char* field) -> absl::Status {
    FW_ASSIGN_OR_RETURN(
        const std::vector<policy::Deadline> ends,
        ReadLengths(lengths, absl::StrCat("prefixes.", field, "_ttl_seconds")));
    absl::Status added = entries_.AddPacked(family, bytes, ends);
    if (added.ok()) return added;
    return Wrong(absl::StrCat("prefixes.", field),
                 absl::StrCat(std::string(added.message()), " (", before,
                              " entries came before this part)"));
  };
  FW_RETURN_IF_ERROR(add(policy::Family::kIPv4, prefixes.ipv4(),
                         prefixes.ipv4_ttl_seconds(), "ipv4"));
  FW_RETURN_IF_ERROR(add(policy::Family::kIPv6, prefixes.ipv6(),
                         prefixes.ipv6_ttl_seconds(), "ipv6"));
  if (entries_.size() <= max_entries_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", max_entries_,
                   " entries, which is the most that the kernel's tables "
                   "take: raise max_sources, or import less"));
}

absl::Status SetImport::TakeEnd(std::uint64_t entry_count) {
  if (entry_count != entries_.size()) {
    return Wrong("entry_count",
                 absl::StrCat("is ", entry_count, ", but ", entries_.size(),
                              " entries came: some were lost"));
  }
  has_end_ = true;
  return absl::OkStatus();
}

absl::StatusOr<core::Change> SetImport::Finish() && {
  if (!has_end_) {
    return absl::CancelledError(
        "the import was broken off before its entry_count: nothing was "
        "changed");
  }
  change_.sets[0].entries =
      std::make_shared<policy::SetEntries>(std::move(entries_).Build());
  return std::move(change_);
}

}  // namespace fwagent::service
