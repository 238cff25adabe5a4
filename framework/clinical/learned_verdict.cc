#include "maskbench/clinical/learned_verdict.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace maskbench {
namespace {

constexpr double kStraightWithinDeg = 15;
constexpr const char* kStrabismusKinds[kReaderStrabismusKinds] = {"esotropia", "exotropia",
                                                                  "hypertropia", "hypotropia"};

double Probability(double log_odds) { return 1 / (1 + std::exp(-log_odds)); }

std::string NystagmusKind(int kind, Side side) {
  // The time network sees every eye as a left one, whose nose is to the patient's right.
  const bool to_left = (kind == 2) == (side == Side::kRight);
  switch (kind) {
    case 0:
      return "pendular";
    case 1:
      return "pendular_vertical";
    case 2:
    case 3:
      return to_left ? "jerk_left" : "jerk_right";
    case 4:
      return "jerk_up";
    default:
      return "jerk_down";
  }
}

double Median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double SeenSeconds(const std::vector<ReaderStep>& steps, double step_hz) {
  const auto seen =
      std::count_if(steps.begin(), steps.end(), [](const ReaderStep& step) { return step.seen; });
  return static_cast<double>(seen) / step_hz;
}

Diagnosis LearnedVerdict(const std::array<std::array<float, kReaderTimeValues>, 2>& said,
                         double seen_s, double rate_hz, const LearnedVerdictOptions& options) {
  Diagnosis diagnosis;
  if (seen_s < options.min_seen_seconds) return diagnosis;
  for (const Side side : kSides) {
    const auto& values = said[static_cast<size_t>(side)];
    const auto likeliest = [&](int from, int count) {
      return static_cast<int>(
          std::max_element(values.begin() + from, values.begin() + from + count) - values.begin() -
          from);
    };
    const auto likely = [&](int which) { return values[static_cast<size_t>(which)] >= 0; };
    for (const EyeCondition condition : kEyeConditions) {
      if (condition == EyeCondition::kNystagmus && rate_hz < options.min_rhythm_hz) continue;
      Finding& finding = diagnosis.At(side, condition);
      finding.confidence = Probability(
          values[static_cast<size_t>(kReaderPresence) + static_cast<size_t>(condition)]);
      const bool present = finding.confidence >= options.threshold;
      finding.presence = present ? Presence::kPresent : Presence::kAbsent;
      if (!present) continue;
      switch (condition) {
        case EyeCondition::kThyroidOrbitopathy:
          finding.grade = likely(kReaderOrbitopathyGrade) ? "moderate_severe" : "mild";
          break;
        case EyeCondition::kPtosis:
          finding.grade = !likely(kReaderPtosisGrade)      ? "mild"
                          : likely(kReaderPtosisGrade + 1) ? "severe"
                                                           : "moderate";
          break;
        case EyeCondition::kStrabismus:
          finding.kind = kStrabismusKinds[likeliest(kReaderStrabismusKind, kReaderStrabismusKinds)];
          break;
        case EyeCondition::kNystagmus:
          finding.kind =
              NystagmusKind(likeliest(kReaderNystagmusKind, kReaderNystagmusKinds), side);
          break;
      }
    }
  }
  return diagnosis;
}

std::vector<MeasureValue> LearnedEvidence(const std::vector<ReaderStep>& steps, double step_hz) {
  std::vector<MeasureValue> evidence;
  for (const Side side : kSides) {
    std::vector<double> mrd1, mrd2;
    for (const ReaderStep& step : steps) {
      const EyeNow& eye = step.eyes[static_cast<size_t>(side)];
      if (!step.seen || eye.covered >= 0.5F || eye.shut >= 0.5F ||
          std::hypot(eye.nasal_deg, eye.up_deg) > kStraightWithinDeg)
        continue;
      mrd1.push_back(eye.mrd1_mm);
      mrd2.push_back(eye.mrd2_mm);
    }
    evidence.push_back({side, "learned_mrd1", "mm", Median(mrd1)});
    evidence.push_back({side, "learned_mrd2", "mm", Median(mrd2)});
  }
  evidence.push_back({{}, "learned_seen", "s", SeenSeconds(steps, step_hz)});
  return evidence;
}

}  // namespace maskbench
