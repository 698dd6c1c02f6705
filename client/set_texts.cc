#include "client/set_texts.h"

#include "absl/strings/str_cat.h"
#include "agent/text/duration.h"

namespace fwagent::client {

std::string CountText(std::uint64_t count, const char* one, const char* many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

std::string EntriesText(std::uint64_t count) {
  return CountText(count, "entry", "entries");
}

std::string DefaultTtlText(const fwagent::v1::Set& set) {
  if (!set.has_default_ttl()) return "-";
  return text::DurationText(absl::Seconds(set.default_ttl().seconds()) +
                            absl::Nanoseconds(set.default_ttl().nanos()));
}

}  // namespace fwagent::client
