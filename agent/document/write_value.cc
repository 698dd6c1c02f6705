#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/document/value.h"
#include "agent/text/printable.h"

namespace fwagent::document {
namespace {

using Kind = Value::Kind;

// Whether YAML reads the word as it stands, and nobody takes it for anything
// but text.
bool IsPlain(const std::string& word) {
  if (word.empty() || !absl::ascii_isalnum(word.front()) ||
      word.back() == ':') {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool ends_key = c == ':' && word[i + 1] == ' ';
    if (ends_key ||
        !(absl::ascii_isalnum(c) ||
          std::string_view("./:-_ !@,&+").find(c) != std::string_view::npos)) {
      return false;
    }
  }
  std::string lower = word;
  absl::AsciiStrToLower(&lower);
  for (const char* taken :
       {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (lower == taken) return false;
  }
  return word.back() != ' ';
}

std::string ScalarText(const std::string& text) {
  return IsPlain(text) ? text : text::JsonQuoted(text);
}

void WriteYaml(const Value& value, std::size_t indent, std::string& out);

// A value behind "key:" or "-", where the line is not yet ended.
void WriteBehind(const Value& value, std::size_t indent, bool in_list,
                 std::string& out) {
  switch (value.kind) {
    case Kind::kNull:
      out += " null\n";
      return;
    case Kind::kScalar:
      absl::StrAppend(&out, " ", ScalarText(value.scalar), "\n");
      return;
    case Kind::kList:
    case Kind::kMap:
      break;
  }
  if (value.items.empty()) {
    out += value.kind == Kind::kList ? " []\n" : " {}\n";
    return;
  }
  if (!in_list) {
    out += "\n";
    WriteYaml(value, indent, out);
    return;
  }
  // The first key of a map stands behind the dash.
  std::string inner;
  WriteYaml(value, indent, inner);
  absl::StrAppend(&out, " ", inner.substr(indent));
}

void WriteYaml(const Value& value, std::size_t indent, std::string& out) {
  constexpr std::size_t kStep = 2;
  if (value.kind == Kind::kList) {
    for (const Value& item : value.items) {
      out.append(indent, ' ').append("-");
      WriteBehind(item, indent + kStep, /*in_list=*/true, out);
    }
    return;
  }
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
    out.append(indent, ' ');
    absl::StrAppend(&out, ScalarText(value.items[i].scalar), ":");
    WriteBehind(value.items[i + 1], indent + kStep, /*in_list=*/false, out);
  }
}

bool HoldsScalarsOnly(const Value& value) {
  return std::all_of(
      value.items.begin(), value.items.end(),
      [](const Value& item) { return item.kind == Kind::kScalar; });
}

// `wide`: each item on a line of its own.
void WriteJson(const Value& value, std::size_t indent, std::string& out) {
  if (value.kind == Kind::kNull) out += "null";
  if (value.kind == Kind::kScalar) {
    out += value.is_number ? value.scalar : text::JsonQuoted(value.scalar);
  }
  if (value.kind != Kind::kList && value.kind != Kind::kMap) return;
  const bool is_map = value.kind == Kind::kMap;
  const bool wide = indent == 0 || !is_map || !HoldsScalarsOnly(value);
  const std::size_t step = is_map ? 2 : 1;
  out += is_map ? "{" : "[";
  for (std::size_t i = 0; i + step <= value.items.size(); i += step) {
    if (i > 0) out += wide ? "," : ", ";
    if (wide) out.append("\n").append(indent + 2, ' ');
    if (is_map) {
      absl::StrAppend(&out, text::JsonQuoted(value.items[i].scalar), ": ");
    }
    WriteJson(value.items[i + step - 1], indent + 2, out);
  }
  if (wide && !value.items.empty()) out.append("\n").append(indent, ' ');
  out += is_map ? "}" : "]";
}

}  // namespace

void Value::Add(std::string key, Value value) {
  items.push_back(Scalar(std::move(key)));
  items.push_back(std::move(value));
}

std::string ToYaml(const Value& value) {
  std::string out;
  WriteYaml(value, 0, out);
  return out;
}

std::string ToJson(const Value& value) {
  std::string out;
  WriteJson(value, 0, out);
  return out + "\n";
}

}  // namespace fwagent::document
