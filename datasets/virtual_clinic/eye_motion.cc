#include "datasets/virtual_clinic/eye_motion.h"

#include <algorithm>
#include <cmath>

namespace maskbench::virtual_clinic {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Saccades that are larger than this fall short by up to this share (5–10 % is usual; Becker &
// Fuchs, Vision Res 1969); the correction starts so long after the landing.
constexpr double kMostShort = 0.08, kShortFromDeg = 5, kCorrectionSeconds = 0.13;
// Speed at the end of a slow phase against that at its start: exp(1.2) = 3.3 [default].
constexpr double kSlowPhaseGrowth = 1.2;
constexpr double kBlinkDownSeconds = 0.075, kBlinkShutSeconds = 0.035, kBlinkUpSeconds = 0.20;

}  // namespace

double Ease(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

double SaccadeSeconds(double amplitude_deg) { return 0.021 + 0.0022 * amplitude_deg; }

void Saccades::Jump(double seconds, const BinocularGaze& jump, NamedRandom* random) {
  const BinocularGaze now = Residual(seconds);
  for (size_t s = 0; s < 2; ++s) from_[s] = now[s] - jump[s];
  const double size = std::max(from_[0].norm(), from_[1].norm());
  const double share = kMostShort * random->Uniform();
  start_s_ = seconds;
  short_share_ = size > kShortFromDeg ? share : 0;
}

BinocularGaze Saccades::Residual(double seconds) const {
  const double size = std::max(from_[0].norm(), from_[1].norm());
  const double first = SaccadeSeconds(size), second = SaccadeSeconds(short_share_ * size);
  const double since = seconds - start_s_;
  const double left =
      since < first ? 1 - (1 - short_share_) * Ease(since / first)
                    : short_share_ * (1 - Ease((since - first - kCorrectionSeconds) / second));
  return {left * from_[0], left * from_[1]};
}

std::vector<double> NystagmusBeats(const Nystagmus& nystagmus, int frames, double rate_hz,
                                   NamedRandom* random) {
  const bool jerk = nystagmus.waveform != Nystagmus::Waveform::kPendular &&
                    nystagmus.waveform != Nystagmus::Waveform::kPendularVertical;
  const auto vary = [&](double least) {
    return std::max(least, 1 + nystagmus.irregularity * random->Normal());
  };
  std::vector<double> signal(static_cast<size_t>(frames), 0.0);
  double start = -random->Uniform() / nystagmus.frequency_hz;
  double size = vary(0.3);
  for (size_t k = 0; k < signal.size();) {
    const double length = vary(0.4) / nystagmus.frequency_hz, next = vary(0.3);
    // From one turning point at size / 2 to the opposite one, and on to that of the next beat.
    const double quick =
        std::min(0.45, SaccadeSeconds(nystagmus.amplitude_deg * 0.5 * (size + next)) / length);
    for (; k < signal.size(); ++k) {
      const double t = (static_cast<double>(k) / rate_hz - start) / length;
      if (t >= 1) break;
      if (!jerk) {
        const double down = 0.5 * (1 + std::cos(2 * kPi * t));  // 1 at the turning points.
        signal[k] = -0.5 * size + (t < 0.5 ? size : 0.5 * (size + next)) * down;
      } else if (t < 1 - quick) {
        const double slow = t / (1 - quick);
        signal[k] =
            size * (0.5 - std::expm1(kSlowPhaseGrowth * slow) / std::expm1(kSlowPhaseGrowth));
      } else {
        signal[k] = -0.5 * size + 0.5 * (size + next) * Ease((t - 1 + quick) / quick);
      }
    }
    start += length;
    size = next;
  }
  return signal;
}

Eigen::Vector2d BeatDirection(Nystagmus::Waveform waveform) {
  switch (waveform) {
    case Nystagmus::Waveform::kPendular:
    case Nystagmus::Waveform::kJerkLeft:
      return {1, 0};  // Azimuth grows to the patient's left.
    case Nystagmus::Waveform::kJerkRight:
      return {-1, 0};
    case Nystagmus::Waveform::kJerkUp:
    case Nystagmus::Waveform::kPendularVertical:
      return {0, 1};
    case Nystagmus::Waveform::kJerkDown:
      return {0, -1};
  }
  return {1, 0};
}

double NullFactor(const Nystagmus& nystagmus, double azimuth_deg) {
  const auto share = [&](double azimuth) {
    const double away =
        (azimuth - nystagmus.null_azimuth_deg) / std::max(1.0, nystagmus.null_width_deg);
    return nystagmus.null_share + (1 - nystagmus.null_share) * (1 - std::exp(-away * away));
  };
  return share(azimuth_deg) / share(0);
}

double BlinkClosure(double since) {
  if (since < 0) return 0;
  if (since < kBlinkDownSeconds) return Ease(since / kBlinkDownSeconds);
  since -= kBlinkDownSeconds;
  if (since < kBlinkShutSeconds) return 1;
  since -= kBlinkShutSeconds;
  return since < kBlinkUpSeconds ? 1 - Ease(since / kBlinkUpSeconds) : 0;
}

}  // namespace maskbench::virtual_clinic
