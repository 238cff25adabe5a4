#include "experiments/training/eye_network/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/nn/eye_network.h"
#include "maskbench/perception/eye_network.h"
#include "maskbench/stats/agreement.h"

namespace maskbench::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kOffX = (kPatchWidth - kEyeCropWidth) / 2.0,
                 kOffY = (kPatchHeight - kEyeCropHeight) / 2.0;

/// Groups in reading order; the number keeps it in a sorted map.
const std::array<const char*, 22> kGroups = {"all",
                                             "iris below 10 px",
                                             "iris 10 to 16 px",
                                             "iris 16 to 25 px",
                                             "iris from 25 px",
                                             "African",
                                             "Asian",
                                             "Caucasian",
                                             "without glasses",
                                             "with glasses",
                                             "without make-up",
                                             "with make-up",
                                             "head within 10°",
                                             "head turned by 10 to 20°",
                                             "head turned beyond 20°",
                                             "MRD1 below 0 mm",
                                             "MRD1 0 to 2 mm",
                                             "MRD1 2 to 4 mm",
                                             "MRD1 4 to 6 mm",
                                             "MRD1 from 6 mm",
                                             "less than half of the iris in sight",
                                             "half of the iris and more in sight"};

std::vector<int> GroupsOf(const EyeLabel& label, double mrd1_mm) {
  const double turn = std::hypot(label.yaw_deg, label.pitch_deg);
  const auto step = [](double value, std::initializer_list<double> limits) {
    return static_cast<int>(
        std::count_if(limits.begin(), limits.end(), [&](double limit) { return value >= limit; }));
  };
  return {0,
          1 + step(label.source_iris_px, {10, 16, 25}),
          5 + std::min<int>(label.ancestry, 2),
          8 + (label.glasses != 0 ? 1 : 0),
          10 + (label.make_up != 0 ? 1 : 0),
          12 + step(turn, {10, 20}),
          15 + step(mrd1_mm, {0, 2, 4, 6}),
          20 + (label.iris_visible >= 0.5F ? 1 : 0)};
}

double HeightAt(const std::array<cv::Point2d, kEyeMapWidth>& margin, double x) {
  for (size_t k = 0; k + 1 < margin.size(); ++k) {
    if (margin[k].x > x || margin[k + 1].x <= x) continue;
    const double t = (x - margin[k].x) / (margin[k + 1].x - margin[k].x);
    return margin[k].y + t * (margin[k + 1].y - margin[k].y);
  }
  return kNan;
}

double HeightAt(const std::array<LabelPoint, kMarginPoints>& margin, double x) {
  for (size_t k = 0; k + 1 < margin.size(); ++k) {
    const double from = margin[k].x - kOffX, to = margin[k + 1].x - kOffX;
    if (from > x || to <= x || margin[k].seen == 0 || margin[k + 1].seen == 0) continue;
    const double t = (x - from) / (to - from);
    return margin[k].y + t * (margin[k + 1].y - margin[k].y) - kOffY;
  }
  return kNan;
}

cv::Point2d InCrop(const LabelPoint& point) { return {point.x - kOffX, point.y - kOffY}; }

}  // namespace

void CropEvaluation::Add(const std::vector<EyeSample>& samples) {
  // Frame px are crop px; samples have the nose on the left, as a left eye.
  EyePlacement placement;
  placement.centre_px = {(kEyeCropWidth - 1) / 2.0, (kEyeCropHeight - 1) / 2.0};
  placement.width_px = kEyeCropWidth;
  placement.side = Side::kLeft;
  std::vector<float> input(static_cast<size_t>(EyeNetworkContract().InputElementsPerItem()));
  std::vector<Tensor> outputs;
  for (const EyeSample& sample : samples) {
    const EyeLabel& label = sample.label;
    const cv::Mat crop = sample.patch(
        cv::Rect(static_cast<int>(kOffX), static_cast<int>(kOffY), kEyeCropWidth, kEyeCropHeight));
    NormaliseCrop(crop.clone(), input.data());
    network_.Run(input.data(), &outputs);
    const EyeEvidence eye =
        DecodeEye(outputs[0].values.data(), outputs[1].values.data(), placement);
    int seen = 0;
    for (const LabelPoint& point : label.upper) seen += point.seen;
    const bool covered = seen<kMarginPoints / 4, is_free = seen> kMarginPoints * 3 / 4;
    covered_ += covered;
    covered_found_ += covered && eye.in_sight < 0.5;
    free_ += is_free;
    free_called_covered_ += is_free && eye.in_sight < 0.5;
    if (label.occluded != 0 || !is_free) continue;
    const cv::Point2d iris = InCrop(label.iris);
    const double upper = HeightAt(label.upper, iris.x), lower = HeightAt(label.lower, iris.x);
    const double mm = 1 / static_cast<double>(label.px_per_mm);
    if (label.closure >= 1) {
      ++shut_;
      shut_found_ += eye.shut >= 0.5;
    } else if ((lower - upper) * mm >= 2) {
      ++open_;
      open_called_shut_ += eye.shut >= 0.5;
    }
    if (label.iris_visible < 0.1F || !std::isfinite(upper) || !std::isfinite(lower)) continue;
    Row row{};
    row.truth_mm = (iris.y - upper) * mm;
    row.read_mm = (eye.iris.at.y - HeightAt(eye.upper, eye.iris.at.x)) * mm;
    row.upper_mm = (HeightAt(eye.upper, iris.x) - upper) * mm;
    row.lower_mm = (HeightAt(eye.lower, iris.x) - lower) * mm;
    row.x_mm = (eye.iris.at.x - iris.x) * mm;
    row.y_mm = (eye.iris.at.y - iris.y) * mm;
    const double c = std::cos(label.iris_angle_rad), s = std::sin(label.iris_angle_rad);
    row.width_share =
        eye.IrisRadiusPx() / std::hypot(c * label.iris_major_px, s * label.iris_minor_px) - 1;
    row.corners_mm = 0.5 * mm *
                     (cv::norm(eye.medial.at - InCrop(label.medial)) +
                      cv::norm(eye.lateral.at - InCrop(label.lateral)));
    if (!std::isfinite(row.read_mm) || !std::isfinite(row.upper_mm)) continue;
    for (const int group : GroupsOf(label, row.truth_mm))
      rows_[fmt::format("{:02}", group)].push_back(row);
  }
}

std::vector<std::pair<std::string, GroupErrors>> CropEvaluation::Groups() const {
  std::vector<std::pair<std::string, GroupErrors>> groups;
  for (const auto& [key, rows] : rows_) {
    GroupErrors errors;
    errors.samples = static_cast<int>(rows.size());
    const auto mean_size = [&rows = rows](double Row::*member) {
      double sum = 0;
      for (const Row& row : rows) sum += std::abs(row.*member);
      return sum / static_cast<double>(rows.size());
    };
    std::vector<double> truth, read;
    double bias = 0, size = 0;
    for (const Row& row : rows) {
      truth.push_back(row.truth_mm);
      read.push_back(row.read_mm);
      bias += row.read_mm - row.truth_mm;
      size += std::abs(row.read_mm - row.truth_mm);
    }
    errors.mrd1_mae_mm = size / static_cast<double>(rows.size());
    errors.mrd1_bias_mm = bias / static_cast<double>(rows.size());
    errors.mrd1_slope = RegressionSlope(truth, read);
    errors.upper_mae_mm = mean_size(&Row::upper_mm);
    errors.lower_mae_mm = mean_size(&Row::lower_mm);
    errors.iris_x_mae_mm = mean_size(&Row::x_mm);
    errors.iris_y_mae_mm = mean_size(&Row::y_mm);
    errors.iris_width_mae_share = mean_size(&Row::width_share);
    errors.corners_mae_mm = mean_size(&Row::corners_mm);
    groups.emplace_back(kGroups[static_cast<size_t>(std::stoi(key))], errors);
  }
  return groups;
}

Json CropEvaluation::States() const {
  const auto share = [](int part, int whole) {
    return whole > 0 ? Json(static_cast<double>(part) / whole) : Json();
  };
  return {{"shut", shut_},       {"shut_found", share(shut_found_, shut_)},
          {"open", open_},       {"open_called_shut", share(open_called_shut_, open_)},
          {"covered", covered_}, {"covered_found", share(covered_found_, covered_)},
          {"free", free_},       {"free_called_covered", share(free_called_covered_, free_)}};
}

Json ToJson(const std::vector<std::pair<std::string, GroupErrors>>& groups) {
  Json list = Json::array();
  for (const auto& [name, errors] : groups) {
    list.push_back({{"group", name},
                    {"samples", errors.samples},
                    {"mrd1_mae_mm", errors.mrd1_mae_mm},
                    {"mrd1_bias_mm", errors.mrd1_bias_mm},
                    {"mrd1_slope", errors.mrd1_slope},
                    {"upper_mae_mm", errors.upper_mae_mm},
                    {"lower_mae_mm", errors.lower_mae_mm},
                    {"iris_x_mae_mm", errors.iris_x_mae_mm},
                    {"iris_y_mae_mm", errors.iris_y_mae_mm},
                    {"iris_width_mae_share", errors.iris_width_mae_share},
                    {"corners_mae_mm", errors.corners_mae_mm}});
  }
  return list;
}

std::string TableOf(const std::vector<std::pair<std::string, GroupErrors>>& groups) {
  std::string table =
      "| samples | n | MRD1, mm | bias | slope | upper lid | lower lid | iris x | iris y | iris "
      "width, % | corners |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& [name, errors] : groups) {
    table += fmt::format(
        "| {} | {} | {:.2f} | {:+.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.1f} | "
        "{:.2f} |\n",
        name, errors.samples, errors.mrd1_mae_mm, errors.mrd1_bias_mm, errors.mrd1_slope,
        errors.upper_mae_mm, errors.lower_mae_mm, errors.iris_x_mae_mm, errors.iris_y_mae_mm,
        100 * errors.iris_width_mae_share, errors.corners_mae_mm);
  }
  return table;
}

}  // namespace maskbench::training
