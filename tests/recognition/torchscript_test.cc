// Recognisers that are a TorchScript file and a few options.
#include <filesystem>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <torch/script.h>

#include "maskbench/core/files.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/alignment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/recognition/register_all.h"

#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::HasSubstr;

class TorchscriptTest : public testing::Test {
 protected:
  TorchscriptTest() : registry_("observer"), networks_(folder_.path()) {
    RegisterRecognisers(&registry_);
    // One frame: red 200, green 100, blue 50 everywhere.
    recording_.anonymous_id = "r";
    recording_.file = folder_.path() / "video.png";
    cv::imwrite(recording_.file.string(), cv::Mat(400, 400, CV_8UC3, cv::Scalar(50, 100, 200)));
    recording_.info = ProbeMedia(recording_.file);
    FaceTrackWriter track(Track(), recording_.info);
    track.Write(Face());
    track.Finish();
  }

  std::filesystem::path Track() const { return folder_.path() / "track"; }

  /// A face whose mesh fills the middle of the frame.
  static FaceObservation Face() {
    FaceObservation face;
    face.status = FaceStatus::kTracked;
    for (size_t i = 0; i < face.mesh.size(); ++i) {
      const auto x = static_cast<float>(i % 20), y = static_cast<float>(i / 20);
      face.mesh[i] = {180 + 1.5F * x, 180 + 1.3F * y, 0};
    }
    return face;
  }

  /// A module whose forward is this.
  std::string Module(const std::string& body) const {
    torch::jit::Module module("recogniser");
    module.define("def forward(self, x):\n    " + body + "\n");
    std::string file = folder_.path() / "recogniser.pt";
    module.save(file);
    return file;
  }

  std::unique_ptr<Observer> Make(Json options) {
    Problems problems;
    const Json complete = registry_.Complete("torchscript", options, "", &problems);
    problems.ThrowIfAny("options");
    return registry_.Make({"torchscript", "mine", complete}, {&networks_});
  }

  std::vector<float> Template(const Json& options) {
    const Observations seen = Make(options)->Observe(recording_, Track());
    EXPECT_EQ(seen.embeddings.size(), 2U);  // One frame and the template.
    return seen.embeddings.back().values;
  }

  TemporaryFolder folder_;
  Registry<Observer> registry_;
  NetworkLibrary networks_;
  Recording recording_;
};

TEST_F(TorchscriptTest, OptionsSayWhatGoesIn) {
  // The middle pixel of each channel, and the width.
  const std::string file =
      Module("return torch.cat([x[:, :, 8, 8], torch.full([1, 1], float(x.size(3)))], 1)");
  Json options = {{"file", file}, {"metric", "euclidean"}, {"side_px", 16}};
  options["mean"] = {0, 0, 0};
  options["deviation"] = {1, 1, 1};
  EXPECT_THAT(Template(options), testing::ElementsAre(200, 100, 50, 16));
  options["colours"] = "bgr";
  EXPECT_THAT(Template(options), testing::ElementsAre(50, 100, 200, 16));
  options["mean"] = {40, 0, 100};
  options["deviation"] = {2, 10, 50};
  options["side_px"] = 24;
  EXPECT_THAT(Template(options), testing::ElementsAre(5, 10, 2, 24));
  for (const std::string& alignment : AlignmentNames()) {
    options["alignment"] = alignment;
    EXPECT_THAT(Template(options), testing::ElementsAre(5, 10, 2, 24)) << alignment;
  }
}

TEST_F(TorchscriptTest, TheFirstOfSeveralOutputsIsTheDescriptor) {
  const std::string file = Module("return (torch.mean(x, [2, 3]), torch.norm(x))");
  EXPECT_EQ(Template({{"file", file}}).size(), 3U);
}

TEST_F(TorchscriptTest, WhatIsNoDescriptorIsRefusedWithTheFile) {
  const std::string file = Module("return x");
  ExpectDataError([&] { Make({{"file", file}}); }, {"recogniser.pt", "descriptor"});
  const std::string text = folder_.path() / "text.pt";
  WriteFileAtomically(text, "no module");
  ExpectDataError([&] { Make({{"file", text}}); }, {"text.pt", "not a module"});
}

TEST_F(TorchscriptTest, OptionsThatMakeNoSenseAreUsageErrors) {
  const std::string file = Module("return torch.mean(x, [2, 3])");
  const auto refusal = [&](const Json& more) {
    Json options = {{"file", file}};
    options.update(more);
    try {
      Make(options);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(Json::object()), "");
  EXPECT_THAT(refusal({{"mean", {1, 2}}}), HasSubstr("three numbers"));
  EXPECT_THAT(refusal({{"alignment", "eyes"}}), HasSubstr("alignment"));
  EXPECT_THAT(refusal({{"deviation", {0, 1, 1}}}), HasSubstr("deviation"));
  EXPECT_THAT(refusal({{"file", "none.pt"}}), HasSubstr("none.pt"));
}

TEST_F(TorchscriptTest, AFileThatChangesAfterItsKeyWasMadeIsRefused) {
  const std::string file = Module("return torch.mean(x, [2, 3])");
  Problems problems;
  const Json complete = registry_.Complete("torchscript", {{"file", file}}, "", &problems);
  Module("return 2.0 * torch.mean(x, [2, 3])");
  ExpectDataError(
      [&] {
        registry_.Make({"torchscript", "mine", complete}, {&networks_});
      },
      {"recogniser.pt", "changed"});
}

TEST(FindAlignment, KnowsItsNamesOnly) {
  EXPECT_THAT(AlignmentNames(), testing::ElementsAre("arcface", "dlib", "mesh_box"));
  EXPECT_THROW(FindAlignment("eyes"), Error);
}

}  // namespace
}  // namespace maskbench
