#include "nystagmus_truth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace maskbench {
namespace {

/// A turning point.
struct Turn {
  size_t at = 0;
  bool high = false;
  double frame = 0, value = 0;  ///< Between frames.
};

/// Turning points within one stretch of known frames, alternately high and low.
std::vector<Turn> Turns(const std::vector<double>& signal, size_t first, size_t last, double back) {
  std::vector<Turn> turns;
  size_t high = first, low = first;
  int going = 0;  // +1 up, −1 down, 0 not known yet.
  for (size_t i = first; i <= last; ++i) {
    if (signal[i] > signal[high]) high = i;
    if (signal[i] < signal[low]) low = i;
    const bool fell = going >= 0 && signal[high] - signal[i] > back,
               rose = going <= 0 && signal[i] - signal[low] > back;
    if (!fell && !rose) continue;
    const size_t turn = fell ? high : low;
    if (turn > first) turns.push_back({turn, fell, static_cast<double>(turn), signal[turn]});
    going = fell ? -1 : 1;
    high = low = i;
  }
  return turns;
}

/// Peak of the parabola through three neighbours.
void RefineRound(const std::vector<double>& signal, Turn* turn) {
  const double before = signal[turn->at] - signal[turn->at - 1],
               after = signal[turn->at + 1] - signal[turn->at], bend = after - before;
  if (bend == 0) return;
  const double shift = std::clamp(-(before + after) / (2 * bend), -0.5, 0.5);
  turn->frame += shift;
  turn->value += 0.5 * (before + after) * shift + 0.5 * bend * shift * shift;
}

// Between a slow and a quick phase the curve has a corner, which lies between frames: so much
// beyond the outermost one, in steps of the slow phase next to it, and in frames. Means over jerks
// of 0.8–8 Hz and 1.5–10° with smooth quick phases of 21 ms + 2.2 ms/°, at 60 frames per second;
// sizes come out within 0.5 % and speeds within 1 %, where the outermost frames alone are up to 10
// % short.
constexpr double kCornerSteps = 0.37, kCornerFrames = 0.25;

void RefineCorner(const std::vector<double>& signal, bool slow_rises, Turn* turn) {
  const bool ends_slow = turn->high == slow_rises;
  const double slope =
      ends_slow ? signal[turn->at] - signal[turn->at - 1] : signal[turn->at + 1] - signal[turn->at];
  turn->frame += ends_slow ? kCornerFrames : -kCornerFrames;
  turn->value += (turn->high ? kCornerSteps : -kCornerSteps) * std::abs(slope);
}

/// Falling and rising swings.
struct Swings {
  double sizes[2] = {0, 0}, frames[2] = {0, 0};
  int counts[2] = {0, 0};
  double period_frames = 0;
  int periods = 0;

  void Add(const std::vector<Turn>& turns) {
    for (size_t k = 0; k + 1 < turns.size(); ++k) {
      const size_t rising = turns[k].high ? 0 : 1;
      sizes[rising] += std::abs(turns[k + 1].value - turns[k].value);
      frames[rising] += turns[k + 1].frame - turns[k].frame;
      ++counts[rising];
      if (k + 2 >= turns.size()) continue;
      period_frames += turns[k + 2].frame - turns[k].frame;
      ++periods;
    }
  }
  double Duration(size_t rising) const { return frames[rising] / counts[rising]; }
};

// Phases of which one lasts so much longer than the other are slow and quick.
constexpr double kJerkRatio = 2;

}  // namespace

ShownNystagmus MeasureShownNystagmus(const std::vector<double>& signal, double rate_hz) {
  double lowest = 0, highest = 0;
  for (const double value : signal) {
    if (std::isnan(value)) continue;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  ShownNystagmus shown;
  if (!(highest - lowest > 0)) return shown;
  std::vector<std::vector<Turn>> stretches;
  Swings raw;
  for (size_t first = 0; first < signal.size(); ++first) {
    if (std::isnan(signal[first])) continue;
    size_t last = first;
    while (last + 1 < signal.size() && !std::isnan(signal[last + 1])) ++last;
    stretches.push_back(Turns(signal, first, last, (highest - lowest) / 7));
    raw.Add(stretches.back());
    first = last;
  }
  if (raw.counts[0] == 0 || raw.counts[1] == 0) return shown;
  const size_t slow = raw.Duration(0) >= raw.Duration(1) ? 0 : 1;
  const bool jerk = raw.Duration(slow) > kJerkRatio * raw.Duration(1 - slow);
  Swings swings;
  for (std::vector<Turn>& turns : stretches) {
    for (Turn& turn : turns) {
      if (jerk) {
        RefineCorner(signal, slow == 1, &turn);
      } else {
        RefineRound(signal, &turn);
      }
    }
    swings.Add(turns);
  }
  shown.amplitude_deg = (swings.sizes[0] + swings.sizes[1]) / (swings.counts[0] + swings.counts[1]);
  if (swings.periods > 0) shown.frequency_hz = rate_hz * swings.periods / swings.period_frames;
  shown.slow_phase_velocity_deg_per_s = rate_hz * swings.sizes[slow] / swings.frames[slow];
  return shown;
}

}  // namespace maskbench
