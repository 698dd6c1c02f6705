// Of more than one prefix: one change.
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/prefix_list.h"

namespace fwagent::client {
namespace {

using fwagent::v1::ChangeSourcesRequest;

// What the agent takes in one change, and gRPC in one message.
constexpr std::size_t kMostEdits = 100'000;
constexpr std::size_t kMostBytes = 4'000'000;
// So many rules fit into an answer.
constexpr int kMostRulesInAnswer = 10'000;

ChangeSourcesRequest ToRequest(const Arguments& arguments,
                               const std::vector<ListedPrefix>& prefixes) {
  const Verb verb = VerbOf(arguments.command);
  ChangeSourcesRequest request;
  FillChange(arguments, &request);
  request.set_owner(arguments.owner);
  request.set_all_owners(arguments.all_owners);
  request.set_skip_satisfied(arguments.tolerate_unchanged);
  for (const ListedPrefix& prefix : prefixes) {
    auto* edit = request.add_edits();
    if (verb.allows) {
      (verb.adds ? edit->mutable_allow() : edit->mutable_unallow())
          ->set_text(prefix.text);
    } else {
      (verb.adds ? edit->mutable_block() : edit->mutable_unblock())
          ->set_text(prefix.text);
    }
    if (verb.adds) FillBlock(arguments, edit);
  }
  request.set_omit_rules(arguments.output == OutputFormat::kText ||
                         request.edits_size() > kMostRulesInAnswer);
  return request;
}

}  // namespace

Outcome RunSources(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  std::vector<ListedPrefix> prefixes;
  for (const std::string& text : arguments.prefixes) {
    prefixes.push_back({text, ""});
  }
  if (!arguments.file.empty()) {
    const auto listed = ReadPrefixFile(arguments.file, kMostEdits);
    if (!listed.ok()) {
      return InputFailure(std::string(listed.status().message()));
    }
    prefixes.insert(prefixes.end(), listed->begin(), listed->end());
  }
  if (prefixes.empty()) {
    context.renderer.Unchanged("the list is empty");
    return std::nullopt;
  }
  const ChangeSourcesRequest request = ToRequest(arguments, prefixes);
  if (request.ByteSizeLong() > kMostBytes) {
    return InputFailure(
        "too much for one change: split the list, or shorten the comment");
  }
  fwagent::v1::ChangeSourcesResponse response;
  const grpc::Status status =
      context.agent.Call(&Agent::Stub::ChangeSources, request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    NameLines("edits[", prefixes, failure);
    return failure;
  }
  context.renderer.ChangedMany({VerbOf(arguments.command),
                                arguments.validate_only, prefixes.size(),
                                response});
  SayUnconfirmed(context, response);
  return std::nullopt;
}

}  // namespace fwagent::client
