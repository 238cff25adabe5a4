#include "eye_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/side.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Truth column that stands for an observer's measure.
constexpr std::array<std::pair<const char*, const char*>, 5> kColumns = {
    {{"mrd1", "mrd1_mm"},
     {"mrd2", "mrd2_mm"},
     {"pfh", "pfh_mm"},
     {"gaze_azimuth", "visual_axis_azimuth_deg"},
     {"gaze_elevation", "visual_axis_elevation_deg"}}};

std::vector<double> Numbers(const Json& list) {
  std::vector<double> numbers;
  for (const Json& item : list) numbers.push_back(item.is_number() ? item.get<double>() : kNan);
  return numbers;
}

const MeasureSeries* Find(const Observations& observed, std::optional<Side> eye,
                          const std::string& name) {
  for (const MeasureSeries& series : observed.series) {
    if (series.eye == eye && series.name == name) return &series;
  }
  return nullptr;
}

PairedEye PairEye(const Json& truth, Side side, const Observations& observed) {
  const Json& columns = truth.at(ToString(side));
  PairedEye eye;
  eye.hvid_mm = truth.at("anatomy").at(ToString(side)).at("hvid_mm");
  eye.closure = Numbers(columns.at("closure"));
  eye.true_azimuth_deg = Numbers(columns.at("pupillary_axis_azimuth_deg"));
  eye.true_elevation_deg = Numbers(columns.at("pupillary_axis_elevation_deg"));
  for (const Json& margin : columns.at("upper_margin_px")) {
    // x, y, visible; …
    size_t seen = 0;
    for (size_t k = 2; k < margin.size(); k += 3) seen += margin[k] != 0 ? 1 : 0;
    eye.visible.push_back(6 * seen > margin.size());
  }
  for (const auto& [name, column] : kColumns) {
    const MeasureSeries* series = Find(observed, side, name);
    if (series == nullptr) continue;
    PairedSeries paired{Numbers(columns.at(column)), series->values};
    paired.measured.resize(paired.truth.size(), kNan);
    eye.measures[name] = std::move(paired);
  }
  return eye;
}

bool Overlap(const std::pair<size_t, size_t>& a, const std::pair<size_t, size_t>& b) {
  return a.first <= b.second && b.first <= a.second;
}

int CountOverlapping(const std::vector<std::pair<size_t, size_t>>& some,
                     const std::vector<std::pair<size_t, size_t>>& others) {
  return static_cast<int>(std::count_if(some.begin(), some.end(), [&](const auto& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const auto& other) { return Overlap(one, other); });
  }));
}

}  // namespace

std::vector<std::pair<size_t, size_t>> Stretches(const std::vector<double>& flags) {
  std::vector<std::pair<size_t, size_t>> stretches;
  for (size_t i = 0; i < flags.size(); ++i) {
    if (!(flags[i] > 0.5)) continue;
    if (i > 0 && flags[i - 1] > 0.5) {
      stretches.back().second = i;
    } else {
      stretches.emplace_back(i, i);
    }
  }
  return stretches;
}

PairedEyes PairEyes(const RunData& data, const std::string& variant, const std::string& observer) {
  PairedEyes result;
  std::map<std::string, int> subjects;
  bool measures_eyes = false;
  for (const std::string& id : data.recordings()) {
    const std::optional<Json> truth = data.FrameTruth(id);
    if (!truth) continue;
    const int subject =
        subjects.emplace(data.dataset().FindRecording(id)->subject, subjects.size()).first->second;
    const std::optional<Observations> observed = data.Observed(id, variant, observer);
    if (!observed || observed->series.empty()) {
      if (observed && (!observed->embeddings.empty() || !observed->readings.empty())) continue;
      ++result.failed;
      continue;
    }
    try {
      for (const Side side : kSides) {
        PairedEye eye = PairEye(*truth, side, *observed);
        eye.subject = subject;
        measures_eyes |= !eye.measures.empty();
        result.eyes.push_back(std::move(eye));
      }
      if (const MeasureSeries* blinking = Find(*observed, std::nullopt, "blinking")) {
        // Both lids blink together; a true blink counts where the lids come at least half way.
        const auto real = Stretches(Numbers(truth->at("right").at("closure")));
        const auto read = Stretches(blinking->values);
        BlinkCount count;
        count.subject = subject;
        count.truth = static_cast<int>(real.size());
        count.found = CountOverlapping(real, read);
        count.read = static_cast<int>(read.size());
        count.read_true = CountOverlapping(read, real);
        result.blinks.push_back(count);
      }
    } catch (const Json::exception& error) {
      throw DataError(
          fmt::format("the truth of recording {} lacks what is measured: {}.", id, error.what()));
    }
  }
  result.subjects = static_cast<int>(subjects.size());
  if (!measures_eyes) {  // A recogniser.
    result.eyes.clear();
    result.blinks.clear();
    result.failed = 0;
  }
  return result;
}

}  // namespace maskbench
