// Encoders that read memory they never wrote give other bytes once in a hundred runs. Filling fresh
// memory with different bytes shows that at once.
#include <gtest/gtest.h>
#include <malloc.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {
namespace {

cv::Mat MovingShapes(cv::Size size, int frame) {
  cv::Mat image(size, CV_8UC3, cv::Scalar(90, 120, 60));
  for (int i = 0; i < 12; ++i) {
    cv::circle(image, {(37 * i + 5 * frame) % size.width, (53 * i + 3 * frame) % size.height},
               10 + i, cv::Scalar(20 * i, 255 - 20 * i, (70 * i) % 256), cv::FILLED, cv::LINE_AA);
  }
  return image;
}

std::string HashWithFreshMemory(int byte, cv::Size size, const std::string& codec) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "v.mkv";
  mallopt(M_PERTURB, byte);
  {
    DeliveryOptions options;
    options.codec = codec;
    const auto writer = codec == "intermediate"
                            ? VideoWriter::Intermediate(file, size, {25, 1})
                            : VideoWriter::Delivery(file, size, {25, 1}, options);
    for (int i = 0; i < 12; ++i) writer->Write(MovingShapes(size, i));
    writer->Finish();
  }
  mallopt(M_PERTURB, 0);
  return Sha256OfFile(file);
}

class EncoderDeterminism : public testing::TestWithParam<const char*> {};

TEST_P(EncoderDeterminism, BytesDoNotDependOnWhatFreshMemoryHolds) {
  for (const cv::Size size : {cv::Size(400, 300), cv::Size(361, 287), cv::Size(64, 64)}) {
    const std::string first = HashWithFreshMemory(0x11, size, GetParam());
    for (const int byte : {0x7F, 0xC3, 0xFE}) {
      EXPECT_EQ(first, HashWithFreshMemory(byte, size, GetParam())) << size << " " << byte;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, EncoderDeterminism,
                         testing::Values("h264", "ffv1", "intermediate"));

}  // namespace
}  // namespace maskbench
