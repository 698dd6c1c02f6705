// Results for programs: the protocol's own messages as proto3 JSON.
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/text/printable.h"
#include "client/renderer.h"

namespace fwagent::client {
namespace {

// On one line, with fields that have their default value.
std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails for messages whose type is not linked in; ours are.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

class JsonRenderer : public Renderer {
 public:
  JsonRenderer(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}

  // Every change that adds answers with the same fields, and every one that
  // lifts.
  void Changed(const ChangeReport& report) override {
    if (report.verb.adds) {
      fwagent::v1::BlockIPResponse response;
      *response.mutable_rule() = report.rule;
      response.set_generation(report.generation);
      if (report.confirm_by != nullptr) {
        *response.mutable_confirm_by() = *report.confirm_by;
      }
      out_ << ToJson(response) << "\n";
      return;
    }
    fwagent::v1::UnblockIPResponse response;
    *response.mutable_rule() = report.rule;
    response.set_generation(report.generation);
    response.mutable_other_rules()->Assign(report.other_rules.begin(),
                                           report.other_rules.end());
    response.mutable_still_held()->Assign(report.still_held.begin(),
                                          report.still_held.end());
    if (report.confirm_by != nullptr) {
      *response.mutable_confirm_by() = *report.confirm_by;
    }
    out_ << ToJson(response) << "\n";
  }

  void ChangedMany(const ManyChangesReport& report) override {
    out_ << ToJson(report.response) << "\n";
  }

  // The answer has it.
  void Unconfirmed(absl::Duration,
                   const google::protobuf::Timestamp&) override {}

  void Unchanged(const std::string& message) override {
    out_ << "{\"unchanged\":true,\"message\":" << text::JsonQuoted(message)
         << "}\n";
  }

  // The answer has it.
  void Warned(const std::string&) override {}

  void Said(const std::string&,
            const google::protobuf::Message& response) override {
    out_ << ToJson(response) << "\n";
  }

  void RulePage(const fwagent::v1::ListRulesResponse& page) override {
    Page("rules", page.rules());
  }

  void EndOfRules(const fwagent::v1::ListRulesResponse& last) override {
    EndOfPages("rules", last);
  }

  void FilterRules(const fwagent::v1::ListRulesResponse& rules) override {
    RulePage(rules);
    EndOfRules(rules);
  }

  void EntryPage(const std::string&,
                 const fwagent::v1::ListSetEntriesResponse& page) override {
    Page("entries", page.entries());
  }

  void EndOfEntries(const fwagent::v1::ListSetEntriesResponse& last) override {
    EndOfPages("entries", last);
  }

  void Stats(const StatsSample& sample) override {
    out_ << ToJson(*sample.now) << "\n";
  }

  void Status(const fwagent::v1::GetStatusResponse& status) override {
    out_ << ToJson(status) << "\n";
  }

  void Attached(const fwagent::v1::AttachResponse& attached) override {
    out_ << ToJson(attached) << "\n";
  }

  void Detached(const fwagent::v1::DetachResponse& detached) override {
    out_ << ToJson(detached) << "\n";
  }

  void Recovered(const fwagent::v1::RecoverResponse& recovered) override {
    out_ << ToJson(recovered) << "\n";
  }

  void Versions(const std::string& client, const std::string* agent) override {
    out_ << "{\"client\":" << text::JsonQuoted(client) << ",\"agent\":"
         << (agent != nullptr ? text::JsonQuoted(*agent) : "null") << "}\n";
  }

  void Failed(const Failure& failure) override {
    err_ << "{\"error\":{\"code\":" << text::JsonQuoted(failure.code)
         << ",\"reason\":" << text::JsonQuoted(failure.reason)
         << ",\"message\":" << text::JsonQuoted(failure.message)
         << ",\"fieldViolations\":[";
    const char* separator = "";
    for (const FieldViolation& violation : failure.violations) {
      err_ << separator << "{\"field\":" << text::JsonQuoted(violation.field)
           << ",\"description\":" << text::JsonQuoted(violation.description)
           << "}";
      separator = ",";
    }
    err_ << "]}}\n";
  }

 private:
  template <typename Items>
  void Page(const char* name, const Items& items) {
    for (const auto& item : items) {
      out_ << (listing_ ? std::string(",\n")
                        : absl::StrCat("{\"", name, "\":[\n"))
           << ToJson(item);
      listing_ = true;
    }
  }

  template <typename Response>
  void EndOfPages(const char* name, const Response& last) {
    out_ << (listing_ ? std::string("\n") : absl::StrCat("{\"", name, "\":["))
         << "],\"totalSize\":\"" << last.total_size() << "\",\"generation\":\""
         << last.generation() << "\"}\n";
  }

  std::ostream& out_;
  std::ostream& err_;
  bool listing_ = false;  // the document is open
};

}  // namespace

std::unique_ptr<Renderer> MakeJsonRenderer(std::ostream& out,
                                           std::ostream& err) {
  return std::make_unique<JsonRenderer>(out, err);
}

}  // namespace fwagent::client
