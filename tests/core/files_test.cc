#include "maskbench/core/files.h"

#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/json.h"

#include "nn/expect_error.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    fs::create_directories(Inside() / "sub");
    fs::create_directories(Outside());
    WriteFileAtomically(Outside() / "secret", "secret");
  }

  fs::path Inside() const { return folder_.path() / "data"; }
  fs::path Outside() const { return folder_.path() / "data-of-others"; }

  void ExpectRefused(const std::string& relative) const {
    ExpectDataError([&] { JoinInside(Inside(), relative); }, {"\"" + relative + "\""});
  }

  TemporaryFolder folder_;
};

TEST_F(FilesTest, JoinInsideGivesPathsBelowTheFolder) {
  const fs::path root = fs::canonical(Inside());
  EXPECT_EQ(JoinInside(Inside(), "a.mp4"), root / "a.mp4");
  EXPECT_EQ(JoinInside(Inside(), "sub/b.mp4"), root / "sub/b.mp4");
  EXPECT_EQ(JoinInside(Inside(), "sub/../c.mp4"), root / "c.mp4");
  EXPECT_EQ(JoinInside(Inside() / "", "a.mp4"), root / "a.mp4") << "folder with a final slash";
}

TEST_F(FilesTest, JoinInsideRefusesToClimbOut) {
  ExpectRefused("../data-of-others/secret");
  ExpectRefused("sub/../../data-of-others/secret");
  ExpectRefused("..");
}

TEST_F(FilesTest, JoinInsideRefusesAbsoluteAndEmptyPaths) {
  ExpectRefused((Outside() / "secret").string());
  ExpectRefused("");
}

TEST_F(FilesTest, JoinInsideRefusesLinksThatLeave) {
  fs::create_symlink(Outside() / "secret", Inside() / "file-link");
  fs::create_directory_symlink(Outside(), Inside() / "folder-link");
  ExpectRefused("file-link");
  ExpectRefused("folder-link/secret");
}

TEST_F(FilesTest, JoinInsideRefusesLinksToWhatDoesNotExistYet) {
  fs::create_symlink(Outside() / "later", Inside() / "dangling");
  ExpectRefused("dangling");
}

TEST_F(FilesTest, JoinInsideFollowsLinksThatStay) {
  WriteFileAtomically(Inside() / "sub/real", "");
  fs::create_symlink("sub/real", Inside() / "link");
  EXPECT_EQ(JoinInside(Inside(), "link"), fs::canonical(Inside()) / "sub/real");
}

TEST_F(FilesTest, WriteMakesFoldersReplacesContentAndLeavesNothingElse) {
  const fs::path file = folder_.path() / "new/deep/file";
  WriteFileAtomically(file, "a long first content");
  WriteFileAtomically(file, std::string("b\0c", 3));
  EXPECT_EQ(ReadFile(file), std::string("b\0c", 3));
  EXPECT_EQ(std::distance(fs::directory_iterator(file.parent_path()), {}), 1);
}

TEST_F(FilesTest, WriteThatFailsNamesTheFileAndLeavesNothingBehind) {
  const fs::path folder = Inside() / "sub";  // Stands where the file should go.
  ExpectDataError([&] { WriteFileAtomically(folder, "x"); }, {folder.string()});
  EXPECT_TRUE(fs::is_directory(folder));
  EXPECT_EQ(std::distance(fs::directory_iterator(Inside()), {}), 1);
  const fs::path below_a_file = Outside() / "secret" / "x";
  ExpectDataError([&] { WriteFileAtomically(below_a_file, "x"); }, {below_a_file.string()});
  EXPECT_EQ(ReadFile(Outside() / "secret"), "secret");
}

TEST_F(FilesTest, ReadersSeeWholeContentsWhileAnotherThreadWrites) {
  const fs::path file = Inside() / "shared";
  const std::vector<std::string> contents = {std::string(50000, 'a'), std::string(70000, 'b')};
  WriteFileAtomically(file, contents[0]);
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) WriteFileAtomically(file, contents[i % 2]);
  });
  for (int i = 0; i < 200; ++i) {
    const std::string seen = ReadFile(file);
    EXPECT_TRUE(seen == contents[0] || seen == contents[1]) << seen.size() << " bytes";
  }
  writer.join();
}

TEST_F(FilesTest, ReadingAFolderOrNothingNamesIt) {
  ExpectDataError([&] { ReadFile(Inside()); }, {Inside().string(), "folder"});
  ExpectDataError([&] { ReadFile(Inside() / "no"); }, {(Inside() / "no").string()});
}

TEST_F(FilesTest, TemporaryFoldersAreDistinctAndGoWithTheirContent) {
  fs::path gone;
  {
    const TemporaryFolder one, two;
    EXPECT_NE(one.path(), two.path());
    WriteFileAtomically(one.path() / "a/b", "x");
    gone = one.path();
  }
  EXPECT_FALSE(fs::exists(gone));
}

struct BadJson {
  const char* text;
  const char* place;
};

class JsonErrorTest : public testing::TestWithParam<BadJson> {};

TEST_P(JsonErrorTest, NamesFileLineAndColumn) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "bad.json";
  WriteFileAtomically(file, GetParam().text);
  ExpectDataError([&] { ReadJsonFile(file); }, {file.string(), GetParam().place});
}

INSTANTIATE_TEST_SUITE_P(
    Places, JsonErrorTest,
    testing::Values(BadJson{"x", "line 1, column 1."}, BadJson{"{\"a\": 1,}", "line 1, column 9."},
                    BadJson{"{\n  \"a\": 1,\n  \"b\": ?\n}\n", "line 3, column 8."},
                    BadJson{"[1,\n2", "line 2, column 2."},  // Ends too early: behind the 2.
                    BadJson{"", "line 1, column 1."}));

TEST(Json, FilesKeepTheirOrderAndCanonicalTextDoesNotDependOnIt) {
  const TemporaryFolder folder;
  const Json value = {{"z", 1}, {"a", {{"y", 0.1}, {"b", nullptr}}}};
  WriteJsonFile(folder.path() / "f.json", value);
  EXPECT_EQ(ReadFile(folder.path() / "f.json"),
            "{\n  \"z\": 1,\n  \"a\": {\n    \"y\": 0.1,\n    \"b\": null\n  }\n}\n");
  const Json same = {{"a", {{"b", nullptr}, {"y", 0.1}}}, {"z", 1}};
  EXPECT_EQ(CanonicalJson(ReadJsonFile(folder.path() / "f.json")), CanonicalJson(same));
  EXPECT_EQ(CanonicalJson(same), R"({"a":{"b":null,"y":0.1},"z":1})");
}

}  // namespace
}  // namespace maskbench
