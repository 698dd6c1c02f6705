#include "agent/service/policy_warnings.h"

#include <cstddef>

#include "agent/service/document_warnings.h"

namespace fwagent::service {
namespace {

constexpr std::size_t kMostWarnings = 100;

}  // namespace

std::vector<v1::PolicyWarning> FindWarnings(
    const std::vector<core::DesiredPolicy>& desired) {
  std::vector<v1::PolicyWarning> all;
  std::vector<DocumentWarnings> documents;
  documents.reserve(desired.size());
  for (std::size_t i = 0; i < desired.size(); ++i) {
    documents.emplace_back(i, desired[i].rules, kMostWarnings, all);
    documents.back().FindRepeated();
    documents.back().FindUndecided();
  }
  // Lists of addresses from elsewhere are full of these: they must not keep the
  // others from being said.
  for (DocumentWarnings& document : documents) document.FindNested();
  return all;
}

}  // namespace fwagent::service
