#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/core/side.h"

namespace maskbench::virtual_clinic {

/// What a patient has. Labels of the data set are this, never a threshold on signs.
enum class Condition {
  kHealthy,
  kThyroidOrbitopathy,
  kPtosis,
  kStrabismus,
  kNystagmus,
};
const char* ToString(Condition condition);

/// Lids and orbit of one eye, measured while that eye fixates in primary gaze.
struct EyeSigns {
  bool affected = false;         ///< This eye has the patient's condition: the label of the eye.
  bool second_affected = false;  ///< The same of Patient::second.
  double mrd1_mm = 4.2;
  double mrd2_mm = 5.2;
  double lateral_flare_mm = 0;   ///< LidPose::lateral_flare_mm.
  double lid_follow_down = 0.9;  ///< LidFollow::upper_down; lid lag lowers it.
  double protrusion_mm = 0;      ///< Forward shift against this person's healthy orbit.
  double swelling_upper_mm = 0, swelling_lower_mm = 0;
  double redness = 0;          ///< Added to the conjunctiva's, 0 … 1.
  double crease_shift_mm = 0;  ///< Higher crease of aponeurotic ptosis.
  double crease_depth_factor = 1;
  /// Rotation that the eye reaches, degrees; restriction lowers it.
  double limit_up_deg = 40, limit_down_deg = 45, limit_in_deg = 45, limit_out_deg = 45;
};

/// Misalignment between the visual axes. Angles are those seen when the fixing eye looks at the
/// target: positive horizontal is esotropia (inwards), positive vertical is the *right* eye higher.
struct Deviation {
  double horizontal_dioptres = 0;
  double vertical_dioptres = 0;
  Side fixing_eye = Side::kRight;
  /// Part of the time, under binocular view, that a deviation is manifest; 1 constant, 0 latent (a
  /// phoria, seen only under cover).
  double manifest_share = 1;
};

struct Nystagmus {
  enum class Waveform { kPendular, kJerkLeft, kJerkRight, kJerkUp, kJerkDown, kPendularVertical };
  Waveform waveform = Waveform::kPendular;
  double frequency_hz = 3;
  double amplitude_deg = 4;     ///< Peak to peak, in primary gaze.
  double irregularity = 0.1;    ///< Coefficient of variation of beats, in time and size.
  double null_azimuth_deg = 0;  ///< Gaze (patient's left positive) with the least amplitude.
  double null_width_deg = 15;   ///< Amplitude falls to `null_share` inside.
  double null_share = 0.4;
};
const char* ToString(Nystagmus::Waveform waveform);

/// A patient's disease and what it does to them, the same in all of a subject's recordings.
struct Patient {
  Condition condition = Condition::kHealthy;
  /// Another one beside it; healthy: none. Its signs are as of the first, and neither is changed by
  /// the other.
  Condition second = Condition::kHealthy;
  /// What could be mistaken for a disease that the patient does not have, or empty:
  /// "pseudoptosis_hypotropia" (strabismus only), "pseudostrabismus_kappa",
  /// "pseudostrabismus_epicanthus", "inferior_show", "drift", "lid_asymmetry". Whoever has a
  /// disease has the others' mimics as often as the healthy, so that a mimic tells nothing of the
  /// label.
  std::string mimic;
  /// Within 1 mm or 5 prism dioptres of a threshold of its condition: ptosis MRD1 ≥ 2.5 mm; thyroid
  /// orbitopathy MRD1 ≤ 6 mm and protrusion ≤ 3 mm; strabismus 4 … 14 dioptres; nystagmus peak to
  /// peak ≤ 5 dioptres; all by the worse eye. The healthy: MRD1 within 0.25 mm of 3.5 or 5.0 mm
  /// (1 mm would take in everybody), or a phoria of 4 dioptres and more.
  bool borderline = false;
  std::array<EyeSigns, 2> eyes;  ///< By Side.
  Deviation deviation;
  std::optional<Nystagmus> nystagmus;
  double brow_raise = 0;     ///< Compensation of ptosis, activation 0 … 1 of the brow units.
  double head_turn_deg = 0;  ///< Habitual turn to the patient's left.
  double chin_up_deg = 0;
  double kappa_nasal_shift_deg = 0;  ///< Added to both eyes' kappa (pseudostrabismus).
  double epicanthus = 0;             ///< Weight of the epicanthus detail of the head, 0 … 1.
  double blink_rate_hz = 0.25;
  double drift_deg_per_s = 0;  ///< Speed of a slow physiological drift of both eyes.
};

/// Draws a patient: a pure function of its arguments. Conditions other than the own leave their
/// signs at healthy values, but healthy values vary and overlap with disease.
/// @param second  a second condition that shares no sign with the first: strabismus or nystagmus,
/// another than the first; healthy: none. Throws UsageError for others.
Patient DrawPatient(Condition condition, std::uint64_t seed, const std::string& subject_id,
                    Condition second = Condition::kHealthy);

/// Truth for the manifest: {"condition", "mimic", "borderline", "fixing_eye", "right", "left"}, of
/// which an eye is {"labels", "truth"}. Labels are, for each condition, "none" or its grade or kind
/// in this eye. Whether it is there comes from the state, never from a threshold; grades (droop for
/// ptosis, EUGOGO for thyroid orbitopathy) come from the size of the signs. Truth is every sign of
/// the eye and of the patient, a number with its unit in the name; those of a nystagmus are 0
/// without one.
Json PatientTruth(const Patient& patient);

}  // namespace maskbench::virtual_clinic
