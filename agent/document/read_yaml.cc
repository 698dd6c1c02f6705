#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/document/value.h"
#include "agent/text/printable.h"

namespace fwagent::document {
namespace {

// Reads what is in memory where it is.
class MemoryBuffer : public std::streambuf {
 public:
  explicit MemoryBuffer(std::string_view text) {
    // A get area is never written to.
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// Puts the tree together. What it refuses it throws, as the parser does.
class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override { root_ = Value(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Take(Begin(mark, "", anchor, Value::Kind::kNull));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "aliases are not read: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& text) override {
    Value value = Begin(mark, tag, anchor, Value::Kind::kScalar);
    value.scalar = text;
    Take(std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back(Begin(mark, tag, anchor, Value::Kind::kList));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open_.push_back(Begin(mark, tag, anchor, Value::Kind::kMap));
  }
  void OnMapEnd() override { Close(); }

  Value TakeRoot() { return std::move(root_); }

 private:
  [[noreturn]] static void Refuse(const YAML::Mark& mark,
                                  const std::string& why) {
    throw YAML::ParserException(mark, why);
  }

  Value Begin(const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor, Value::Kind kind) {
    if (anchor != 0) {
      Refuse(mark, "anchors are not read: write the value out");
    }
    // "!" is of what is in quotes.
    const bool is_plain = tag.empty() || tag == "?" || tag == "!" ||
                          tag == "tag:yaml.org,2002:str";
    if (!is_plain) Refuse(mark, absl::StrCat("the tag ", tag, " is not known"));
    if (++values_ > kMostValues) {
      Refuse(mark, absl::StrCat("more than ", kMostValues,
                                " values: put long lists of addresses into a "
                                "file, and name it by \"file:\""));
    }
    return {.kind = kind,
            .place = {static_cast<std::uint32_t>(mark.line + 1),
                      static_cast<std::uint32_t>(mark.column + 1)}};
  }

  void Take(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
  }

  void Close() {
    Value value = std::move(open_.back());
    open_.pop_back();
    Take(std::move(value));
  }

  std::vector<Value> open_;
  Value root_;
  std::size_t values_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<Value>> ReadYaml(std::string_view text,
                                            const std::string& name) {
  if (text.size() > kMostBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        name, ": is ", text.size() >> 20, " MiB long, and at most ",
        kMostBytes >> 20,
        " are read: put long lists of addresses into files, and name them by "
        "\"file:\""));
  }
  if (!text::IsUtf8(text)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not valid UTF-8"));
  }
  MemoryBuffer buffer(text);
  std::istream in(&buffer);
  std::vector<Value> documents;
  try {
    YAML::Parser parser(in);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
      Value document = builder.TakeRoot();
      if (document.kind != Value::Kind::kNull) {
        documents.push_back(std::move(document));
      }
    }
  } catch (const YAML::Exception& mistake) {
    const Place place = {static_cast<std::uint32_t>(mistake.mark.line + 1),
                         static_cast<std::uint32_t>(mistake.mark.column + 1)};
    return absl::InvalidArgumentError(
        absl::StrCat(PlaceText(name, place), ": ", mistake.msg));
  }
  return documents;
}

std::string PlaceText(std::string_view name, Place place) {
  if (place.line == 0) return std::string(name);
  return absl::StrCat(std::string(name), ":", place.line, ":", place.column);
}

}  // namespace fwagent::document
