// Healthy and diseased recordings must differ by their signs only. What has nothing to do with eyes
// (bytes, bit rate, duration, brightness, colour, posture without the listed head turn) must not
// tell one from the other: the upper 95 % limit of the AUC stays at or below 0.60.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/media/frame_source.h"

#include "datasets/virtual_clinic/recorder.h"

namespace maskbench::virtual_clinic {
namespace {

// Area under the curve of `diseased` over `healthy`, and its variance (DeLong, DeLong &
// Clarke-Pearson 1988).
void AreaUnderCurve(const std::vector<double>& healthy, const std::vector<double>& diseased,
                    double* area, double* variance) {
  const auto wins = [](double a, double b) { return a > b ? 1.0 : a == b ? 0.5 : 0.0; };
  std::vector<double> by_diseased, by_healthy;
  for (double d : diseased) {
    double sum = 0;
    for (double h : healthy) sum += wins(d, h);
    by_diseased.push_back(sum / static_cast<double>(healthy.size()));
  }
  for (double h : healthy) {
    double sum = 0;
    for (double d : diseased) sum += wins(d, h);
    by_healthy.push_back(sum / static_cast<double>(diseased.size()));
  }
  const auto moments = [](const std::vector<double>& values, double* mean) {
    *mean = 0;
    for (double v : values) *mean += v / static_cast<double>(values.size());
    double sum = 0;
    for (double v : values) sum += (v - *mean) * (v - *mean);
    return sum / static_cast<double>(values.size() - 1) / static_cast<double>(values.size());
  };
  double other = 0;
  *variance = moments(by_diseased, area) + moments(by_healthy, &other);
}

TEST(AreaUnderCurve, HandComputed) {
  double area = 0, variance = 0;
  AreaUnderCurve({1, 2, 3}, {2, 4, 5}, &area, &variance);
  // Pairs: 2 beats 1, ties 2, loses to 3: 1.5; 4 and 5 beat all: 6. (1.5 + 6) / 9.
  EXPECT_NEAR(area, 7.5 / 9, 1e-12);
  EXPECT_GT(variance, 0);
}

TEST(Leak, NothingButSignsTellsTheDiseasedFromTheHealthy) {
  const char* assets = std::getenv("MASKBENCH_ASSETS");
  const std::filesystem::path root = assets != nullptr ? assets : MASKBENCH_ASSETS_DIR;
  const Studio studio(root / "models", root / "npm");
  const TemporaryFolder folder;
  constexpr int kRecordings = 600;
  std::map<std::string, std::array<std::vector<double>, 2>> features;  // Healthy, diseased.
  std::vector<std::map<std::string, double>> rows(kRecordings);
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int k = next++; k < kRecordings; k = next++) {
      RecordingPlan plan;
      plan.seed = 2;
      plan.subject_id = fmt::format("p{:04}", k + 1);
      plan.stratum = EvenStratum(plan.seed, k);
      plan.condition = static_cast<Condition>(k % 5);
      plan.recording_id = fmt::format("leak{}", k);
      plan.seconds = 0.25;
      plan.width_px = 128;
      plan.height_px = 96;
      plan.skin_px = 256;
      const auto video = folder.path() / (plan.recording_id + ".mp4");
      const auto truth = folder.path() / (plan.recording_id + ".msgpack");
      MakeRecording(studio, plan, video, truth);
      const Json all = Json::from_msgpack(ReadFile(truth));
      std::map<std::string, double>& row = rows[static_cast<size_t>(k)];
      row["bytes"] = static_cast<double>(std::filesystem::file_size(video));
      row["frames"] = all.at("frames").get<double>();
      const auto source = OpenFrames(video);
      Frame frame;
      cv::Scalar sum;
      int count = 0;
      while (source->Next(&frame)) {
        sum += cv::mean(frame.bgr);
        ++count;
      }
      row["bit_rate"] = row["bytes"] / count;
      row["luma"] = (0.114 * sum[0] + 0.587 * sum[1] + 0.299 * sum[2]) / count;
      row["blue_red"] = (sum[0] - sum[2]) / count;
      row["green_magenta"] = (2 * sum[1] - sum[0] - sum[2]) / count;
      const Patient patient = DrawPatient(plan.condition, plan.seed, plan.subject_id);
      const Session session =
          DrawSession(plan.seed, plan.subject_id, plan.number, plan.width_px, plan.height_px);
      const Json& pose = all.at("head_to_camera").at(0);
      // Posture without what the disease may turn (a listed sign).
      const Eigen::Vector3d forward(pose.at(2), pose.at(6), pose.at(10));
      row["yaw"] = std::atan2(forward.x(), -forward.z()) * 57.29578 - patient.head_turn_deg;
      row["pitch"] = std::asin(-forward.y()) * 57.29578 - patient.chin_up_deg;
      row["distance"] = pose.at(11);
      row["focal"] = session.camera.focal_px;
      std::filesystem::remove(video);
      std::filesystem::remove(truth);
    }
  };
  std::thread other(work);
  work();
  other.join();
  for (int k = 0; k < kRecordings; ++k)
    for (const auto& [name, value] : rows[static_cast<size_t>(k)])
      features[name][k % 5 == 0 ? 0 : 1].push_back(value);
  for (const auto& [name, values] : features) {
    double area = 0, variance = 0;
    AreaUnderCurve(values[0], values[1], &area, &variance);
    const double distance = std::abs(area - 0.5),
                 upper = 0.5 + distance + 1.645 * std::sqrt(variance);
    RecordProperty(name, fmt::format("AUC {:.3f}, upper 95 % limit {:.3f}", 0.5 + distance, upper));
    EXPECT_LE(upper, 0.60) << name << " tells the diseased from the healthy: AUC " << area;
  }
}

}  // namespace
}  // namespace maskbench::virtual_clinic
