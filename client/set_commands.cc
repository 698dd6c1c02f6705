// fwctl set ...
#include <grpcpp/support/sync_stream.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/packed_list.h"
#include "client/pages.h"
#include "client/prefix_list.h"
#include "client/printable.h"
#include "client/table.h"

namespace fwagent::client {
namespace {

using Stub = Agent::SetStub;

// What the agent takes in one change.
constexpr std::size_t kMostEntries = 100'000;

const char* ActionText(fwagent::v1::SetAction action) {
  return action == fwagent::v1::SET_ACTION_ALLOW ? "allow" : "block";
}

std::string CountText(std::uint64_t count, const char* one, const char* many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

std::string EntriesText(std::uint64_t count) {
  return CountText(count, "entry", "entries");
}

// "put" or "would put".
std::string Verb(const Arguments& arguments, const char* done,
                 const char* would) {
  return arguments.validate_only ? absl::StrCat("would ", would) : done;
}

template <typename Request>
Request Named(const Arguments& arguments) {
  Request request;
  request.set_name(arguments.set.name);
  FillChange(arguments, &request);
  request.set_owner(arguments.owner);
  return request;
}

Outcome RunCreate(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  auto request = Named<fwagent::v1::CreateSetRequest>(arguments);
  request.set_action(arguments.set.action);
  request.set_comment(arguments.comment);
  request.set_skip_satisfied(arguments.tolerate_unchanged);
  fwagent::v1::CreateSetResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::CreateSet, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  const std::string set = absl::StrCat("set ", request.name(), " (",
                                       ActionText(request.action()), ")");
  context.renderer.Said(
      response.has_set()
          ? Verb(arguments, "created ", "create ") + set
          : absl::StrCat("unchanged: ", set, " is there already"),
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
  if (const std::uint64_t rest = prefixes->size() - response.added()) {
    absl::StrAppend(&text, "; ", rest, rest == 1 ? " was" : " were",
                    " there already");
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

grpc::Status SendImport(const CommandContext& context, const PackedList& list,
                        fwagent::v1::ImportSetResponse* response) {
  const Arguments& arguments = context.arguments;
  fwagent::v1::ImportSetRequest first;
  *first.mutable_header() = Named<fwagent::v1::ImportHeader>(arguments);
  first.mutable_header()->set_mode(arguments.set.add
                                       ? fwagent::v1::IMPORT_MODE_ADD
                                       : fwagent::v1::IMPORT_MODE_REPLACE);
  first.mutable_header()->set_action(arguments.set.action);
  first.mutable_header()->set_comment(arguments.comment);
  grpc::ClientContext call;
  const auto writer = context.agent.StartImport(&call, response);
  bool open = writer->Write(first);
  fwagent::v1::ImportSetRequest part;
  for (const fwagent::v1::PackedPrefixes& prefixes : list.parts) {
    if (!open) break;
    *part.mutable_prefixes() = prefixes;
    open = writer->Write(part);
  }
  part.set_entry_count(list.count);
  if (open && writer->Write(part)) writer->WritesDone();
  return writer->Finish();
}

std::string ImportText(const CommandContext& context, const PackedList& list,
                       const fwagent::v1::ImportSetResponse& response) {
  std::string text =
      absl::StrCat("set ", context.arguments.set.name, " (",
                   ActionText(context.arguments.set.action),
                   "): ", EntriesText(response.set().size()), ", ",
                   response.added(), " in, ", response.removed(), " out");
  if (context.arguments.validate_only) text.insert(0, "would make ");
  if (list.skipped == 0) return text;
  absl::StrAppend(&text, "; ", CountText(list.skipped, "line", "lines"),
                  " left out");
  for (const std::string& line : list.skipped_lines) {
    absl::StrAppend(&text, "\n  ", line);
  }
  if (list.skipped > list.skipped_lines.size()) {
    absl::StrAppend(&text, "\n  and ", list.skipped - list.skipped_lines.size(),
                    " more");
  }
  return text;
}

Outcome RunImport(const CommandContext& context) {
  const auto list =
      PackFile(context.arguments.file, context.arguments.set.skip_invalid);
  if (!list.ok()) return InputFailure(std::string(list.status().message()));
  fwagent::v1::ImportSetResponse response;
  const grpc::Status status = SendImport(context, *list, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(ImportText(context, *list, response), response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunEntries(const CommandContext& context) {
  fwagent::v1::ListSetEntriesRequest request;
  request.set_name(context.arguments.set.name);
  request.set_page_size(10'000);
  fwagent::v1::ListSetEntriesResponse page;
  if (Outcome failure = ReadPages(
          context, &Stub::ListSetEntries, request, page,
          [&](const auto& one) { context.renderer.EntryPage(one); })) {
    return failure;
  }
  context.renderer.EndOfEntries(page);
  return std::nullopt;
}

Outcome RunSetList(const CommandContext& context) {
  if (!context.arguments.set.name.empty()) return RunEntries(context);
  fwagent::v1::ListSetsResponse response;
  if (Outcome failure = context.agent.Read(
          &Stub::ListSets, fwagent::v1::ListSetsRequest(), &response)) {
    return failure;
  }
  Table table({{"SET"},
               {"ACTION"},
               {"OWNER"},
               {"ENTRIES", Table::Align::kRight},
               {"COMMENT"}});
  for (const fwagent::v1::Set& set : response.sets()) {
    table.AddRow({set.name(), ActionText(set.action()), set.owner(),
                  absl::StrCat(set.size()), set.comment()});
  }
  std::ostringstream text;
  table.Write(text);
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
                    Printable(hit.set().name()), " (",
                    ActionText(hit.set().action()),
                    "): ", Printable(hit.entry().prefix().text()));
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
    case Command::kSetDelete:
      return RunDelete(context);
    case Command::kSetAdd:
      return RunAdd(context);
    case Command::kSetImport:
      return RunImport(context);
    case Command::kSetList:
      return RunSetList(context);
    case Command::kSetCheck:
      return RunCheck(context);
    default:  // remove, flush
      return RunRemove(context);
  }
}

}  // namespace fwagent::client
