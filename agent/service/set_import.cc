#include "agent/service/set_import.h"

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/service/convert_sets.h"
#include "agent/service/error_details.h"
#include "agent/service/packed_entries.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

absl::Status Wrong(std::string_view field, std::string_view what) {
  FieldViolations violations;
  violations.Add(field, what);
  return violations.ToStatus();
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
  FW_RETURN_IF_ERROR(AddPacked(prefixes, "prefixes", entries_));
  return CheckEntryCount(entries_.size(), max_entries_);
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
