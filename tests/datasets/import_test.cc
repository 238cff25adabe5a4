// Layouts of collected data sets, made here from tiny pictures.
#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/pipeline/dataset_importer.h"

#include "datasets/register_all.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImportTest : public testing::Test {
 protected:
  ImportTest() { RegisterDatasetImporters(&importers_); }

  /// A picture of 8 × 8 pixels that no other one equals.
  void Picture(const std::string& path) {
    const std::filesystem::path file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    cv::imwrite(file.string(), cv::Mat(8, 8, CV_8U, cv::Scalar(++pictures_)));
  }

  void Pairs(const std::string& text) { WriteFileAtomically(folder_.path() / "pairs.txt", text); }

  Dataset Import(const std::string& layout, bool pairs_only = false) {
    ImportRequest request;
    request.folder = folder_.path();
    request.pairs_only = pairs_only;
    std::filesystem::remove(folder_.path() / "manifest.json");
    const std::filesystem::path manifest = ImportDataset(
        FindDatasetImporter(importers_, layout), request, [](int, int, const std::string&) {});
    Dataset dataset = ReadManifest(manifest);
    // Everything that the manifest says of the files is so.
    const Problems problems =
        CheckFiles(dataset, DatasetRoot(dataset, manifest, ""), [](const std::string&) {});
    EXPECT_TRUE(problems.empty()) << problems.lines().front();
    return dataset;
  }

  std::string Refusal(const std::string& layout, bool pairs_only = false) {
    try {
      Import(layout, pairs_only);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  void Faces() {
    for (const char* path :
         {"Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg", "Bo/Bo_0001.jpg",
          "Bo/Bo_0010.jpg", "Cy_De_Eff/Cy_De_Eff_0001.jpg", "Cy_De_Eff/Cy_De_Eff_0002.jpg"}) {
      Picture(path);
    }
  }

  TemporaryFolder folder_;
  DatasetImporters importers_;
  int pictures_ = 0;
};

TEST_F(ImportTest, AFolderForEachPerson) {
  // AT&T's layout, and what may lie beside it.
  for (const char* path : {"s1/1.pgm", "s1/2.pgm", "s1/10.pgm", "s2/1.pgm", "s10/1.pgm"}) {
    Picture(path);
  }
  WriteFileAtomically(folder_.path() / "README", "a text");
  WriteFileAtomically(folder_.path() / "s1" / "Thumbs.db", "no picture");
  std::filesystem::create_directories(folder_.path() / "empty");
  const Dataset dataset = Import("folder_per_person");
  ASSERT_EQ(dataset.subjects.size(), 3U);
  std::vector<std::string> paths, ids;
  for (const LabelledRecording& recording : dataset.recordings) {
    paths.push_back(recording.path);
    ids.push_back(recording.id);
    EXPECT_EQ(recording.frame_count, 1);
    EXPECT_EQ(recording.session, "");
  }
  EXPECT_THAT(paths, ElementsAre("s1/1.pgm", "s1/2.pgm", "s1/10.pgm", "s2/1.pgm", "s10/1.pgm"));
  EXPECT_THAT(ids, ElementsAre("p0001_01", "p0001_02", "p0001_03", "p0002_01", "p0003_01"));
  EXPECT_EQ(dataset.recordings[4].subject, "p0003");
  EXPECT_EQ(dataset.kind, "real");
  EXPECT_FALSE(dataset.show_originals);
}

TEST_F(ImportTest, AnExistingManifestIsKept) {
  Picture("s1/1.pgm");
  Import("folder_per_person");
  ImportRequest request;
  request.folder = folder_.path();
  EXPECT_THROW(ImportDataset(*importers_[0], request, [](int, int, const std::string&) {}),
               UsageError);
  request.folder = folder_.path() / "nowhere";
  EXPECT_THROW(ImportDataset(*importers_[0], request, [](int, int, const std::string&) {}),
               UsageError);
}

TEST_F(ImportTest, WhatIsNoSuchLayoutIsRefused) {
  Picture("1.pgm");
  EXPECT_THAT(Refusal("folder_per_person"), HasSubstr("holds no folder"));
  EXPECT_THAT(Refusal("lfw"), HasSubstr("NAME/NAME_0001.jpg"));
  EXPECT_THAT(Refusal("lfv"), HasSubstr("Did you mean \"lfw\"?"));
}

TEST_F(ImportTest, LfwWithItsPairs) {
  Faces();
  Pairs("2\t1\nAnn_Lee\t1\t2\nAnn_Lee\t2\tBo\t10\nCy_De_Eff\t1\t2\nBo\t1\tCy_De_Eff\t1\n");
  const Dataset dataset = Import("lfw");
  EXPECT_EQ(dataset.subjects.size(), 3U);
  EXPECT_EQ(dataset.recordings.size(), 6U);
  ASSERT_EQ(dataset.pairs.size(), 4U);
  const auto text = [&](int i) {
    const DatasetPair& pair = dataset.pairs[i];
    return std::to_string(pair.fold) + " " + dataset.FindRecording(pair.first)->path + " " +
           dataset.FindRecording(pair.second)->path;
  };
  EXPECT_EQ(text(0), "1 Ann_Lee/Ann_Lee_0001.jpg Ann_Lee/Ann_Lee_0002.jpg");
  EXPECT_EQ(text(1), "1 Ann_Lee/Ann_Lee_0002.jpg Bo/Bo_0010.jpg");
  EXPECT_EQ(text(2), "2 Cy_De_Eff/Cy_De_Eff_0001.jpg Cy_De_Eff/Cy_De_Eff_0002.jpg");
  EXPECT_EQ(text(3), "2 Bo/Bo_0001.jpg Cy_De_Eff/Cy_De_Eff_0001.jpg");
  EXPECT_EQ(dataset.FindRecording("p0002_10")->path, "Bo/Bo_0010.jpg");
}

TEST_F(ImportTest, LfwCanBeCutToItsPairs) {
  Faces();
  Pairs("1\t1\r\nAnn_Lee\t1\t2\r\nAnn_Lee\t2\tBo\t10\r\n");
  const Dataset dataset = Import("lfw", true);
  EXPECT_EQ(dataset.recordings.size(), 3U);
  EXPECT_EQ(dataset.subjects.size(), 2U);
  EXPECT_EQ(dataset.pairs.size(), 2U);
}

TEST_F(ImportTest, LfwWithoutPairsHasNone) {
  Faces();
  EXPECT_TRUE(Import("lfw").pairs.empty());
  EXPECT_THAT(Refusal("lfw", true), HasSubstr("pairs.txt does not exist"));
}

TEST_F(ImportTest, DamagedPairsAreRefusedWithTheirLine) {
  Faces();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1"},
      {"300\n", "line 1"},
      {"1\tx\n", "line 1: \"x\" is no number"},
      {"1\t1\nAnn_Lee\t1\t2\n", "has 2 lines"},
      {"1\t1\nAnn_Lee\t1\t2\nBo\t1\t10\n", "line 3: a pair of two persons has 4 cells, not 3"},
      {"1\t1\nAnn_Lee\t1\tBo\t1\nAnn_Lee\t2\tBo\t10\n",
       "line 2: a pair of one person has 3 cells, not 4"},
      {"1\t1\nAnn_Lee\t0\t2\nAnn_Lee\t2\tBo\t10\n", "line 2: \"0\" is no number"},
      {"1\t1\nAnn_Lee\t1\t2\nBo\t1\tBo\t10\n", "line 3: two persons have one name"},
      {"1\t1\nAnn_Lee\t1\t3\nAnn_Lee\t2\tBo\t10\n", "picture 3 of Ann_Lee, which is not there"},
      {"1\t1\nAnn_Lee\t1\t1\nAnn_Lee\t2\tBo\t10\n", "with itself"},
  };
  for (const auto& [text, reason] : cases) {
    Pairs(text);
    EXPECT_THAT(Refusal("lfw"), HasSubstr(reason)) << text;
  }
}

TEST(ManifestPairs, NameRecordingsThatAreThere) {
  const Json manifest = Json::parse(R"({"format": "maskbench-dataset", "format_version": 1,
    "name": "n", "version": "1", "kind": "real", "provenance": "p", "licence": "l",
    "subjects": [{"id": "a"}],
    "recordings": [{"id": "a1", "subject": "a", "path": "a.png", "sha256":
      "0000000000000000000000000000000000000000000000000000000000000000"}],
    "pairs": [{"fold": 1, "first": "a1", "second": "a2"}]})");
  try {
    ParseManifest(manifest, "m");
    FAIL() << "not refused";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("\"a2\", which is no recording"));
  }
}

}  // namespace
}  // namespace maskbench
