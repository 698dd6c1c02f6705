// What it costs to look a source address up: the candidates side by side, on
// the same rules and the same packets, net of a program that only parses.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/candidate.h"
#include "tests/bench/kernel_memory.h"
#include "tests/bench/lookup_report.h"
#include "tests/bench/memory_latency.h"
#include "tests/bench/reference.h"
#include "tests/bench/rules.h"
#include "tests/bench/source_runner.h"
#include "tests/bench/streams.h"
#include "tests/bench/support.h"

namespace fwagent::bench {
namespace {

struct SetKind {
  const char* name;
  RuleKind kind;
  std::size_t rules;
};

constexpr SetKind kSets[] = {
    {"ipv4/mixed/10", RuleKind::kMixed4, 10},
    {"ipv4/mixed/10000", RuleKind::kMixed4, 10'000},
    {"ipv4/mixed/100000", RuleKind::kMixed4, 100'000},
    {"ipv4/mixed/1000000", RuleKind::kMixed4, 1'000'000},
    {"ipv4/routing/1000000", RuleKind::kRouting4, 1'000'000},
    {"ipv4/hosts/10000", RuleKind::kHosts4, 10'000},
    {"ipv4/hosts/1000000", RuleKind::kHosts4, 1'000'000},
    {"ipv6/typical/10", RuleKind::kTypical6, 10},
    {"ipv6/typical/100000", RuleKind::kTypical6, 100'000},
    {"ipv6/uniform/100000", RuleKind::kUniform6, 100'000},
    {"ipv6/hosts/100000", RuleKind::kHosts6, 100'000},
};

// One candidate that holds the set, and what is known of it.
struct Entry {
  std::unique_ptr<Candidate> table;
  bool looks_up;
  CandidateFigures figures;
};

std::vector<Entry> LoadAll(const RuleSet& set) {
  std::vector<Entry> entries;
  std::uint64_t before = SettledKernelBytes();
  for (const CandidateKind& kind : CandidateKinds()) {
    if (!kind.can_hold(set)) continue;
    const auto start = std::chrono::steady_clock::now();
    Entry entry{.table = kind.load(set),
                .looks_up = kind.looks_up,
                .figures = {.name = kind.name}};
    const std::chrono::duration<double> spent =
        std::chrono::steady_clock::now() - start;
    const std::uint64_t after = SettledKernelBytes();
    entry.figures.load_seconds = spent.count();
    entry.figures.stated_bytes = entry.table->StatedBytes();
    entry.figures.taken_bytes = static_cast<std::int64_t>(after - before);
    before = after;
    entries.push_back(std::move(entry));
  }
  return entries;
}

// parse_only answers with the address itself.
Answers ParsedOf(policy::Family family, const Stream& stream) {
  Answers answers;
  for (const Address source : stream.sources) {
    const auto value = static_cast<std::uint32_t>(
        family == policy::Family::kIPv6 ? (source >> 64) + source
                                        : source >> 96);
    answers.hits += value != 0;
    answers.sum += value;
  }
  return answers;
}

// Every candidate in turn, `rounds` times over; the medians of what each took
// more than parse_only in the same round. Every answer is checked.
void MeasureStream(const RuleSet& set, const Stream& stream, int rounds,
                   SourceRunner& runner, std::vector<Entry>& entries) {
  runner.SetSources(stream.sources);
  const Answers parsed = ParsedOf(set.family, stream);
  std::vector<std::vector<double>> samples(entries.size());
  for (int round = 0; round < rounds; ++round) {
    double baseline = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = entries[i];
      const bool is_baseline = entry.figures.name == kParseOnly;
      runner.WarmUp(entry.table->ProgramFd());
      entry.table->TakeAnswers();
      const double spent = runner.Run(entry.table->ProgramFd());
      const Answers answers = entry.table->TakeAnswers();
      const Answers& expected = entry.looks_up ? stream.expected : parsed;
      OrDie(entry.table->TellsRules() ? answers == expected
                                      : answers.hits == expected.hits,
            entry.figures.name + " answers wrongly to " + NameOf(stream.kind) +
                " of " + set.name);
      samples[i].push_back(spent - baseline);
      if (is_baseline) baseline = spent;
    }
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].figures.nanoseconds[static_cast<std::size_t>(stream.kind)] =
        Median(samples[i]);
  }
}

SetFigures MeasureSet(const SetKind& kind, int rounds) {
  const RuleSet set = MakeRuleSet(kind.name, kind.kind, kind.rules);
  const std::vector<Stream> streams = MakeStreams(set, Reference(set.rules));
  std::vector<Entry> entries = LoadAll(set);
  SourceRunner runner(set.family);
  for (const Stream& stream : streams) {
    MeasureStream(set, stream, rounds, runner, entries);
  }
  SetFigures figures{.name = set.name, .rules = set.rules.size()};
  for (const Entry& entry : entries) {
    figures.candidates.push_back(entry.figures);
  }
  return figures;
}

void PrintLatencies() {
  std::printf("\na dependent load on this machine, now:");
  for (const std::size_t mebibytes : {1, 2, 4, 8, 16, 32, 64, 512}) {
    std::printf("  %zu MiB %.0f ns", mebibytes, DependentLoad(mebibytes << 20));
  }
  std::printf("\n");
}

void Run(const Arguments& arguments) {
  PinToLastCpu();
  PrintLatencies();
  std::vector<SetFigures> measured;
  for (const SetKind& set : kSets) {
    if (!arguments.Wants(set.name)) continue;
    measured.push_back(MeasureSet(set, arguments.quick ? 2 : 5));
    PrintSet(measured.back());
  }
  PrintLatencies();
  PrintAims(measured);
}

}  // namespace
}  // namespace fwagent::bench

int main(int argc, char** argv) {
  fwagent::bench::Run(fwagent::bench::ParseArguments(
      "Source look-up: candidates side by side", argc, argv));
  return 0;
}
