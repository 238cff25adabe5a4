#include "experiments/training/eye_network/crop_people.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/render/hair_colour.h"

namespace maskbench::training {
namespace {

using virtual_clinic::Ancestry;
using virtual_clinic::Sex;
using virtual_clinic::Stratum;
using virtual_clinic::Subject;

// Corner distance over horizontal iris diameter [default]: about 29 mm over 11.7 mm; spread wider
// than in people, so that the iris' size is seen and not guessed from the fissure.
constexpr double kFissurePerIris = 2.48, kFissurePerIrisSd = 0.22;
// Spread of the horizontal visible iris diameter; wider than in people (0.42 mm).
constexpr double kIrisSdMm = 0.6;

Stratum TrainingStratum(int index, NamedRandom* random) {
  Stratum stratum;
  stratum.sex = index % 2 == 0 ? Sex::kFemale : Sex::kMale;
  stratum.ancestry = static_cast<Ancestry>((index / 2) % 3);
  stratum.age = random->Uniform();
  return stratum;
}

}  // namespace

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

double BetweenLog(NamedRandom* random, double low, double high) {
  return low * std::pow(high / low, random->Uniform());
}

double Near(NamedRandom* random, double mean, double sigma) {
  return mean + sigma * std::clamp(random->Normal(), -2.5, 2.5);
}

bool Chance(NamedRandom* random, double probability) { return random->Uniform() < probability; }

std::string TrainingSubjectId(int index) { return fmt::format("train eyes {:05d}", index); }

Subject DrawTrainingSubject(const ParametricHead& head, std::uint64_t seed, int index) {
  const std::string id = TrainingSubjectId(index);
  NamedRandom random(seed, id, "train person");
  const Stratum stratum = TrainingStratum(index, &random);
  Subject subject = virtual_clinic::DrawSubject(head, seed, id, stratum);
  // More of what makes the surroundings of eyes differ.
  for (const DetailAxis& axis : head.DetailAxes()) {
    if (axis.name.rfind("eyes/", 0) != 0 || axis.asymmetric) continue;
    ParametricHead::AddDetail(axis, std::clamp(0.25 * random.Normal(), -0.6, 0.6), &subject.head);
  }
  const bool asian = stratum.ancestry == Ancestry::kAsian;
  if (Chance(&random, asian ? 0.45 : 0.15)) {
    const double fold = Between(&random, 0.2, 1.0);
    for (const char* name : {"eyes/l-eye-epicanthus-in", "eyes/r-eye-epicanthus-in"})
      subject.head.details.emplace_back(head.Detail(name), fold);
  }

  SkinRecipe& skin = subject.skin;
  skin.package_skin.clear();
  skin.package_strength = 0;
  skin.melanin = std::clamp(skin.melanin + 0.06 * random.Normal(), 0.0, 1.0);
  skin.haemoglobin = std::clamp(Near(&random, 0.4, 0.13), 0.05, 0.95);
  skin.variation = Between(&random, 0.6, 2.4);
  skin.zones = Between(&random, 0.3, 1.8);
  skin.eyelid_tone = Between(&random, 0.0, 1.0);
  skin.under_eye = Between(&random, 0.0, 1.0);
  skin.pores = Between(&random, 0.4, 2.0);
  skin.gloss = BetweenLog(&random, 0.3, 2.0);
  skin.wrinkles = Between(&random, 0.3, 2.0);
  if (Chance(&random, 0.15)) skin.freckles = static_cast<int>(BetweenLog(&random, 50, 2500));
  skin.moles = static_cast<int>(Between(&random, 0, 25));
  skin.make_up.eye_shadow = 0;  // Painted crop by crop.
  BrowRecipe& brows = skin.brows;
  brows.density = std::clamp(brows.density * BetweenLog(&random, 0.6, 1.9), 0.1, 2.0);
  brows.thickness = std::clamp(brows.thickness * BetweenLog(&random, 0.8, 2.0), 0.35, 2.0);
  brows.height_mm = std::clamp(Near(&random, -1.5, 1.8), -4.0, 4.0);
  brows.angle_deg = std::clamp(Near(&random, 0, 6), -18.0, 18.0);
  brows.colour.melanin = std::clamp(brows.colour.melanin + 0.1 * random.Normal(), 0.0, 1.0);
  if (Chance(&random, 0.2)) brows.colour.melanin = Between(&random, 0.9, 1.0);
  subject.hair_style.clear();
  return subject;
}

Subject DrawPlainSubject(const ParametricHead& head, std::uint64_t seed, int index) {
  const std::string id = TrainingSubjectId(index);
  NamedRandom random(seed, id, "train person");
  Subject subject = virtual_clinic::DrawSubject(head, seed, id, TrainingStratum(index, &random));
  subject.skin.package_skin.clear();
  subject.skin.package_strength = 0;
  subject.skin.make_up = {};
  subject.hair_style.clear();
  return subject;
}

std::array<double, 2> UsualFissureMm(const Subject& subject) {
  std::array<double, 2> fissure_mm{};
  for (size_t s = 0; s < 2; ++s)
    fissure_mm[s] = kFissurePerIris * 2 * subject.eyes[s].limbus_horizontal_mm;
  return fissure_mm;
}

void DrawLook(NamedRandom* random, Subject* subject, std::array<double, 2>* fissure_mm) {
  const double hvid = std::clamp(Near(random, 11.7, kIrisSdMm), 10.1, 13.3);
  const double roundness = 10.6 / 11.7 * (1 + Near(random, 0, 0.015));
  const double globe = std::clamp(Near(random, 12.0, 0.45), 10.9, 13.2);
  const double cornea = std::clamp(Near(random, 7.8, 0.3), 7.1, 8.6);
  const double pupil = BetweenLog(random, 1.0, 3.2);
  const double fissure = std::clamp(Near(random, kFissurePerIris, kFissurePerIrisSd), 1.95, 3.0);
  const auto dark = [&](double spread) { return std::clamp(spread * random->Normal(), -0.3, 0.3); };
  const EyeRecipe first = subject->eye_colours[0];
  const bool other_iris = Chance(random, 0.35);
  const double melanin = other_iris ? random->Uniform() : first.melanin;
  const double lipochrome = random->Uniform(), ring = Between(random, 0.0, 1.0);
  const double yellow = Between(random, 0.0, 1.0);
  const double redness =
      Chance(random, 0.3) ? Between(random, 0.2, 1.0) : Between(random, 0.0, 0.25);
  const double crease = Between(random, 2.5, 11.0), depth = Between(random, 0.0, 1.4);
  const double fold = Between(random, 0.0, 1.6);
  const double swollen = Chance(random, 0.2) ? Between(random, 0.3, 2.5) : 0.0;
  const double bags = Chance(random, 0.5) ? Between(random, 0.0, 2.5) : 0.1;
  const std::uint64_t texture =
      (static_cast<std::uint64_t>(random->NextBits()) << 32) | random->NextBits();
  for (size_t s = 0; s < 2; ++s) {
    EyeShape& eye = subject->eyes[s];
    eye.limbus_horizontal_mm = 0.5 * hvid;
    eye.limbus_vertical_mm = 0.5 * hvid * roundness;
    eye.globe_radius_mm = globe;
    eye.cornea_radius_mm = std::max(cornea, eye.limbus_horizontal_mm + 0.9);
    eye.pupil_radius_mm =
        std::min(pupil * (1 + 0.04 * random->Normal()), 0.72 * eye.limbus_vertical_mm);
    if (Chance(random, 0.04)) eye.pupil_radius_mm = std::min(3.4, 1.5 * eye.pupil_radius_mm);
    const double nasal = s == static_cast<size_t>(Side::kLeft) ? -1.0 : 1.0;
    eye.pupil_offset_mm = {nasal * Near(random, 0.15, 0.15), Near(random, 0.05, 0.12)};
    eye.kappa_nasal_deg = Near(random, 5.0, 2.5);
    EyeRecipe& tint = subject->eye_colours[s];
    tint.melanin = std::clamp(melanin + dark(0.02), 0.0, 1.0);
    tint.lipochrome = lipochrome;
    tint.limbal_ring = ring;
    tint.sclera_yellow = yellow;
    tint.redness = std::clamp(redness + dark(0.05), 0.0, 1.0);
    tint.seed = texture;
    LidShape& lid = subject->lids[s];
    lid.crease_distance_mm = std::clamp(crease + 0.7 * random->Normal(), 2.0, 12.0);
    lid.crease_depth_mm = std::max(0.0, depth + 0.1 * random->Normal());
    lid.fold_fullness_mm = std::max(0.0, fold + 0.15 * random->Normal());
    lid.swelling_upper_mm = std::max(0.0, swollen + (swollen > 0 ? 0.3 * random->Normal() : 0.0));
    lid.swelling_lower_mm = std::max(0.0, bags + 0.2 * random->Normal());
    (*fissure_mm)[s] = hvid * (fissure + 0.02 * random->Normal());
  }
  if (Chance(random, 0.02)) subject->eye_colours[1].melanin = random->Uniform();  // Heterochromia.
  subject->lashes.length = Between(random, 0.55, 1.4);
  subject->lashes.density = BetweenLog(random, 0.3, 2.2);
  subject->lashes.seed = random->NextBits();
  const bool blond = subject->hair.melanin < 0.5 && Chance(random, 0.5);
  subject->lashes.albedo = (blond ? 0.9f : 0.5f) *
                           HairAlbedo(subject->skin.brows.colour).cwiseMin(blond ? 0.25f : 0.09f);
}

}  // namespace maskbench::training
