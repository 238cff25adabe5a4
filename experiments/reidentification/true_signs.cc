#include "experiments/reidentification/true_signs.h"

#include <array>
#include <functional>
#include <set>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

struct Sign {
  const char* name;
  bool of_each_eye;
  /// Standard deviation of one reading, in the sign's unit: of this project's own measures on
  /// original recordings (docs/eye_measures.md), where it measures the sign, else [default].
  double error;
};

constexpr std::array kSigns = {
    Sign{"mrd1_mm", true, 0.35},
    Sign{"mrd2_mm", true, 0.25},
    Sign{"limit_up_deg", true, 3.0},
    Sign{"limit_down_deg", true, 3.0},
    Sign{"limit_in_deg", true, 3.0},
    Sign{"limit_out_deg", true, 3.0},
    Sign{"lid_follow_down_gain", true, 0.1},
    Sign{"deviation_horizontal_dioptres", false, 2.3},
    Sign{"deviation_vertical_dioptres", false, 1.5},
    Sign{"nystagmus_frequency_hz", false, 0.2},
    Sign{"nystagmus_amplitude_deg", false, 0.5},
    Sign{"head_turn_deg", false, 1.5},
    Sign{"chin_up_deg", false, 1.5},
};

/// @param error  of a reading, in units of the sign's error.
using ErrorOf = std::function<double(const std::string& recording, const std::string& sign)>;

std::map<std::string, std::optional<std::vector<float>>> ReadSigns(const RunData& data,
                                                                   double error_scale,
                                                                   const ErrorOf& error_of) {
  std::map<std::string, std::optional<std::vector<float>>> descriptors;
  std::set<std::string> stated;
  for (const std::string& id : data.recordings()) {
    const LabelledRecording* recording = data.dataset().FindRecording(id);
    for (const auto& [name, value] : recording->right.truth.items()) stated.insert(name);
  }
  for (const std::string& id : data.recordings()) {
    std::optional<std::vector<float>>& descriptor = descriptors[id];
    const LabelledRecording* recording = data.dataset().FindRecording(id);
    std::vector<float> values;
    bool whole = true;
    for (const Sign& sign : kSigns) {
      if (stated.count(sign.name) == 0) continue;
      for (const EyeTruth* eye : {&recording->right, &recording->left}) {
        if (eye == &recording->left && !sign.of_each_eye) continue;
        const auto found = eye->truth.find(sign.name);
        whole = whole && found != eye->truth.end() && found->is_number();
        if (!whole) break;
        const double error = error_of(
            id, std::string(sign.name) + (eye == &recording->right ? " right " : " left "));
        values.push_back(
            static_cast<float>(found->get<double>() / (sign.error * error_scale) + error));
      }
    }
    if (whole && !values.empty()) descriptor = std::move(values);
  }
  return descriptors;
}

}  // namespace

std::map<std::string, std::optional<std::vector<float>>> TrueSigns(const RunData& data,
                                                                   double error_scale,
                                                                   const std::string& look,
                                                                   std::uint64_t seed) {
  return ReadSigns(data, error_scale, [&](const std::string& recording, const std::string& sign) {
    return NamedRandom(seed, recording, sign + look).Normal();
  });
}

std::map<std::string, std::optional<std::vector<float>>> SignsInErrors(const RunData& data) {
  return ReadSigns(data, 1, [](const std::string&, const std::string&) { return 0.0; });
}

}  // namespace maskbench
