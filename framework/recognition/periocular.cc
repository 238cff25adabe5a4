// The eyes alone: oriented gradients of both eyes, for those who ignore everything else.
#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "maskbench/perception/eye_crop.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

// Histograms of oriented gradients (Dalal & Triggs, CVPR 2005), without overlapping blocks: each
// cell is normalised by the energy of the 3 × 3 cells around it.
constexpr int kCell = 8, kOrientations = 8;
constexpr int kColumns = kEyeCropWidth / kCell, kRows = kEyeCropHeight / kCell;
constexpr double kClip = 0.2, kPi = 3.14159265358979323846;
/// Share of the crop's mean energy below which a cell is flat.
constexpr double kFlat = 0.05;

/// Appends the descriptor of one eye. @param gray  kEyeCropWidth × kEyeCropHeight, float.
void AppendGradients(const cv::Mat& gray, std::vector<float>* values) {
  cv::Mat along, across;
  cv::Sobel(gray, along, CV_32F, 1, 0, 3);
  cv::Sobel(gray, across, CV_32F, 0, 1, 3);
  std::array<std::array<std::array<double, kOrientations>, kColumns>, kRows> cells{};
  for (int y = 0; y < kEyeCropHeight; ++y) {
    for (int x = 0; x < kEyeCropWidth; ++x) {
      const double dx = along.at<float>(y, x), dy = across.at<float>(y, x);
      // Unsigned, shared by the two nearest orientations.
      double turn = std::atan2(dy, dx) / kPi;  // −1 … 1; turns by 1 are the same orientation.
      if (turn < 0) turn += 1;
      const double at = turn * kOrientations - 0.5, low = std::floor(at), share = at - low;
      const int first = (static_cast<int>(low) + kOrientations) % kOrientations;
      auto& cell = cells[static_cast<size_t>(y / kCell)][static_cast<size_t>(x / kCell)];
      const double strength = std::hypot(dx, dy);
      cell[static_cast<size_t>(first)] += (1 - share) * strength;
      cell[static_cast<size_t>((first + 1) % kOrientations)] += share * strength;
    }
  }
  std::array<std::array<double, kColumns>, kRows> energy{};
  double mean = 0;
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      double& sum = energy[static_cast<size_t>(row)][static_cast<size_t>(column)];
      for (const double value : cells[static_cast<size_t>(row)][static_cast<size_t>(column)])
        sum += value * value;
      mean += sum / (kRows * kColumns);
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      double around = 0, count = 0;
      for (int r = std::max(0, row - 1); r <= std::min(kRows - 1, row + 1); ++r) {
        for (int c = std::max(0, column - 1); c <= std::min(kColumns - 1, column + 1); ++c) {
          around += energy[static_cast<size_t>(r)][static_cast<size_t>(c)];
          ++count;
        }
      }
      const double norm = std::sqrt(9 * (around / count + kFlat * mean) + 1e-9);
      for (const double value : cells[static_cast<size_t>(row)][static_cast<size_t>(column)])
        values->push_back(static_cast<float>(std::min(kClip, value / norm)));
    }
  }
}

class Periocular : public Recogniser {
 public:
  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    std::vector<float> values;
    for (const Side side : kSides) {
      const bool right = side == Side::kRight;
      const EyePlacement placement = PlaceEye(
          face.point(right ? mesh::kRightEyeInner : mesh::kLeftEyeInner),
          face.point(right ? mesh::kRightEyeOuter : mesh::kLeftEyeOuter), face.roll_rad(), side);
      cv::Mat crop, gray;
      CutEye(bgr, placement, &crop);
      cv::cvtColor(crop, gray, cv::COLOR_BGR2GRAY);
      gray.convertTo(gray, CV_32F);
      AppendGradients(gray, &values);
    }
    return values;
  }
};

}  // namespace

void RegisterPeriocular(Registry<Observer>* registry) {
  AddRecogniser(registry,
                {{"periocular",
                  1,
                  "The eyes alone: 1536 oriented gradients of both eyes, cosine; for the attacker "
                  "of that name.",
                  {}},
                 DescriptorMetric::kCosine,
                 [](const NetworkLibrary&) { return std::make_unique<Periocular>(); },
                 DescriptorKind::kEyeRegion});
}

}  // namespace maskbench
