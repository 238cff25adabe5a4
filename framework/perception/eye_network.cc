#include "maskbench/perception/eye_network.h"

#include <algorithm>
#include <cmath>

namespace maskbench {
namespace {

constexpr int kCells = kEyeMapHeight * kEyeMapWidth;

double CropOfMap(double index) { return 2 * index + 0.5; }

double Probability(float log_odds) { return 1 / (1 + std::exp(-log_odds)); }

/// Expected row of a softmax down one column of a map.
double ColumnHeight(const float* maps, int map, int column) {
  const auto score = [&](int row) { return maps[(row * kEyeMapWidth + column) * kEyeMaps + map]; };
  float highest = score(0);
  for (int row = 1; row < kEyeMapHeight; ++row) highest = std::max(highest, score(row));
  double total = 0, sum = 0;
  for (int row = 0; row < kEyeMapHeight; ++row) {
    const double weight = std::exp(score(row) - highest);
    total += weight;
    sum += weight * row;
  }
  return CropOfMap(sum / total);
}

/// Expected place of a softmax over a whole map, crop px.
cv::Point2d Place(const float* maps, int map) {
  float highest = maps[map];
  for (int cell = 1; cell < kCells; ++cell)
    highest = std::max(highest, maps[cell * kEyeMaps + map]);
  double total = 0, x = 0, y = 0;
  for (int row = 0; row < kEyeMapHeight; ++row) {
    for (int column = 0; column < kEyeMapWidth; ++column) {
      const double weight =
          std::exp(maps[(row * kEyeMapWidth + column) * kEyeMaps + map] - highest);
      total += weight;
      x += weight * column;
      y += weight * row;
    }
  }
  return {CropOfMap(x / total), CropOfMap(y / total)};
}

}  // namespace

double EyeEvidence::IrisRadiusPx() const {
  const double c = std::cos(placement.angle_rad), s = std::sin(placement.angle_rad);
  return std::sqrt(c * c * iris_shape(0, 0) + 2 * c * s * iris_shape(0, 1) +
                   s * s * iris_shape(1, 1));
}

EyeEvidence DecodeEye(const float* maps, const float* values, const EyePlacement& placement) {
  EyeEvidence eye;
  eye.placement = placement;
  const cv::Matx23d map = placement.FrameFromCrop();
  const double scale = placement.Scale();
  const auto error = [&](EyeValue which) { return scale * std::exp(values[which]); };
  const auto point = [&](int which, EyeValue log_error) {
    return SeenPoint{Transform(map, Place(maps, which)), error(log_error)};
  };
  eye.medial = point(kMedialCornerMap, kMedialLogError);
  eye.lateral = point(kLateralCornerMap, kLateralLogError);
  eye.iris = point(kIrisMap, kIrisXLogError);
  eye.pupil = point(kPupilMap, kPupilLogError);
  eye.reflex = point(kReflexMap, kReflexLogError);
  eye.iris_y_error_px = error(kIrisYLogError);
  eye.iris_size_error_px = error(kIrisSizeLogError);
  eye.upper_error_px = error(kUpperLogError);
  eye.lower_error_px = error(kLowerLogError);
  for (int column = 0; column < kEyeMapWidth; ++column) {
    const double x = CropOfMap(column);
    eye.upper[column] = Transform(map, {x, ColumnHeight(maps, kUpperMarginMap, column)});
    eye.lower[column] = Transform(map, {x, ColumnHeight(maps, kLowerMarginMap, column)});
  }
  const double width = 10 * std::exp(values[kIrisLogHalfWidth]),
               height = 10 * std::exp(values[kIrisLogHalfHeight]),
               slant = std::clamp<double>(values[kIrisSlant], -0.95, 0.95);
  const cv::Matx22d shape(width * width, slant * width * height, slant * width * height,
                          height * height);
  const cv::Matx22d turn(map(0, 0), map(0, 1), map(1, 0), map(1, 1));
  eye.iris_shape = turn * shape * turn.t();
  eye.iris_share = Probability(values[kIrisShare]);
  eye.reflex_seen = Probability(values[kReflexSeen]);
  eye.pupil_seen = Probability(values[kPupilSeen]);
  eye.in_sight = Probability(values[kInSight]);
  eye.shut = Probability(values[kShut]);
  return eye;
}

EyeNetwork::EyeNetwork(const NetworkLibrary& networks)
    : network_(networks.Load(EyeNetworkContract().name, 2)),
      input_(static_cast<size_t>(2 * EyeNetworkContract().InputElementsPerItem())) {}

std::array<EyeEvidence, 2> EyeNetwork::Look(const cv::Mat& bgr,
                                            const std::array<EyePlacement, 2>& placements) {
  const auto planes = EyeNetworkContract().InputElementsPerItem();
  for (int i = 0; i < 2; ++i) {
    CutEye(bgr, placements[i], &crop_);
    NormaliseCrop(crop_, &input_[static_cast<size_t>(i * planes)]);
  }
  network_->Run(input_.data(), &outputs_);
  std::array<EyeEvidence, 2> eyes;
  for (int i = 0; i < 2; ++i) {
    eyes[i] = DecodeEye(&outputs_[0].values[static_cast<size_t>(i) * kCells * kEyeMaps],
                        &outputs_[1].values[static_cast<size_t>(i) * kEyeValues], placements[i]);
  }
  return eyes;
}

std::array<EyePlacement, 2> EyeNetwork::Placements(const FaceObservation& face) {
  std::array<EyePlacement, 2> placements;
  for (const Side side : kSides) {
    const bool right = side == Side::kRight;
    const cv::Point2f medial = face.point(right ? mesh::kRightEyeInner : mesh::kLeftEyeInner),
                      lateral = face.point(right ? mesh::kRightEyeOuter : mesh::kLeftEyeOuter);
    placements[static_cast<size_t>(side)] = PlaceEye(medial, lateral, face.roll_rad(), side);
  }
  return placements;
}

}  // namespace maskbench
