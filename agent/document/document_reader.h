// One document, key by key.
#ifndef FWAGENT_AGENT_DOCUMENT_DOCUMENT_READER_H_
#define FWAGENT_AGENT_DOCUMENT_DOCUMENT_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/document/policy_text.h"
#include "agent/document/value.h"
#include "agent/text/packed_list.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::document {

// Mistakes with their places, up to ten.
class Mistakes {
 public:
  explicit Mistakes(const std::string& name) : name_(name) {}

  void Add(Place place, std::string_view what);
  // One that names its place itself.
  void AddLine(std::string line);
  bool full() const;
  // INVALID_ARGUMENT with a line for each.
  absl::Status ToStatus() const;

 private:
  const std::string& name_;
  std::vector<std::string> lines_;
};

class EntryParts;

// Adds what it reads to `policy`.
class DocumentReader {
 public:
  DocumentReader(const ReadOptions& options, PolicyText& policy,
                 v1::PolicyEnd& counts, Mistakes& mistakes)
      : options_(options),
        policy_(policy),
        counts_(counts),
        mistakes_(mistakes) {}

  void Read(const Value& document);

  // The names of the keys, for the schema's test: "", "address", "port",
  // "rule", "set" and "entry" are the kinds of mappings.
  static std::map<std::string, std::vector<std::string>> Keys();

 private:
  using Setter = std::function<void(const Value&)>;
  using Setters = std::vector<std::pair<std::string_view, Setter>>;

  // Calls the setter of each key; names keys that are not known or come twice.
  void ReadMap(const Value& map, const char* what, const Setters& setters);
  void ForEachItem(const Value& list, const char* key,
                   const std::function<void(const Value&)>& read);
  std::optional<std::string> Text(const Value& value, const char* key);
  std::optional<absl::Time> Time(const Value& value, const char* key);

  void ReadAddress(const Value& value, bool allows);
  void ReadPort(const Value& value);
  void ReadRule(const Value& value);
  void ReadSet(const Value& value);
  void ReadEntries(const Value& value, EntryParts& entries);
  void ReadEntry(const Value& value, EntryParts& entries);
  void ReadEnd(const Value& value, v1::Rule& rule);

  absl::StatusOr<text::PackedList> ReadListFile(const std::string& name);

  v1::PolicyRules& RulesPart();
  void AddRule(v1::Rule rule, Place place);

  const ReadOptions& options_;
  PolicyText& policy_;
  v1::PolicyEnd& counts_;
  Mistakes& mistakes_;
  // Where a rule that says none is judged.
  std::uint64_t next_order_ = 0;
};

}  // namespace fwagent::document

#endif  // FWAGENT_AGENT_DOCUMENT_DOCUMENT_READER_H_
