// A policy as people write it down, as the parts of a request.
#ifndef FWAGENT_AGENT_DOCUMENT_POLICY_TEXT_H_
#define FWAGENT_AGENT_DOCUMENT_POLICY_TEXT_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/document/value.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::document {

// Where the rules and sets of one document were written, in their order.
struct DocumentPlaces {
  Place owner;
  std::vector<Place> rules;
  std::vector<Place> sets;
};

struct PolicyText {
  std::string name;  // of the text: a path, "standard input"
  // Without the header.
  std::vector<v1::ApplyPolicyRequest> parts;
  std::vector<std::string> owners;
  std::vector<DocumentPlaces> places;  // one for each owner
  std::vector<std::string> files;      // with lists, that it names

  // "policy.yaml:12:5" for "documents[0].rules[3].filter.match"; empty for what
  // was written nowhere.
  std::string PlaceOf(std::string_view field) const;
};

struct ReadOptions {
  // Of a document that says none.
  std::string default_owner = "cli";
  // What the time is: an entry whose end has passed is left out.
  absl::Time now = absl::InfiniteFuture();
  // What is before the names of files that do not begin with a slash: "", or a
  // folder with a slash behind it.
  std::string folder = {};
};

// Documents as docs/policy.md has them. INVALID_ARGUMENT: a line for each
// mistake, up to ten, with its place. NOT_FOUND: a file that is named cannot be
// read.
absl::StatusOr<PolicyText> ReadPolicy(std::string_view text,
                                      const std::string& name,
                                      const ReadOptions& options);

// The same of a file, "-" for standard input. NOT_FOUND: it cannot be read.
absl::StatusOr<PolicyText> ReadPolicyFile(const std::string& path,
                                          ReadOptions options);

// What one owner has, as such a document.
struct OwnedPolicy {
  std::string owner;
  std::vector<v1::Rule> rules;  // in order of id
  struct FilledSet {
    v1::Set set;
    std::vector<v1::SetEntry> entries;
  };
  std::vector<FilledSet> sets;
};
Value ToDocument(const OwnedPolicy& policy);

}  // namespace fwagent::document

#endif  // FWAGENT_AGENT_DOCUMENT_POLICY_TEXT_H_
