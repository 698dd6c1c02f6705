#include "client/render_stats.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/text/printable.h"
#include "client/rule_text.h"
#include "client/table.h"

namespace fwagent::client {
namespace {

using fwagent::v1::Counter;
using fwagent::v1::InterfaceStats;

// The same counter one interval ago; null when there was none.
const Counter* CounterBefore(const StatsSample& sample,
                             const std::string& interface,
                             const Counter& counter) {
  if (sample.before == nullptr) return nullptr;
  for (const InterfaceStats& stats : sample.before->interfaces()) {
    if (stats.name() != interface) continue;
    for (const Counter& candidate : stats.counters()) {
      if (candidate.verdict() == counter.verdict() &&
          candidate.reason() == counter.reason()) {
        return &candidate;
      }
    }
  }
  return nullptr;
}

// "-" where there is nothing to compare with: the first sample, or counters
// that began anew because the filter was attached again.
std::string Rate(std::uint64_t now, std::uint64_t before,
                 absl::Duration elapsed) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (now < before || seconds <= 0) return "-";
  return absl::StrFormat("%.0f", static_cast<double>(now - before) / seconds);
}

void AddRates(const Counter& counter, const Counter* before,
              absl::Duration elapsed, std::vector<std::string>* row) {
  if (before == nullptr) {
    row->insert(row->end(), {"-", "-"});
    return;
  }
  row->push_back(Rate(counter.packets(), before->packets(), elapsed));
  row->push_back(Rate(counter.bytes(), before->bytes(), elapsed));
}

Table CounterTable(bool rates) {
  using Align = Table::Align;
  std::vector<Table::Column> columns = {{"VERDICT", Align::kLeft},
                                        {"REASON", Align::kLeft},
                                        {"PACKETS", Align::kRight},
                                        {"BYTES", Align::kRight}};
  if (rates) {
    columns.push_back({"PACKETS/S", Align::kRight});
    columns.push_back({"BYTES/S", Align::kRight});
  }
  return Table(std::move(columns), "  ");
}

void WriteTotals(const InterfaceStats& stats, std::ostream& out) {
  std::uint64_t passed = 0, passed_bytes = 0, dropped = 0, dropped_bytes = 0;
  std::uint64_t shadowed = 0;
  for (const Counter& counter : stats.counters()) {
    const bool drop = counter.verdict() == fwagent::v1::VERDICT_DROP ||
                      counter.verdict() == fwagent::v1::VERDICT_REJECT;
    (drop ? dropped : passed) += counter.packets();
    (drop ? dropped_bytes : passed_bytes) += counter.bytes();
    if (counter.verdict() == fwagent::v1::VERDICT_WOULD_DROP) {
      shadowed += counter.packets();
    }
  }
  out << "  passed " << passed << " packets (" << passed_bytes
      << " bytes), dropped " << dropped << " packets (" << dropped_bytes
      << " bytes)\n";
  if (shadowed > 0) {
    out << "  of those that passed " << shadowed
        << " would have been dropped: the policy is only tried (shadow)\n";
  }
}

void WriteInterface(const InterfaceStats& stats, const StatsSample& sample,
                    const TextLayout& layout, std::ostream& out) {
  out << text::Printable(stats.name()) << "\n";
  Table table = CounterTable(layout.rates);
  for (const Counter& counter : stats.counters()) {
    if (counter.packets() == 0 && !layout.zero_counters) continue;
    std::vector<std::string> row = {
        VerdictText(counter.verdict()), ReasonText(counter.reason()),
        absl::StrCat(counter.packets()), absl::StrCat(counter.bytes())};
    if (layout.rates) {
      AddRates(counter, CounterBefore(sample, stats.name(), counter),
               sample.elapsed, &row);
    }
    table.AddRow(row);
  }
  table.Write(out);
  WriteTotals(stats, out);
}

}  // namespace

void WriteStats(const StatsSample& sample, const TextLayout& layout,
                std::ostream& out) {
  // Cursor home, then erase what was there.
  if (layout.redraw) out << "\x1b[H\x1b[J";
  if (sample.now->interfaces().empty()) {
    out << "no interface is guarded\n";
  }
  for (const InterfaceStats& stats : sample.now->interfaces()) {
    WriteInterface(stats, sample, layout, out);
  }
}

}  // namespace fwagent::client
