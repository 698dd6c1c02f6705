#include "tests/support/frame_text.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {

std::string RulesToText(const ReferenceRules& rules) {
  std::string text;
  for (const policy::SourceRule& rule : rules.sources) {
    absl::StrAppend(
        &text,
        rule.verdict == policy::SourceVerdict::kAllow ? " allow " : " block ",
        rule.prefix.ToString());
  }
  for (const policy::OrderedRule& rule : rules.ordered.rules) {
    absl::StrAppend(&text, " [", rule.id, " at ", rule.match.order(), ": ",
                    policy::ActionName(rule.action), " ", rule.match.text(),
                    " until ", rule.until, "]");
  }
  for (const auto& [name, prefixes] : rules.ordered.sets) {
    absl::StrAppend(&text, " @", name, " {");
    for (const policy::Prefix& prefix : prefixes) {
      absl::StrAppend(&text, " ", prefix.ToString());
    }
    absl::StrAppend(&text, " }");
  }
  if (!rules.ordered.rules.empty()) {
    absl::StrAppend(&text, " on ", rules.interface);
  }
  for (const ReferenceRules::Ports& ports : rules.ports) {
    absl::StrAppend(&text, " block protocol ", ports.ip_protocol, " port ",
                    ports.first, "-", ports.last);
  }
  return text.empty() ? " none" : text;
}

std::string ToHex(const Bytes& frame) {
  std::string text;
  std::string last;
  for (std::size_t at = 0; at < frame.size(); at += 16) {
    const std::size_t end = std::min(frame.size(), at + 16);
    std::string line;
    for (std::size_t i = at; i < end; ++i) {
      absl::StrAppend(&line, " ", absl::Hex(frame[i], absl::kZeroPad2));
    }
    const bool is_like_last = line == last && end < frame.size();
    if (!is_like_last) {
      absl::StrAppend(&text, "\n", absl::Hex(at, absl::kZeroPad4), " ", line);
    } else if (!text.ends_with("*")) {
      absl::StrAppend(&text, "\n*");
    }
    last = line;
  }
  return text;
}

}  // namespace fwagent::testing
