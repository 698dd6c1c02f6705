// A document as a tree, with the place of each of its values.
#ifndef FWAGENT_AGENT_DOCUMENT_VALUE_H_
#define FWAGENT_AGENT_DOCUMENT_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fwagent::document {

// Lines and columns count from 1; 0: nowhere.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// "policy.yaml:12:5".
std::string PlaceText(std::string_view name, Place place);

struct Value {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Place place = {};
  bool is_number = false;  // to be written as one
  std::string scalar = {};
  // Of a list; of a map each key and behind it what it stands for.
  std::vector<Value> items = {};

  static Value Scalar(std::string text) {
    return {.kind = Kind::kScalar, .scalar = std::move(text)};
  }
  static Value Number(std::uint64_t number) {
    return {.kind = Kind::kScalar,
            .is_number = true,
            .scalar = std::to_string(number)};
  }
  static Value List() { return {.kind = Kind::kList}; }
  static Value Map() { return {.kind = Kind::kMap}; }
  // To a map.
  void Add(std::string key, Value value);
  void Add(std::string key, std::string text) {
    Add(std::move(key), Scalar(std::move(text)));
  }
};

// Texts that are longer, or have more values, are refused.
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMostValues = 4'000'000;

// The documents of a YAML stream, which JSON is too; none that are empty.
// INVALID_ARGUMENT names line and column of what is no YAML, or uses more of it
// than a policy needs: anchors, aliases, tags. RESOURCE_EXHAUSTED: too long.
absl::StatusOr<std::vector<Value>> ReadYaml(std::string_view text,
                                            const std::string& name);

// Such a text; ends with a line's end. JSON is on one line for each item of the
// lists that are not nested.
std::string ToYaml(const Value& value);
std::string ToJson(const Value& value);

}  // namespace fwagent::document

#endif  // FWAGENT_AGENT_DOCUMENT_VALUE_H_
