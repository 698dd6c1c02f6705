// fwctl set import
#include <grpcpp/support/sync_stream.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/text/packed_list.h"
#include "agent/text/set_action.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/progress.h"
#include "client/set_texts.h"

namespace fwagent::client {
namespace {

grpc::Status SendImport(const CommandContext& context,
                        const text::PackedList& list, Progress& progress,
                        fwagent::v1::ImportSetResponse* response) {
  const Arguments& arguments = context.arguments;
  fwagent::v1::ImportSetRequest first;
  *first.mutable_header() = Named<fwagent::v1::ImportHeader>(arguments);
  first.mutable_header()->set_mode(arguments.set.add
                                       ? fwagent::v1::IMPORT_MODE_ADD
                                       : fwagent::v1::IMPORT_MODE_REPLACE);
  first.mutable_header()->set_action(arguments.set.action);
  first.mutable_header()->set_comment(arguments.comment);
  FillDefaultTtl(arguments, first.mutable_header());
  FillEnding(arguments, first.mutable_header());
  if (arguments.set.permanent) first.mutable_header()->set_permanent(true);
  grpc::ClientContext call;
  const auto writer = context.agent.StartImport(&call, response);
  bool open = writer->Write(first);
  progress.Begin("sending", list.parts.size());
  fwagent::v1::ImportSetRequest part;
  for (const fwagent::v1::PackedPrefixes& prefixes : list.parts) {
    if (!open) break;
    *part.mutable_prefixes() = prefixes;
    open = writer->Write(part);
    progress.Advance(1);
  }
  part.set_entry_count(list.count);
  progress.Begin("waiting for the agent");
  if (open && writer->Write(part)) writer->WritesDone();
  return writer->Finish();
}

std::string ImportText(const CommandContext& context,
                       const text::PackedList& list,
                       const fwagent::v1::ImportSetResponse& response) {
  std::string text =
      absl::StrCat("set ", context.arguments.set.name, " (",
                   text::SetActionName(response.set().action()),
                   "): ", EntriesText(response.set().size()), ", ",
                   response.added(), " in, ", response.removed(), " out");
  if (response.changed() > 0) {
    absl::StrAppend(&text, ", ", response.changed(), " with another end");
  }
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

absl::StatusOr<text::PackedList> ReadList(const Arguments& arguments) {
  const bool one_end_for_all = arguments.ttl.has_value() ||
                               arguments.until.has_value() ||
                               arguments.set.permanent;
  return text::PackFile(arguments.file,
                        {.skip_invalid = arguments.set.skip_invalid,
                         .ignore_ttls = one_end_for_all});
}

}  // namespace

Outcome RunSetImport(const CommandContext& context) {
  fwagent::v1::ImportSetResponse response;
  absl::StatusOr<text::PackedList> list;
  grpc::Status status;
  {
    Progress progress(context.arguments.set.quiet ? nullptr : context.progress,
                      context.progress_delay);
    progress.Begin("reading");
    list = ReadList(context.arguments);
    if (list.ok()) status = SendImport(context, *list, progress, &response);
  }
  if (!list.ok()) return InputFailure(std::string(list.status().message()));
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(ImportText(context, *list, response), response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

}  // namespace fwagent::client
