#include "agent/text/printable.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fwagent::text {
namespace {

// One character of a text; `valid` is false for a byte that is no part of one.
struct Character {
  std::uint32_t code_point = 0;
  std::string_view bytes;
  bool valid = false;
};

// The first character of a text that is not empty. What RFC 3629 excludes
// (overlong forms, surrogates, above U+10FFFF) is a single invalid byte.
Character FirstCharacter(std::string_view text) {
  struct Form {
    std::uint8_t mask, lead;
    std::uint32_t smallest;
  };
  static constexpr std::array<Form, 4> kForms = {{{0x80, 0x00, 0x0},
                                                  {0xe0, 0xc0, 0x80},
                                                  {0xf0, 0xe0, 0x800},
                                                  {0xf8, 0xf0, 0x10000}}};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint8_t>(text[i]);
  };
  const Character invalid = {byte(0), text.substr(0, 1), false};
  for (std::size_t more = 0; more < kForms.size(); ++more) {
    const Form& form = kForms[more];
    if ((byte(0) & form.mask) != form.lead) continue;
    if (text.size() <= more) return invalid;
    std::uint32_t code_point = byte(0) & static_cast<std::uint8_t>(~form.mask);
    for (std::size_t i = 1; i <= more; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return invalid;
      code_point = code_point << 6 | (byte(i) & 0x3f);
    }
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (code_point < form.smallest || code_point > 0x10ffff || surrogate) {
      return invalid;
    }
    return {code_point, text.substr(0, more + 1), true};
  }
  return invalid;
}

// C0, DEL, C1, the separators that end a line, and the bidirectional controls,
// with which a comment could make a line read as something else.
bool DisturbsTerminal(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
         (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

// Calls `visit` with every character in order.
template <typename Visit>
void ForEachCharacter(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const Character c = FirstCharacter(text);
    visit(c);
    text.remove_prefix(c.bytes.size());
  }
}

void AppendBytes(const Character& c, std::string* to) {
  to->append(c.bytes.data(), c.bytes.size());
}

}  // namespace

bool IsUtf8(std::string_view text) {
  bool valid = true;
  ForEachCharacter(text, [&](const Character& c) { valid = valid && c.valid; });
  return valid;
}

std::string Printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  ForEachCharacter(text, [&](const Character& c) {
    if (!c.valid || (c.code_point < 0x80 && DisturbsTerminal(c.code_point))) {
      absl::StrAppendFormat(&result, "\\x%02x", c.code_point);
    } else if (DisturbsTerminal(c.code_point)) {
      absl::StrAppendFormat(&result, "\\u%04x", c.code_point);
    } else {
      AppendBytes(c, &result);
    }
  });
  return result;
}

std::string JsonQuoted(std::string_view text) {
  std::string result = "\"";
  ForEachCharacter(text, [&](const Character& c) {
    if (!c.valid) {
      absl::StrAppend(&result, "\\ufffd");
    } else if (c.code_point == '"' || c.code_point == '\\') {
      absl::StrAppend(&result, "\\");
      AppendBytes(c, &result);
    } else if (DisturbsTerminal(c.code_point)) {
      absl::StrAppendFormat(&result, "\\u%04x", c.code_point);
    } else {
      AppendBytes(c, &result);
    }
  });
  absl::StrAppend(&result, "\"");
  return result;
}

}  // namespace fwagent::text
