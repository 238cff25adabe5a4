#include "running_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <Eigen/Geometry>

#include "maskbench/core/side.h"

namespace maskbench {
namespace {

// As in FitEyes.
constexpr double kGazeCellMm = 0.8;
constexpr int kFixationFrames = 6;
constexpr int kCornerRounds = 3;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Between(double from, double to, double share) { return from + share * (to - from); }

/// A pooled frame's head with a template and corners of its own.
struct PosedFrame {
  HeadView view;  ///< Directions and size; the mesh's place.
  Corners model_px;
  Eigen::Vector2d shape{1, 0};
  std::array<HeadView, 2> orbits;
};

void PlaceCorners(const Eigen::Matrix<double, 3, kCorners>& corners_mm, const PooledFrame& frame,
                  PosedFrame* posed) {
  for (int k = 0; k < kCorners; ++k) {
    posed->model_px[static_cast<size_t>(k)] =
        posed->view.scale_px * (posed->view.rotation * corners_mm.col(k)).head<2>();
  }
  posed->shape = frame.sight.total() > 0
                     ? Turned(frame.smoothing_shape, ShapeOf(frame.sight, posed->model_px))
                     : Eigen::Vector2d(1, 0);
}

/// Where corners are against each other, from the frames with both eyes.
void ImproveCorners(const PooledFrames& frames, const std::vector<PosedFrame>& posed,
                    Eigen::Matrix<double, 3, kCorners>* corners_mm) {
  Eigen::Matrix<double, 2, kCorners> sum = Eigen::Matrix<double, 2, kCorners>::Zero();
  Eigen::Vector4d weights = Eigen::Vector4d::Zero();
  for (size_t i = 0; i < frames.size(); ++i) {
    const Sight& sight = frames[i]->sight;
    if (!sight.both_eyes()) continue;
    const PosedFrame& at = posed[i];
    Eigen::Vector2d place = Eigen::Vector2d::Zero();
    for (size_t k = 0; k < kCorners; ++k) {
      place +=
          sight.weights[k] / sight.total() * (sight.view_px[k] - Turned(at.shape, at.model_px[k]));
    }
    const Eigen::Matrix2d back = at.view.rotation.topLeftCorner<2, 2>().inverse();
    const double scale = at.shape.squaredNorm() * at.view.scale_px;
    for (size_t k = 0; k < kCorners; ++k) {
      const Eigen::Vector2d off = sight.view_px[k] - place - Turned(at.shape, at.model_px[k]);
      const auto column = static_cast<Eigen::Index>(k);
      sum.col(column) += sight.weights[k] * (back * TurnedBack(at.shape, off) / scale);
      weights[column] += sight.weights[k];
    }
  }
  for (int k = 0; k < kCorners; ++k)
    if (weights[k] > 0) corners_mm->col(k).head<2>() += sum.col(k) / weights[k];
}

void PlaceOrbits(const PooledFrame& frame, PosedFrame* posed) {
  for (size_t s = 0; s < 2; ++s) {
    HeadView& view = posed->orbits[s];
    view = posed->view;
    view.scale_px *= posed->shape.norm();
    view.rotation =
        Eigen::AngleAxisd(std::atan2(posed->shape.y(), posed->shape.x()), Eigen::Vector3d::UnitZ())
            .toRotationMatrix() *
        view.rotation;
    const double total = frame.sight.of_eye(s);
    if (total <= 0) continue;
    Eigen::Vector2d place = frame.smoothing_place_px[s];
    for (size_t k = 2 * s; k < 2 * s + 2; ++k) {
      place += frame.sight.weights[k] / total *
               (frame.sight.view_px[k] - Turned(posed->shape, posed->model_px[k]));
    }
    view.origin_px.head<2>() = place;
  }
}

}  // namespace

RunningCalibration::RunningCalibration(const Eigen::Matrix3Xd& skull,
                                       const Eigen::Matrix3Xd& canonical_mm,
                                       const std::array<Eigen::Vector3d, 2>& globes_mm)
    : skull_mm(skull), model(globes_mm), apart_mm((globes_mm[1] - globes_mm[0]).head<2>()) {
  corners_mm << canonical_mm.col(mesh::kRightEyeInner), canonical_mm.col(mesh::kRightEyeOuter),
      canonical_mm.col(mesh::kLeftEyeInner), canonical_mm.col(mesh::kLeftEyeOuter);
}

RunningCalibration Blend(const RunningCalibration& from, const RunningCalibration& to,
                         double share) {
  RunningCalibration at = to;
  const auto blend = [&](auto* value, const auto& first) {
    *value = (1 - share) * first + share * *value;
  };
  blend(&at.skull_mm, from.skull_mm);
  blend(&at.corners_mm, from.corners_mm);
  blend(&at.apart_mm, from.apart_mm);
  at.model.size = std::exp(Between(std::log(from.model.size), std::log(to.model.size), share));
  blend(&at.model.log_depth, from.model.log_depth);
  blend(&at.model.log_aspect, from.model.log_aspect);
  blend(&at.model.log_cornea, from.model.log_cornea);
  for (size_t s = 0; s < 2; ++s) {
    EyeballModel::Eye& eye = at.model.eyes[s];
    const EyeballModel::Eye& first = from.model.eyes[s];
    blend(&eye.centre_mm, first.centre_mm);
    blend(&eye.kappa_deg, first.kappa_deg);
    blend(&eye.reflex_offset_mm, first.reflex_offset_mm);
    blend(&eye.pupil_offset_mm, first.pupil_offset_mm);
  }
  return at;
}

void GazePool::Add(std::shared_ptr<const PooledFrame> frame, const Eigen::Vector2d& offset_mm) {
  cells_[{static_cast<int>(std::floor(offset_mm.x() / kGazeCellMm)),
          static_cast<int>(std::floor(offset_mm.y() / kGazeCellMm))}]
      .push_back(std::move(frame));
  if (++size_ <= capacity_) return;
  // From the fullest cell goes the frame with the nearest neighbours in time.
  auto fullest = cells_.begin();
  for (auto cell = cells_.begin(); cell != cells_.end(); ++cell)
    if (cell->second.size() > fullest->second.size()) fullest = cell;
  PooledFrames& frames = fullest->second;
  size_t worst = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (size_t i = 1; i + 1 < frames.size(); ++i) {
    const std::int64_t gap = frames[i + 1]->time - frames[i - 1]->time;
    if (gap < least) {
      least = gap;
      worst = i;
    }
  }
  frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(worst));
  if (frames.empty()) cells_.erase(fullest);
  --size_;
}

void GazePool::AppendTo(PooledFrames* frames) const {
  for (const auto& [cell, kept] : cells_) frames->insert(frames->end(), kept.begin(), kept.end());
}

void CalibrationPool::Add(const std::shared_ptr<const PooledFrame>& frame,
                          const std::array<Eigen::Vector2d, 2>& offsets_mm) {
  for (size_t s = 0; s < 2; ++s) {
    if (!frame->usable[s]) continue;
    (frame->looks_at_camera[s] ? eyes_[s].looking : eyes_[s].all).Add(frame, offsets_mm[s]);
  }
}

std::array<PooledFrames, 2> CalibrationPool::Frames() const {
  std::array<PooledFrames, 2> frames;
  for (size_t s = 0; s < 2; ++s) {
    eyes_[s].all.AppendTo(&frames[s]);
    eyes_[s].looking.AppendTo(&frames[s]);
    std::sort(frames[s].begin(), frames[s].end(),
              [](const auto& a, const auto& b) { return a->time < b->time; });
  }
  return frames;
}

RunningCalibration Calibrate(const RunningCalibration& start, const RunningCalibration& before,
                             const Eigen::Matrix3Xd& canonical_mm,
                             const std::array<PooledFrames, 2>& frames, double camera_distance_mm) {
  RunningCalibration found = start;
  found.apart_mm = before.apart_mm;
  PooledFrames all = frames[0];
  all.insert(all.end(), frames[1].begin(), frames[1].end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->time < b->time; });
  all.erase(std::unique(all.begin(), all.end()), all.end());

  std::vector<const Eigen::Matrix3Xf*> skulls;
  const size_t count = std::min<size_t>(HeadMotion::kTemplateFrames, all.size());
  for (size_t k = 0; k < count; ++k) skulls.push_back(&all[k * all.size() / count]->skull_points);
  found.skull_mm = HeadMotion(canonical_mm).Template(skulls);

  std::vector<PosedFrame> posed(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    HeadView& view = posed[i].view;
    view = HeadMotion::Align(found.skull_mm, all[i]->skull_points, nullptr);
    view.rotation = all[i]->smoothing_turn * view.rotation;
    view.scale_px *= std::exp(all[i]->smoothing_log_scale);
  }
  for (int round = 0; round < kCornerRounds; ++round) {
    for (size_t i = 0; i < all.size(); ++i) PlaceCorners(found.corners_mm, *all[i], &posed[i]);
    ImproveCorners(all, posed, &found.corners_mm);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    PlaceCorners(found.corners_mm, *all[i], &posed[i]);
    PlaceOrbits(*all[i], &posed[i]);
  }

  // From the iris' widths alone; turned eyes look narrow, hence an upper quantile.
  std::vector<double> sizes;
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t s = 0; s < 2; ++s) {
      if (!all[i]->usable[s]) continue;
      sizes.push_back(2 * all[i]->eyes[s].IrisRadiusPx() / found.model.iris_diameter_mm /
                      posed[i].orbits[0].scale_px);
    }
  }
  if (sizes.empty()) return before;
  const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 6 / 10);
  std::nth_element(sizes.begin(), at, sizes.end());
  found.model.size = 1 / *at;
  for (EyeballModel::Eye& eye : found.model.eyes)
    eye.centre_mm = eye.centre_prior_mm *= found.model.size;

  EyeballProblem problem(&found.model);
  int used = 0;
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    int fixations = 0;
    size_t i = 0;
    for (const auto& frame : frames[s]) {
      while (all[i] != frame) ++i;
      const bool looks = frame->looks_at_camera[s];
      problem.Add(
          side,
          SightingOf(frame->eyes[s], posed[i].orbits[s], found.model.size, camera_distance_mm),
          looks);
      fixations += looks ? 1 : 0;
      ++used;
    }
    found.model.eyes[s].kappa_measured = fixations >= kFixationFrames;
  }
  if (used >= 4) problem.Solve();

  std::array<std::vector<double>, 2> across;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i]->sight.both_eyes()) continue;
    const auto globe = [&](size_t s) -> Eigen::Vector2d {
      const HeadView& view = posed[i].orbits[s];
      return (view.scale_px / found.model.size * (view.rotation * found.model.eyes[s].centre_mm) +
              view.origin_px)
          .head<2>();
    };
    const HeadView& view = posed[i].orbits[0];
    const Eigen::Matrix2d in_head =
        view.scale_px / found.model.size * view.rotation.topLeftCorner<2, 2>();
    const Eigen::Vector2d apart = in_head.inverse() * (globe(1) - globe(0));
    across[0].push_back(apart.x());
    across[1].push_back(apart.y());
  }
  if (!across[0].empty()) found.apart_mm = {Median(across[0]), Median(across[1])};
  return found;
}

}  // namespace maskbench
