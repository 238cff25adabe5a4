#include "datasets/virtual_clinic/disease.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench::virtual_clinic {
namespace {

// Distributions. Beside each number is where it is from; [default] marks a choice of this file that
// no series was found for.

constexpr double kPi = 3.14159265358979323846;

/// Normal, drawn again until it lies in [low, high].
struct Bell {
  double mean, sd, low, high;
};
/// The same for the logarithm; `median` and bounds are of the value itself.
struct LogBell {
  double median, log_sd, low, high;
};

// --- Everybody: lids, orbit, posture -----------------------------------------------------------

// MRD1 4–5 mm is the textbook norm, though 380 Australians had 3.5 mm on average (Rana et al., Int
// Ophthalmol 2023). Mean and SD, 0.4 mm within the bounds, [default]. The tails reach a little over
// both limits, as they do in people: nobody is ill for an MRD1 of 3.4.
constexpr Bell kMrd1Mm = {4.2, 0.45, 3.3, 5.1};
// Correlation right–left 0.9, so that a fissure difference of 1 mm is rare: 5.7 % of 88 healthy
// people (Lam, Lam & Walls, Am J Ophthalmol 1995).
constexpr double kMrd1Correlation = 0.9;
// MRD2 5.2 mm in the same series; 5.0 ± 0.5 [default].
constexpr Bell kMrd2Mm = {5.0, 0.5, 3.8, 5.8};
constexpr double kMrd2Correlation = 0.9;  // [default]
// Difference of the two eyes 0.20 ± 0.43 mm (Wu et al., Sci Rep 2015, n = 2010).
constexpr Bell kProtrusionMm = {0.0, 0.2, -0.5, 0.5};
// Temporal part of the upper margin: scatter of the healthy contour [default].
constexpr Bell kFlareMm = {0.0, 0.2, -0.4, 0.5};
// Lid and eye turn alike in downward saccades and pursuit (Becker & Fuchs, J Neurophysiol 1988;
// Guitton, Simard & Codère, IOVS 1991); spread [default].
constexpr Bell kFollowDown = {0.9, 0.05, 0.78, 1.02};
// Reach of the globe: up 43° in the young and 33° in the old by search coil (Huaman & Sharpe, IOVS
// 1993); down 47.1°, in 44.9°, out 44.2° (Differences in eye movement range based on age and gaze
// direction, Eye 2019, n = 261). Spread between people 5°, less than the photographs' 7–8°
// [default].
constexpr Bell kReachUpDeg = {38, 5, 28, 48}, kReachDownDeg = {47, 5, 35, 58},
               kReachInDeg = {45, 5, 34, 56}, kReachOutDeg = {44, 5, 33, 55};
// Right and left eye of one person.
constexpr Bell kReachDifferenceDeg = {0, 1, -2, 2};  // [default]
// Distance heterophoria 0.74 ± 2.84 Δ exo, vertical 0.08 ± 0.96 Δ (Makgaba, S Afr Optom 2006,
// n = 475), inside the 8 Δ from which a deviation counts.
constexpr Bell kPhoriaHorizontal = {-0.74, 2.84, -7.9, 7.9},
               kPhoriaVertical = {-0.08, 0.96, -2.5, 2.5};
// 17 blinks a minute at rest, log-normal (Bentivoglio et al., Mov Disord 1997); 8–21 in silent
// primary gaze (Doughty, Optom Vis Sci 2001). The same in every condition.
constexpr LogBell kBlinkRateHz = {0.26, 0.4, 0.08, 0.7};
constexpr Bell kHeadTurnDeg = {0, 1.5, -3, 3}, kChinUpDeg = {0, 1.5, -3, 3};  // [default]
constexpr Bell kBrowRaise = {0, 0.03, 0, 0.1};                                // [default]

// Spontaneous slow phases in 30.7 % of 101 healthy people, 1.1 ± 2.2 °/s, 0–9.3 (Nystagmus
// characteristics of healthy controls, J Vestib Res 2020, PMC9249309). A log-normal of that mean
// and SD: s² = ln(1 + 2.2² / 1.1²), median = 1.1 exp(−s² / 2).
constexpr double kDriftShare = 0.307;
constexpr LogBell kDriftDegPerS = {0.492, 1.269, 0.02, 9.3};

// --- Mimics ------------------------------------------------------------------------------------

// A quarter of people, evenly over five kinds [default].
constexpr double kMimicShare = 0.25;
enum class Variant { kNone, kKappa, kEpicanthus, kInferiorShow, kDrift, kLidAsymmetry };
constexpr int kVariants = 5;
const char* NameOf(Variant variant) {
  switch (variant) {
    case Variant::kNone:
      return "";
    case Variant::kKappa:
      return "pseudostrabismus_kappa";
    case Variant::kEpicanthus:
      return "pseudostrabismus_epicanthus";
    case Variant::kInferiorShow:
      return "inferior_show";
    case Variant::kDrift:
      return "drift";
    case Variant::kLidAsymmetry:
      return "lid_asymmetry";
  }
  return "";
}
// Kappa is 5.5 ± 1.3° (Hashemi et al. 2010), which the subject has already. Shifts of three SD and
// more look like exotropia; a kappa below zero looks like esotropia. Not one of 210 had that
// (Basmak et al. 2007): it is a rare patient, wanted here for what it does to a reader [default].
constexpr double kKappaMoreDeg[] = {4, 7}, kKappaLessDeg[] = {-10, -7};
constexpr double kEpicanthusWeight[] = {0.6, 1.0};  // [default]
// Scleral show is a normal finding (Mackinnon et al., Plast Reconstr Surg 1987).
constexpr double kInferiorShowMrd2Mm[] = {5.8, 6.3};  // [default]
// From what people begin to see (0.5 mm) to what most see (1 mm; Preston et al. 2024).
constexpr double kLidAsymmetryMm[] = {0.5, 0.98};
// The fastest sixth of those who drift: 5 % of people, as of every other mimic.
constexpr double kFastDriftDegPerS = 1.71;
// Hypotropia that lowers the lid by 1 mm, the limit of ptosis: 12 mm · 0.9 · tan θ = 1 mm.
constexpr double kPseudoptosisDioptres = 9.3;

// --- Thresholds --------------------------------------------------------------------------------

// Project convention: droop below 4.5 mm, 1 mild, 2.5 moderate, 4 severe; retraction over 5 mm.
constexpr double kDroopFromMm = 4.5, kMildDroopMm = 1.0, kModerateDroopMm = 2.5,
                 kSevereDroopMm = 4.0;
constexpr double kRetractionMm = 5.0, kProptosisMm = 2.0;
// EUGOGO 2021: moderate to severe from 2 mm of retraction or 3 mm of exophthalmos.
constexpr double kSevereRetractionMm = 2.0, kSevereProptosisMm = 3.0;
// Manifest deviations count from 8–10 Δ: the middle.
constexpr double kManifestDioptres = 9.0;

// What borderline means. The healthy band of MRD1 is 1.5 mm wide and 1 mm from its limits covers
// all of it; a quarter of that makes the share of the healthy what the others have.
constexpr double kNearMm = 1.0, kNearDioptres = 5.0, kNearHealthyMm = 0.25;
// Drawn, not left to chance, so that the flag is equally frequent in every condition [default].
constexpr double kBorderlineShare = 0.42;

// --- Ptosis ------------------------------------------------------------------------------------

// MRD1 1.18 ± 1.11 mm in 85 patients (Nemet, J Craniofac Surg 2015), so droop 3.3 ± 1.1; mild,
// moderate and severe 33, 41 and 26 % of acquired ptosis (Lee et al., Korean J Ophthalmol 2018).
constexpr Bell kDroopMm = {3.2, 1.2, 1.0, 6.0};
constexpr double kBilateralPtosis = 0.5;  // [default]
// The better of two drooping lids: this part of what the worse has over the mild limit [default].
constexpr double kDroopRest[] = {0.4, 1.0};
// A higher and shallower crease in aponeurotic ptosis, the most common acquired kind (Lee et al.
// 2018); sizes and share [default].
constexpr double kAponeurotic = 0.75;
constexpr double kCreaseShiftPerMm = 0.55, kCreaseDepthPerMm = -0.1;
constexpr Bell kCreaseShiftScatterMm = {0, 0.6, -1.2, 1.2},
               kCreaseDepthScatter = {0, 0.12, -0.25, 0.25};
// Brows fall 1.4 mm when ptosis is operated (Arch Aesthetic Plast Surg 2023); the effort grows with
// the wish to open (Sinha et al.: stronger coupling of brow and lid in ptosis). Scale [default].
constexpr double kBrowPerMm = 0.13, kBrowFromMm = 0.4;
constexpr double kEffort[] = {0.5, 1.2};
constexpr double kChinPerMm = 3.0, kChinFromMm = 2.0;  // Both lids over the pupil [default].

// --- Thyroid orbitopathy -----------------------------------------------------------------------

// Symmetric, asymmetric and unilateral: 157, 83 and 29 of 269 (Perros et al., J Endocrinol Invest
// 2020).
constexpr double kTaoUnilateral = 0.11, kTaoAsymmetric = 0.31;
// MRD1 6.1 mm at presentation (Lee et al., Br J Ophthalmol 2020); spread [default].
constexpr Bell kTaoMrd1Mm = {6.0, 0.8, 5.02, 8.0};
// Exophthalmos 62 %, restriction 43 %, lid lag in 52 of the 85 with retraction at diagnosis
// (Bartley et al., Am J Ophthalmol 1996). At least one of them: Bartley & Gorman 1995.
constexpr double kTaoProptosis = 0.62, kTaoRestriction = 0.43, kTaoLag = 0.61;
// Chosen [default] so that about 60 % are mild, as 65 % of 52 new patients (Nabi & Rafiq, Taiwan J
// Ophthalmol 2020).
constexpr LogBell kTaoProtrusionMm = {3.2, 0.38, 2.0, 8.0};
constexpr Bell kTaoFollowDown = {0.6, 0.12, 0.3, 0.8};  // [default]
// Inferior and then medial rectus, which limits abduction (Harrad, Eye 2015). Reach [default].
constexpr Bell kRestrictedUpDeg = {18, 7, 5, 30}, kRestrictedOutDeg = {28, 8, 12, 40};
constexpr double kMedialToo = 0.5;                    // [default]
constexpr Bell kRestrictedChinUpDeg = {5, 3, 0, 12};  // Someda et al. 2023 see it; size [default].
// 45 of 75 contours peak laterally (Lateral and medial upper eyelid contour abnormalities in Graves
// orbitopathy, Ophthalmic Plast Reconstr Surg); size [default].
constexpr double kTaoFlare = 0.6;
constexpr Bell kTaoFlareMm = {1.2, 0.4, 0.4, 2.5};
// Lower lids go with the globe (Park et al., Eye 2018, after decompression) and by themselves.
constexpr double kLowerPerProtrusion = 0.15, kTaoLower = 0.5;  // [default]
constexpr Bell kTaoLowerMm = {0.7, 0.3, 0.2, 1.5};             // [default]
// Soft tissue, lost by a neutral material: in less than half [default].
constexpr double kTaoInflamed = 0.4;
constexpr Bell kSwellingUpperMm = {1.2, 0.5, 0.3, 2.5}, kSwellingLowerMm = {1.0, 0.5, 0.2, 2.2},
               kRedness = {0.3, 0.12, 0.1, 0.6};
// The better eye: a little behind the worse in symmetric disease, far behind in asymmetric
// [default].
constexpr double kSymmetricRest[] = {0.85, 1.0}, kAsymmetricRest[] = {0.5, 0.75};

// --- Strabismus --------------------------------------------------------------------------------

// Medians and quartiles of 348 adults (Leske et al., IOVS 2012): exodeviations 20 Δ (14–35),
// esodeviations 20 Δ (10–30), vertical 12 Δ (8–19); log SD = ln(q3 / q1) / 1.349. Lower bound: 5 Δ
// under the threshold. Eso- and exotropia are equally frequent, so that direction tells nothing.
constexpr LogBell kEsotropia = {20, 0.81, 4, 60}, kExotropia = {20, 0.68, 4, 60},
                  kVertical = {12, 0.64, 4, 30};
constexpr double kVerticalShare = 0.2;  // 17 % in the same series.
// Both planes in 30 % of 1551 adults (IMPRS, Indiana University); size of the lesser [default].
constexpr double kBothPlanes = 0.3;
constexpr Bell kLesserDioptres = {0, 6, -15, 15};
constexpr double kLesserShare = 0.5;  // Of the greater, at most.
// Intermittent forms are 50–90 % of exotropia (Bhola, EyeRounds 2006); the others [default].
constexpr double kIntermittentExotropia = 0.6, kIntermittentOther = 0.25;
constexpr double kManifestShare[] = {0.3, 0.9};  // [default]

// --- Nystagmus ---------------------------------------------------------------------------------

// 224 people with infantile nystagmus: 0.3–15.7° and 0.5–8 Hz, 78 % horizontal in one plane (Abadi
// & Bjerre, Br J Ophthalmol 2002). 3.3 Hz in albinism, where jerks prevail, 4.3 Hz with FRMD7,
// where pendular forms do (Kumar et al., IOVS 2011). Amplitude's median and both spreads [default].
constexpr LogBell kJerkHz = {3.0, 0.35, 0.5, 8}, kPendularHz = {3.7, 0.35, 0.5, 8};
constexpr LogBell kAmplitudeDeg = {3.5, 0.75, 0.3, 15.7};
// Fast is small. The correlation of the logarithms is a [default]; the bounds say that muscles have
// a limited speed (intensity, °/s) and a limited force (amplitude · frequency², °/s²): 10° at 4 Hz
// is the most, 2.5° at 8 Hz.
constexpr double kAmplitudeCorrelation = -0.5;
constexpr double kMostIntensity = 40, kMostForce = 160;
// As in spasmus nutans: 11 Hz, hardly to be seen (Gresty et al., Br J Ophthalmol 1976).
constexpr double kFastPendular = 0.35;  // Of borderline pendular horizontal ones [default].
constexpr LogBell kFastHz = {8.5, 0.2, 6, 11}, kFastDeg = {0.8, 0.35, 0.3, 1.3};
// Beats vary markedly in size and time (Abadi & Dickinson, Doc Ophthalmol 1986); how much
// [default].
constexpr LogBell kIrregularity = {0.12, 0.4, 0.04, 0.3};
// A head posture in 15 % (FRMD7, GeneReviews) to more than 64 % (Noval et al., ISRN Ophthalmol
// 2011); 20–35° where it was operated (Graefes Arch 2009, PMC2686801), less in a clinic [default].
constexpr double kEccentricNull = 0.4;
constexpr Bell kEccentricNullDeg = {17, 6, 8, 30}, kCentralNullDeg = {0, 3, -7, 7};
constexpr Bell kNullWidthDeg = {15, 3, 8, 25}, kNullShare = {0.4, 0.12, 0.15, 0.7};  // [default]

// -----------------------------------------------------------------------------------------------

double Draw(const Bell& bell, NamedRandom* random) {
  for (;;) {
    const double value = bell.mean + bell.sd * random->Normal();
    if (value >= bell.low && value <= bell.high) return value;
  }
}

double Draw(const LogBell& bell, NamedRandom* random) {
  for (;;) {
    const double value = bell.median * std::exp(bell.log_sd * random->Normal());
    if (value >= bell.low && value <= bell.high) return value;
  }
}

double Between(const double (&range)[2], NamedRandom* random) {
  return range[0] + (range[1] - range[0]) * random->Uniform();
}

bool Happens(double probability, NamedRandom* random) { return random->Uniform() < probability; }

double Sign(NamedRandom* random) { return Happens(0.5, random) ? 1.0 : -1.0; }

Side AnySide(NamedRandom* random) { return kSides[random->Below(2)]; }
Side Other(Side side) { return side == Side::kRight ? Side::kLeft : Side::kRight; }

// Right and left value of a measure with the population's mean and SD and a right–left correlation.
std::array<double, 2> Pair(const Bell& bell, double correlation, NamedRandom* random) {
  const double common = bell.sd * std::sqrt((1 + correlation) / 2);
  const double half = bell.sd * std::sqrt((1 - correlation) / 2);
  for (;;) {
    const double middle = bell.mean + common * random->Normal(), apart = half * random->Normal();
    const std::array<double, 2> values = {middle + apart, middle - apart};
    if (std::min(values[0], values[1]) >= bell.low && std::max(values[0], values[1]) <= bell.high)
      return values;
  }
}

// The person under the disease: the same for every condition. Each part has its own numbers, so
// that a change of one leaves the others.
Patient DrawPerson(std::uint64_t seed, const std::string& subject_id, Variant* variant) {
  Patient person;
  NamedRandom mimic(seed, subject_id, "signs: mimic");
  const double kind = mimic.Uniform() / kMimicShare * kVariants;
  *variant = kind < kVariants ? static_cast<Variant>(1 + static_cast<int>(kind)) : Variant::kNone;
  person.mimic = NameOf(*variant);

  NamedRandom lids(seed, subject_id, "signs: lids");
  std::array<double, 2> mrd1{}, mrd2{};
  if (*variant == Variant::kLidAsymmetry) {
    const double half = 0.5 * Sign(&lids) * Between(kLidAsymmetryMm, &lids);
    Bell middle = kMrd1Mm;
    middle.low += std::abs(half);
    middle.high -= std::abs(half);
    const double value = Draw(middle, &lids);
    mrd1 = {value + half, value - half};
  } else {
    do mrd1 = Pair(kMrd1Mm, kMrd1Correlation, &lids);
    while (std::abs(mrd1[0] - mrd1[1]) >= kLidAsymmetryMm[0]);
  }
  if (*variant == Variant::kInferiorShow) {
    const double value = Between(kInferiorShowMrd2Mm, &lids);
    mrd2 = {value, Draw(Bell{value, 0.1, kInferiorShowMrd2Mm[0], kInferiorShowMrd2Mm[1]}, &lids)};
  } else {
    mrd2 = Pair(kMrd2Mm, kMrd2Correlation, &lids);
  }
  const double follow = Draw(kFollowDown, &lids);

  NamedRandom orbit(seed, subject_id, "signs: orbit");
  const double up = Draw(kReachUpDeg, &orbit), down = Draw(kReachDownDeg, &orbit),
               in = Draw(kReachInDeg, &orbit), out = Draw(kReachOutDeg, &orbit);
  for (int s = 0; s < 2; ++s) {
    EyeSigns& eye = person.eyes[s];
    eye.mrd1_mm = mrd1[s];
    eye.mrd2_mm = mrd2[s];
    eye.lateral_flare_mm = Draw(kFlareMm, &lids);
    eye.lid_follow_down = follow;
    eye.protrusion_mm = Draw(kProtrusionMm, &orbit);
    eye.limit_up_deg = up + Draw(kReachDifferenceDeg, &orbit);
    eye.limit_down_deg = down + Draw(kReachDifferenceDeg, &orbit);
    eye.limit_in_deg = in + Draw(kReachDifferenceDeg, &orbit);
    eye.limit_out_deg = out + Draw(kReachDifferenceDeg, &orbit);
  }

  NamedRandom motion(seed, subject_id, "signs: motion");
  person.deviation.horizontal_dioptres = Draw(kPhoriaHorizontal, &motion);
  person.deviation.vertical_dioptres = Draw(kPhoriaVertical, &motion);
  person.deviation.fixing_eye = AnySide(&motion);
  person.deviation.manifest_share = 0;
  person.blink_rate_hz = Draw(kBlinkRateHz, &motion);
  // Fast drift is the mimic; the others drift so often that the whole is kDriftShare.
  LogBell drift = kDriftDegPerS;
  const double fast = kMimicShare / kVariants;
  if (*variant == Variant::kDrift) {
    drift.low = kFastDriftDegPerS;
    person.drift_deg_per_s = Draw(drift, &motion);
  } else if (Happens((kDriftShare - fast) / (1 - fast), &motion)) {
    drift.high = kFastDriftDegPerS;
    person.drift_deg_per_s = Draw(drift, &motion);
  }

  NamedRandom posture(seed, subject_id, "signs: posture");
  person.head_turn_deg = Draw(kHeadTurnDeg, &posture);
  person.chin_up_deg = Draw(kChinUpDeg, &posture);
  person.brow_raise = Draw(kBrowRaise, &posture);
  if (*variant == Variant::kKappa)
    person.kappa_nasal_shift_deg =
        Happens(0.5, &mimic) ? Between(kKappaMoreDeg, &mimic) : Between(kKappaLessDeg, &mimic);
  if (*variant == Variant::kEpicanthus) person.epicanthus = Between(kEpicanthusWeight, &mimic);
  return person;
}

bool NearLimit(const Patient& healthy) {
  for (const EyeSigns& eye : healthy.eyes)
    if (eye.mrd1_mm <= kDroopFromMm - kMildDroopMm + kNearHealthyMm ||
        eye.mrd1_mm >= kRetractionMm - kNearHealthyMm)
      return true;
  return std::max(std::abs(healthy.deviation.horizontal_dioptres),
                  std::abs(healthy.deviation.vertical_dioptres)) >=
         kManifestDioptres - kNearDioptres;
}

void AddPtosis(bool borderline, NamedRandom* random, Patient* patient) {
  const Side worse = AnySide(random);
  const bool bilateral = Happens(kBilateralPtosis, random);
  double droop = 0;
  do droop = Draw(kDroopMm, random);
  while ((droop <= kMildDroopMm + kNearMm) != borderline);
  const double lesser = kMildDroopMm + Between(kDroopRest, random) * (droop - kMildDroopMm);
  const bool aponeurotic = Happens(kAponeurotic, random);
  for (Side side : kSides) {
    if (side != worse && !bilateral) continue;
    EyeSigns& eye = patient->eyes[static_cast<int>(side)];
    const double own = side == worse ? droop : lesser;
    eye.affected = true;
    eye.mrd1_mm = kDroopFromMm - own;
    const double shift = Draw(kCreaseShiftScatterMm, random),
                 depth = Draw(kCreaseDepthScatter, random);
    if (!aponeurotic) continue;
    eye.crease_shift_mm = std::max(0.0, kCreaseShiftPerMm * own + shift);
    eye.crease_depth_factor = std::max(0.2, 1 + kCreaseDepthPerMm * own + depth);
  }
  const double effort = Between(kEffort, random);
  patient->brow_raise =
      std::min(1.0, patient->brow_raise + effort * kBrowPerMm * (droop - kBrowFromMm));
  if (bilateral) patient->chin_up_deg += effort * kChinPerMm * std::max(0.0, lesser - kChinFromMm);
}

void AddThyroidOrbitopathy(bool borderline, NamedRandom* random, Patient* patient) {
  const Side worse = AnySide(random);
  const double laterality = random->Uniform();
  const bool unilateral = laterality < kTaoUnilateral;
  const bool asymmetric = !unilateral && laterality < kTaoUnilateral + kTaoAsymmetric;
  double mrd1 = 0, protrusion = 0;
  bool proptosis = false, restriction = false, lag = false;
  do {
    mrd1 = Draw(kTaoMrd1Mm, random);
    do {
      proptosis = Happens(kTaoProptosis, random);
      restriction = Happens(kTaoRestriction, random);
      lag = Happens(kTaoLag, random);
    } while (!proptosis && !restriction && !lag);
    protrusion = proptosis ? Draw(kTaoProtrusionMm, random) : 0;
  } while ((mrd1 <= kRetractionMm + kNearMm && protrusion <= kProptosisMm + kNearMm) != borderline);
  const double follow = Draw(kTaoFollowDown, random);
  const double up = Draw(kRestrictedUpDeg, random), out = Draw(kRestrictedOutDeg, random);
  const bool medial = Happens(kMedialToo, random);
  const bool flare = Happens(kTaoFlare, random), lower = Happens(kTaoLower, random),
             inflamed = Happens(kTaoInflamed, random);
  const double rest =
      asymmetric ? Between(kAsymmetricRest, random) : Between(kSymmetricRest, random);
  for (Side side : kSides) {
    if (side != worse && unilateral) continue;
    EyeSigns& eye = patient->eyes[static_cast<int>(side)];
    // Part of the way from this eye's healthy signs to those of the disease.
    const double share = side == worse ? 1.0 : rest;
    const auto mix = [&](double healthy, double ill) { return healthy + share * (ill - healthy); };
    eye.affected = true;
    eye.mrd1_mm = std::max(eye.mrd1_mm, mix(eye.mrd1_mm, mrd1));
    if (proptosis) eye.protrusion_mm = share * protrusion;
    if (lag) eye.lid_follow_down = std::min(eye.lid_follow_down, mix(eye.lid_follow_down, follow));
    if (restriction) {
      eye.limit_up_deg = std::min(eye.limit_up_deg, mix(eye.limit_up_deg, up));
      if (medial) eye.limit_out_deg = std::min(eye.limit_out_deg, mix(eye.limit_out_deg, out));
    }
    // Drawn whether used or not: one sign shifts no other.
    const double flare_mm = Draw(kTaoFlareMm, random), lower_mm = Draw(kTaoLowerMm, random);
    const double upper_swelling = Draw(kSwellingUpperMm, random),
                 lower_swelling = Draw(kSwellingLowerMm, random), redness = Draw(kRedness, random);
    if (flare) eye.lateral_flare_mm = mix(eye.lateral_flare_mm, flare_mm);
    if (proptosis) eye.mrd2_mm += kLowerPerProtrusion * eye.protrusion_mm;
    if (lower) eye.mrd2_mm += share * lower_mm;
    if (inflamed) {
      eye.swelling_upper_mm = share * upper_swelling;
      eye.swelling_lower_mm = share * lower_swelling;
      eye.redness = share * redness;
    }
  }
  const double chin = Draw(kRestrictedChinUpDeg, random);
  if (restriction) patient->chin_up_deg += chin;
}

void AddStrabismus(bool borderline, NamedRandom* random, Patient* patient) {
  Deviation& deviation = patient->deviation;
  deviation.fixing_eye = AnySide(random);
  const bool vertical = Happens(kVerticalShare, random);
  const double sign = Sign(random);
  const bool exotropia = !vertical && sign < 0;
  const LogBell& sizes = vertical ? kVertical : exotropia ? kExotropia : kEsotropia;
  double size = 0;
  do size = Draw(sizes, random);
  while ((size <= kManifestDioptres + kNearDioptres) != borderline);
  // In the other plane a lesser tropia, or the phoria that was there.
  const double tropia = Draw(kLesserDioptres, random);
  const bool both = Happens(kBothPlanes, random);
  double* greater = vertical ? &deviation.vertical_dioptres : &deviation.horizontal_dioptres;
  double* lesser = vertical ? &deviation.horizontal_dioptres : &deviation.vertical_dioptres;
  *greater = sign * size;
  *lesser = std::clamp(both ? tropia : *lesser, -kLesserShare * size, kLesserShare * size);
  const double share = Between(kManifestShare, random);
  const bool intermittent =
      Happens(exotropia ? kIntermittentExotropia : kIntermittentOther, random);
  deviation.manifest_share = intermittent ? share : 1.0;
  const Side deviating = Other(deviation.fixing_eye);
  patient->eyes[static_cast<int>(deviating)].affected = true;
  // The lid goes with an eye that looks down, though it is none the lower while that eye fixates.
  const double hypotropia =
      deviating == Side::kRight ? -deviation.vertical_dioptres : deviation.vertical_dioptres;
  if (patient->mimic.empty() && hypotropia >= kPseudoptosisDioptres)
    patient->mimic = "pseudoptosis_hypotropia";
}

void AddNystagmus(bool borderline, NamedRandom* random, Patient* patient) {
  using Waveform = Nystagmus::Waveform;
  // Horizontal ones are 78 %; jerks to either side equally often. Shares among the rest [default].
  constexpr std::pair<Waveform, double> kShares[] = {{Waveform::kPendular, 0.26},
                                                     {Waveform::kJerkLeft, 0.26},
                                                     {Waveform::kJerkRight, 0.26},
                                                     {Waveform::kJerkUp, 0.075},
                                                     {Waveform::kJerkDown, 0.075}};
  Nystagmus nystagmus;
  nystagmus.waveform = Waveform::kPendularVertical;
  double left = random->Uniform();
  for (const auto& [waveform, share] : kShares) {
    if (left >= 0 && left < share) nystagmus.waveform = waveform;
    left -= share;
  }
  const bool pendular = nystagmus.waveform == Waveform::kPendular ||
                        nystagmus.waveform == Waveform::kPendularVertical;
  const bool horizontal = nystagmus.waveform == Waveform::kPendular ||
                          nystagmus.waveform == Waveform::kJerkLeft ||
                          nystagmus.waveform == Waveform::kJerkRight;
  const double near_deg = std::atan(kNearDioptres / 100) * 180 / kPi;
  if (borderline && pendular && horizontal && Happens(kFastPendular, random)) {
    nystagmus.frequency_hz = Draw(kFastHz, random);
    nystagmus.amplitude_deg = Draw(kFastDeg, random);
  } else {
    const LogBell& hertz = pendular ? kPendularHz : kJerkHz;
    double f = 0, a = 0;
    do {
      const double z = random->Normal();
      const double w =
          kAmplitudeCorrelation * z +
          std::sqrt(1 - kAmplitudeCorrelation * kAmplitudeCorrelation) * random->Normal();
      f = hertz.median * std::exp(hertz.log_sd * z);
      a = kAmplitudeDeg.median * std::exp(kAmplitudeDeg.log_sd * w);
    } while (f < hertz.low || f > hertz.high || a < kAmplitudeDeg.low || a > kAmplitudeDeg.high ||
             a * f > kMostIntensity || a * f * f > kMostForce || (a <= near_deg) != borderline);
    nystagmus.frequency_hz = f;
    nystagmus.amplitude_deg = a;
  }
  nystagmus.irregularity = Draw(kIrregularity, random);
  nystagmus.null_width_deg = Draw(kNullWidthDeg, random);
  if (horizontal) {
    nystagmus.null_share = Draw(kNullShare, random);
    const bool eccentric = Happens(kEccentricNull, random);
    nystagmus.null_azimuth_deg =
        eccentric ? Sign(random) * Draw(kEccentricNullDeg, random) : Draw(kCentralNullDeg, random);
    // The head turns away until the null lies straight ahead.
    if (eccentric) patient->head_turn_deg -= nystagmus.null_azimuth_deg;
  } else {
    nystagmus.null_azimuth_deg = 0;
    nystagmus.null_share = 1;  // Side gaze changes nothing.
  }
  patient->nystagmus = nystagmus;
  patient->drift_deg_per_s = 0;  // Slow phases are the disease's.
  for (EyeSigns& eye : patient->eyes) eye.affected = true;
}

bool OwnSign(Condition condition, Variant variant) {
  switch (condition) {
    case Condition::kHealthy:
      return false;
    case Condition::kThyroidOrbitopathy:
      return variant == Variant::kInferiorShow || variant == Variant::kLidAsymmetry;
    case Condition::kPtosis:
      return variant == Variant::kLidAsymmetry;
    case Condition::kStrabismus:
      return variant == Variant::kKappa || variant == Variant::kEpicanthus;
    case Condition::kNystagmus:
      return variant == Variant::kDrift;
  }
  return false;
}

const char* NameOf(Side side) { return side == Side::kRight ? "right" : "left"; }

// A condition's grade or kind in an eye that has it.
std::string GradeOf(const Patient& patient, Condition condition, Side side) {
  const EyeSigns& eye = patient.eyes[static_cast<int>(side)];
  switch (condition) {
    case Condition::kHealthy:
      break;
    case Condition::kThyroidOrbitopathy: {
      // EUGOGO grades the patient, by the worse eye.
      for (const EyeSigns& either : patient.eyes)
        if (either.mrd1_mm - kRetractionMm >= kSevereRetractionMm ||
            either.protrusion_mm >= kSevereProptosisMm)
          return "moderate_severe";
      return "mild";
    }
    case Condition::kPtosis: {
      const double droop = kDroopFromMm - eye.mrd1_mm;
      return droop >= kSevereDroopMm ? "severe" : droop >= kModerateDroopMm ? "moderate" : "mild";
    }
    case Condition::kStrabismus: {
      const double horizontal = patient.deviation.horizontal_dioptres;
      const double vertical = patient.deviation.vertical_dioptres;
      if (std::abs(horizontal) >= std::abs(vertical))
        return horizontal > 0 ? "esotropia" : "exotropia";
      return (vertical > 0) == (side == Side::kRight) ? "hypertropia" : "hypotropia";
    }
    case Condition::kNystagmus:
      return ToString(patient.nystagmus->waveform);
  }
  return "none";
}

Json LabelsOf(const Patient& patient, Side side) {
  Json labels = Json::object();
  for (Condition condition : {Condition::kThyroidOrbitopathy, Condition::kPtosis,
                              Condition::kStrabismus, Condition::kNystagmus}) {
    const EyeSigns& eye = patient.eyes[static_cast<int>(side)];
    const bool here = (patient.condition == condition && eye.affected) ||
                      (patient.second == condition && eye.second_affected);
    labels[ToString(condition)] = here ? GradeOf(patient, condition, side) : "none";
  }
  labels["mimic"] = patient.mimic.empty() ? "none" : patient.mimic;
  labels["borderline"] = patient.borderline ? "yes" : "no";
  return labels;
}

Json MeasuresOf(const Patient& patient, Side side) {
  const EyeSigns& eye = patient.eyes[static_cast<int>(side)];
  // A still eye has neither beats nor a null.
  Nystagmus still;
  still.frequency_hz = still.amplitude_deg = still.irregularity = 0;
  still.null_azimuth_deg = still.null_width_deg = still.null_share = 0;
  const Nystagmus& nystagmus = patient.nystagmus ? *patient.nystagmus : still;
  return {{"mrd1_mm", eye.mrd1_mm},
          {"mrd2_mm", eye.mrd2_mm},
          {"pfh_mm", eye.mrd1_mm + eye.mrd2_mm},
          {"lateral_flare_mm", eye.lateral_flare_mm},
          {"lid_follow_down_gain", eye.lid_follow_down},
          {"protrusion_mm", eye.protrusion_mm},
          {"swelling_upper_mm", eye.swelling_upper_mm},
          {"swelling_lower_mm", eye.swelling_lower_mm},
          {"redness_share", eye.redness},
          {"crease_shift_mm", eye.crease_shift_mm},
          {"crease_depth_factor", eye.crease_depth_factor},
          {"limit_up_deg", eye.limit_up_deg},
          {"limit_down_deg", eye.limit_down_deg},
          {"limit_in_deg", eye.limit_in_deg},
          {"limit_out_deg", eye.limit_out_deg},
          {"deviation_horizontal_dioptres", patient.deviation.horizontal_dioptres},
          {"deviation_vertical_dioptres", patient.deviation.vertical_dioptres},
          {"deviation_manifest_share", patient.deviation.manifest_share},
          {"nystagmus_frequency_hz", nystagmus.frequency_hz},
          {"nystagmus_amplitude_deg", nystagmus.amplitude_deg},
          {"nystagmus_intensity_deg_per_s", nystagmus.amplitude_deg * nystagmus.frequency_hz},
          {"nystagmus_irregularity_cv", nystagmus.irregularity},
          {"nystagmus_null_azimuth_deg", nystagmus.null_azimuth_deg},
          {"nystagmus_null_width_deg", nystagmus.null_width_deg},
          {"nystagmus_null_share", nystagmus.null_share},
          {"brow_raise_share", patient.brow_raise},
          {"head_turn_deg", patient.head_turn_deg},
          {"chin_up_deg", patient.chin_up_deg},
          {"kappa_nasal_shift_deg", patient.kappa_nasal_shift_deg},
          {"epicanthus_share", patient.epicanthus},
          {"blink_rate_hz", patient.blink_rate_hz},
          {"drift_deg_per_s", patient.drift_deg_per_s}};
}

/// Signs of another condition, as independent of the first as two patients' are. The patient is as
/// borderline as the first is.
void AddSecond(Condition second, Variant variant, std::uint64_t seed, const std::string& subject_id,
               Patient* patient) {
  std::array<bool, 2> first{};
  for (size_t s = 0; s < 2; ++s) first[s] = std::exchange(patient->eyes[s].affected, false);
  patient->second = second;
  if (OwnSign(second, variant)) patient->mimic.clear();
  NamedRandom random(seed, subject_id, std::string("signs: ") + ToString(second));
  const bool borderline = Happens(kBorderlineShare, &random);
  if (second == Condition::kStrabismus)
    AddStrabismus(borderline, &random, patient);
  else
    AddNystagmus(borderline, &random, patient);
  for (size_t s = 0; s < 2; ++s)
    patient->eyes[s].second_affected = std::exchange(patient->eyes[s].affected, first[s]);
}

}  // namespace

const char* ToString(Condition condition) {
  switch (condition) {
    case Condition::kHealthy:
      return "healthy";
    case Condition::kThyroidOrbitopathy:
      return "thyroid_orbitopathy";
    case Condition::kPtosis:
      return "ptosis";
    case Condition::kStrabismus:
      return "strabismus";
    case Condition::kNystagmus:
      return "nystagmus";
  }
  return "";
}

const char* ToString(Nystagmus::Waveform waveform) {
  switch (waveform) {
    case Nystagmus::Waveform::kPendular:
      return "pendular";
    case Nystagmus::Waveform::kJerkLeft:
      return "jerk_left";
    case Nystagmus::Waveform::kJerkRight:
      return "jerk_right";
    case Nystagmus::Waveform::kJerkUp:
      return "jerk_up";
    case Nystagmus::Waveform::kJerkDown:
      return "jerk_down";
    case Nystagmus::Waveform::kPendularVertical:
      return "pendular_vertical";
  }
  return "";
}

Patient DrawPatient(Condition condition, std::uint64_t seed, const std::string& subject_id,
                    Condition second) {
  const bool apart = second == Condition::kHealthy ||
                     (condition != Condition::kHealthy && second != condition &&
                      (second == Condition::kStrabismus || second == Condition::kNystagmus));
  if (!apart)
    throw UsageError(fmt::format("A patient with {} cannot have {} as the second condition.",
                                 ToString(condition), ToString(second)));
  Variant variant = Variant::kNone;
  Patient patient = DrawPerson(seed, subject_id, &variant);
  patient.condition = condition;
  // What imitates the disease that is there is part of it.
  if (OwnSign(condition, variant)) patient.mimic.clear();
  NamedRandom random(seed, subject_id, std::string("signs: ") + ToString(condition));
  patient.borderline =
      condition == Condition::kHealthy ? NearLimit(patient) : Happens(kBorderlineShare, &random);
  switch (condition) {
    case Condition::kHealthy:
      break;
    case Condition::kThyroidOrbitopathy:
      AddThyroidOrbitopathy(patient.borderline, &random, &patient);
      break;
    case Condition::kPtosis:
      AddPtosis(patient.borderline, &random, &patient);
      break;
    case Condition::kStrabismus:
      AddStrabismus(patient.borderline, &random, &patient);
      break;
    case Condition::kNystagmus:
      AddNystagmus(patient.borderline, &random, &patient);
      break;
  }
  if (second != Condition::kHealthy) AddSecond(second, variant, seed, subject_id, &patient);
  return patient;
}

Json PatientTruth(const Patient& patient) {
  Json truth = {{"condition", ToString(patient.condition)},
                {"mimic", patient.mimic},
                {"borderline", patient.borderline},
                {"fixing_eye", NameOf(patient.deviation.fixing_eye)}};
  if (patient.second != Condition::kHealthy) truth["second_condition"] = ToString(patient.second);
  for (Side side : kSides)
    truth[NameOf(side)] = {{"labels", LabelsOf(patient, side)},
                           {"truth", MeasuresOf(patient, side)}};
  return truth;
}

}  // namespace maskbench::virtual_clinic
