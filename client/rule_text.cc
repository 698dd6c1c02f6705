#include "client/rule_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "agent/text/duration.h"
#include "agent/text/port_spec.h"
#include "agent/text/rule_words.h"

namespace fwagent::client {
namespace {

// "REASON_NO_MATCH" without "REASON_" is "no-match".
std::string EnumText(const std::string& name, const std::string& prefix,
                     int number) {
  if (name.empty()) return absl::StrCat(number);
  return absl::AsciiStrToLower(
      absl::StrReplaceAll(absl::StripPrefix(name, prefix), {{"_", "-"}}));
}

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

}  // namespace

std::string MatchText(const fwagent::v1::Rule& rule) {
  switch (rule.match_case()) {
    case fwagent::v1::Rule::kSourceBlock:
      return absl::StrCat("source ", rule.source_block().source().text());
    case fwagent::v1::Rule::kSourceAllow:
      return absl::StrCat("source ", rule.source_allow().source().text());
    case fwagent::v1::Rule::kPortBlock:
      return absl::StrCat("port ", text::PortSpecText(rule.port_block()));
    case fwagent::v1::Rule::kFilter:
      return absl::StrCat("order ", rule.filter().order(), ": ",
                          rule.filter().match());
    default:
      return "unknown";
  }
}

std::string ActionText(const fwagent::v1::Rule& rule) {
  switch (rule.match_case()) {
    case fwagent::v1::Rule::kSourceBlock:
    case fwagent::v1::Rule::kPortBlock:
      return "block";
    case fwagent::v1::Rule::kSourceAllow:
      return "allow";
    case fwagent::v1::Rule::kFilter:
      return text::RuleActionText(rule.filter().action());
    default:
      return "unknown";
  }
}

std::string CreatedText(const fwagent::v1::Rule& rule) {
  return rule.has_create_time() ? TimeText(rule.create_time()) : "-";
}

std::string EndText(const fwagent::v1::Rule& rule, absl::Time now) {
  if (!rule.has_expire_time()) return "never";
  return EndText(rule.expire_time(), now);
}

std::string EndText(const google::protobuf::Timestamp& end, absl::Time now) {
  return absl::StrCat("in ", text::DurationText(ToTime(end) - now));
}

std::int64_t SecondsLeft(const google::protobuf::Timestamp& end,
                         absl::Time now) {
  const absl::Duration left = absl::Ceil(ToTime(end) - now, absl::Seconds(1));
  return std::max(std::int64_t{1}, absl::ToInt64Seconds(left));
}

std::string VerdictText(fwagent::v1::Verdict verdict) {
  return EnumText(fwagent::v1::Verdict_Name(verdict), "VERDICT_", verdict);
}

std::string ReasonText(fwagent::v1::Reason reason) {
  return EnumText(fwagent::v1::Reason_Name(reason), "REASON_", reason);
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

}  // namespace fwagent::client
