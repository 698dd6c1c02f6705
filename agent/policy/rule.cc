#include "agent/policy/rule.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

// One form of UTF-8, by its lead byte; RFC 3629 section 3.
struct Utf8Form {
  std::uint8_t lead_mask;
  std::uint8_t lead;
  std::size_t bytes;
  char32_t lowest;  // below this, a shorter form is due
};

constexpr std::array<Utf8Form, 4> kUtf8Forms = {{
    {0x80, 0x00, 1, 0x0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
}};

bool IsScalar(char32_t c) {
  return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

// C0, DEL and C1.
bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Takes one character off the front; nullopt when it is not UTF-8.
std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  for (const Utf8Form& form : kUtf8Forms) {
    if ((lead & form.lead_mask) != form.lead) continue;
    if (text.size() < form.bytes) return std::nullopt;
    char32_t c = lead & static_cast<std::uint8_t>(~form.lead_mask);
    for (std::size_t i = 1; i < form.bytes; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[i]);
      if ((byte & 0xc0) != 0x80) return std::nullopt;
      c = c << 6 | (byte & 0x3f);
    }
    text.remove_prefix(form.bytes);
    if (c < form.lowest || !IsScalar(c)) return std::nullopt;
    return c;
  }
  return std::nullopt;
}

}  // namespace

std::string MatchToString(const Match& match) {
  if (const auto* prefix = std::get_if<Prefix>(&match)) {
    return absl::StrCat("source ", prefix->ToString());
  }
  if (const auto* packets = std::get_if<PacketMatch>(&match)) {
    return packets->ToString();
  }
  return absl::StrCat("port ", std::get<PortRange>(match).ToString());
}

const char* ActionName(Action action) {
  switch (action) {
    case Action::kBlock:
      return "block";
    case Action::kAllow:
      return "allow";
    case Action::kDrop:
      return "drop";
    case Action::kPass:
      return "pass";
    case Action::kReject:
      return "reject";
    case Action::kLimit:
      return "limit";
  }
  return "unknown";
}

bool GoTogether(const Match& match, Action action) {
  if (std::holds_alternative<Prefix>(match)) {
    return action == Action::kBlock || action == Action::kAllow;
  }
  if (const auto* packets = std::get_if<PacketMatch>(&match)) {
    return action >= Action::kDrop &&
           packets->limit().has_value() == (action == Action::kLimit);
  }
  return action == Action::kBlock;
}

absl::Status ValidateOwner(std::string_view owner) {
  const auto is_alnum = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  };
  const auto fits = [&](char c) {
    return is_alnum(c) ||
           std::string_view("._-:/@").find(c) != std::string_view::npos;
  };
  if (!owner.empty() && owner.size() <= kMaxOwnerBytes &&
      is_alnum(owner.front()) &&
      std::all_of(owner.begin(), owner.end(), fits)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "an owner has 1 to ", kMaxOwnerBytes,
      " letters, digits and any of . _ - : / @, and begins with a letter or a "
      "digit, as in \"fail2ban\""));
}

absl::Status ValidateComment(std::string_view comment) {
  if (comment.size() > kMaxCommentBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the comment has ", comment.size(),
                     " bytes: shorten it to ", kMaxCommentBytes));
  }
  while (!comment.empty()) {
    const std::optional<char32_t> c = TakeCharacter(comment);
    if (!c) {
      return absl::InvalidArgumentError(
          "the comment is not valid UTF-8: convert it to UTF-8");
    }
    if (IsControl(*c)) {
      return absl::InvalidArgumentError(
          "the comment has a control character, such as a tab or a line "
          "break: write it on one line, with spaces");
    }
  }
  return absl::OkStatus();
}

}  // namespace fwagent::policy
