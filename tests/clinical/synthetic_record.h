#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "maskbench/clinical/recording_measures.h"
#include "maskbench/core/rng.h"
#include "maskbench/reconstruct/eye_record.h"

namespace maskbench {

/// A made-up recording with known answers: both eyes at the camera, lids open, everything in sight.
/// What happens is written into it by the tests.
class SyntheticRecord {
 public:
  SyntheticRecord(double seconds, double rate_hz, double noise_deg, std::uint64_t seed)
      : record(static_cast<size_t>(std::lround(seconds * rate_hz))),
        noise_deg_(noise_deg),
        random_(seed, "synthetic record", "noise") {
    record.rate_hz = rate_hz;
    record.frames_with_face = record.frames;
    for (EyeTraces& eye : record.eyes) {
      for (size_t i = 0; i < size(); ++i) {
        eye.in_sight[i] = 1;
        eye.shut[i] = 0;
        eye.from_reflex[i] = 1;
        Set(&eye.mrd1_mm, i, 4.0, 0.1);
        Set(&eye.mrd2_mm, i, 5.0, 0.1);
        Set(&eye.aperture_mm, i, 9.0, 0.2);
        Set(&eye.superior_show_mm, i, -1.5, 0.1);
        Set(&eye.inferior_show_mm, i, 0.2, 0.1);
        for (Trace* trace : {&eye.azimuth_deg, &eye.elevation_deg, &eye.camera_azimuth_deg,
                             &eye.camera_elevation_deg})
          Set(trace, i, 0, noise_deg);
        Set(&eye.reflex_to_pupil_x_mm, i, 0, 0.02);
        Set(&eye.reflex_to_pupil_y_mm, i, 0, 0.02);
        Set(&eye.iris_diameter_px, i, 40, 0.2);
      }
    }
  }

  size_t size() const { return static_cast<size_t>(record.frames); }
  double time(size_t i) const { return static_cast<double>(i) / record.rate_hz; }
  EyeTraces& eye(Side side) { return record.eyes[static_cast<size_t>(side)]; }

  /// Adds to the gaze of an eye, in both frames of reference, and to its pupil against the reflex.
  void Turn(Side side, size_t i, double azimuth_deg, double elevation_deg) {
    EyeTraces& e = eye(side);
    e.azimuth_deg.values[i] += azimuth_deg;
    e.camera_azimuth_deg.values[i] += azimuth_deg;
    e.elevation_deg.values[i] += elevation_deg;
    e.camera_elevation_deg.values[i] += elevation_deg;
    constexpr double kRadians = 3.14159265358979323846 / 180;
    e.reflex_to_pupil_x_mm.values[i] += 100 * std::tan(azimuth_deg * kRadians) / 19.9;
    e.reflex_to_pupil_y_mm.values[i] += 100 * std::tan(elevation_deg * kRadians) / 19.9;
  }
  void Turn(size_t i, double azimuth_deg, double elevation_deg) {
    for (const Side side : kSides) Turn(side, i, azimuth_deg, elevation_deg);
  }

  /// Takes an eye out of sight: nothing is known of it.
  void Hide(Side side, double from_s, double to_s) {
    EyeTraces& e = eye(side);
    for (size_t i = 0; i < size(); ++i) {
      if (time(i) < from_s || time(i) >= to_s) continue;
      e.in_sight[i] = 0;
      Forget(side, i);
    }
  }
  void Forget(Side side, size_t i) {
    EyeTraces& e = eye(side);
    for (Trace* trace :
         {&e.mrd1_mm, &e.mrd2_mm, &e.aperture_mm, &e.superior_show_mm, &e.inferior_show_mm,
          &e.azimuth_deg, &e.elevation_deg, &e.camera_azimuth_deg, &e.camera_elevation_deg,
          &e.reflex_to_pupil_x_mm, &e.reflex_to_pupil_y_mm})
      trace->values[i] = trace->errors[i] = std::numeric_limits<double>::quiet_NaN();
  }

  /// A blink of both eyes that begins at `start_s`: down in 75 ms, shut for 35 ms, up in 200 ms, to
  /// `depth` of the opening. The gaze is lost while the pupil is covered.
  void Blink(double start_s, double depth = 1) {
    for (size_t i = 0; i < size(); ++i) {
      const double closure = depth * BlinkShape(time(i) - start_s);
      if (closure <= 0) continue;
      for (const Side side : kSides) {
        EyeTraces& e = eye(side);
        e.aperture_mm.values[i] *= 1 - closure;
        e.mrd1_mm.values[i] -= closure * 6;
        if (closure > 0.9) e.shut[i] = 0.9;
        if (closure > 0.6) {
          const double aperture = e.aperture_mm.values[i];
          Forget(side, i);
          e.aperture_mm.values[i] = aperture;
        }
      }
    }
  }

  std::vector<MeasureValue> Measure() const { return MeasureRecording(record, {}); }

  EyeRecord record;

 private:
  static double Ease(double t) {
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
  }
  static double BlinkShape(double since) {
    if (since < 0) return 0;
    if (since < 0.075) return Ease(since / 0.075);
    if (since < 0.11) return 1;
    return 1 - Ease((since - 0.11) / 0.2);
  }
  void Set(Trace* trace, size_t i, double value, double noise) {
    trace->values[i] = value + noise * random_.Normal();
    trace->errors[i] = noise;
  }

  double noise_deg_;
  NamedRandom random_;
};

/// The value of a name; a face-level one without `eye`.
inline MeasureValue Find(const std::vector<MeasureValue>& values, const std::string& name,
                         std::optional<Side> eye = {}) {
  for (const MeasureValue& value : values)
    if (value.name == name && value.eye == eye) return value;
  throw std::runtime_error("There is no measure " + name + ".");
}

/// Beats of random length and size. Pendular: half cosines; jerk: a linear slow phase and a quick
/// one of 40 ms. Peak to peak 1 on average; quick phases of jerks go up. `hertz` and `size` get
/// what the beats within the signal have on average.
inline std::vector<double> Beats(double frequency_hz, double irregularity, bool jerk,
                                 size_t samples, double rate_hz, NamedRandom* random,
                                 double* hertz = nullptr, double* size = nullptr) {
  constexpr double kPi = 3.14159265358979323846;
  const auto vary = [&] { return std::max(0.4, 1 + irregularity * random->Normal()); };
  std::vector<double> signal(samples);
  double start = -random->Uniform() / frequency_hz, now = vary();
  double count = 0, length_sum = 0, size_sum = 0;
  for (size_t i = 0; i < samples;) {
    const double length = vary() / frequency_hz, next = vary();
    const double quick = jerk ? std::min(0.4, 0.04 / length) : 0;
    for (; i < samples; ++i) {
      const double t = (static_cast<double>(i) / rate_hz - start) / length;
      if (t >= 1) break;
      if (!jerk) {
        const double up = 0.5 * (1 + std::cos(2 * kPi * t));
        signal[i] = -0.5 * now + (t < 0.5 ? now : 0.5 * (now + next)) * up;
      } else if (t < 1 - quick) {
        signal[i] = now * (0.5 - t / (1 - quick));
      } else {
        signal[i] = -0.5 * now + 0.5 * (now + next) * (t - 1 + quick) / quick;
      }
    }
    if (start >= 0 && i < samples) count += 1, length_sum += length, size_sum += now;
    start += length;
    now = next;
  }
  if (hertz) *hertz = count / length_sum;
  if (size) *size = size_sum / count;
  return signal;
}

}  // namespace maskbench
