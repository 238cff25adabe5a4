#include "maskbench/recognition/npy_descriptors.h"

#include <limits>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/npy.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/recognition/register_all.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NpyDescriptorsTest : public testing::Test {
 protected:
  NpyDescriptorsTest() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    WriteFileAtomically(File(), NpyBytes({3, 2}, std::vector<float>{1, 2, 3, 4, 5, nan}));
    Describe({{"a", "original"}, {"a", "blur"}, {"b", "original"}});
  }

  std::string File() const { return folder_.path() / "templates.npy"; }

  void Describe(const std::vector<std::pair<std::string, std::string>>& rows) const {
    Json json = {{"row_columns", {"subject", "recording", "variant"}}, {"rows", Json::array()}};
    for (const auto& [recording, variant] : rows) {
      json["rows"].push_back(Json::array({"s", recording, variant}));
    }
    WriteJsonFile(File() + ".json", json);
  }

  std::string Refusal() const {
    try {
      const NpyDescriptorIndex index(File());
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  Observations Observe(int64_t row) const {
    Registry<Observer> registry("observer");
    RegisterRecognisers(&registry);
    Recording recording;
    recording.info.rate = {25, 1};
    FaceTrackWriter writer(folder_.path() / "track", recording.info);
    for (const FaceStatus status : {FaceStatus::kTracked, FaceStatus::kNone}) {
      FaceObservation face;
      face.status = status;
      writer.Write(face);
    }
    writer.Finish();
    Problems problems;
    const Json options =
        registry.Complete(kNpyDescriptorsType, {{"file", File()}, {"row", row}}, "", &problems);
    problems.ThrowIfAny("options");
    return registry.Make({kNpyDescriptorsType, "mine", options}, {})
        ->Observe(recording, folder_.path() / "track");
  }

  TemporaryFolder folder_;
};

TEST_F(NpyDescriptorsTest, RowsAreFoundByRecordingAndVariant) {
  const NpyDescriptorIndex index(File());
  EXPECT_EQ(index.RowOf("a", "original"), 0);
  EXPECT_EQ(index.RowOf("a", "blur"), 1);
  EXPECT_EQ(index.RowOf("b", "original"), 2);
  EXPECT_EQ(index.RowOf("b", "blur"), -1);
}

TEST_F(NpyDescriptorsTest, ARowIsTheTemplate) {
  const Observations seen = Observe(1);
  EXPECT_EQ(seen.frames, 2);
  EXPECT_EQ(seen.frames_with_face, 1);
  ASSERT_EQ(seen.embeddings.size(), 1U);
  EXPECT_EQ(seen.embeddings[0].frame, Embedding::kTemplate);
  EXPECT_THAT(seen.embeddings[0].values, ElementsAre(3, 4));
}

TEST_F(NpyDescriptorsTest, NoRowAndNanAreFailuresToEnrol) {
  EXPECT_THAT(Observe(-1).embeddings, IsEmpty());
  EXPECT_THAT(Observe(2).embeddings, IsEmpty());
  EXPECT_THROW(Observe(3), DataError);
}

TEST_F(NpyDescriptorsTest, ADescriptionThatDoesNotFitIsRefused) {
  ASSERT_EQ(Refusal(), "");
  Describe({{"a", "original"}});
  EXPECT_THAT(Refusal(), HasSubstr("describes 1 rows"));
  Describe({{"a", "original"}, {"a", "blur"}, {"a", "blur"}});
  EXPECT_THAT(Refusal(), HasSubstr("\"a\" twice"));
  WriteJsonFile(File() + ".json", {{"row_columns", {"recording"}}, {"rows", Json::array()}});
  EXPECT_THAT(Refusal(), HasSubstr("no column \"variant\""));
  WriteJsonFile(File() + ".json", {{"rows", 7}});
  EXPECT_THAT(Refusal(), HasSubstr("templates.npy.json does not describe"));
  std::filesystem::remove(File() + ".json");
  EXPECT_THAT(Refusal(), HasSubstr("templates.npy.json"));
}

}  // namespace
}  // namespace maskbench
