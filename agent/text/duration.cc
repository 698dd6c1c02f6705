#include "agent/text/duration.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fwagent::text {
namespace {

// Words such as "inf" mean nothing here.
bool BeginsWithNumber(const std::string& text) {
  const std::size_t first = text.find_first_not_of("+-");
  return first <= 1 && (absl::ascii_isdigit(text[first]) || text[first] == '.');
}

std::optional<absl::Duration> ParseSpan(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (!BeginsWithNumber(text)) return std::nullopt;
  if (absl::SimpleAtod(text, &seconds)) return absl::Seconds(seconds);
  if (!absl::ParseDuration(text, &duration)) return std::nullopt;
  return duration;
}

// Days are no unit of Abseil's.
std::optional<absl::Duration> ParseSpanWithDays(const std::string& text) {
  if (text.find(' ') != std::string::npos) return std::nullopt;
  const std::size_t unit = text.find('d');
  if (unit == std::string::npos) return ParseSpan(text);
  std::uint32_t days = 0;
  if (!absl::SimpleAtoi(text.substr(0, unit), &days)) return std::nullopt;
  const std::string rest = text.substr(unit + 1);
  // "1d30" would be half an hour to some, and half a minute to others.
  if (!rest.empty() && !absl::ascii_isalpha(rest.back())) return std::nullopt;
  const auto more = rest.empty() ? absl::ZeroDuration() : ParseSpan(rest);
  if (!more.has_value() || *more < absl::ZeroDuration()) return std::nullopt;
  return absl::Hours(24) * days + *more;
}

}  // namespace

absl::StatusOr<absl::Duration> ReadDuration(const std::string& option,
                                            const std::string& text) {
  const auto duration = ParseSpan(text);
  if (!duration.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, ": \"", text, "\" is not a duration such as 500ms, 5s or 1m"));
  }
  if (*duration < absl::Milliseconds(1) || *duration > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, ": \"", text, "\" is not between a millisecond and a day"));
  }
  return *duration;
}

absl::StatusOr<absl::Duration> ReadTtl(const std::string& option,
                                       const std::string& text) {
  const auto duration = ParseSpanWithDays(text);
  // More than a protocol message carries.
  constexpr std::int64_t kMostHours = 10'000LL * 365 * 24;
  if (duration.has_value() &&
      absl::AbsDuration(*duration) < absl::Hours(kMostHours)) {
    return *duration;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": \"", text,
                   "\" is not a duration such as 90s, 10m, 1h30m or 7d"));
}

absl::StatusOr<absl::Time> ReadTime(const std::string& option,
                                    const std::string& text) {
  absl::Time time;
  std::string ignored;
  // Abseil also takes words such as "infinite-future", and years of any length.
  if (text.size() > 4 && text[4] == '-' && BeginsWithNumber(text) &&
      absl::ParseTime(absl::RFC3339_full, text, &time, &ignored)) {
    return time;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": \"", text,
                   "\" is not a time such as 2026-12-01T12:00:00Z or "
                   "2026-12-01T12:00:00+02:00"));
}

std::string DurationText(absl::Duration duration) {
  std::int64_t seconds = std::max<std::int64_t>(
      0, absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))));
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits = {
      {{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  std::string text;
  int units = 0;
  for (const auto& [length, name] : kUnits) {
    const std::int64_t count = seconds / length;
    seconds %= length;
    if (count > 0) absl::StrAppend(&text, count, name);
    if (!text.empty() && ++units == 2) break;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace fwagent::text
