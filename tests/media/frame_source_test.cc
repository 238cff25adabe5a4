#include "maskbench/media/frame_source.h"

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/files.h"

#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;

std::vector<int> Range(int first, int count) {
  std::vector<int> range(count);
  std::iota(range.begin(), range.end(), first);
  return range;
}

class FrameSourceTest : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  /// Frames of the grey levels 0, 10, …, 240, at 25 Hz.
  fs::path GrayVideo() const {
    WriteLossless(Path("gray.mkv"), GrayFrames({32, 32}, 25));
    return Path("gray.mkv");
  }

  void Convert(const fs::path& from, const std::string& arguments, const fs::path& to) const {
    Ffmpeg("-i " + from.string() + " " + arguments + " " + to.string());
  }

  /// Opens and reads to the end, which must fail with a message that names the file.
  static void ExpectFailure(const fs::path& file, const std::vector<std::string>& parts = {}) {
    std::vector<std::string> all = parts;
    all.push_back(file.string());
    ExpectDataError([&] { ReadAll(file); }, all);
  }

  TemporaryFolder folder_;
};

TEST_F(FrameSourceTest, FramesHaveTheirPlaceAndTime) {
  const std::unique_ptr<FrameSource> source = OpenFrames(GrayVideo());
  EXPECT_EQ(source->info().width_px, 32);
  EXPECT_EQ(source->info().frame_count, 25);
  EXPECT_DOUBLE_EQ(source->info().duration_s(), 1);
  Frame frame;
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(source->Next(&frame));
    EXPECT_EQ(frame.index, i);
    EXPECT_DOUBLE_EQ(frame.time_s, i / 25.0);
    EXPECT_EQ(frame.bgr.at<cv::Vec3b>(5, 5)[0], 10 * i);
  }
  EXPECT_FALSE(source->Next(&frame));
  EXPECT_FALSE(source->Skip());
}

TEST_F(FrameSourceTest, SkipPassesOverWhatNextWouldGive) {
  const std::unique_ptr<FrameSource> source = OpenFrames(GrayVideo());
  Frame frame;
  std::vector<int> places;
  for (int i = 0; i < 25; ++i) {
    if (i % 3 != 1) {
      EXPECT_TRUE(source->Skip());
      continue;
    }
    ASSERT_TRUE(source->Next(&frame));
    EXPECT_EQ(frame.index, i);
    places.push_back(frame.bgr.at<cv::Vec3b>(0, 0)[0] / 10);
  }
  EXPECT_THAT(places, ElementsAre(1, 4, 7, 10, 13, 16, 19, 22));
  EXPECT_FALSE(source->Skip());
}

TEST_F(FrameSourceTest, CutGivesTheFramesOfTheWhole) {
  ReadOptions part;
  part.first_frame = 7;
  part.frame_count = 5;
  const std::unique_ptr<FrameSource> source = OpenFrames(GrayVideo(), part);
  EXPECT_EQ(source->info().frame_count, 5);
  Frame frame;
  ASSERT_TRUE(source->Next(&frame));
  EXPECT_EQ(frame.index, 0);
  EXPECT_EQ(frame.time_s, 0);
  EXPECT_EQ(frame.bgr.at<cv::Vec3b>(0, 0)[0], 70);
  EXPECT_TRUE(source->Skip());
  EXPECT_EQ(PlacesOf(ReadAll(source.get())), Range(9, 3));
  EXPECT_FALSE(source->Skip());

  ReadOptions to_the_end;
  to_the_end.first_frame = 20;
  EXPECT_EQ(PlacesOf(ReadAll(GrayVideo(), to_the_end)), Range(20, 5));
}

TEST_F(FrameSourceTest, CutBeyondTheEndNamesFileAndFrames) {
  ReadOptions part;
  part.first_frame = 20;
  part.frame_count = 6;
  const fs::path file = GrayVideo();
  ExpectDataError([&] { OpenFrames(file, part); }, {file.string(), "25 frames", "20 to 25"});
  part.first_frame = -1;
  ExpectDataError([&] { OpenFrames(file, part); }, {file.string()});
  part.first_frame = 0;
  part.frame_count = 0;
  ExpectDataError([&] { OpenFrames(file, part); }, {file.string()});
}

TEST_F(FrameSourceTest, FramesCodedOutOfOrderComeInOrder) {
  Convert(GrayVideo(),
          "-c:v libx264 -x264-params bframes=3:b-adapt=0:scenecut=0:weightp=0 -crf 1 "
          "-pix_fmt yuv420p",
          Path("b.mp4"));
  const fs::path types = Path("types.txt");
  const std::string probe = "ffprobe -v error -show_entries frame=pict_type -of csv ";
  ASSERT_EQ(std::system((probe + Path("b.mp4").string() + " > " + types.string()).c_str()), 0);
  ASSERT_THAT(ReadFile(types), testing::HasSubstr(",B")) << "the file has no B-frames";
  EXPECT_EQ(PlacesOf(ReadAll(Path("b.mp4"))), Range(0, 25));
  EXPECT_FALSE(ProbeMedia(Path("b.mp4")).resampled);
}

TEST_F(FrameSourceTest, VariableRateIsResampledByHoldingFrames) {
  Convert(GrayVideo(),
          "-vf \"select='not(eq(n,5)+eq(n,6)+eq(n,15))'\" -fps_mode vfr -c:v libx264rgb -qp 0",
          Path("variable.mp4"));
  const std::unique_ptr<FrameSource> source = OpenFrames(Path("variable.mp4"));
  EXPECT_TRUE(source->info().resampled);
  EXPECT_EQ(source->info().frame_count, 25);
  EXPECT_NEAR(source->info().rate.hz(), 25, 1e-9);
  std::vector<int> expected = Range(0, 25);
  expected[5] = expected[6] = 4;
  expected[15] = 14;
  EXPECT_EQ(PlacesOf(ReadAll(source.get())), expected);
}

TEST_F(FrameSourceTest, CutCountsAfterResampling) {
  Convert(GrayVideo(), "-vf \"select='not(eq(n,5)+eq(n,6))'\" -fps_mode vfr -c:v libx264rgb -qp 0",
          Path("variable.mp4"));
  ReadOptions part;
  part.first_frame = 6;
  part.frame_count = 3;
  EXPECT_THAT(PlacesOf(ReadAll(Path("variable.mp4"), part)), ElementsAre(4, 7, 8));
}

class RoundedTimesTest : public FrameSourceTest, public testing::WithParamInterface<FrameRate> {};

// Matroska and WebM round times to a millisecond; that alone is no variable rate.
TEST_P(RoundedTimesTest, AreAConstantRate) {
  const FrameRate rate = GetParam();
  const std::string fraction =
      std::to_string(rate.numerator) + "/" + std::to_string(rate.denominator);
  for (const char* name : {"video.webm", "video.mkv"}) {
    Ffmpeg("-f lavfi -i testsrc=size=64x48:rate=" + fraction + " -frames:v 90 -c:v libvpx " +
           Path(name).string());
    const MediaInfo info = ProbeMedia(Path(name));
    EXPECT_FALSE(info.resampled) << name;
    EXPECT_EQ(info.frame_count, 90) << name;
    EXPECT_NEAR(info.rate.hz(), rate.hz(), 1e-6 * rate.hz()) << name;
    EXPECT_EQ(ReadAll(Path(name)).size(), 90u) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, RoundedTimesTest,
                         testing::Values(FrameRate{30000, 1001}, FrameRate{60000, 1001},
                                         FrameRate{24000, 1001}, FrameRate{30, 1},
                                         FrameRate{120, 1}),
                         [](const auto& test) {
                           return std::to_string(test.param.numerator) + "over" +
                                  std::to_string(test.param.denominator);
                         });

TEST_F(FrameSourceTest, MissingRateInformationDoesNotHideADroppedFrame) {
  Ffmpeg(
      "-f lavfi -i testsrc=size=64x48:rate=30000/1001 -frames:v 300 -vf "
      "\"select='not(eq(n,150))'\" "
      "-fps_mode vfr -c:v libvpx " +
      Path("dropped.webm").string());
  const MediaInfo info = ProbeMedia(Path("dropped.webm"));
  EXPECT_TRUE(info.resampled);
  EXPECT_NEAR(static_cast<double>(info.frame_count) / info.rate.hz(), 300 * 1001 / 30000.0, 0.05);
}

TEST_F(FrameSourceTest, SingleFrameVideoIsRead) {
  WriteLossless(Path("one.mkv"), {Noise({32, 32}, 1)});
  EXPECT_EQ(ProbeMedia(Path("one.mkv")).frame_count, 1);
  EXPECT_EQ(LargestDifference(ReadAll(Path("one.mkv")).at(0), Noise({32, 32}, 1)), 0);
}

class RotationTest : public FrameSourceTest, public testing::WithParamInterface<int> {
 protected:
  /// Blue, green, red and white corners.
  static cv::Mat Corners() {
    cv::Mat bgr = Gray({64, 32}, 0);
    bgr(cv::Rect(0, 0, 16, 8)).setTo(cv::Scalar(255, 0, 0));
    bgr(cv::Rect(48, 0, 16, 8)).setTo(cv::Scalar(0, 255, 0));
    bgr(cv::Rect(48, 24, 16, 8)).setTo(cv::Scalar(0, 0, 255));
    bgr(cv::Rect(0, 24, 16, 8)).setTo(cv::Scalar(255, 255, 255));
    return bgr;
  }
};

TEST_P(RotationTest, IsHonoured) {
  WriteLossless(Path("flat.mkv"), {Corners(), Corners(), Corners()});
  Convert(Path("flat.mkv"), "-c:v libx264rgb -qp 0", Path("flat.mp4"));
  Convert(Path("flat.mp4"), "-c copy -metadata:s:v:0 rotate=" + std::to_string(GetParam()),
          Path("turned.mp4"));
  const std::unique_ptr<FrameSource> source = OpenFrames(Path("turned.mp4"));
  const cv::Mat frame = ReadAll(source.get()).at(2);

  // The program turns by its own reading of the file.
  Convert(Path("turned.mp4"), "-frames:v 1 -pix_fmt bgr24", Path("turned.png"));
  EXPECT_EQ(LargestDifference(frame, cv::imread(Path("turned.png").string())), 0);
  const bool upright = GetParam() == 180;
  EXPECT_EQ(frame.size(), upright ? cv::Size(64, 32) : cv::Size(32, 64));
  EXPECT_EQ(source->info().width_px, frame.cols);
  EXPECT_EQ(source->info().height_px, frame.rows);

  cv::Mat expected;
  switch (source->info().rotation_deg) {
    case 90:
      cv::rotate(Corners(), expected, cv::ROTATE_90_CLOCKWISE);
      break;
    case 180:
      cv::rotate(Corners(), expected, cv::ROTATE_180);
      break;
    case 270:
      cv::rotate(Corners(), expected, cv::ROTATE_90_COUNTERCLOCKWISE);
      break;
    default:
      FAIL() << "rotation " << source->info().rotation_deg;
  }
  EXPECT_EQ(LargestDifference(frame, expected), 0);
}

INSTANTIATE_TEST_SUITE_P(QuarterTurns, RotationTest, testing::Values(90, 180, 270));

TEST_F(FrameSourceTest, FolderOfImagesIsReadInNameOrder) {
  fs::create_directories(Path("images"));
  for (const int place : {10, 2, 1, 3}) {
    cv::imwrite(cv::format("%s/%03d.png", Path("images").c_str(), place),
                Gray({20, 10}, 10 * place));
  }
  WriteFileAtomically(Path("images/notes.txt"), "not an image");
  ReadOptions options;
  options.image_rate_hz = 29.97;
  const std::unique_ptr<FrameSource> source = OpenFrames(Path("images"), options);
  EXPECT_EQ(source->info().frame_count, 4);
  EXPECT_NEAR(source->info().rate.hz(), 29.97, 1e-9);
  EXPECT_EQ(source->info().width_px, 20);
  EXPECT_EQ(source->info().height_px, 10);
  EXPECT_TRUE(source->Skip());
  EXPECT_THAT(PlacesOf(ReadAll(source.get())), ElementsAre(2, 3, 10));
}

TEST_F(FrameSourceTest, ImageOfAnotherSizeIsNamed) {
  fs::create_directories(Path("images"));
  cv::imwrite(Path("images/a.png").string(), Gray({20, 10}, 0));
  cv::imwrite(Path("images/b.png").string(), Gray({21, 10}, 0));
  ExpectDataError([&] { ReadAll(Path("images")); },
                  {Path("images/b.png").string(), "21×10", "20×10"});
}

TEST_F(FrameSourceTest, SingleImageIsARecordingOfOneFrame) {
  cv::imwrite(Path("a.png").string(), Noise({20, 10}, 3));
  EXPECT_EQ(ProbeMedia(Path("a.png")).frame_count, 1);
  EXPECT_EQ(LargestDifference(ReadAll(Path("a.png")).at(0), Noise({20, 10}, 3)), 0);
}

TEST_F(FrameSourceTest, FolderWithoutImagesAndBrokenImagesAreNamed) {
  fs::create_directories(Path("images"));
  ExpectFailure(Path("images"), {"no image"});
  WriteFileAtomically(Path("broken.png"), "no image");
  ExpectFailure(Path("broken.png"));
}

TEST_F(FrameSourceTest, MissingFileIsNamed) { ExpectFailure(Path("no.mp4"), {"does not exist"}); }

TEST_F(FrameSourceTest, EmptyFileIsNamed) {
  WriteFileAtomically(Path("empty.mp4"), "");
  ExpectFailure(Path("empty.mp4"), {"is empty"});
}

TEST_F(FrameSourceTest, TextIsNoVideo) {
  WriteFileAtomically(Path("text.mp4"), "This is a text of a few words, and no video at all.\n");
  ExpectFailure(Path("text.mp4"));
}

TEST_F(FrameSourceTest, SoundAloneIsNoVideo) {
  Ffmpeg("-f lavfi -i sine=duration=1 -c:a aac " + Path("sound.mp4").string());
  ExpectFailure(Path("sound.mp4"), {"no video stream"});
}

TEST_F(FrameSourceTest, SoundBesideThePictureChangesNothing) {
  Ffmpeg("-i " + GrayVideo().string() + " -f lavfi -i sine=duration=3 -c:v copy -c:a aac " +
         Path("both.mkv").string());
  EXPECT_EQ(PlacesOf(ReadAll(Path("both.mkv"))), Range(0, 25));
}

TEST_F(FrameSourceTest, VideoWithoutFramesIsNamed) {
  for (const char* name : {"none.mkv", "none.mp4"}) {
    DeliveryOptions options;
    options.codec = fs::path(name).extension() == ".mkv" ? "ffv1" : "h264";
    VideoWriter::Delivery(Path(name), {32, 32}, {25, 1}, options)->Finish();
    ExpectFailure(Path(name));
  }
}

TEST_F(FrameSourceTest, PlaylistsReachForNoOtherFile) {
  const fs::path video = GrayVideo();
  WriteFileAtomically(Path("list.m3u8"), "#EXTM3U\n#EXTINF:1,\n" + video.string() + "\n");
  WriteFileAtomically(Path("concat.mp4"), "ffconcat version 1.0\nfile '" + video.string() + "'\n");
  ExpectFailure(Path("list.m3u8"));
  ExpectFailure(Path("concat.mp4"));
}

/// Files of 40 frames of noise: nearly all bytes are frame data.
class DamageTest : public FrameSourceTest {
 protected:
  fs::path Video(const std::string& name) const {
    fs::path file = Path(name);
    const std::vector<cv::Mat> frames = NoiseFrames({64, 64}, 40);
    WriteLossless(Path("noise.mkv"), frames);
    if (file.extension() == ".mp4") {
      Convert(Path("noise.mkv"), "-c:v libx264 -pix_fmt yuv420p -movflags faststart", file);
    } else if (file.extension() == ".webm") {
      Convert(Path("noise.mkv"), "-c:v libvpx -b:v 2M", file);
    } else if (file.stem() == "ffv1") {
      DeliveryOptions options;
      options.codec = "ffv1";
      WriteAll(VideoWriter::Delivery(file, {64, 64}, {25, 1}, options).get(), frames);
    } else {
      fs::copy_file(Path("noise.mkv"), file);
    }
    EXPECT_EQ(ReadAll(file).size(), 40u);
    return file;
  }

  /// Overwrites `count` bytes at several places of the file in turn; each must be noticed.
  static void ExpectDamageIsNoticed(const fs::path& file, size_t count) {
    const std::string content = ReadFile(file);
    for (const double place : {0.25, 0.35, 0.5, 0.7, 0.85}) {
      std::string damaged = content;
      const auto start = static_cast<size_t>(place * static_cast<double>(content.size()));
      for (size_t i = 0; i < count; ++i) damaged[start + i] = static_cast<char>(0x5a + 7 * i);
      WriteFileAtomically(file, damaged);
      SCOPED_TRACE(place);
      ExpectFailure(file);
    }
  }
};

class TruncationTest : public DamageTest, public testing::WithParamInterface<const char*> {};

TEST_P(TruncationTest, IsAnError) {
  const fs::path file = Video(GetParam());
  const std::string content = ReadFile(file);
  for (const double share : {0.3, 0.6, 0.95}) {
    const double size = share * static_cast<double>(content.size());
    WriteFileAtomically(file, content.substr(0, static_cast<size_t>(size)));
    SCOPED_TRACE(share);
    ExpectFailure(file);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TruncationTest,
                         testing::Values("h264.mp4", "intermediate.mkv", "ffv1.mkv", "vp8.webm"),
                         [](const auto& test) { return fs::path(test.param).stem().string(); });

// H.264 and VP8 have no check sums: a few changed bytes may decode to another picture and cannot be
// noticed. Damage over whole frames can.
TEST_F(DamageTest, OverwrittenFramesOfH264AreAnError) {
  const fs::path file = Video("h264.mp4");
  ExpectDamageIsNoticed(file, fs::file_size(file) / 10);
}

TEST_F(DamageTest, AnyOverwrittenBytesOfAnIntermediateAreAnError) {
  ExpectDamageIsNoticed(Video("intermediate.mkv"), 1);
}

TEST_F(DamageTest, SkippedFramesOfAnIntermediateAreCheckedAndChangeNoOther) {
  const fs::path file = Video("intermediate.mkv");
  const std::vector<cv::Mat> all = ReadAll(file);
  const auto source = OpenFrames(file, {});
  Frame frame;
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % 3 != 1) {
      ASSERT_TRUE(source->Skip());
      continue;
    }
    ASSERT_TRUE(source->Next(&frame));
    EXPECT_EQ(frame.index, static_cast<int64_t>(i));
    EXPECT_EQ(LargestDifference(frame.bgr, all[i]), 0) << i;
  }
  EXPECT_FALSE(source->Skip());

  std::string damaged = ReadFile(file);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  WriteFileAtomically(file, damaged);
  EXPECT_THROW(
      {
        const auto again = OpenFrames(file, {});
        while (again->Skip()) {
        }
      },
      DataError);
}

TEST_F(DamageTest, AnyOverwrittenBytesOfFfv1AreAnError) {
  ExpectDamageIsNoticed(Video("ffv1.mkv"), 3);
}

// Browsers record WebM without knowing its length in advance.
TEST_F(DamageTest, WebmOfUnknownLengthIsWhole) {
  Ffmpeg("-i " + Video("intermediate.mkv").string() + " -c:v libvpx -f webm - > " +
         Path("stream.webm").string());
  EXPECT_EQ(ReadAll(Path("stream.webm")).size(), 40u);
}

}  // namespace
}  // namespace maskbench
