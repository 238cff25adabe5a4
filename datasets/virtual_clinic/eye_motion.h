#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "maskbench/core/rng.h"

#include "datasets/virtual_clinic/disease.h"

namespace maskbench::virtual_clinic {

/// Gaze of both eyes by Side: azimuth to the patient's left and elevation, degrees.
using BinocularGaze = std::array<Eigen::Vector2d, 2>;

/// How long a saccade of an amplitude takes: 21 ms + 2.2 ms/° (Bahill, Clark & Stark, Math Biosci
/// 1975).
double SaccadeSeconds(double amplitude_deg);

/// Saccades of both eyes towards goals that jump. The eyes share start and duration (Hering), and
/// fall short of a far goal by up to 8 %, which a second saccade corrects.
class Saccades {
 public:
  /// The goals jumped by `jump` (new − old) at `seconds`; times do not decrease.
  void Jump(double seconds, const BinocularGaze& jump, NamedRandom* random);
  /// Gaze minus goal at a time.
  BinocularGaze Residual(double seconds) const;

 private:
  double start_s_ = 0;
  double short_share_ = 0;
  BinocularGaze from_ = {Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
};

/// A nystagmus at an amplitude of 1 (peak to peak) along BeatDirection, one value per frame. Beats
/// vary in length and size with `irregularity` as coefficient of variation and follow each other
/// without a step. Jerks: a slow phase against the beat whose speed grows, as in infantile
/// nystagmus (Dell'Osso & Daroff, Doc Ophthalmol 1975), and a quick phase that lasts as long as a
/// saccade of `amplitude_deg`.
std::vector<double> NystagmusBeats(const Nystagmus& nystagmus, int frames, double rate_hz,
                                   NamedRandom* random);
/// Direction (azimuth, elevation) of a jerk's quick phase; of a pendular one its plane.
Eigen::Vector2d BeatDirection(Nystagmus::Waveform waveform);
/// Amplitude in a gaze against that of primary gaze: the null zone.
double NullFactor(const Nystagmus& nystagmus, double azimuth_deg);

/// Closure (0 … 1) `since` seconds after the start of a blink: down in 75 ms, shut for 35 ms, up in
/// 200 ms (Guitton, Simard & Codère, IOVS 1991; VanderWerf et al., J Neurophysiol 2003).
double BlinkClosure(double since);

/// 0 … 1 with flat ends; `t` is clamped.
double Ease(double t);

}  // namespace maskbench::virtual_clinic
