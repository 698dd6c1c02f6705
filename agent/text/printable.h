// Text from elsewhere, made safe to show.
#ifndef FWAGENT_AGENT_TEXT_PRINTABLE_H_
#define FWAGENT_AGENT_TEXT_PRINTABLE_H_

#include <string>
#include <string_view>

namespace fwagent::text {

// Whether the bytes are well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view text);

// For a terminal: control characters and those that reorder the line become
// "\x1b" or "\u202e", as do bytes that are not UTF-8. The rest is untouched.
std::string Printable(std::string_view text);

// A JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string JsonQuoted(std::string_view text);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_PRINTABLE_H_
