#include "agent/service/policy_warnings.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace fwagent::service {
namespace {

constexpr std::size_t kMostWarnings = 100;

// Collects the warnings of one document.
class Warnings {
 public:
  Warnings(std::size_t document, std::vector<v1::PolicyWarning>& all)
      : document_(document), all_(all) {}

  void Add(std::size_t rule, std::size_t other, std::string text) {
    if (all_.size() >= kMostWarnings) return;
    v1::PolicyWarning warning;
    warning.set_field(FieldOf(rule));
    warning.set_other_field(FieldOf(other));
    warning.set_text(std::move(text));
    all_.push_back(std::move(warning));
  }

 private:
  std::string FieldOf(std::size_t rule) const {
    return absl::StrCat("documents[", document_, "].rules[", rule, "]");
  }

  const std::size_t document_;
  std::vector<v1::PolicyWarning>& all_;
};

}  // namespace

std::vector<v1::PolicyWarning> FindWarnings(
    const std::vector<core::DesiredPolicy>& desired) {
  std::vector<v1::PolicyWarning> all;
  for (std::size_t i = 0; i < desired.size(); ++i) {
    Warnings warnings(i, all);
    const auto& rules = desired[i].rules;
    absl::flat_hash_map<policy::Match, std::vector<std::size_t>,
                        policy::MatchHash>
        seen;
    for (std::size_t k = 0; k < rules.size(); ++k) {
      std::vector<std::size_t>& like = seen[rules[k].match];
      for (const std::size_t other : like) {
        const std::string what = policy::MatchToString(rules[k].match);
        if (rules[other].action == rules[k].action) {
          warnings.Add(k, other,
                       absl::StrCat(what,
                                    " is there already; of two ends the "
                                    "later one counts"));
        } else if (std::holds_alternative<policy::Prefix>(rules[k].match)) {
          warnings.Add(k, other,
                       absl::StrCat(what,
                                    " is both blocked and allowed: the "
                                    "block has no effect"));
        } else {
          warnings.Add(k, other,
                       absl::StrCat(what, " is there with another action, ",
                                    policy::ActionName(rules[other].action),
                                    ", which comes first"));
        }
        break;
      }
      if (like.size() < 2) like.push_back(k);
    }
  }
  return all;
}

}  // namespace fwagent::service
