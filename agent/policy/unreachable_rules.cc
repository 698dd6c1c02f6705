#include "agent/policy/unreachable_rules.h"

#include "agent/policy/match_cover.h"

namespace fwagent::policy {
namespace {

// Steps of comparisons beyond outlines: some tenths of a second.
constexpr std::size_t kMostEffort = 16'000'000;

// A limit lets through what is slow enough, a shadowed rule everything.
bool DecidesWhatItMatches(const JudgedRule& rule) {
  return rule.action != Action::kLimit && !rule.match.shadow();
}

// The rules so far that decide something.
class Deciders {
 public:
  Deciders(const std::vector<JudgedRule>& rules,
           const std::vector<MatchShape>& shapes)
      : rules_(rules), shapes_(shapes) {}

  void Add(std::size_t rule) {
    outlines_.push_back(shapes_[rule].outline());
    indices_.push_back(rule);
  }

  std::optional<std::size_t> FirstThatCovers(std::size_t rule) {
    const MatchOutline& outline = shapes_[rule].outline();
    const std::size_t effort = shapes_[rule].effort();
    for (std::size_t i = 0; i < outlines_.size(); ++i) {
      if (!MayCover(outlines_[i], outline)) continue;
      const std::size_t other = indices_[i];
      if (rules_[other].until < rules_[rule].until) continue;
      effort_ += effort;
      if (effort_ > kMostEffort) return std::nullopt;
      if (shapes_[other].Covers(shapes_[rule])) return other;
    }
    return std::nullopt;
  }

 private:
  const std::vector<JudgedRule>& rules_;
  const std::vector<MatchShape>& shapes_;
  // Apart from the shapes: most pairs are told apart by these alone.
  std::vector<MatchOutline> outlines_;
  std::vector<std::size_t> indices_;
  std::size_t effort_ = 0;
};

}  // namespace

std::vector<std::optional<std::size_t>> FindUnreachable(
    const std::vector<JudgedRule>& rules) {
  std::vector<MatchShape> shapes;
  shapes.reserve(rules.size());
  for (const JudgedRule& rule : rules) shapes.emplace_back(rule.match);
  std::vector<std::optional<std::size_t>> found(rules.size());
  Deciders deciders(rules, shapes);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    found[i] = deciders.FirstThatCovers(i);
    // What covers a covered rule covers all that this one would.
    if (!found[i] && DecidesWhatItMatches(rules[i])) deciders.Add(i);
  }
  return found;
}

}  // namespace fwagent::policy
