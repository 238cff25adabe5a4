#include "experiments/training/learned_reader/picture_changes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/perception/reader_crop.h"

namespace maskbench::training {
namespace {

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

/// A curve through five points that are moved up and down; rising but for small dents.
cv::Mat DrawTones(NamedRandom* random) {
  constexpr int kPoints = 5;
  double heights[kPoints];
  const double gamma = std::exp(0.45 * random->Normal());
  for (int k = 0; k < kPoints; ++k)
    heights[k] = std::pow(k / (kPoints - 1.0), gamma) + 0.09 * random->Normal();
  cv::Mat tones(1, 256, CV_8U);
  for (int value = 0; value < 256; ++value) {
    const double at = value / 255.0 * (kPoints - 1);
    const int k = std::min(kPoints - 2, static_cast<int>(at));
    const double height = heights[k] + (at - k) * (heights[k + 1] - heights[k]);
    tones.at<std::uint8_t>(value) = cv::saturate_cast<std::uint8_t>(15 + 225 * height);
  }
  return tones;
}

}  // namespace

PictureChange DrawPictureChange(NamedRandom* random, bool face) {
  PictureChange change;
  change.shift_x = 0.03 * random->Normal();
  change.shift_y = 0.03 * random->Normal();
  change.turn_rad = 0.05 * random->Normal();
  change.scale = std::exp(0.07 * random->Normal());
  change.stretch = std::exp(0.02 * random->Normal());
  if (random->Uniform() < 0.7) change.tones = DrawTones(random);
  if (random->Uniform() < 0.5) {
    change.slope_x = 30 * random->Normal();
    change.slope_y = 20 * random->Normal();
  }
  if (random->Uniform() < 0.3) change.coarser = 2 + static_cast<int>(random->Below(2));
  if (random->Uniform() < 0.4) change.blur_px = Between(random, 0.3, 1.4);
  if (random->Uniform() < 0.5) change.noise = Between(random, 1, 10);
  if (random->Uniform() < 0.2) change.sharpen = Between(random, 0.3, 1.2);
  if (random->Uniform() < 0.15) change.median_px = random->Uniform() < 0.5 ? 3 : 5;
  if (random->Uniform() < 0.3) change.jpeg_quality = 15 + static_cast<int>(random->Below(70));
  change.glint = random->Uniform() < 0.12;
  if (face) {
    change.blank = random->Uniform() < 0.15;
    if (random->Uniform() < 0.3) change.blur_px = Between(random, 1, 3);
  }
  return change;
}

cv::Mat ChangePicture(const cv::Mat& patch, bool mirrored, const PictureChange& change,
                      NamedRandom* random) {
  const cv::Size size(kReaderCropWidth, kReaderCropHeight);
  if (change.blank) return cv::Mat::zeros(size, CV_8UC1);
  const double flip = mirrored ? -1 : 1;
  constexpr double kFiner = static_cast<double>(kPatchAcross) / kReaderCropWidth;
  const double c = std::cos(change.turn_rad) * change.scale * kFiner,
               s = std::sin(change.turn_rad) * change.scale * kFiner;
  const double x = (size.width - 1) / 2.0, y = (size.height - 1) / 2.0;
  // From the crop's pixels to the patch's.
  const cv::Matx22d turn(flip * c * change.stretch, -flip * s, s * change.stretch, c);
  const double to_x = (patch.cols - 1) / 2.0 + flip * change.shift_x * kPatchAcross,
               to_y = (patch.rows - 1) / 2.0 + change.shift_y * kPatchAcross;
  const cv::Matx23d map(turn(0, 0), turn(0, 1), to_x - turn(0, 0) * x - turn(0, 1) * y,  //
                        turn(1, 0), turn(1, 1), to_y - turn(1, 0) * x - turn(1, 1) * y);
  cv::Mat picture;
  cv::warpAffine(patch, picture, map, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  if (change.median_px > 0) cv::medianBlur(picture, picture, change.median_px);
  if (!change.tones.empty()) cv::LUT(picture, change.tones, picture);
  if (change.glint) {
    const cv::Point at(static_cast<int>(random->Below(kReaderCropWidth)),
                       static_cast<int>(random->Below(kReaderCropHeight)));
    cv::circle(picture, at, 1 + static_cast<int>(random->Below(2)), cv::Scalar(245), cv::FILLED,
               cv::LINE_AA);
  }
  if (change.blur_px > 0) cv::GaussianBlur(picture, picture, {0, 0}, change.blur_px);
  if (change.sharpen > 0) {
    cv::Mat soft;
    cv::GaussianBlur(picture, soft, {0, 0}, 1.5);
    cv::addWeighted(picture, 1 + change.sharpen, soft, -change.sharpen, 0, picture);
  }
  if (change.coarser > 1) {
    cv::Mat small;
    cv::resize(picture, small, size / change.coarser, 0, 0, cv::INTER_AREA);
    cv::resize(small, picture, size, 0, 0, cv::INTER_LINEAR);
  }
  if (change.noise > 0 || change.slope_x != 0 || change.slope_y != 0) {
    for (int row = 0; row < picture.rows; ++row) {
      auto* at = picture.ptr<std::uint8_t>(row);
      const double down = change.slope_y * (static_cast<double>(row) / picture.rows - 0.5);
      for (int col = 0; col < picture.cols; ++col) {
        // The sum of four even draws of a word's bytes: nearly normal, SD 147.8.
        double noise = 0;
        if (change.noise > 0) {
          const std::uint32_t bits = random->NextBits();
          noise = change.noise / 147.8 *
                  (static_cast<int>(bits & 255U) + static_cast<int>(bits >> 8 & 255U) +
                   static_cast<int>(bits >> 16 & 255U) + static_cast<int>(bits >> 24) - 510);
        }
        at[col] = cv::saturate_cast<std::uint8_t>(
            at[col] + down + change.slope_x * (static_cast<double>(col) / picture.cols - 0.5) +
            noise);
      }
    }
  }
  if (change.jpeg_quality > 0) {
    std::vector<std::uint8_t> bytes;
    cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, change.jpeg_quality});
    picture = cv::imdecode(bytes, cv::IMREAD_GRAYSCALE);
  }
  return picture;
}

}  // namespace maskbench::training
