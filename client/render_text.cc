// Results for people.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "agent/text/duration.h"
#include "agent/text/printable.h"
#include "client/render_stats.h"
#include "client/renderer.h"
#include "client/rule_text.h"
#include "client/table.h"

namespace fwagent::client {
namespace {

using Align = Table::Align;

// "3d 04:05:06".
std::string UptimeText(std::uint64_t seconds) {
  return absl::StrFormat("%dd %02d:%02d:%02d", seconds / 86400,
                         seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

std::string ModeText(fwagent::v1::AttachMode mode) {
  switch (mode) {
    case fwagent::v1::ATTACH_MODE_NATIVE:
      return "native";
    case fwagent::v1::ATTACH_MODE_GENERIC:
      return "generic";
    default:
      return "-";
  }
}

std::string UsedText(const fwagent::v1::TableUsage& usage) {
  if (usage.capacity() == 0) return "-";
  return absl::StrFormat("%.1f%%", 100.0 *
                                       static_cast<double>(usage.entries()) /
                                       static_cast<double>(usage.capacity()));
}

// "512 B", "1.5 MiB".
std::string MemoryText(std::uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double amount = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (amount < 1023.95) break;  // "1024.0" is one of the next
    amount /= 1024;
    unit = larger;
  }
  return absl::StrFormat("%.1f %s", amount, unit);
}

void WriteInterfaces(const fwagent::v1::GetStatusResponse& status,
                     std::ostream& out) {
  Table table({{"INTERFACE"},
               {"FILTER"},
               {"MODE"},
               {"REPAIRS", Align::kRight},
               {"DETAIL"}});
  for (const auto& interface : status.interfaces()) {
    table.AddRow({interface.name(),
                  interface.attached() ? "attached" : "NOT ATTACHED",
                  ModeText(interface.mode()), absl::StrCat(interface.repairs()),
                  interface.detail()});
  }
  table.Write(out);
  for (const auto& interface : status.interfaces()) {
    const std::string name = text::Printable(interface.name());
    if (interface.shadow()) {
      out << name << ": SHADOWED: nothing is dropped, only counted as "
          << "would-drop\n";
    }
    if (!interface.drops_by_default()) continue;
    out << name << ": drops what no rule passes, but for: not IP (ARP)";
    for (const std::string& essential : interface.essential()) {
      out << ", " << text::Printable(essential);
    }
    out << "\n";
  }
}

void WriteTables(const fwagent::v1::GetStatusResponse& status,
                 std::ostream& out) {
  Table table({{"TABLE"},
               {"ENTRIES", Align::kRight},
               {"CAPACITY", Align::kRight},
               {"USED", Align::kRight},
               {"MEMORY", Align::kRight}});
  for (const auto& usage : status.tables()) {
    table.AddRow({usage.name(), absl::StrCat(usage.entries()),
                  absl::StrCat(usage.capacity()), UsedText(usage),
                  MemoryText(usage.memory_bytes())});
  }
  table.Write(out);
}

const char* VerbText(const Verb& verb) {
  if (verb.allows) return verb.adds ? "allow" : "unallow";
  return verb.adds ? "block" : "unblock";
}

const char* StateText(const Verb& verb) {
  return verb.allows ? "allowed" : "blocked";
}

class TextRenderer : public Renderer {
 public:
  TextRenderer(const TextLayout& layout, std::ostream& out, std::ostream& err)
      : layout_(layout),
        out_(out),
        err_(err),
        rules_({{"ID", Align::kRight},
                {"ACTION"},
                {"RULE"},
                {"OWNER"},
                {"CREATED"},
                {"ENDS"},
                {"COMMENT"}}) {}

  void Changed(const ChangeReport& report) override {
    const std::string verb = VerbText(report.verb);
    out_ << (report.validate_only ? "would " + verb : verb + "ed") << " "
         << text::Printable(MatchText(report.rule));
    if (report.rule.id() != 0) out_ << " (rule " << report.rule.id() << ")";
    if (report.verb.adds && report.rule.has_expire_time()) {
      out_ << ", ends " << EndText(report.rule, layout_.now());
    }
    out_ << "\n";
    for (const fwagent::v1::Rule& rule : report.other_rules) {
      out_ << "also for " << text::Printable(rule.owner()) << " (rule "
           << rule.id() << ")\n";
    }
    for (const fwagent::v1::Rule& rule : report.still_held) {
      out_ << "still " << StateText(report.verb) << " by "
           << text::Printable(rule.owner()) << " (rule " << rule.id() << ")\n";
    }
  }

  void ChangedMany(const ManyChangesReport& report) override {
    const std::uint64_t changed = report.response.changed_count();
    const std::string verb = VerbText(report.verb);
    out_ << (report.validate_only ? "would " + verb : verb + "ed") << " "
         << changed << (changed == 1 ? " source" : " sources");
    if (const std::uint64_t rest = report.asked_for - changed; rest > 0) {
      out_ << "; " << rest << (rest == 1 ? " was " : " were ")
           << (report.verb.adds ? "" : "not ") << StateText(report.verb)
           << (report.verb.adds ? " already" : "");
    }
    out_ << "\n";
  }

  // Not among the results, which scripts read.
  void Unconfirmed(absl::Duration within,
                   const google::protobuf::Timestamp& confirm_by) override {
    out_.flush();
    err_ << "fwctl: not confirmed yet: run `fwctl confirm` ";
    if (within > absl::ZeroDuration()) {
      err_ << "within " << text::DurationText(within) << " (by "
           << TimeText(confirm_by) << ")";
    } else {
      err_ << "by " << TimeText(confirm_by);
    }
    err_ << ", else it is taken back\n";
  }

  void Unchanged(const std::string& message) override {
    out_ << "unchanged: " << text::Printable(message) << "\n";
  }

  void Warned(const std::string& message) override {
    out_.flush();
    err_ << "fwctl: warning: " << text::Printable(message) << "\n";
  }

  void Said(const std::string& text,
            const google::protobuf::Message&) override {
    out_ << text << "\n";
  }

  // A list that an import takes back: in the form of ipset where there is more
  // to say than the prefix.
  void EntryPage(const std::string& set,
                 const fwagent::v1::ListSetEntriesResponse& page) override {
    for (const fwagent::v1::SetEntry& entry : page.entries()) {
      const bool ends = entry.has_expire_time();
      if (ends) out_ << "add " << text::Printable(set) << " ";
      out_ << text::Printable(entry.prefix().text());
      if (ends) {
        out_ << " timeout " << SecondsLeft(entry.expire_time(), layout_.now());
      }
      out_ << "\n";
    }
  }

  void EndOfEntries(const fwagent::v1::ListSetEntriesResponse&) override {}

  void RulePage(const fwagent::v1::ListRulesResponse& page) override {
    for (const fwagent::v1::Rule& rule : page.rules()) {
      rules_.AddRow({absl::StrCat(rule.id()), ActionText(rule), MatchText(rule),
                     rule.owner(), CreatedText(rule),
                     EndText(rule, layout_.now()), rule.comment()});
    }
    rules_.Write(out_);
  }

  void EndOfRules(const fwagent::v1::ListRulesResponse&) override {}

  void FilterRules(const fwagent::v1::ListRulesResponse& rules) override {
    Table table({{"ORDER", Align::kRight},
                 {"ID", Align::kRight},
                 {"PACKETS", Align::kRight},
                 {"ACTION"},
                 {"MATCH"},
                 {"OWNER"},
                 {"ENDS"},
                 {"COMMENT"}});
    for (const fwagent::v1::Rule& rule : rules.rules()) {
      table.AddRow({absl::StrCat(rule.filter().order()),
                    absl::StrCat(rule.id()),
                    absl::StrCat(rule.hits().packets()), ActionText(rule),
                    rule.filter().match(), rule.owner(),
                    EndText(rule, layout_.now()), rule.comment()});
    }
    table.Write(out_);
  }

  void Stats(const StatsSample& sample) override {
    if (sample.before != nullptr && !layout_.redraw) out_ << "\n";
    WriteStats(sample, layout_, out_);
  }

  void Status(const fwagent::v1::GetStatusResponse& status) override {
    out_ << "fwagent " << text::Printable(status.version()) << ", up "
         << UptimeText(status.uptime_seconds()) << ", generation "
         << status.generation() << "\n"
         << "etag " << text::Printable(status.etag()) << "\n\n";
    if (status.table_repairs() != 0) {
      out_ << "table repairs: " << status.table_repairs() << "\n\n";
    }
    if (!status.trouble().empty()) {
      out_ << "TROUBLE: " << text::Printable(status.trouble()) << "\n\n";
    }
    if (status.has_unconfirmed()) WriteUnconfirmed(status.unconfirmed());
    WriteInterfaces(status, out_);
    if (!status.failsafe().empty()) out_ << "\nNEVER DROPPED\n";
    for (const std::string& entry : status.failsafe()) {
      out_ << text::Printable(entry) << "\n";
    }
    WritePolicyFiles(status);
    out_ << "\n";
    WriteTables(status, out_);
  }

  void Attached(const fwagent::v1::AttachResponse& attached) override {
    for (const auto& interface : attached.interfaces()) {
      const std::string& detail = interface.detail();
      out_ << (interface.attached() ? "attached " : "NOT ATTACHED ")
           << text::Printable(interface.name());
      if (interface.attached()) out_ << ", " << ModeText(interface.mode());
      if (!detail.empty()) out_ << ": " << text::Printable(detail);
      out_ << "\n";
    }
    if (attached.interfaces().empty()) {
      out_ << "no interface is there yet: they are guarded as they appear\n";
    }
  }

  void Detached(const fwagent::v1::DetachResponse& detached) override {
    for (const std::string& interface : detached.interfaces()) {
      out_ << "detached " << text::Printable(interface)
           << ": its packets are no longer judged\n";
    }
    if (detached.interfaces().empty()) out_ << "no interface was guarded\n";
  }

  void Recovered(const fwagent::v1::RecoverResponse& recovered) override {
    out_ << "recovered " << recovered.rule_count() << " rules and "
         << recovered.set_count() << " sets as of "
         << TimeText(recovered.as_of_time()) << "\n";
  }

  void Versions(const std::string& client, const std::string* agent) override {
    out_ << "fwctl " << client << "\n";
    if (agent != nullptr) out_ << "fwagent " << text::Printable(*agent) << "\n";
  }

  void Failed(const Failure& failure) override {
    // A document can have several mistakes.
    for (const absl::string_view line : absl::StrSplit(failure.message, '\n')) {
      err_ << "fwctl: " << text::Printable({line.data(), line.size()}) << "\n";
    }
    for (const FieldViolation& violation : failure.violations) {
      const std::string line =
          absl::StrCat(violation.field, ": ", violation.description);
      // fwagent's messages say it already; those of others may not.
      if (absl::StrContains(failure.message, line)) continue;
      err_ << "  " << text::Printable(line) << "\n";
    }
    if (failure.exit_code == ExitCode::kUsage) {
      err_ << "Try 'fwctl --help', or 'fwctl COMMAND --help'.\n";
    }
  }

 private:
  void WritePolicyFiles(const fwagent::v1::GetStatusResponse& status) {
    if (!status.policy_files().empty()) out_ << "\nPOLICY FILES\n";
    for (const fwagent::v1::PolicyFile& file : status.policy_files()) {
      out_ << text::Printable(file.path()) << ": ";
      if (file.has_applied_time()) {
        out_ << "in force since " << TimeText(file.applied_time())
             << " (generation " << file.generation() << ")";
      } else {
        out_ << "not in force";
      }
      for (const std::string& owner : file.owners()) {
        out_ << (owner == file.owners(0) ? ", of " : ", ")
             << text::Printable(owner);
      }
      if (!file.trouble().empty()) {
        out_ << "\n  BROKEN: " << text::Printable(file.trouble());
      }
      out_ << "\n";
    }
  }

  void WriteUnconfirmed(const fwagent::v1::Unconfirmed& what) {
    out_ << "NOT CONFIRMED: generation " << what.generation() << ", by "
         << text::Printable(what.origin()) << ": run `fwctl confirm` by "
         << TimeText(what.confirm_by()) << ", else it is taken back\n\n";
  }

  const TextLayout layout_;
  std::ostream& out_;
  std::ostream& err_;
  Table rules_;
};

}  // namespace

std::unique_ptr<Renderer> MakeTextRenderer(const TextLayout& layout,
                                           std::ostream& out,
                                           std::ostream& err) {
  return std::make_unique<TextRenderer>(layout, out, err);
}

}  // namespace fwagent::client
