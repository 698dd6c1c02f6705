// history, rollback, confirm.
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/change_fields.h"
#include "client/commands.h"
#include "client/rule_text.h"
#include "client/table.h"

namespace fwagent::client {
namespace {

// "1 rule", "2 rules".
std::string Counted(std::uint64_t count, const char* what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

}  // namespace

using Stub = Agent::Stub;

namespace {

std::string ChangeText(const fwagent::v1::Generation& generation) {
  if (!generation.has_confirm_by()) return generation.summary();
  return absl::StrCat(generation.summary(), " [not confirmed yet, until ",
                      TimeText(generation.confirm_by()), "]");
}

}  // namespace

Outcome RunHistory(const CommandContext& context) {
  fwagent::v1::ListHistoryRequest request;
  request.set_page_size(context.arguments.history_count);
  fwagent::v1::ListHistoryResponse response;
  if (Outcome failure =
          context.agent.Read(&Stub::ListHistory, request, &response)) {
    return failure;
  }
  Table table({{"GENERATION", Table::Align::kRight},
               {"TIME"},
               {"BACK"},
               {"CHANGE"},
               {"BY"}});
  for (const fwagent::v1::Generation& generation : response.generations()) {
    table.AddRow({absl::StrCat(generation.generation()),
                  TimeText(generation.time()),
                  generation.can_undo() ? "yes" : "no", ChangeText(generation),
                  generation.origin()});
  }
  std::ostringstream text;
  table.Write(text);
  std::string lines = text.str();
  if (!lines.empty()) lines.pop_back();  // the last line's end
  context.renderer.Said(lines, response);
  return std::nullopt;
}

Outcome RunRollback(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  fwagent::v1::RollbackRequest request;
  request.set_generation(arguments.generation);
  FillChange(arguments, &request);
  fwagent::v1::RollbackResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::Rollback, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(
      absl::StrCat(arguments.validate_only ? "would bring" : "brought",
                   " back generation ", arguments.generation, ": ",
                   Counted(response.changed_rules(), "rule"), " and ",
                   Counted(response.changed_sets(), "set"),
                   " changed; now generation ", response.generation()),
      response);
  SayUnconfirmed(context, response);
  return std::nullopt;
}

Outcome RunConfirm(const CommandContext& context) {
  fwagent::v1::ConfirmRequest request;
  request.set_generation(context.arguments.generation);
  fwagent::v1::ConfirmResponse response;
  const grpc::Status status =
      context.agent.Call(&Stub::Confirm, request, &response);
  if (!status.ok()) return context.agent.ChangeFailure(status);
  context.renderer.Said(absl::StrCat("confirmed generation ",
                                     response.generation(), ": it stays"),
                        response);
  return std::nullopt;
}

}  // namespace fwagent::client
