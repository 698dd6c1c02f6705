// fwctl set ...
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"
#include "agent/text/set_action.h"
#include "client/block_fields.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/pages.h"
#include "client/prefix_list.h"
#include "client/rule_text.h"
#include "client/set_texts.h"
#include "client/table.h"

namespace fwagent::client {
namespace {

using Stub = Agent::SetStub;

// What the agent takes in one change.
constexpr std::size_t kMostEntries = 100'000;

// "put" or "would put".
std::string Verb(const Arguments& arguments, const char* done,
                 const char* would) {
  return arguments.validate_only ? absl::StrCat("would ", would) : done;
}

Outcome RunCreate(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  auto request = Named<fwagent::v1::CreateSetRequest>(arguments);
  request.set_action(arguments.set.action == fwagent::v1::SET_ACTION_UNSPECIFIED
                         ? fwagent::v1::SET_ACTION_BLOCK
                         : arguments.set.action);
  request.set_comment(arguments.comment);
  request.set_skip_satisfied(arguments.tolerate_unchanged);
  FillDefaultTtl(arguments, &request);
  fwagent::v1::CreateSetResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::CreateSet, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  const std::string set = absl::StrCat(
      "set ", request.name(), " (", text::SetActionName(request.action()), ")");
  context.renderer.Said(
      response.has_set()
          ? Verb(arguments, "created ", "create ") + set
          : absl::StrCat("unchanged: ", set, " is there already"),
      response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunUpdate(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  auto request = Named<fwagent::v1::UpdateSetRequest>(arguments);
  request.set_action(arguments.set.action);
  if (arguments.set.new_comment.has_value()) {
    request.set_comment(*arguments.set.new_comment);
  }
  if (arguments.set.default_ttl == absl::ZeroDuration()) {
    request.set_no_default_ttl(true);
  } else {
    FillDefaultTtl(arguments, &request);
  }
  fwagent::v1::UpdateSetResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::UpdateSet, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(
      response.has_set()
          ? absl::StrCat(Verb(arguments, "set ", "make it set "),
                         request.name(), " (",
                         text::SetActionName(response.set().action()),
                         "): ", EntriesText(response.set().size()))
          : absl::StrCat("unchanged: set ", request.name(),
                         " is like that already"),
      response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunDelete(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  auto request = Named<fwagent::v1::DeleteSetRequest>(arguments);
  request.set_skip_satisfied(arguments.tolerate_unchanged);
  fwagent::v1::DeleteSetResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::DeleteSet, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(
      response.has_set()
          ? absl::StrCat(Verb(arguments, "deleted", "delete"), " set ",
                         request.name(), " with ",
                         EntriesText(response.set().size()))
          : absl::StrCat("unchanged: there is no set ", request.name()),
      response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

// The prefixes of the command line and of the file.
absl::StatusOr<std::vector<ListedPrefix>> Listed(const Arguments& arguments) {
  std::vector<ListedPrefix> prefixes;
  for (const std::string& text : arguments.prefixes) {
    prefixes.push_back({text, ""});
  }
  if (arguments.file.empty()) return prefixes;
  auto listed = ReadPrefixFile(arguments.file, kMostEntries);
  if (!listed.ok()) return listed.status();
  prefixes.insert(prefixes.end(), listed->begin(), listed->end());
  return prefixes;
}

Outcome RunAdd(const CommandContext& context) {
  const auto prefixes = Listed(context.arguments);
  if (!prefixes.ok()) {
    return InputFailure(std::string(prefixes.status().message()));
  }
  auto request = Named<fwagent::v1::AddSetEntriesRequest>(context.arguments);
  FillEnding(context.arguments, &request);
  if (context.arguments.set.permanent) request.set_permanent(true);
  for (const ListedPrefix& prefix : *prefixes) {
    request.add_entries()->mutable_prefix()->set_text(prefix.text);
  }
  fwagent::v1::AddSetEntriesResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::AddSetEntries, request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    NameLines("entries[", *prefixes, failure);
    return failure;
  }
  std::string text =
      absl::StrCat(Verb(context.arguments, "put", "put"), " ",
                   EntriesText(response.added()), " into set ", request.name());
  const std::uint64_t before = prefixes->size() - response.added();
  if (before > 0) {
    absl::StrAppend(&text, "; ", before, before == 1 ? " was" : " were",
                    " there already");
  }
  if (response.changed() > 0) {
    const char* verb = context.arguments.validate_only ? " would end"
                       : response.changed() == 1       ? " ends"
                                                       : " end";
    absl::StrAppend(&text, ", of which ", response.changed(), verb,
                    " at another time now");
  }
  context.renderer.Said(text, response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunRemove(const CommandContext& context) {
  auto request = Named<fwagent::v1::RemoveSetEntriesRequest>(context.arguments);
  request.set_skip_satisfied(context.arguments.tolerate_unchanged);
  request.set_all(context.arguments.command == Command::kSetFlush);
  const auto prefixes = Listed(context.arguments);
  if (!prefixes.ok()) {
    return InputFailure(std::string(prefixes.status().message()));
  }
  for (const ListedPrefix& prefix : *prefixes) {
    request.add_prefixes()->set_text(prefix.text);
  }
  fwagent::v1::RemoveSetEntriesResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::RemoveSetEntries, request, &response);
  if (!status.ok()) {
    Failure failure = context.agent.ChangeFailure(status);
    NameLines("prefixes[", *prefixes, failure);
    return failure;
  }
  context.renderer.Said(absl::StrCat(Verb(context.arguments, "took", "take"),
                                     " ", EntriesText(response.removed()),
                                     " out of set ", request.name()),
                        response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunEntries(const CommandContext& context) {
  fwagent::v1::ListSetEntriesRequest request;
  request.set_name(context.arguments.set.name);
  request.set_page_size(10'000);
  fwagent::v1::ListSetEntriesResponse page;
  if (Outcome failure = ReadPages(
          context, &Stub::ListSetEntries, request, page, [&](const auto& one) {
            context.renderer.EntryPage(request.name(), one);
          })) {
    return failure;
  }
  context.renderer.EndOfEntries(page);
  return std::nullopt;
}

// What shadowed sets would have dropped is a column where there are some.
Table SetsTable(const fwagent::v1::ListSetsResponse& response) {
  const bool tried =
      std::any_of(response.sets().begin(), response.sets().end(),
                  [](const fwagent::v1::Set& set) {
                    return set.action() == fwagent::v1::SET_ACTION_SHADOW;
                  });
  std::vector<Table::Column> columns = {{.title = "SET"},
                                        {.title = "ACTION"},
                                        {.title = "OWNER"},
                                        {"ENTRIES", Table::Align::kRight},
                                        {.title = "TTL"}};
  if (tried) columns.push_back({"WOULD DROP", Table::Align::kRight});
  columns.push_back({.title = "COMMENT"});
  Table table(columns);
  for (const fwagent::v1::Set& set : response.sets()) {
    std::vector<std::string> row = {
        set.name(), text::SetActionName(set.action()), set.owner(),
        absl::StrCat(set.size()), DefaultTtlText(set)};
    if (tried) {
      row.push_back(set.has_would_drop()
                        ? absl::StrCat(set.would_drop().packets())
                        : "-");
    }
    row.push_back(set.comment());
    table.AddRow(row);
  }
  return table;
}

Outcome RunSetList(const CommandContext& context) {
  if (!context.arguments.set.name.empty()) return RunEntries(context);
  fwagent::v1::ListSetsResponse response;
  if (Outcome failure = context.agent.Read(
          &Stub::ListSets, fwagent::v1::ListSetsRequest(), &response)) {
    return failure;
  }
  std::ostringstream text;
  SetsTable(response).Write(text);
  std::string lines = text.str();
  if (!lines.empty() && lines.back() == '\n') lines.pop_back();
  context.renderer.Said(lines, response);
  return std::nullopt;
}

Outcome RunCheck(const CommandContext& context) {
  fwagent::v1::FindInSetsRequest request;
  request.mutable_prefix()->set_text(context.arguments.set.name);
  fwagent::v1::FindInSetsResponse response;
  if (Outcome failure =
          context.agent.Read(&Stub::FindInSets, request, &response)) {
    return failure;
  }
  std::string text;
  for (const auto& hit : response.hits()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", "set ",
                    text::Printable(hit.set().name()), " (",
                    text::SetActionName(hit.set().action()),
                    "): ", text::Printable(hit.entry().prefix().text()));
    if (hit.entry().has_expire_time()) {
      absl::StrAppend(&text, ", ends ",
                      EndText(hit.entry().expire_time(), context.clock.now()));
    }
  }
  context.renderer.Said(text.empty() ? "in no set" : text, response);
  if (!response.hits().empty()) return std::nullopt;
  return CheckFailure("NOT_IN_ANY_SET", absl::StrCat(context.arguments.set.name,
                                                     " is in no set"));
}

}  // namespace

Outcome RunSet(const CommandContext& context) {
  switch (context.arguments.command) {
    case Command::kSetCreate:
      return RunCreate(context);
    case Command::kSetUpdate:
      return RunUpdate(context);
    case Command::kSetDelete:
      return RunDelete(context);
    case Command::kSetAdd:
      return RunAdd(context);
    case Command::kSetImport:
      return RunSetImport(context);
    case Command::kSetList:
      return RunSetList(context);
    case Command::kSetCheck:
      return RunCheck(context);
    default:  // remove, flush
      return RunRemove(context);
  }
}

}  // namespace fwagent::client
