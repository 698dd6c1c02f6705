// What is probably not meant in one document.
#ifndef FWAGENT_AGENT_SERVICE_DOCUMENT_WARNINGS_H_
#define FWAGENT_AGENT_SERVICE_DOCUMENT_WARNINGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "agent/core/desired.h"
#include "agent/policy/address_claims.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::service {

// Adds warnings to those of all documents until there are as many as there may
// be; a rule that there is one of is not looked at again.
class DocumentWarnings {
 public:
  // The rules and `all` must outlive the object.
  DocumentWarnings(std::size_t document,
                   const std::vector<core::DesiredRule>& rules,
                   std::size_t most, std::vector<v1::PolicyWarning>& all);

  // Rules that are there twice, or with two actions.
  void FindRepeated();
  // Ordered rules that never decide anything: all that they ask for is decided
  // by addresses, or by one rule before.
  void FindUndecided();
  // Blocks inside of other blocks, or of allows.
  void FindNested();

 private:
  // Of a prefix or port that is there already.
  std::string RepeatedText(std::size_t rule, std::size_t other) const;
  void FindDecidedByAddress(std::size_t rule);
  void FindUnreachable();
  void FindNestedSource(std::size_t claim);
  void FindNestedPorts();

  void Add(std::size_t rule, std::size_t other, const std::string& text);
  bool IsFull() const { return all_->size() >= most_; }

  std::size_t document_;
  const std::vector<core::DesiredRule>* rules_;
  std::size_t most_;
  std::vector<v1::PolicyWarning>* all_;
  std::vector<bool> has_warning_;  // by rule
  policy::AddressClaims sources_;
  std::vector<std::size_t> source_rules_;  // by place in sources_
};

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_DOCUMENT_WARNINGS_H_
