// Names of network interfaces, and patterns of such names.
#ifndef FWAGENT_AGENT_UTIL_NAME_PATTERN_H_
#define FWAGENT_AGENT_UTIL_NAME_PATTERN_H_

#include <string_view>

namespace fwagent::util {

// The longest name that the kernel gives an interface, in bytes.
inline constexpr std::size_t kMaxNameBytes = 15;
// Enough for any pattern that matches such a name in a useful way.
inline constexpr std::size_t kMaxPatternBytes = 63;

// Whether a text stands for many names: it has a '*' or a '?'.
bool IsPattern(std::string_view text);

// Whether a text could name an interface, or is a pattern that could match one.
bool IsNameOrPattern(std::string_view text);

// Whether a name is meant by a name or pattern. '*' stands for any characters,
// also none, '?' for one. No pattern means "lo": what a host says to itself is
// judged only when it is asked for by name.
bool Matches(std::string_view pattern, std::string_view name);

// Whether some name is meant by both.
bool Overlap(std::string_view a, std::string_view b);

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_NAME_PATTERN_H_
