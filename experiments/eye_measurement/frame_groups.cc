#include "frame_groups.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace maskbench {
namespace {

/// Index of a frame's value among all possible ones, or −1.
using Sorter = std::function<int(const RecordingTruth& recording, Side side, size_t frame)>;

/// @param keep_all  keep values that no frame has.
FrameGrouping Group(const EyeTruths& truths, const std::string& key,
                    const std::vector<std::string>& values, bool keep_all, const Sorter& sort) {
  FrameGrouping grouping;
  grouping.key = key;
  std::vector<int> place(values.size(), keep_all ? 0 : -1);
  for (const RecordingTruth& recording : truths.recordings) {
    std::array<std::vector<int>, 2> of;
    for (const Side side : kSides) {
      for (size_t i = 0; i < recording.yaw_deg.size(); ++i) {
        const int value = sort(recording, side, i);
        of[static_cast<size_t>(side)].push_back(value);
        if (value >= 0) place[static_cast<size_t>(value)] = 0;
      }
    }
    grouping.of.push_back(std::move(of));
  }
  for (size_t v = 0; v < values.size(); ++v) {
    if (place[v] < 0) continue;
    place[v] = static_cast<int>(grouping.values.size());
    grouping.values.push_back(values[v]);
  }
  for (auto& eyes : grouping.of) {
    for (std::vector<int>& frames : eyes) {
      for (int& value : frames) value = value < 0 ? -1 : place[static_cast<size_t>(value)];
    }
  }
  return grouping;
}

const EyeFrames& EyeOf(const RecordingTruth& recording, Side side) {
  return recording.eyes[static_cast<size_t>(side)];
}

}  // namespace

FrameGroupings GroupFrames(const EyeTruths& truths, const EyeMeasurementOptions& options) {
  FrameGroupings groupings;
  const double primary = options.primary_gaze_deg, turned = options.turned_from_deg;
  groupings.gaze = Group(truths, "gaze", {"primary", "side", "down", "up"}, true,
                         [&](const RecordingTruth& recording, Side side, size_t i) {
                           const EyeFrames& eye = EyeOf(recording, side);
                           const double azimuth = eye.azimuth_deg[i],
                                        elevation = eye.elevation_deg[i];
                           if (std::isnan(azimuth + elevation)) return -1;
                           if (elevation < -primary) return 2;
                           if (elevation > primary) return 3;
                           return std::abs(azimuth) <= primary ? 0 : 1;
                         });
  // Diameters, px: from where an iris is a handful of pixels to a close-up.
  groupings.others.push_back(Group(truths, "iris", {"<8", "8..12", "12..20", "20..30", "30.."},
                                   false, [](const RecordingTruth& recording, Side side, size_t i) {
                                     const double px = EyeOf(recording, side).iris_px[i];
                                     if (std::isnan(px)) return -1;
                                     int value = 0;
                                     for (const double edge : {8.0, 12.0, 20.0, 30.0})
                                       value += px >= edge ? 1 : 0;
                                     return value;
                                   }));
  std::vector<std::string> ancestries;
  for (const RecordingTruth& recording : truths.recordings) {
    if (!recording.ancestry.empty()) ancestries.push_back(recording.ancestry);
  }
  std::sort(ancestries.begin(), ancestries.end());
  ancestries.erase(std::unique(ancestries.begin(), ancestries.end()), ancestries.end());
  groupings.others.push_back(Group(
      truths, "ancestry", ancestries, false, [&](const RecordingTruth& recording, Side, size_t) {
        const auto found = std::find(ancestries.begin(), ancestries.end(), recording.ancestry);
        return found == ancestries.end() ? -1 : static_cast<int>(found - ancestries.begin());
      }));
  const std::vector<std::string> turns = {fmt::format("<{:g}", turned),
                                          fmt::format("{:g}..", turned)};
  groupings.others.push_back(
      Group(truths, "yaw", turns, false, [&](const RecordingTruth& recording, Side, size_t i) {
        return std::abs(recording.yaw_deg[i]) < turned ? 0 : 1;
      }));
  groupings.others.push_back(
      Group(truths, "pitch", turns, false, [&](const RecordingTruth& recording, Side, size_t i) {
        return std::abs(recording.pitch_deg[i]) < turned ? 0 : 1;
      }));
  return groupings;
}

}  // namespace maskbench
