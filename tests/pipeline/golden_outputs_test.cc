// Guards version numbers: whoever changes what a component writes must raise its version and renew
// the hashes (MASKBENCH_RENEW_GOLDEN=1 writes them). Otherwise finished runs would mix old and new.
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

constexpr int kWidth = 128, kHeight = 96, kFrames = 6;

/// Drawn by whole-number arithmetic alone, so that it is the same everywhere.
cv::Mat MadeFrame(int frame) {
  cv::Mat image(kHeight, kWidth, CV_8UC3);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uchar>((x * 5 + y * 3 + frame * 7) % 256),
                                            static_cast<uchar>((x * x / 16 + y + frame) % 256),
                                            static_cast<uchar>(((x / 8 + y / 8) % 2) * 160 + 40));
    }
  }
  return image;
}

FaceObservation MadeFace(int frame) {
  FaceObservation face;
  face.status = FaceStatus::kTracked;
  const float shift = 0.5F * static_cast<float>(frame);
  face.mesh.fill({60 + shift, 48, 0});
  for (size_t i = 0; i < mesh::kOval.size(); ++i) {
    // A diamond: corners of a square walked around, no trigonometry.
    const float t = static_cast<float>(i) / 9, side = t - std::floor(t);
    const int corner = static_cast<int>(t);
    const float dx[] = {side, 1 - side, -side, side - 1}, dy[] = {side - 1, side, 1 - side, -side};
    face.mesh[mesh::kOval[i]] = {60 + shift + 24 * dx[corner], 48 + 30 * dy[corner], 0};
  }
  face.mesh[mesh::kRightEyeOuter] = {44 + shift, 42, 0};
  face.mesh[mesh::kRightEyeInner] = {55 + shift, 42, 0};
  face.mesh[mesh::kLeftEyeInner] = {65 + shift, 42, 0};
  face.mesh[mesh::kLeftEyeOuter] = {76 + shift, 42, 0};
  return face;
}

TEST(GoldenOutputs, MaskersHaveNotChangedWithoutAVersionBump) {
  Components components;
  RegisterFrameworkComponents(&components);
  const TemporaryFolder folder;
  const std::filesystem::path source = folder.path() / "source.mkv";
  const std::filesystem::path track = folder.path() / "source.track";
  {
    const auto writer = VideoWriter::Intermediate(source, {kWidth, kHeight}, {25, 1});
    FaceTrackWriter faces(track, MediaInfo{});  // 25 frames per second.
    for (int i = 0; i < kFrames; ++i) {
      writer->Write(MadeFrame(i));
      faces.Write(MadeFace(i));
    }
    writer->Finish();
    faces.Finish();
  }
  const std::filesystem::path file =
      std::filesystem::path(MASKBENCH_SOURCE_DIR) / "tests/pipeline/golden_outputs.json";
  const bool renew = std::getenv("MASKBENCH_RENEW_GOLDEN") != nullptr;
  Json hashes = Json::object();
  for (const std::string& type : components.maskers.Types()) {
    // These write what something else made.
    if (type == "null" || type == "command" || type == "premade" || type == "torchscript_mask")
      continue;
    // These need a face with eyes, or its truth; tests/masking/mask_renderer_test.cc guards what
    // they draw.
    if (type == "digital_mask" || type == "unsafe_overlay" || type == "oracle_mask") continue;
    Problems problems;
    const Json options = components.maskers.Complete(type, Json::object(), "", &problems);
    ASSERT_TRUE(problems.empty()) << type << " needs options; give it a case here.";
    const auto masker = components.maskers.Make({type, type, options}, {});
    MaskJob job;
    job.recording = {"golden", source, ProbeMedia(source)};
    job.track = track;
    job.output = folder.path() / (type + masker->Extension(job.recording));
    masker->Mask(job);
    std::string pixels;
    const auto frames = OpenFrames(job.output);
    Frame frame;
    while (frames->Next(&frame)) {
      pixels.append(frame.bgr.ptr<char>(), frame.bgr.total() * frame.bgr.elemSize());
    }
    hashes[type] = {{"version", components.maskers.Info(type).version},
                    {"sha256", Sha256OfBytes(pixels)}};
  }
  // The delivered "original", read back: covers decoding and colour conversion.
  hashes["recording_file"] = {{"version", kRecordingFileVersion},
                              {"sha256", hashes["original"]["sha256"]}};
  if (renew) WriteJsonFile(file, hashes);
  const Json golden = ReadJsonFile(file);
  for (const auto& item : hashes.items()) {
    ASSERT_TRUE(golden.contains(item.key())) << item.key() << " is new; renew the hashes.";
    EXPECT_EQ(golden[item.key()], item.value())
        << item.key() << " writes other pixels: raise its version, then renew the hashes.";
  }
}

}  // namespace
}  // namespace maskbench
