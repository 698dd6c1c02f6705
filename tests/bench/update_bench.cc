// How long a change of the source tables takes with a million prefixes in
// them, from the call of the data plane until packets are judged by it; and
// what the tables take of the kernel's memory.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"
#include "tests/bench/arguments.h"
#include "tests/bench/filter_under_test.h"
#include "tests/bench/rules.h"
#include "tests/bench/support.h"
#include "tests/support/agent_host.h"

namespace fwagent::bench {
namespace {

using policy::Family;
using policy::SourceRule;
using policy::SourceVerdict;

// Microseconds of one call, which must succeed.
double Time(const std::function<absl::Status()>& call) {
  const auto start = std::chrono::steady_clock::now();
  const absl::Status status = call();
  const std::chrono::duration<double, std::micro> spent =
      std::chrono::steady_clock::now() - start;
  OrDie(status.ok(), status.ToString());
  return spent.count();
}

void Print(const std::string& what, std::vector<double> microseconds,
           const char* aim) {
  std::sort(microseconds.begin(), microseconds.end());
  const std::size_t count = microseconds.size();
  absl::PrintF("%-48s %12.1f %12.1f %12.1f   %s\n", what,
               microseconds[count / 2], microseconds[count * 99 / 100],
               microseconds.back(), aim);
  std::fflush(stdout);
}

void PrintMemory(const FilterUnderTest& filter, const RuleSet& set,
                 const char* aim) {
  const auto usage = filter.plane().SourceUsage(set.family);
  absl::PrintF("%-48s %12.1f MiB %25s   %s\n", set.name + ", memory",
               static_cast<double>(usage.memory_bytes) / (1 << 20), "", aim);
}

SourceRule MakeRule(const char* prefix, SourceVerdict verdict) {
  return {
      .prefix = *policy::Prefix::Parse(prefix), .id = 1, .verdict = verdict};
}

// Takes rules out that are there, and puts them back.
void TimeSingleRules(FilterUnderTest& filter, const RuleSet& set, int changes) {
  constexpr char kAim[] = "p50 <= 20, p99 <= 1000";
  const int shortest = set.family == Family::kIPv6 ? 48 : 24;
  std::vector<SourceRule> rules = set.blocks;
  std::erase_if(rules, [shortest](const SourceRule& rule) {
    return rule.prefix.length() < shortest;
  });
  std::shuffle(rules.begin(), rules.end(), std::minstd_rand(1));
  rules.resize(std::min(rules.size(), static_cast<std::size_t>(changes)));
  std::vector<double> removed;
  std::vector<double> added;
  for (const SourceRule& rule : rules) {
    auto& plane = filter.plane();
    removed.push_back(Time([&] { return plane.RemoveSource(rule.prefix); }));
    added.push_back(Time([&] { return plane.AddSource(rule); }));
  }
  const std::string what =
      absl::StrFormat("%s, /%d or longer, ", set.name, shortest);
  Print(what + "remove", removed, kAim);
  Print(what + "add", added, kAim);
}

// A short prefix over all the longer ones.
void TimeShortRule(FilterUnderTest& filter, const RuleSet& set,
                   const SourceRule& rule, int changes) {
  auto& plane = filter.plane();
  std::vector<double> added;
  std::vector<double> removed;
  for (int i = 0; i < changes; ++i) {
    added.push_back(Time([&] { return plane.AddSource(rule); }));
    removed.push_back(Time([&] { return plane.RemoveSource(rule.prefix); }));
  }
  const std::string what = absl::StrCat(
      set.name, rule.verdict == SourceVerdict::kAllow ? ", allow " : ", block ",
      rule.prefix.ToString());
  Print(what + ", add", added, "");
  Print(what + ", remove", removed, "");
}

struct Scene {
  const char* name;
  RuleKind kind;
  std::size_t rules;
  const char* shorter;  // a block over many of them
  const char* memory_aim;
  const char* replace_aim;
};

constexpr Scene kScenes[] = {
    {"ipv4/mixed/10", RuleKind::kMixed4, 10, "45.0.0.0/8", "<= 4 MiB", ""},
    {"ipv4/mixed/1000000", RuleKind::kMixed4, 1'000'000, "45.0.0.0/8",
     "<= 32 MiB", "<= 300000"},
    {"ipv6/typical/100000", RuleKind::kTypical6, 100'000, "2000::/4", "", ""},
};

void RunScene(const Scene& scene, bool quick) {
  const RuleSet set = MakeRuleSet(scene.name, scene.kind, scene.rules);
  const testing::AgentHost host;
  FilterUnderTest filter(host, set, {});
  PrintMemory(filter, set, scene.memory_aim);
  std::vector<double> replaced(quick ? 3 : 7);
  for (double& spent : replaced) {
    spent = Time([&] { return filter.plane().ReplaceSources(set.blocks); });
  }
  Print(set.name + ", replace all", replaced, scene.replace_aim);
  TimeSingleRules(filter, set, quick ? 2'000 : 20'000);
  const int changes = quick ? 3 : 11;
  TimeShortRule(filter, set, MakeRule(scene.shorter, SourceVerdict::kBlock),
                changes);
  const bool v6 = set.family == Family::kIPv6;
  TimeShortRule(filter, set,
                MakeRule(v6 ? "::/0" : "0.0.0.0/0", SourceVerdict::kAllow),
                changes);
}

void Run(const Arguments& arguments) {
  spdlog::set_level(spdlog::level::warn);
  PinToLastCpu();
  absl::PrintF("%-48s %12s %12s %12s   %s\n", "microseconds", "p50", "p99",
               "most", "aim");
  for (const Scene& scene : kScenes) {
    if (arguments.Wants(scene.name)) RunScene(scene, arguments.quick);
  }
}

}  // namespace
}  // namespace fwagent::bench

int main(int argc, char** argv) {
  fwagent::bench::Run(fwagent::bench::ParseArguments(
      "Changes of large source tables", argc, argv));
  return 0;
}
