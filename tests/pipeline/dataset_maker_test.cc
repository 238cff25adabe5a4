#include "maskbench/pipeline/dataset_maker.h"

#include <algorithm>
#include <atomic>
#include <map>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench {
namespace {

/// Makes little text files, so that what is done and what is found again can be counted.
class TextMaker : public DatasetMaker {
 public:
  std::string Name() const override { return "texts"; }
  std::string Summary() const override { return "Texts."; }
  int Version() const override { return version; }
  std::vector<std::pair<std::string, std::string>> Presets() const override { return {}; }
  MadeDataset Describe(const DatasetRecipe& recipe) const override {
    MadeDataset made;
    made.dataset.name = "texts";
    made.dataset.version = "1";
    made.dataset.kind = "virtual";
    made.dataset.provenance = made.dataset.licence = "a test";
    made.dataset.made = recipe;
    made.dataset.made.maker = "texts";
    for (int k = 0; k < recipe.patients; ++k) {
      Subject subject;
      subject.id = "s" + std::to_string(k);
      made.dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(k);
      recording.subject = subject.id;
      recording.path = "recordings/" + recording.id + ".txt";
      recording.frame_truth = "truth/" + recording.id + ".txt";
      made.dataset.recordings.push_back(recording);
      made.recipes.push_back({{"text", std::to_string(recipe.seed.value_or(1) + k)}});
    }
    made.data_card = "# Texts\n";
    return made;
  }
  std::string Fingerprint(const MakerPlaces&) const override { return fingerprint; }
  std::unique_ptr<const RecordingMaker> Open(const MakerPlaces&) const override {
    return std::make_unique<Pen>(this);
  }
  std::vector<std::filesystem::path> DrawSheets(const MakerPlaces&, std::uint64_t,
                                                const std::filesystem::path&,
                                                const Progress&) const override {
    return {};
  }

  int version = 1;
  std::string fingerprint = "ink";
  std::string refuses;  ///< Text that cannot be written.
  mutable std::atomic<int> written{0};

 private:
  class Pen : public RecordingMaker {
   public:
    explicit Pen(const TextMaker* maker) : maker_(maker) {}
    void Make(const Json& recipe, const std::filesystem::path& video,
              const std::filesystem::path& truth) const override {
      const std::string text = recipe.at("text");
      if (text == maker_->refuses) throw DataError("the pen broke.");
      ++maker_->written;
      WriteFileAtomically(video, text);
      WriteFileAtomically(truth, "truth of " + text);
    }

   private:
    const TextMaker* maker_;
  };
};

class MakeDatasetTest : public testing::Test {
 protected:
  std::filesystem::path Make(int workers = 1) {
    maker_.written = 0;
    return MakeDataset(maker_, {}, recipe_, folder_.path(), workers,
                       [](int, int, const std::string&) {});
  }
  TextMaker maker_;
  DatasetRecipe recipe_ = [] {
    DatasetRecipe recipe;
    recipe.patients = 7;
    return recipe;
  }();
  TemporaryFolder folder_;
};

TEST_F(MakeDatasetTest, TheManifestNamesFilesThatAreThere) {
  const Dataset dataset = ReadManifest(Make(3));
  EXPECT_EQ(maker_.written, 7);
  EXPECT_TRUE(dataset.made.maker.empty());  // Files from now on.
  for (const LabelledRecording& recording : dataset.recordings) {
    EXPECT_EQ(CheckedFile(recording, folder_.path()), folder_.path() / recording.path);
    EXPECT_EQ(ReadFile(folder_.path() / recording.frame_truth),
              "truth of " + ReadFile(folder_.path() / recording.path));
  }
  EXPECT_EQ(ReadFile(folder_.path() / "DATA_CARD.md"), "# Texts\n");
}

TEST_F(MakeDatasetTest, OnlyWhatIsMissingOrOutdatedIsMadeAgain) {
  Make();
  EXPECT_EQ((Make(), maker_.written.load()), 0);
  std::filesystem::remove(folder_.path() / "truth/r3.txt");
  WriteFileAtomically(folder_.path() / "recordings/r5.txt", "somebody else's");
  EXPECT_EQ((Make(), maker_.written.load()), 2);
  recipe_.seed = 2;  // Other texts.
  EXPECT_EQ((Make(), maker_.written.load()), 7);
  maker_.version = 2;
  EXPECT_EQ((Make(), maker_.written.load()), 7);
  maker_.fingerprint = "pencil";
  EXPECT_EQ((Make(), maker_.written.load()), 7);
  EXPECT_EQ((Make(), maker_.written.load()), 0);
}

TEST_F(MakeDatasetTest, AFailureKeepsWhatWasDone) {
  maker_.refuses = "5";
  EXPECT_THROW(Make(), DataError);
  EXPECT_EQ(maker_.written, 4);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "manifest.json"));
  maker_.refuses.clear();
  EXPECT_EQ((Make(), maker_.written.load()), 3);
}

TEST(SplitSubjects, KeepsToTheSharesAndToWholeBlocks) {
  const std::vector<std::string> splits = SplitSubjects(100, {0.6, 0.2, 0.2}, 5);
  std::map<std::string, int> counts;
  for (size_t k = 0; k < splits.size(); ++k) {
    ++counts[splits[k]];
    EXPECT_EQ(splits[k], splits[k / 5 * 5]) << k;
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"train", 60}, {"tune", 20}, {"test", 20}}));
  // A larger set starts like a smaller one, so that nobody changes sides.
  const std::vector<std::string> more = SplitSubjects(205, {0.6, 0.2, 0.2}, 5);
  EXPECT_TRUE(std::equal(splits.begin(), splits.end(), more.begin()));
  for (const std::string& split : SplitSubjects(12, {0, 0, 1}, 5)) EXPECT_EQ(split, "test");
}

TEST(DatasetRecipe, SharesMustAddUpToOne) {
  Problems problems;
  DatasetRecipe::Options().Parse({{"splits", {0.5, 0.2, 0.2}}}, "make", &problems);
  ASSERT_EQ(problems.lines().size(), 1u);
  EXPECT_EQ(problems.lines()[0].substr(0, 11), "make.splits");
  Problems none;
  DatasetRecipe::Options().Parse({{"splits", {0.5, 0.25, 0.25}}}, "make", &none);
  EXPECT_TRUE(none.empty());
}

TEST(Manifest, OnlyAMakersRecordingsMayLackTheirHash) {
  TextMaker maker;
  DatasetRecipe recipe;
  recipe.patients = 2;
  Json json = Dataset::Options().ToJson(maker.Describe(recipe).dataset);
  EXPECT_EQ(ParseManifest(json, "made").recordings.size(), 2u);
  json["made"] = DatasetRecipe::Options().ToJson(DatasetRecipe());
  EXPECT_THROW(ParseManifest(json, "not made"), UsageError);
}

}  // namespace
}  // namespace maskbench
