#include "agent/util/name_pattern.h"

#include <algorithm>
#include <vector>

namespace fwagent::util {
namespace {

constexpr std::string_view kLoopback = "lo";

// Whether what is left of both can stand for the same text: meets[j] for what
// is left of `b` from j on.
bool Meet(std::string_view a, std::string_view b) {
  const auto only_stars = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == '*'; });
  };
  std::vector<bool> below(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    below[j] = only_stars(b.substr(j));
  for (std::size_t i = a.size(); i-- > 0;) {
    std::vector<bool> meets(b.size() + 1);
    meets[b.size()] = only_stars(a.substr(i));
    for (std::size_t j = b.size(); j-- > 0;) {
      if (a[i] == '*' || b[j] == '*') {
        meets[j] = below[j] || meets[j + 1];
      } else if (a[i] == '?' || b[j] == '?' || a[i] == b[j]) {
        meets[j] = below[j + 1];
      }
    }
    below = meets;
  }
  return below[0];
}

}  // namespace

bool IsPattern(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

bool IsNameOrPattern(std::string_view text) {
  const std::size_t longest =
      IsPattern(text) ? kMaxPatternBytes : kMaxNameBytes;
  return !text.empty() && text.size() <= longest && text != "." &&
         text != ".." &&
         text.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

// The kernel lets an interface be called "eth*": the stars in a name are
// letters, which Meet takes for more than they are.
bool Matches(std::string_view pattern, std::string_view name) {
  if (!IsPattern(pattern)) return pattern == name;
  if (name == kLoopback) return false;
  std::size_t at = 0;
  std::size_t i = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after = 0;  // where the text that the last star covers ends
  while (at < name.size()) {
    if (i < pattern.size() && pattern[i] == '*') {
      star = i++;
      after = at;
    } else if (i < pattern.size() &&
               (pattern[i] == '?' || pattern[i] == name[at])) {
      ++i;
      ++at;
    } else if (star != std::string_view::npos) {
      i = star + 1;
      at = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', i) == std::string_view::npos;
}

bool Overlap(std::string_view a, std::string_view b) {
  if (!IsPattern(a)) return Matches(b, a);
  if (!IsPattern(b)) return Matches(a, b);
  return Meet(a, b);
}

}  // namespace fwagent::util
