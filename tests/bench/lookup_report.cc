#include "tests/bench/lookup_report.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"

namespace fwagent::bench {
namespace {

constexpr double kMiB = 1 << 20;
constexpr char kOurs[] = "ours";

std::string Cell(std::optional<double> value, const char* unit) {
  return value ? absl::StrFormat("%.1f%s", *value, unit) : "-";
}

std::optional<double> Ratio(std::optional<double> above,
                            std::optional<double> below) {
  if (!above || !below || *below <= 0) return std::nullopt;
  return *above / *below;
}

// One figure, or nothing where it was not measured.
std::optional<double> Figure(const std::vector<SetFigures>& sets,
                             const std::string& set,
                             const std::string& candidate, StreamKind kind) {
  for (const SetFigures& figures : sets) {
    if (figures.name != set) continue;
    const CandidateFigures* found = figures.Find(candidate);
    if (found != nullptr) return found->Of(kind);
  }
  return std::nullopt;
}

const CandidateFigures* FindOurs(const std::vector<SetFigures>& sets,
                                 const std::string& set) {
  for (const SetFigures& figures : sets) {
    if (figures.name == set) return figures.Find(kOurs);
  }
  return nullptr;
}

void PrintAim(const std::string& what, const char* aim,
              const std::string& figure) {
  absl::PrintF("%-64s %-12s %s\n", what, aim, figure);
}

// A pair of figures, for a miss and for a hit.
struct MissAndHit {
  std::optional<double> miss;
  std::optional<double> hit;

  std::string Text(const char* unit) const {
    return Cell(miss, unit) + " / " + Cell(hit, unit);
  }
};

MissAndHit Ours(const std::vector<SetFigures>& sets, const std::string& set) {
  return {Figure(sets, set, kOurs, StreamKind::kMiss),
          Figure(sets, set, kOurs, StreamKind::kHit)};
}

MissAndHit TimesFaster(const std::vector<SetFigures>& sets,
                       const std::string& set, const std::string& than) {
  const MissAndHit ours = Ours(sets, set);
  return {Ratio(Figure(sets, set, than, StreamKind::kMiss), ours.miss),
          Ratio(Figure(sets, set, than, StreamKind::kHit), ours.hit)};
}

// What a lookup and the parsing before it cost together.
MissAndHit Whole(const std::vector<SetFigures>& sets, const std::string& set) {
  MissAndHit whole = Ours(sets, set);
  const auto add = [&](std::optional<double>& to, StreamKind kind) {
    const auto parse = Figure(sets, set, kParseOnly, kind);
    if (to && parse) *to += *parse;
  };
  add(whole.miss, StreamKind::kMiss);
  add(whole.hit, StreamKind::kHit);
  return whole;
}

MissAndHit Growth(const MissAndHit& large, const MissAndHit& small) {
  return {Ratio(large.miss, small.miss), Ratio(large.hit, small.hit)};
}

void PrintSpeedAims(const std::vector<SetFigures>& sets) {
  const std::string mixed = "ipv4/mixed/1000000";
  const std::string hosts = "ipv4/hosts/1000000";
  PrintAim("1,000,000 mixed IPv4 prefixes, net of parse_only, miss / hit",
           "<= 20 / 60", Ours(sets, mixed).Text(" ns"));
  PrintAim("the same, times faster than the trie", ">= 20",
           TimesFaster(sets, mixed, "trie").Text(""));
  PrintAim("1,000,000 IPv4 hosts, miss / hit", "- / <= 90",
           Ours(sets, hosts).Text(" ns"));
  PrintAim("the same, times faster than the hash", "> 1",
           TimesFaster(sets, hosts, "hash").Text(""));
  for (const std::string shape : {"typical", "uniform"}) {
    const std::string set = "ipv6/" + shape + "/100000";
    PrintAim("100,000 IPv6 prefixes, " + shape + ", miss / hit", "<= 40 / 130",
             Ours(sets, set).Text(" ns"));
    PrintAim("the same, times faster than the trie", ">= 5",
             TimesFaster(sets, set, "trie").Text(""));
  }
  const std::string few = "ipv4/mixed/10";
  PrintAim("growth from 10 to 1,000,000, with parsing, miss / hit", "< 3",
           Growth(Whole(sets, mixed), Whole(sets, few)).Text(" times"));
  PrintAim("the same, net of parse_only", "< 3",
           Growth(Ours(sets, mixed), Ours(sets, few)).Text(" times"));
}

void PrintSizeAims(const std::vector<SetFigures>& sets) {
  const CandidateFigures* few = FindOurs(sets, "ipv4/mixed/10");
  const CandidateFigures* many = FindOurs(sets, "ipv4/mixed/1000000");
  PrintAim("load of 1,000,000 mixed prefixes, from sorted memory", "<= 0.3 s",
           many ? absl::StrFormat("%.3f s", many->load_seconds) : "-");
  const auto mebibytes = [](const CandidateFigures* figures) {
    return figures
               ? Cell(static_cast<double>(figures->stated_bytes) / kMiB, " MiB")
               : "-";
  };
  PrintAim("kernel memory with 10 / 1,000,000 mixed prefixes", "<= 4 / 32 MiB",
           mebibytes(few) + " / " + mebibytes(many));
}

}  // namespace

const CandidateFigures* SetFigures::Find(const std::string& candidate) const {
  const auto found = std::find_if(
      candidates.begin(), candidates.end(),
      [&](const CandidateFigures& one) { return one.name == candidate; });
  return found == candidates.end() ? nullptr : &*found;
}

void PrintSet(const SetFigures& set) {
  const CandidateFigures* trie = set.Find("trie");
  absl::PrintF(
      "\n%s: ns a packet, net of parse_only (times faster than trie)\n",
      set.name);
  absl::PrintF("%-11s", "");
  for (std::size_t i = 0; i < kStreamKinds; ++i) {
    absl::PrintF(" %17s", NameOf(static_cast<StreamKind>(i)));
  }
  absl::PrintF(" %9s %11s %10s\n", "load s", "stated MiB", "taken MiB");
  for (const CandidateFigures& one : set.candidates) {
    absl::PrintF("%-11s", one.name);
    for (std::size_t i = 0; i < kStreamKinds; ++i) {
      std::string cell = Cell(one.nanoseconds[i], "");
      const auto ratio = Ratio(trie->nanoseconds[i], one.nanoseconds[i]);
      if (ratio && one.name != kParseOnly && one.name != kOneLoad) {
        absl::StrAppendFormat(&cell, " (%5.1f)", *ratio);
      }
      absl::PrintF(" %17s", cell);
    }
    absl::PrintF(" %9.3f %11.1f %10.1f\n", one.load_seconds,
                 static_cast<double>(one.stated_bytes) / kMiB,
                 static_cast<double>(one.taken_bytes) / kMiB);
  }
  std::fflush(stdout);
}

void PrintAims(const std::vector<SetFigures>& sets) {
  absl::PrintF("\n%-64s %-12s %s\n", "", "aim", "measured");
  PrintSpeedAims(sets);
  PrintSizeAims(sets);
}

}  // namespace fwagent::bench
