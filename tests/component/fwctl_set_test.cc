// set create, delete, add, remove, flush, import, list, check.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/fwctl_runner.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FwctlSet : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }
  // What it printed, having succeeded.
  std::string Out(const std::vector<std::string>& args) {
    const FwctlResult result = Run(args);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  // What it printed, having failed.
  std::string Err(const std::vector<std::string>& args) {
    const FwctlResult result = Run(args);
    EXPECT_EQ(result.exit_code, 1) << result.out;
    EXPECT_EQ(result.out, "");
    return result.err;
  }

  std::string File(const std::string& text) {
    const std::string path = dir_ / "list";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }

  FakeSetService& sets() { return agent_.sets(); }

  TempDir dir_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlSet, CreateAndDeleteSaySo) {
  EXPECT_EQ(Out({"set", "create", "bad"}), "created set bad (block)\n");
  EXPECT_EQ(sets().LastRequest(), "name: \"bad\" action: SET_ACTION_BLOCK");
  EXPECT_EQ(Out({"set", "create", "good", "--action", "allow", "--comment",
                 "why", "--request-id", "r-1", "--if-etag", "e"}),
            "created set good (allow)\n");
  EXPECT_EQ(sets().LastRequest(),
            "name: \"good\" action: SET_ACTION_ALLOW comment: \"why\" "
            "request_id: \"r-1\" etag: \"e\"");
  EXPECT_EQ(Out({"set", "create", "third", "--validate-only"}),
            "would create set third (block)\n");
  Out({"set", "add", "bad", "192.0.2.1"});
  EXPECT_EQ(Out({"set", "delete", "bad", "--validate-only"}),
            "would delete set bad with 1 entry\n");
  EXPECT_EQ(Out({"set", "delete", "bad", "--request-id", "r-2"}),
            "deleted set bad with 1 entry\n");
  EXPECT_EQ(sets().LastRequest(), "name: \"bad\" request_id: \"r-2\"");
  EXPECT_EQ(Out({"set", "delete", "good"}),
            "deleted set good with 0 entries\n");
}

TEST_F(FwctlSet, UpdateGivesASetAnotherActionCommentOrTtl) {
  Out({"set", "create", "bad", "--action", "none", "--ttl", "1d"});
  EXPECT_EQ(Out({"set", "update", "bad", "--action", "shadow"}),
            "set bad (shadow): 0 entries\n");
  EXPECT_EQ(sets().LastRequest(), "name: \"bad\" action: SET_ACTION_SHADOW");
  EXPECT_EQ(Out({"set", "list"}),
            "SET  ACTION  OWNER  ENTRIES  TTL  WOULD DROP  COMMENT\n"
            "bad  shadow               0  1d            7\n");
  EXPECT_EQ(Out({"set", "update", "bad", "--action", "shadow"}),
            "unchanged: set bad is like that already\n");
  EXPECT_EQ(Out({"set", "update", "bad", "--comment", "", "--no-default-ttl",
                 "--owner", "desk"}),
            "set bad (shadow): 0 entries\n");
  EXPECT_EQ(sets().LastRequest(),
            "name: \"bad\" comment: \"\" no_default_ttl: true owner: "
            "\"desk\"");
  EXPECT_EQ(Out({"set", "update", "bad", "--action", "block", "--ttl", "2h",
                 "--validate-only"}),
            "would make it set bad (block): 0 entries\n");
  EXPECT_THAT(Err({"set", "update", "other", "--action", "block"}),
              HasSubstr("there is no set other"));
}

TEST_F(FwctlSet, UpdateNeedsSomethingToChange) {
  const std::size_t calls = sets().CallCount();
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"set", "update", "bad"},
        {"set", "update", "bad", "--action", "drop"},
        {"set", "update", "bad", "--ttl", "1d", "--no-default-ttl"},
        {"set", "update", "--action", "block"}}) {
    EXPECT_EQ(Run(args).exit_code, 2) << args.back();
  }
  EXPECT_EQ(sets().CallCount(), calls) << "nothing was sent";
}

TEST_F(FwctlSet, WhatIsThereOrIsNotFailsUnlessThatIsFine) {
  Out({"set", "create", "bad"});
  EXPECT_THAT(Err({"set", "create", "bad"}), HasSubstr("there is a set bad"));
  EXPECT_EQ(Out({"set", "create", "bad", "--exist-ok"}),
            "unchanged: set bad (block) is there already\n");
  EXPECT_THAT(Err({"set", "delete", "other"}), HasSubstr("no set other"));
  EXPECT_EQ(Out({"set", "delete", "other", "--missing-ok"}),
            "unchanged: there is no set other\n");
  EXPECT_THAT(Err({"set", "add", "other", "192.0.2.1"}),
              HasSubstr("no set other"));
  EXPECT_THAT(Err({"set", "list", "other"}), HasSubstr("no set other"));
  EXPECT_THAT(Err({"set", "flush", "other"}), HasSubstr("no set other"));
  const FwctlResult json = Run({"-o", "json", "set", "delete", "other"});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.err, AllOf(HasSubstr("\"NOT_FOUND\""),
                              HasSubstr("\"SET_NOT_FOUND\"")));
}

TEST_F(FwctlSet, AddAndRemoveCountWhatChanged) {
  Out({"set", "create", "bad"});
  EXPECT_EQ(Out({"set", "add", "bad", "192.0.2.1", "2001:db8::/32"}),
            "put 2 entries into set bad\n");
  EXPECT_EQ(sets().LastRequest(),
            "name: \"bad\" entries { prefix { text: \"192.0.2.1\" } } "
            "entries { prefix { text: \"2001:db8::/32\" } }");
  EXPECT_EQ(Out({"set", "add", "bad", "192.0.2.1", "192.0.2.2"}),
            "put 1 entry into set bad; 1 was there already\n");
  EXPECT_EQ(Out({"set", "add", "bad", "192.0.2.3", "--validate-only"}),
            "would put 1 entry into set bad\n");
  EXPECT_THAT(Err({"set", "remove", "bad", "192.0.2.9"}),
              HasSubstr("192.0.2.9 is not in the set"));
  EXPECT_EQ(
      Out({"set", "remove", "bad", "192.0.2.9", "192.0.2.1", "--missing-ok"}),
      "took 1 entry out of set bad\n");
  EXPECT_EQ(sets().LastRequest(),
            "name: \"bad\" prefixes { text: \"192.0.2.9\" } prefixes { text: "
            "\"192.0.2.1\" } skip_satisfied: true");
  EXPECT_EQ(Out({"set", "flush", "bad", "--validate-only"}),
            "would take 2 entries out of set bad\n");
  EXPECT_EQ(Out({"set", "flush", "bad", "--if-etag", "e"}),
            "took 2 entries out of set bad\n");
  EXPECT_EQ(sets().LastRequest(), "name: \"bad\" all: true etag: \"e\"");
}

TEST_F(FwctlSet, EntriesComeFromAFileTooAndWrongOnesAreNamedByTheirLine) {
  Out({"set", "create", "bad"});
  const std::string path = File("# some\n192.0.2.1\n192.0.2.2 ; x\n");
  EXPECT_EQ(Out({"set", "add", "bad", "192.0.2.7", "--file", path}),
            "put 3 entries into set bad\n");
  EXPECT_EQ(Out({"set", "remove", "bad", "-f", path}),
            "took 2 entries out of set bad\n");
  const std::string wrong = File("192.0.2.1\n\nbad-one\n");
  EXPECT_THAT(Err({"set", "add", "bad", "-f", wrong}),
              HasSubstr(wrong + ", line 3: is no prefix"));
  EXPECT_THAT(Err({"set", "remove", "bad", "192.0.2.7", "-f", wrong}),
              AllOf(Not(HasSubstr("prefixes["))));
  EXPECT_THAT(Err({"set", "add", "bad", "bad-one"}),
              HasSubstr("bad-one: is no prefix"));
  const std::size_t calls = sets().CallCount();
  EXPECT_THAT(Err({"set", "add", "bad", "-f", "/nowhere/list"}),
              HasSubstr("/nowhere/list"));
  EXPECT_EQ(sets().CallCount(), calls) << "nothing was sent";
}

TEST_F(FwctlSet, ImportReplacesOrAdds) {
  EXPECT_EQ(Out({"set", "import", "bad", File("192.0.2.1\n2001:db8::/32\n")}),
            "set bad (block): 2 entries, 2 in, 0 out\n");
  EXPECT_EQ(sets().LastRequest(), "name: \"bad\" mode: IMPORT_MODE_REPLACE");
  EXPECT_EQ(Out({"set", "import", "bad", File("192.0.2.2\n192.0.2.1\n")}),
            "set bad (block): 2 entries, 1 in, 1 out\n");
  EXPECT_EQ(Out({"set", "import", "bad", "--add", File("192.0.2.3\n")}),
            "set bad (block): 3 entries, 1 in, 0 out\n");
  EXPECT_EQ(Out({"set", "list", "bad"}),
            "192.0.2.1/32\n192.0.2.2/32\n192.0.2.3/32\n");
  EXPECT_EQ(Out({"set", "import", "good", "--action", "allow", "--comment",
                 "why", "--request-id", "r-1", "--if-etag", "e",
                 "--validate-only", File("192.0.2.3\n")}),
            "would make set good (allow): 1 entry, 1 in, 0 out\n");
  EXPECT_EQ(sets().LastRequest(),
            "name: \"good\" mode: IMPORT_MODE_REPLACE action: "
            "SET_ACTION_ALLOW comment: \"why\" request_id: \"r-1\" "
            "validate_only: true etag: \"e\"");
  EXPECT_EQ(Out({"set", "import", "bad", File("# nothing\n")}),
            "set bad (block): 0 entries, 0 in, 3 out\n");
}

TEST_F(FwctlSet, AListThatIsListedCanBeImported) {
  Out({"set", "import", "a", File("192.0.2.0/24\n192.0.2.1\n2001:db8::1\n")});
  const std::string listed = Out({"set", "list", "a"});
  Out({"set", "import", "b", File(listed)});
  EXPECT_EQ(Out({"set", "list", "b"}), listed);
}

TEST_F(FwctlSet, ALongListComesInSeveralParts) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) {
    absl::StrAppend(&text, "10.", i >> 16, ".", i >> 8 & 255, ".", i & 255,
                    "\n");
  }
  // Sanitized, on a busy machine, it may take longer than fwctl waits.
  EXPECT_EQ(Out({"set", "import", "bad", "--timeout", "60s", File(text)}),
            "set bad (block): 300000 entries, 300000 in, 0 out\n");
  EXPECT_EQ(sets().ImportParts(), 2u);
}

TEST_F(FwctlSet, AWrongLineStopsAnImportBeforeAnythingIsSent) {
  const std::string path = File("192.0.2.1\n192.0.2.1/24\n");
  EXPECT_THAT(Err({"set", "import", "bad", path}),
              AllOf(HasSubstr(path + ", line 2: "),
                    HasSubstr("did you mean 192.0.2.0/24?")));
  const FwctlResult json = Run({"-o", "json", "set", "import", "bad", path});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.err,
              AllOf(HasSubstr("\"INVALID_ARGUMENT\""), HasSubstr("\"INPUT\"")));
  EXPECT_THAT(Err({"set", "import", "bad", "/nowhere/list"}),
              HasSubstr("/nowhere/list"));
  EXPECT_EQ(sets().CallCount(), 0u);
}

TEST_F(FwctlSet, SkippedLinesAreShown) {
  std::string text = "192.0.2.1\n";
  for (int i = 0; i < 12; ++i) text += "wrong\n";
  const std::string path = File(text);
  const std::string out = Out({"set", "import", "bad", "--skip-invalid", path});
  EXPECT_THAT(out, AllOf(HasSubstr("1 entry, 1 in, 0 out; 12 lines left out\n"),
                         HasSubstr("\n  " + path + ", line 2: "),
                         HasSubstr("line 11: "), Not(HasSubstr("line 12: ")),
                         HasSubstr("\n  and 2 more\n")));
  EXPECT_THAT(
      Out({"set", "import", "bad", "--skip-invalid", File("192.0.2.1\nx\n")}),
      HasSubstr("; 1 line left out\n"));
}

TEST_F(FwctlSet, ARefusedImportIsAFailure) {
  sets().FailNext(
      WithReason(grpc::StatusCode::ABORTED, "another policy", "ETAG_MISMATCH"));
  const FwctlResult result =
      Run({"-o", "json", "set", "import", "bad", File("192.0.2.1\n")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("\"ABORTED\""), HasSubstr("\"ETAG_MISMATCH\"")));
}

TEST_F(FwctlSet, SetsAreATable) {
  EXPECT_EQ(Out({"set", "list"}),
            "SET  ACTION  OWNER  ENTRIES  TTL  COMMENT\n");
  Out({"set", "create", "good", "--action", "allow", "--comment", "a\tb",
       "--owner", "ops"});
  Out({"set", "import", "bad", File("192.0.2.1\n192.0.2.2\n")});
  const std::string out = Out({"set", "list"});
  EXPECT_THAT(
      out,
      AllOf(HasSubstr("SET   ACTION  OWNER  ENTRIES  TTL  COMMENT\n"),
            HasSubstr("bad   block                2"),
            HasSubstr("good  allow   ops          0"), Not(HasSubstr("\t"))));
}

TEST_F(FwctlSet, EveryPageOfEntriesIsInTheOneList) {
  Out({"set", "import", "bad",
       File("192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n192.0.2.5\n")});
  sets().SetPageSize(2);
  const std::string out = Out({"set", "list", "bad"});
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 5);
  fwagent::v1::ListSetEntriesResponse all;
  const std::string json = Out({"-o", "json", "set", "list", "bad"});
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &all).ok())
      << json;
  EXPECT_EQ(all.entries_size(), 5);
  EXPECT_EQ(all.total_size(), 5u);
  sets().RepeatPages();
  const FwctlResult stuck = Run({"set", "list", "bad"});
  EXPECT_EQ(stuck.exit_code, 1);
  EXPECT_THAT(stuck.err, HasSubstr("same page twice"));
}

TEST_F(FwctlSet, CheckFailsWhereNoSetHasIt) {
  Out({"set", "import", "bad", File("192.0.2.1\n")});
  Out({"set", "create", "good", "--action", "allow"});
  Out({"set", "add", "good", "192.0.2.1"});
  EXPECT_EQ(Out({"set", "check", "192.0.2.1"}),
            "set bad (block): 192.0.2.1/32\nset good (allow): 192.0.2.1/32\n");
  const FwctlResult missing = Run({"set", "check", "192.0.2.2"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.out, "in no set\n");
  EXPECT_THAT(Run({"-o", "json", "set", "check", "192.0.2.2"}).err,
              HasSubstr("\"NOT_IN_ANY_SET\""));
}

TEST_F(FwctlSet, AnswersAreJsonOnDemand) {
  const auto json = [this](std::vector<std::string> args,
                           google::protobuf::Message* message) {
    args.insert(args.begin(), {"-o", "json"});
    const std::string out = Out(args);
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(out, message).ok())
        << out;
  };
  fwagent::v1::CreateSetResponse created;
  json({"set", "create", "bad"}, &created);
  EXPECT_EQ(created.set().name(), "bad");
  fwagent::v1::AddSetEntriesResponse added;
  json({"set", "add", "bad", "192.0.2.1"}, &added);
  EXPECT_EQ(added.added(), 1u);
  fwagent::v1::ImportSetResponse imported;
  json({"set", "import", "bad", File("192.0.2.2\n")}, &imported);
  EXPECT_EQ(imported.added(), 1u);
  EXPECT_EQ(imported.removed(), 1u);
  fwagent::v1::ListSetsResponse listed;
  json({"set", "list"}, &listed);
  EXPECT_EQ(listed.sets(0).size(), 1u);
  fwagent::v1::FindInSetsResponse found;
  json({"set", "check", "192.0.2.2"}, &found);
  EXPECT_EQ(found.hits_size(), 1);
  fwagent::v1::RemoveSetEntriesResponse removed;
  json({"set", "remove", "bad", "192.0.2.2"}, &removed);
  EXPECT_EQ(removed.removed(), 1u);
  json({"set", "flush", "bad"}, &removed);
  fwagent::v1::DeleteSetResponse deleted;
  json({"set", "delete", "bad"}, &deleted);
  EXPECT_EQ(deleted.set().name(), "bad");
}

TEST_F(FwctlSet, WrongCommandLinesExitWithTwoAndSendNothing) {
  const std::vector<std::vector<std::string>> rows = {
      {"set"},
      {"set", "nonsense"},
      {"set", "create"},
      {"set", "create", "a", "--action", "drop"},
      {"set", "create", "a", "b"},
      {"set", "delete"},
      {"set", "add"},
      {"set", "add", "a"},
      {"set", "remove", "a"},
      {"set", "flush"},
      {"set", "flush", "a", "192.0.2.1"},
      {"set", "import", "a"},
      {"set", "list", "a", "b"},
      {"set", "check"},
      {"set", "list", "--request-id", "x"},
  };
  for (const auto& row : rows) {
    const FwctlResult result = Run(row);
    EXPECT_EQ(result.exit_code, 2) << row.back();
    EXPECT_NE(result.err, "") << row.back();
  }
  EXPECT_EQ(sets().CallCount(), 0u);
}

TEST_F(FwctlSet, WithoutAnAgentItExitsWithThree) {
  FwctlRunner runner;
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"set", "list"},
        {"set", "create", "a"},
        {"set", "import", "a", File("192.0.2.1\n")}}) {
    std::vector<std::string> line = {"--address", "unix:" + (dir_ / "none")};
    line.insert(line.end(), args.begin(), args.end());
    EXPECT_EQ(runner.Run(line).exit_code, 3) << args[1];
  }
}

}  // namespace
}  // namespace fwagent::testing
