// fwctl export
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/document/policy_text.h"
#include "client/commands.h"
#include "client/pages.h"

namespace fwagent::client {
namespace {

using document::OwnedPolicy;
using document::Value;

constexpr int kPage = 10'000;

// What all owners have, by name.
using Policies = std::map<std::string, OwnedPolicy>;

bool IsWanted(const Arguments& arguments, const std::string& owner) {
  if (arguments.all_owners) return true;
  return owner == (arguments.owner.empty() ? "cli" : arguments.owner);
}

Outcome ReadRules(const CommandContext& context, Policies& policies) {
  fwagent::v1::ListRulesRequest request;
  request.set_page_size(kPage);
  fwagent::v1::ListRulesResponse page;
  const auto keep = [&](const fwagent::v1::ListRulesResponse& one) {
    for (const fwagent::v1::Rule& rule : one.rules()) {
      if (!IsWanted(context.arguments, rule.owner())) continue;
      policies[rule.owner()].rules.push_back(rule);
    }
  };
  return ReadPages(context, &Agent::Stub::ListRules, request, page, keep);
}

Outcome ReadSets(const CommandContext& context, Policies& policies) {
  fwagent::v1::ListSetsResponse sets;
  if (Outcome failure = context.agent.Read(
          &Agent::SetStub::ListSets, fwagent::v1::ListSetsRequest(), &sets)) {
    return failure;
  }
  for (const fwagent::v1::Set& set : sets.sets()) {
    if (!IsWanted(context.arguments, set.owner())) continue;
    OwnedPolicy::FilledSet filled{.set = set, .entries = {}};
    fwagent::v1::ListSetEntriesRequest request;
    request.set_name(set.name());
    request.set_page_size(kPage);
    fwagent::v1::ListSetEntriesResponse page;
    const auto keep = [&filled](const auto& one) {
      filled.entries.insert(filled.entries.end(), one.entries().begin(),
                            one.entries().end());
    };
    if (Outcome failure = ReadPages(context, &Agent::SetStub::ListSetEntries,
                                    request, page, keep)) {
      return failure;
    }
    policies[set.owner()].sets.push_back(std::move(filled));
  }
  return std::nullopt;
}

// All that was read is of this generation.
Outcome ReadAtOnce(const CommandContext& context, Policies& policies,
                   fwagent::v1::GetStatusResponse& status) {
  constexpr int kTries = 10;
  const fwagent::v1::GetStatusRequest ask;
  if (Outcome failure =
          context.agent.Read(&Agent::Stub::GetStatus, ask, &status)) {
    return failure;
  }
  for (int i = 0; i < kTries; ++i) {
    policies.clear();
    if (Outcome failure = ReadRules(context, policies)) return failure;
    // If the policy changed, that a set is gone is no failure.
    Outcome failure = ReadSets(context, policies);
    fwagent::v1::GetStatusResponse again;
    if (Outcome lost =
            context.agent.Read(&Agent::Stub::GetStatus, ask, &again)) {
      return lost;
    }
    const bool same = again.generation() == status.generation();
    status = std::move(again);
    if (same) return failure;
  }
  return CheckFailure("POLICY_CHANGES",
                      "the policy was changed while it was read, ten times: "
                      "try again");
}

void Write(const CommandContext& context, std::vector<Value> documents,
           const fwagent::v1::GetStatusResponse& status) {
  if (context.arguments.output == OutputFormat::kJson) {
    if (documents.size() == 1) {
      context.out << document::ToJson(documents.front());
      return;
    }
    Value all = Value::List();
    all.items = std::move(documents);
    context.out << document::ToJson(all);
    return;
  }
  context.out << "# generation " << status.generation() << ", etag "
              << status.etag() << "\n";
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (i > 0) context.out << "---\n";
    context.out << document::ToYaml(documents[i]);
  }
}

}  // namespace

Outcome RunExport(const CommandContext& context) {
  Policies policies;
  fwagent::v1::GetStatusResponse status;
  if (Outcome failure = ReadAtOnce(context, policies, status)) return failure;
  const Arguments& arguments = context.arguments;
  // Who has nothing has a document that says so.
  policies[arguments.owner.empty() ? "cli" : arguments.owner];
  std::vector<Value> documents;
  for (auto& [owner, policy] : policies) {
    policy.owner = owner;
    documents.push_back(document::ToDocument(policy));
  }
  Write(context, std::move(documents), status);
  return std::nullopt;
}

}  // namespace fwagent::client
