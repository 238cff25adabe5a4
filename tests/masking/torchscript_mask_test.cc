// Masks that are a TorchScript file and a few options.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>
#include <torch/script.h>

#include "masking/synthetic_face.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::HasSubstr;

const cv::Size kSize(200, 161);
const cv::Point2f kCentre(97.3F, 81.2F);
constexpr float kFace = 60;  // The outline's box is 60.9 × 78 px, so a margin of 1.5 gives 117.

/// Stripes along both axes: a picture that is off by a pixel differs by up to 23 levels.
cv::Mat Stripes() {
  cv::Mat bgr(kSize, CV_8UC3);
  for (int y = 0; y < bgr.rows; ++y)
    for (int x = 0; x < bgr.cols; ++x)
      bgr.at<cv::Vec3b>(y, x) = {
          cv::saturate_cast<uchar>(128 + 60 * std::sin(x * CV_PI / 8)),
          cv::saturate_cast<uchar>(128 + 60 * std::sin(y * CV_PI / 8)),
          cv::saturate_cast<uchar>(128 + 60 * std::sin((x + y) * CV_PI / 12))};
  return bgr;
}

MaskScene Scene(const cv::Mat& frame, float roll_rad = 0, int count = 3) {
  return {std::vector<cv::Mat>(static_cast<size_t>(count), frame),
          std::vector<FaceObservation>(static_cast<size_t>(count),
                                       SyntheticFace(kCentre, kFace, roll_rad))};
}

class TorchscriptMaskTest : public testing::Test {
 protected:
  /// A module whose forward is this, and options that name it.
  Json Module(const std::string& body, const Json& more = Json::object()) {
    torch::jit::Module module("mask");
    module.define("def forward(self, x):\n    " + body + "\n");
    const std::string file = folder_.path() / "mask.pt";
    module.save(file);
    Json options = {{"file", file}, {"input", "frame"}};
    options.update(more);
    return options;
  }

  static std::string Refusal(const Json& options) {
    try {
      MaskScene scene = Scene(Gray(kSize, 100));
      scene.Make("torchscript_mask", options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(TorchscriptMaskTest, WhatComesOutUnchangedIsThePictureUnderEveryNormalisation) {
  MaskScene scene = Scene(Stripes());
  for (const Json& more :
       {Json::object(), Json{{"colours", "bgr"}},
        Json{{"mean", {127.5, 127.5, 127.5}}, {"deviation", {127.5, 127.5, 127.5}}},
        Json{{"mean", {123.7, 116.3, 103.5}}, {"deviation", {58.4, 57.1, 57.4}}}}) {
    const std::vector<cv::Mat> masked = scene.Masked("torchscript_mask", Module("return x", more));
    ASSERT_EQ(masked.size(), 3U);
    EXPECT_EQ(LargestDifference(masked[2], scene.frames()[2]), 0) << more.dump();
  }
}

TEST_F(TorchscriptMaskTest, ChannelsAndRangesAreWhatTheOptionsSay) {
  // Blue 50, green 100, red 200.
  MaskScene scene = Scene(cv::Mat(kSize, CV_8UC3, cv::Scalar(50, 100, 200)));
  const auto pixel = [&](const std::string& body, const Json& more = Json::object()) {
    return scene.Masked("torchscript_mask", Module(body, more))[0].at<cv::Vec3b>(80, 100);
  };
  const std::string first_to_null = "return torch.cat([0.0 * x[:, 0:1], x[:, 1:]], 1)";
  EXPECT_EQ(pixel(first_to_null), cv::Vec3b(50, 100, 0));
  EXPECT_EQ(pixel(first_to_null, {{"colours", "bgr"}}), cv::Vec3b(0, 100, 200));
  // 200 is 0.5 there, and comes back as 10 + 20 · 0.5.
  const Json own_range = {{"mean", {150, 50, 0}},
                          {"deviation", {100, 100, 100}},
                          {"output_mean", {10, 11, 12}},
                          {"output_deviation", {20, 20, 20}}};
  EXPECT_EQ(pixel("return x", own_range), cv::Vec3b(22, 21, 20));
  // Beyond black and white, and no number at all.
  EXPECT_EQ(pixel("return torch.cat([x[:, 0:1] + 9.0, x[:, 1:2] - 9.0, x[:, 2:] * 0.0 / 0.0], 1)"),
            cv::Vec3b(0, 0, 255));
}

TEST_F(TorchscriptMaskTest, TheFirstOfSeveralOutputsIsThePicture) {
  MaskScene scene = Scene(Gray(kSize, 200));
  EXPECT_EQ(LargestDifference(
                scene.Masked("torchscript_mask", Module("return (0.5 * x, torch.norm(x))"))[0],
                Gray(kSize, 100)),
            0);
}

TEST_F(TorchscriptMaskTest, FramesArePaddedToAMultipleAndCutAgain) {
  MaskScene scene = Scene(Stripes());
  const std::string halves =
      "return torch.upsample_nearest2d(torch.avg_pool2d(x, [32, 32]), [x.size(2), x.size(3)])";
  const Json options = Module(halves, {{"multiple_px", 32}});
  const cv::Mat masked = scene.Masked("torchscript_mask", options)[0];
  EXPECT_EQ(masked.size(), kSize);
  // Whole blocks are means of the picture.
  const cv::Rect block(32, 64, 32, 32);
  const cv::Scalar mean = cv::mean(scene.frames()[0](block));
  EXPECT_LE(std::abs(masked.at<cv::Vec3b>(70, 40)[0] - mean[0]), 0.6);
  EXPECT_LE(std::abs(masked.at<cv::Vec3b>(70, 40)[2] - mean[2]), 0.6);
}

TEST_F(TorchscriptMaskTest, WrongShapesAreRefusedWithFileAndShapes) {
  MaskScene scene = Scene(Gray(kSize, 100));
  const Json half = Module("return torch.avg_pool2d(x, [2, 2])");
  ExpectDataError([&] { scene.Run("torchscript_mask", half); },
                  {"mask.pt", "'picture'", "[1, 3, 161, 200]", "[1, 3, 80, 100]"});
  // On the face the size is known before any recording.
  const Json face = Module("return torch.mean(x, 1, True)", {{"input", "face"}, {"side_px", 64}});
  ExpectDataError([&] { scene.Make("torchscript_mask", face); },
                  {"mask.pt", "[1, 3, 64, 64]", "[1, 1, 64, 64]"});
  ExpectDataError(
      [&] {
        scene.Run("torchscript_mask",
                  Module("return torch.cat([x, torch.zeros([1, 3, 7, 7])], 1)"));
      },
      {"mask.pt", "200×161"});
}

TEST_F(TorchscriptMaskTest, TheSquareAroundTheFaceIsMaskedAndNothingElse) {
  MaskScene scene = Scene(Gray(kSize, 200));
  const Json options = Module("return 0.5 * x", {{"input", "face"}, {"side_px", 48}});
  const cv::Mat masked = scene.Masked("torchscript_mask", options)[1];
  Json oval = options;
  oval["paste"] = "oval";
  const cv::Mat in_oval = scene.Masked("torchscript_mask", oval)[1];
  int square_px = 0, oval_px = 0, wrong = 0;
  for (int y = 0; y < kSize.height; ++y) {
    for (int x = 0; x < kSize.width; ++x) {
      const double off = std::max(std::abs(x - kCentre.x), std::abs(y - kCentre.y));
      const int level = masked.at<cv::Vec3b>(y, x)[1];
      wrong += off < 57.5 && level != 100;
      wrong += off > 59.5 && level != 200;
      const double u = (x - kCentre.x) / (kFaceHalfWidth * kFace * 1.5);
      const double v = (y - kCentre.y) / (kFaceHalfHeight * kFace * 1.5);
      const int level_in_oval = in_oval.at<cv::Vec3b>(y, x)[1];
      wrong += u * u + v * v < 0.93 && level_in_oval != 100;
      wrong += u * u + v * v > 1.07 && level_in_oval != 200;
      square_px += level == 100;
      oval_px += level_in_oval == 100;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_NEAR(square_px, 117 * 117, 3 * 117);
  EXPECT_LT(oval_px, square_px);
}

TEST_F(TorchscriptMaskTest, WhatIsPastedBackLiesWhereItWasCutOut) {
  // Inside the square; on its edge half a pixel may be repeated.
  cv::Mat inside(kSize, CV_8U, cv::Scalar(0));
  cv::circle(inside, kCentre, 50, cv::Scalar(255), cv::FILLED);
  for (const float roll_rad : {0.0F, 0.35F, -0.6F}) {
    MaskScene scene = Scene(Stripes(), roll_rad);
    for (const bool upright : {true, false}) {
      // A pixel of the square is half of one of the frame, so what is lost is little.
      const Json options =
          Module("return x", {{"input", "face"}, {"side_px", 234}, {"upright", upright}});
      const cv::Mat masked = scene.Masked("torchscript_mask", options)[0];
      const double largest = cv::norm(masked, scene.frames()[0], cv::NORM_INF, inside);
      EXPECT_LE(largest, 5) << roll_rad << " " << upright;
      EXPECT_GT(largest, 0);
      EXPECT_LE(LargestDifference(masked, scene.frames()[0]), 24) << roll_rad << " " << upright;
    }
  }
}

TEST_F(TorchscriptMaskTest, AtTheEdgeOfTheFrameTheEdgeGoesOn) {
  // Half of the square lies outside. Its mean is that of the grey frame, without any black.
  MaskScene scene(std::vector<cv::Mat>(2, Gray(kSize, 120)),
                  std::vector<FaceObservation>(2, SyntheticFace({4, 158}, kFace, 0.3F)));
  const Json options =
      Module("return torch.mean(x, [2, 3], True) * torch.ones_like(x)", {{"input", "face"}});
  EXPECT_EQ(LargestDifference(scene.Masked("torchscript_mask", options)[1], Gray(kSize, 120)), 0);
}

TEST_F(TorchscriptMaskTest, TheSquareTurnsWithTheHead) {
  constexpr float kRoll = 0.5F;
  MaskScene scene = Scene(Gray(kSize, 200), kRoll);
  // The upper half of what goes in becomes black.
  Json options = Module("return torch.cat([torch.zeros_like(x[:, :, :32]), x[:, :, 32:]], 2)",
                        {{"input", "face"}, {"side_px", 64}});
  // 30 px from the middle towards the patient's left ear, and 8 px up from there.
  const cv::Point2f across(std::cos(kRoll), std::sin(kRoll)), up(across.y, -across.x);
  const auto level = [&](cv::Point2f place, const cv::Mat& picture) {
    return picture.at<cv::Vec3b>(cvRound(place.y), cvRound(place.x))[0];
  };
  const cv::Mat turned = scene.Masked("torchscript_mask", options)[0];
  EXPECT_EQ(level(kCentre + 30 * across + 8 * up, turned), 0);
  EXPECT_EQ(level(kCentre + 30 * across - 8 * up, turned), 200);
  EXPECT_EQ(level(kCentre - 30 * across + 8 * up, turned), 0);
  options["upright"] = false;
  const cv::Mat level_square = scene.Masked("torchscript_mask", options)[0];
  EXPECT_EQ(level(kCentre + 30 * across + 8 * up, level_square), 200);  // Below the middle.
  EXPECT_EQ(level(kCentre - 30 * across - 8 * up, level_square), 0);
}

TEST_F(TorchscriptMaskTest, FramesWithoutAFace) {
  const std::vector<cv::Mat> frames(4, Gray(kSize, 200));
  MaskScene none(frames, std::vector<FaceObservation>(4, NoFace()));
  EXPECT_EQ(LargestDifference(none.Masked("torchscript_mask", Module("return 0.5 * x"))[3],
                              Gray(kSize, 100)),
            0);
  const Json face = Module("return x", {{"input", "face"}});
  ExpectDataError([&] { none.Run("torchscript_mask", face); }, {"no face"});
}

TEST_F(TorchscriptMaskTest, ChosenFramesAreThoseAmongAllFrames) {
  std::vector<cv::Mat> frames;
  for (int i = 0; i < 5; ++i) frames.push_back(Noise(kSize, i + 1));
  std::vector<FaceObservation> faces;
  for (int i = 0; i < 5; ++i)
    faces.push_back(SyntheticFace(kCentre + cv::Point2f(4.0F * static_cast<float>(i), 0), kFace));
  MaskScene scene(frames, faces);
  const Json options = Module("return 1.0 - x", {{"input", "face"}, {"side_px", 80}});
  const std::vector<cv::Mat> all = scene.Masked("torchscript_mask", options);
  scene.job()->frames = {1, 4};
  const std::vector<cv::Mat> chosen = scene.Masked("torchscript_mask", options);
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_EQ(LargestDifference(chosen[0], all[1]), 0);
  EXPECT_EQ(LargestDifference(chosen[1], all[4]), 0);
}

TEST_F(TorchscriptMaskTest, OptionsThatMakeNoSenseAreUsageErrors) {
  const Json options = Module("return x");
  EXPECT_EQ(Refusal(options), "");
  const auto with = [&](const Json& more) {
    Json changed = options;
    changed.update(more);
    return Refusal(changed);
  };
  EXPECT_THAT(with({{"mean", {1, 2}}}), HasSubstr("three numbers"));
  EXPECT_THAT(with({{"output_mean", {1, 2}}}), HasSubstr("output_mean"));
  EXPECT_THAT(with({{"input", "eyes"}}), HasSubstr("input"));
  EXPECT_THAT(with({{"file", "none.pt"}}), HasSubstr("none.pt"));
  EXPECT_THAT(with({{"side_pix", 64}}), HasSubstr("side_px"));
}

TEST_F(TorchscriptMaskTest, AFileThatChangesAfterItsKeyWasMadeIsRefused) {
  Registry<Masker> registry("masking method");
  RegisterMaskers(&registry);
  Problems problems;
  const Json complete = registry.Complete("torchscript_mask", Module("return x"), "", &problems);
  Module("return 0.5 * x");
  ExpectDataError(
      [&] {
        registry.Make({"torchscript_mask", "mine", complete}, {});
      },
      {"mask.pt", "changed"});
}

}  // namespace
}  // namespace maskbench
