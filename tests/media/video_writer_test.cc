#include "maskbench/media/video_writer.h"

#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/json.h"

#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

enum class Kind { kIntermediate, kFfv1, kH264 };

std::unique_ptr<VideoWriter> OpenWriter(Kind kind, const std::filesystem::path& file, cv::Size size,
                                        FrameRate rate) {
  if (kind == Kind::kIntermediate) return VideoWriter::Intermediate(file, size, rate);
  DeliveryOptions options;
  options.codec = kind == Kind::kFfv1 ? "ffv1" : "h264";
  return VideoWriter::Delivery(file, size, rate, options);
}

std::string FileName(Kind kind) { return kind == Kind::kH264 ? "video.mp4" : "video.mkv"; }

std::string KindName(Kind kind) {
  return kind == Kind::kIntermediate ? "Intermediate" : kind == Kind::kFfv1 ? "Ffv1" : "H264";
}

class LosslessTest : public testing::TestWithParam<std::tuple<Kind, cv::Size>> {};

TEST_P(LosslessTest, EveryPixelComesBack) {
  const auto [kind, size] = GetParam();
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "video.mkv";
  const std::vector<cv::Mat> frames = NoiseFrames(size, 5);
  WriteAll(OpenWriter(kind, file, size, {25, 1}).get(), frames);
  const std::vector<cv::Mat> read = ReadAll(file);
  ASSERT_EQ(read.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(LargestDifference(read[i], frames[i]), 0) << "frame " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LosslessTest,
                         testing::Combine(testing::Values(Kind::kIntermediate, Kind::kFfv1),
                                          testing::Values(cv::Size(64, 48), cv::Size(37, 53),
                                                          cv::Size(64, 47), cv::Size(63, 48))),
                         [](const auto& test) {
                           const cv::Size size = std::get<1>(test.param);
                           return KindName(std::get<0>(test.param)) + std::to_string(size.width) +
                                  "x" + std::to_string(size.height);
                         });

class WriterTest : public testing::TestWithParam<Kind> {
 protected:
  std::filesystem::path File() const { return folder_.path() / FileName(GetParam()); }
  std::unique_ptr<VideoWriter> Open(cv::Size size, FrameRate rate = {25, 1}) const {
    return OpenWriter(GetParam(), File(), size, rate);
  }
  TemporaryFolder folder_;
};

TEST_P(WriterTest, FrameCountAndRateAreExact) {
  for (const FrameRate rate :
       {FrameRate{30000, 1001}, FrameRate{25, 1}, FrameRate{60000, 1001}, FrameRate{15, 2}}) {
    const std::unique_ptr<VideoWriter> writer = Open({32, 32}, rate);
    for (int i = 0; i < 37; ++i) writer->Write(Smooth({32, 32}, i));
    EXPECT_EQ(writer->Finish(), 37);
    const MediaInfo info = ProbeMedia(File());
    EXPECT_EQ(info.frame_count, 37);
    EXPECT_EQ(info.rate.numerator, rate.numerator);
    EXPECT_EQ(info.rate.denominator, rate.denominator);
    EXPECT_FALSE(info.resampled);
    EXPECT_EQ(ReadAll(File()).size(), 37u);
  }
}

TEST_P(WriterTest, EqualFramesGiveEqualBytes) {
  const std::vector<cv::Mat> frames = NoiseFrames({48, 32}, 10);
  WriteAll(Open({48, 32}).get(), frames);
  const std::string first = ReadFile(File());
  std::filesystem::remove(File());
  WriteAll(Open({48, 32}).get(), frames);
  EXPECT_EQ(first, ReadFile(File()));
  WriteAll(Open({48, 32}).get(), NoiseFrames({48, 32}, 9));
  EXPECT_NE(first, ReadFile(File()));
}

TEST_P(WriterTest, FileSaysNothingOfWhenAndWhatItWasMadeFrom) {
  WriteAll(Open({48, 32}).get(), NoiseFrames({48, 32}, 3));
  const std::filesystem::path probe = folder_.path() / "probe.json";
  ASSERT_EQ(std::system(("ffprobe -v error -of json -show_format -show_streams -show_chapters " +
                         File().string() + " > " + probe.string())
                            .c_str()),
            0)
      << "this test needs the ffprobe program (apt package ffmpeg)";
  const Json facts = ReadJsonFile(probe);
  std::set<std::string> tags;
  for (const Json& part : {facts.at("format"), facts.at("streams").at(0)}) {
    const Json found = part.value("tags", Json::object());
    for (const auto& tag : found.items()) tags.insert(tag.key());
    // Neither the version of the library nor a date.
    EXPECT_EQ(found.value("encoder", "Lavf").find_first_of("0123456789"), std::string::npos);
    EXPECT_EQ(found.value("ENCODER", "Lavf").find_first_of("0123456789"), std::string::npos);
  }
  for (const char* needed : {"major_brand", "minor_version", "compatible_brands", "language",
                             "handler_name", "vendor_id", "DURATION", "ENCODER", "encoder"}) {
    tags.erase(needed);
  }
  EXPECT_TRUE(tags.empty()) << "first tag: " << *tags.begin();
  EXPECT_EQ(facts.at("streams").size(), 1u);
  EXPECT_TRUE(facts.at("chapters").empty());
  EXPECT_EQ(ReadFile(File()).find(folder_.path().filename().string()), std::string::npos);
}

TEST_P(WriterTest, FrameOfAnotherSizeIsRefusedWithItsNumber) {
  const std::unique_ptr<VideoWriter> writer = Open({48, 32});
  writer->Write(Gray({48, 32}, 9));
  ExpectDataError(
      [&] {
        writer->Write(Gray({48, 34}, 9));
      },
      {File().string(), "frame 1", "48×34", "48×32"});
}

TEST_P(WriterTest, FolderThatDoesNotExistIsNamed) {
  const std::filesystem::path file = folder_.path() / "no" / FileName(GetParam());
  ExpectDataError([&] { OpenWriter(GetParam(), file, {32, 32}, {25, 1}); }, {file.string()});
}

INSTANTIATE_TEST_SUITE_P(Kinds, WriterTest,
                         testing::Values(Kind::kIntermediate, Kind::kFfv1, Kind::kH264),
                         [](const auto& test) { return KindName(test.param); });

class H264Test : public testing::Test {
 protected:
  double WorstPsnr(cv::Size size) const {
    const std::filesystem::path file = folder_.path() / "video.mp4";
    std::vector<cv::Mat> frames;
    for (int i = 0; i < 20; ++i) frames.push_back(Smooth(size, i));
    WriteAll(VideoWriter::Delivery(file, size, {25, 1}, {}).get(), frames);
    const std::vector<cv::Mat> read = ReadAll(file);
    EXPECT_EQ(read.size(), frames.size());
    double worst = 1000;
    for (size_t i = 0; i < read.size(); ++i) {
      const cv::Mat part = read[i](cv::Rect({0, 0}, size));
      worst = std::min(worst, cv::PSNR(part, frames[i]));
    }
    return worst;
  }
  TemporaryFolder folder_;
};

TEST_F(H264Test, SmoothPictureKeepsItsColours) { EXPECT_GT(WorstPsnr({160, 120}), 35); }

// From 720 lines on, players assume another colour matrix for files that do not say theirs.
TEST_F(H264Test, HighDefinitionKeepsItsColours) { EXPECT_GT(WorstPsnr({160, 720}), 35); }

TEST_F(H264Test, OddSizesAreExtendedByOnePixel) {
  EXPECT_GT(WorstPsnr({97, 71}), 35);
  const std::vector<cv::Mat> read = ReadAll(folder_.path() / "video.mp4");
  ASSERT_EQ(read[0].size(), cv::Size(98, 72));
  EXPECT_LE(cv::norm(read[0].col(97), read[0].col(96), cv::NORM_INF), 6);
  EXPECT_LE(cv::norm(read[0].row(71), read[0].row(70), cv::NORM_INF), 6);
}

TEST_F(H264Test, HigherRateFactorGivesASmallerFile) {
  const auto size_at = [this](int crf) {
    DeliveryOptions options;
    options.crf = crf;
    const std::filesystem::path file = folder_.path() / "video.mp4";
    WriteAll(VideoWriter::Delivery(file, {64, 64}, {25, 1}, options).get(),
             NoiseFrames({64, 64}, 5));
    return std::filesystem::file_size(file);
  };
  EXPECT_GT(size_at(10), size_at(40));
}

}  // namespace
}  // namespace maskbench
