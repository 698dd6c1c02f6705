#include "agent/service/document_warnings.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "agent/policy/port_claims.h"
#include "agent/policy/unreachable_rules.h"

namespace fwagent::service {
namespace {

using core::DesiredRule;
using policy::Action;
using policy::PacketMatch;
using policy::PortRange;
using policy::Prefix;

// A rule can be longer than what anybody wants to read in a warning.
constexpr std::size_t kMostQuoted = 160;

absl::Time EndOf(const DesiredRule& rule) {
  return rule.until.value_or(absl::InfiniteFuture());
}

bool Allows(const DesiredRule& rule) { return rule.action == Action::kAllow; }

// An ordered rule in the words of a document.
std::string Quoted(const DesiredRule& rule) {
  std::string text = absl::StrCat(policy::ActionName(rule.action), " ",
                                  std::get<PacketMatch>(rule.match).text());
  if (text.size() > kMostQuoted) {
    // Between elements, so that no character is cut in two.
    text.resize(text.find_last_of(" ,", kMostQuoted));
    text += " ...";
  }
  return absl::StrCat("\"", text, "\"");
}

// The rules about addresses, by their numbers.
std::vector<std::size_t> SourceRules(const std::vector<DesiredRule>& rules) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (std::holds_alternative<Prefix>(rules[i].match)) found.push_back(i);
  }
  return found;
}

policy::AddressClaims ClaimsOf(const std::vector<DesiredRule>& rules,
                               const std::vector<std::size_t>& which) {
  std::vector<policy::AddressClaim> claims;
  claims.reserve(which.size());
  for (const std::size_t rule : which) {
    claims.push_back({.prefix = std::get<Prefix>(rules[rule].match),
                      .allows = Allows(rules[rule]),
                      .until = EndOf(rules[rule])});
  }
  return policy::AddressClaims(claims);
}

// What becomes of sources that are claimed so.
std::string VerdictText(bool allowed, bool blocked) {
  if (allowed && blocked) return "allowed or blocked";
  return allowed ? "allowed" : "blocked";
}

}  // namespace

DocumentWarnings::DocumentWarnings(std::size_t document,
                                   const std::vector<DesiredRule>& rules,
                                   std::size_t most,
                                   std::vector<v1::PolicyWarning>& all)
    : document_(document),
      rules_(&rules),
      most_(most),
      all_(&all),
      has_warning_(rules.size()),
      sources_(ClaimsOf(rules, SourceRules(rules))),
      source_rules_(SourceRules(rules)) {}

void DocumentWarnings::Add(std::size_t rule, std::size_t other,
                           const std::string& text) {
  if (IsFull() || has_warning_[rule]) return;
  has_warning_[rule] = true;
  const auto field = [this](std::size_t which) {
    return absl::StrCat("documents[", document_, "].rules[", which, "]");
  };
  v1::PolicyWarning warning;
  warning.set_field(field(rule));
  warning.set_other_field(field(other));
  warning.set_text(text);
  all_->push_back(std::move(warning));
}

std::string DocumentWarnings::RepeatedText(std::size_t rule,
                                           std::size_t other) const {
  const DesiredRule& one = (*rules_)[rule];
  const DesiredRule& two = (*rules_)[other];
  const std::string what = policy::MatchToString(one.match);
  if (one.action == two.action) {
    return absl::StrCat(what,
                        " is there already; of two ends the later one counts");
  }
  if (std::holds_alternative<Prefix>(one.match)) {
    const bool outlasts =
        Allows(one) ? EndOf(one) >= EndOf(two) : EndOf(two) >= EndOf(one);
    if (!outlasts) return "";
    return absl::StrCat(
        what, " is both blocked and allowed: the block has no effect");
  }
  if (EndOf(two) < EndOf(one)) return "";
  return absl::StrCat(what, " is there with another action, ",
                      policy::ActionName(two.action), ", which comes first");
}

void DocumentWarnings::FindRepeated() {
  absl::flat_hash_map<policy::Match, std::size_t, policy::MatchHash> seen;
  for (std::size_t i = 0; i < rules_->size() && !IsFull(); ++i) {
    const auto [first, is_new] = seen.try_emplace((*rules_)[i].match, i);
    if (is_new) continue;
    const std::string text = RepeatedText(i, first->second);
    if (!text.empty()) Add(i, first->second, text);
  }
}

// All sources must be claimed by prefixes that are named: what is in sets, or
// not in a list, may come from anywhere.
void DocumentWarnings::FindDecidedByAddress(std::size_t rule) {
  const DesiredRule& asked = (*rules_)[rule];
  const policy::AddressCondition& from =
      std::get<PacketMatch>(asked.match).conditions().source;
  if (from.negated || !from.sets.empty() || from.prefixes.empty()) return;
  bool allowed = false;
  bool blocked = false;
  std::optional<std::size_t> first;
  bool has_others = false;
  for (const Prefix& prefix : from.prefixes) {
    auto claim = sources_.Over(prefix, true, EndOf(asked));
    (claim ? allowed : blocked) = true;
    if (!claim) claim = sources_.Over(prefix, false, EndOf(asked));
    if (!claim) return;
    has_others |= first && *first != *claim;
    if (!first) first = claim;
  }
  const std::size_t other = source_rules_[*first];
  Add(rule, other,
      absl::StrCat(Quoted(asked),
                   " never decides: addresses are judged first, and its ",
                   "sources are ", VerdictText(allowed, blocked), " by ",
                   policy::MatchToString((*rules_)[other].match),
                   has_others ? " and others" : ""));
}

void DocumentWarnings::FindUnreachable() {
  std::vector<std::size_t> which;
  std::vector<policy::JudgedRule> ordered;
  for (std::size_t i = 0; i < rules_->size(); ++i) {
    const DesiredRule& rule = (*rules_)[i];
    if (const auto* match = std::get_if<PacketMatch>(&rule.match)) {
      which.push_back(i);
      ordered.push_back({*match, rule.action, EndOf(rule)});
    }
  }
  const auto unreachable = policy::FindUnreachable(ordered);
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!unreachable[i]) continue;
    const std::size_t other = which[*unreachable[i]];
    const DesiredRule& late = (*rules_)[which[i]];
    const DesiredRule& early = (*rules_)[other];
    const std::string how =
        late.action == early.action
            ? "has no effect"
            : absl::StrCat("contradicts it: ", policy::ActionName(early.action),
                           ", not ", policy::ActionName(late.action));
    Add(which[i], other,
        absl::StrCat(Quoted(late),
                     " never decides: everything that it asks for is decided "
                     "by ",
                     Quoted(early), " before it (", how, ")"));
  }
}

void DocumentWarnings::FindUndecided() {
  for (std::size_t i = 0; i < rules_->size() && !IsFull(); ++i) {
    if (std::holds_alternative<PacketMatch>((*rules_)[i].match)) {
      FindDecidedByAddress(i);
    }
  }
  if (!IsFull()) FindUnreachable();
}

void DocumentWarnings::FindNestedSource(std::size_t claim) {
  const std::size_t rule = source_rules_[claim];
  const DesiredRule& block = (*rules_)[rule];
  const auto add = [&](std::size_t around, const char* how) {
    const std::size_t other = source_rules_[around];
    Add(rule, other,
        absl::StrCat(policy::MatchToString(block.match), how,
                     policy::MatchToString((*rules_)[other].match)));
  };
  if (const auto allow = sources_.Around(claim, true, EndOf(block))) {
    add(*allow, " is blocked, but has no effect: it is allowed by ");
  } else if (const auto wider = sources_.Around(claim, false, EndOf(block))) {
    add(*wider, " is covered by the block of ");
  }
}

void DocumentWarnings::FindNestedPorts() {
  std::vector<std::size_t> which;
  std::vector<policy::PortClaim> claims;
  for (std::size_t i = 0; i < rules_->size(); ++i) {
    const DesiredRule& rule = (*rules_)[i];
    if (const auto* range = std::get_if<PortRange>(&rule.match)) {
      which.push_back(i);
      claims.push_back({*range, EndOf(rule)});
    }
  }
  const auto wider = policy::FindWider(claims);
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (!wider[i]) continue;
    const std::size_t other = which[*wider[i]];
    Add(which[i], other,
        absl::StrCat(policy::MatchToString((*rules_)[which[i]].match),
                     " is covered by the block of ",
                     policy::MatchToString((*rules_)[other].match)));
  }
}

void DocumentWarnings::FindNested() {
  if (!IsFull()) FindNestedPorts();
  for (std::size_t i = 0; i < source_rules_.size() && !IsFull(); ++i) {
    if (!Allows((*rules_)[source_rules_[i]])) FindNestedSource(i);
  }
}

}  // namespace fwagent::service
