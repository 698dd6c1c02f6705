// Documents in files that the agent looks at.
#include "agent/service/policy_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/service_fixture.h"
#include "tests/support/temp_dir.h"

namespace fwagent::service {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PolicyFilesTest : public fwagent::testing::ServiceFixture {
 protected:
  PolicyFilesTest() : ServiceFixture(100) { Watch({dir_.path()}); }

  void Watch(std::vector<std::string> paths) {
    files_ = std::make_unique<PolicyFiles>(engine_.get(), std::move(paths),
                                           [this] { return lifelines_; });
  }
  // Long enough for anything to be noticed.
  void Settle() {
    for (int i = 0; i < 3; ++i) files_->Look();
  }
  void Write(const std::string& name, const std::string& text) {
    // What has the same size in the same tick of the clock is another file.
    std::filesystem::remove(dir_ / name);
    std::ofstream(dir_ / name) << text;
  }
  // What blocks, in the kernel.
  std::vector<std::string> Blocked() {
    std::vector<std::string> texts;
    for (const auto& rule : KernelSources()) {
      texts.push_back(rule.prefix.ToString());
    }
    return texts;
  }
  std::string TroubleOf(const std::string& name) {
    for (const PolicyFileReport& report : files_->Reports()) {
      if (report.path == dir_ / name) return report.trouble;
    }
    return "no report";
  }

  testing::TempDir dir_;
  std::unique_ptr<PolicyFiles> files_;
};

TEST_F(PolicyFilesTest, AFileIsAppliedWheneverItChanges) {
  Write("web.yaml", "owner: web\nblock: [192.0.2.1]\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  const std::uint64_t generation = engine_->GetStatus().generation;
  Settle();
  EXPECT_EQ(engine_->GetStatus().generation, generation);
  Write("web.yaml", "owner: web\nblock: [192.0.2.2]\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.2/32"));
  const auto reports = files_->Reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].owners, ElementsAre("web"));
  EXPECT_EQ(reports[0].generation, engine_->GetStatus().generation);
  EXPECT_EQ(reports[0].applied, clocks_.wall());
  EXPECT_EQ(reports[0].trouble, "");
}

TEST_F(PolicyFilesTest, NoFileIsReadWhileItIsWritten) {
  Write("web.yaml", "owner: web\nblock: [192.0.2.1]\n");
  files_->Look();
  EXPECT_THAT(Blocked(), IsEmpty());
  Write("web.yaml", "owner: web\nblock: [192.0.2.1, 192.0.2.2]\n");
  files_->Look();
  EXPECT_THAT(Blocked(), IsEmpty());
  files_->Look();
  EXPECT_THAT(Blocked(), SizeIs(2));
}

TEST_F(PolicyFilesTest, TheLastGoodOneStaysWhenAFileIsBroken) {
  Write("web.yaml", "owner: web\nblock: [192.0.2.1]\n");
  Settle();
  Write("web.yaml", "owner: web\nblok: []\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  EXPECT_THAT(TroubleOf("web.yaml"),
              HasSubstr("web.yaml:2:1: unknown key \"blok\""));
  // What the agent refuses has its place as well.
  Write("web.yaml", "owner: web\nblock: [192.0.2.1/8]\n");
  Settle();
  EXPECT_THAT(TroubleOf("web.yaml"), HasSubstr("web.yaml:2:9: "));
  Write("web.yaml", "owner: web\nblock: [192.0.2.3]\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.3/32"));
  EXPECT_EQ(TroubleOf("web.yaml"), "");
}

TEST_F(PolicyFilesTest, AFileThatIsGoneTakesNothingAway) {
  Write("web.yaml", "owner: web\nblock: [192.0.2.1]\n");
  Settle();
  std::filesystem::remove(dir_ / "web.yaml");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  EXPECT_THAT(TroubleOf("web.yaml"),
              AllOf(HasSubstr("the file is gone"), HasSubstr("(web)")));
  Write("web.yaml", "owner: web\nblock: [192.0.2.1]\n");
  Settle();
  EXPECT_EQ(TroubleOf("web.yaml"), "");
  // It is forgotten when nothing of it is left.
  std::filesystem::remove(dir_ / "web.yaml");
  Settle();
  core::Change none;
  none.desired = {{.owner = "web", .rules = {}, .sets = {}}};
  ASSERT_TRUE(engine_->Apply(none).ok());
  Settle();
  EXPECT_THAT(files_->Reports(), IsEmpty());
}

TEST_F(PolicyFilesTest, OfAFolderDocumentsCount) {
  Write("a.yaml", "owner: a\nblock: [192.0.2.1]\n");
  Write("b.json", R"({"owner": "b", "block": ["192.0.2.2"]})");
  Write("c.yml", "owner: c\nblock: [192.0.2.3]\n");
  Write(".d.yaml", "owner: d\nblock: [192.0.2.4]\n");
  Write("e.yaml~", "owner: e\nblock: [192.0.2.5]\n");
  std::filesystem::create_directory(dir_ / "f.yaml");
  Settle();
  EXPECT_THAT(Blocked(), SizeIs(3));
  EXPECT_THAT(files_->Reports(), SizeIs(3));
}

// As a ConfigMap is mounted: ..data is put elsewhere by one rename.
TEST_F(PolicyFilesTest, SymbolicLinksAreFollowed) {
  namespace fs = std::filesystem;
  for (const char* version : {"..1", "..2"}) {
    fs::create_directory(dir_ / version);
    std::ofstream(fs::path(dir_ / version) / "web.yaml")
        << "owner: web\nblock: [192.0.2." << version[2] << "]\n";
  }
  fs::create_directory_symlink("..1", dir_ / "..data");
  fs::create_symlink("..data/web.yaml", dir_ / "web.yaml");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  fs::create_directory_symlink("..2", dir_ / "..data_tmp");
  fs::rename(dir_ / "..data_tmp", dir_ / "..data");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.2/32"));
}

TEST_F(PolicyFilesTest, AListThatIsNamedIsLookedAtToo) {
  Write("list", "192.0.2.1\n");
  Write("web.yaml", "owner: web\nsets: [{name: s, file: list}]\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  Write("list", "192.0.2.2\n192.0.2.3\n");
  Settle();
  EXPECT_THAT(Blocked(), SizeIs(2));
  Write("list", "192.0.2.2\nnonsense\n");
  Settle();
  EXPECT_THAT(Blocked(), SizeIs(2));
  EXPECT_THAT(TroubleOf("web.yaml"), HasSubstr("line 2"));
}

TEST_F(PolicyFilesTest, AnOwnerHasOneFile) {
  Write("a.yaml", "owner: web\nblock: [192.0.2.1]\n");
  Settle();
  Write("b.yaml", "owner: web\nblock: [192.0.2.2]\n");
  Settle();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.1/32"));
  EXPECT_THAT(TroubleOf("b.yaml"),
              AllOf(HasSubstr("a.yaml"), HasSubstr("owner web")));
  // When the first is gone it is the second one's turn, and nobody misses it.
  std::filesystem::remove(dir_ / "a.yaml");
  for (int i = 0; i < 15; ++i) files_->Look();
  EXPECT_THAT(Blocked(), ElementsAre("192.0.2.2/32"));
  EXPECT_EQ(TroubleOf("b.yaml"), "");
  EXPECT_THAT(files_->Reports(), SizeIs(1));
}

TEST_F(PolicyFilesTest, WhatMayPassIsTriedAgain) {
  Write("web.yaml", "owner: web\nrules: [drop from @s]\n");
  Settle();
  EXPECT_THAT(TroubleOf("web.yaml"), HasSubstr("there is no set"));
  Write("ops.yaml", "owner: ops\nsets: [{name: s, entries: []}]\n");
  for (int i = 0; i < 15; ++i) files_->Look();
  EXPECT_EQ(TroubleOf("web.yaml"), "");
  EXPECT_THAT(kernel_.ordered().rules, SizeIs(1));
}

TEST_F(PolicyFilesTest, NobodyIsCutOffByAFile) {
  core::Lifeline gateway;
  gateway.packet.source = *policy::Prefix::Parse("192.0.2.1");
  gateway.who = "the gateway";
  lifelines_.push_back(gateway);
  Write("web.yaml", "owner: web\nblock: [192.0.2.0/24]\n");
  Settle();
  EXPECT_THAT(Blocked(), IsEmpty());
  EXPECT_THAT(TroubleOf("web.yaml"), HasSubstr("the gateway"));
}

TEST_F(PolicyFilesTest, AFileThatIsNamedAndNotThereIsSaid) {
  Watch({dir_ / "missing.yaml"});
  Settle();
  EXPECT_EQ(TroubleOf("missing.yaml"), "there is no such file");
}

}  // namespace
}  // namespace fwagent::service
