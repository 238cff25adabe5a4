#include "datasets/virtual_clinic/subject.h"

#include <algorithm>
#include <cmath>

#include "maskbench/core/rng.h"

#include "datasets/virtual_clinic/face_shape.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr double kPi = 3.14159265358979323846;

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

// Normal, cut off at two standard deviations.
double Near(NamedRandom* random, double mean, double sigma) {
  return mean + sigma * std::clamp(random->Normal(), -2.0, 2.0);
}

}  // namespace

Stratum EvenStratum(std::uint64_t seed, int index) {
  Stratum stratum;
  stratum.sex = index % 2 == 0 ? Sex::kFemale : Sex::kMale;
  stratum.ancestry = static_cast<Ancestry>((index / 2) % 3);
  // Ages: one of six bands per run of six × six subjects, jittered within the band.
  NamedRandom random(seed, "stratum " + std::to_string(index), "age");
  constexpr std::array<int, 6> kShift = {0, 3, 1, 4, 2, 5};
  const int band =
      (kShift[static_cast<size_t>(index / 6 % 6)] + 2 * (index % 6) + index % 6 / 3) % 6;
  stratum.age = (band + random.Uniform()) / 6.0;
  return stratum;
}

Subject DrawSubject(const ParametricHead& head, std::uint64_t seed, const std::string& id,
                    const Stratum& stratum) {
  Subject subject;
  subject.id = id;
  subject.stratum = stratum;
  const bool male = stratum.sex == Sex::kMale;
  const double age = stratum.age;

  // Shape. Ancestry is a mixture with one main part.
  NamedRandom shape(seed, id, "shape");
  HeadRecipe& recipe = subject.head;
  recipe.male = male ? Between(&shape, 0.75, 1.0) : Between(&shape, 0.0, 0.25);
  std::array<double, 3> parts{};
  double total = 0;
  for (int k = 0; k < 3; ++k) {
    parts[k] = 0.10 * shape.Uniform() + (k == static_cast<int>(stratum.ancestry) ? 1.0 : 0.0);
    total += parts[k];
  }
  recipe.african = parts[0] / total;
  recipe.asian = parts[1] / total;
  recipe.caucasian = parts[2] / total;
  recipe.age = 0.7 * age;  // The skin ages with its own wrinkles.
  recipe.weight = std::clamp(Near(&shape, 0.05 + 0.15 * age, 0.4), -0.9, 0.9);
  recipe.muscle = Near(&shape, 0.0, 0.3);
  DrawFaceShape(head, &shape, &recipe);
  NamedRandom withheld(seed, id, "withheld");
  subject.withheld_seed =
      (static_cast<std::uint64_t>(withheld.NextBits()) << 32) | withheld.NextBits();
  subject.withheld_rms_mm = Between(&withheld, 1.4, 2.1);

  // Pigments.
  NamedRandom colour(seed, id, "colour");
  SkinRecipe& skin = subject.skin;
  const double african = Between(&colour, 0.58, 0.97), asian = Between(&colour, 0.20, 0.55),
               caucasian = Between(&colour, 0.08, 0.42);
  skin.melanin = recipe.african * african + recipe.asian * asian + recipe.caucasian * caucasian;
  skin.haemoglobin = Near(&colour, 0.38, 0.07);
  skin.undertone = Near(&colour, stratum.ancestry == Ancestry::kAsian ? 0.25 : 0.0, 0.3);
  skin.age = age;
  skin.seed = (static_cast<std::uint64_t>(colour.NextBits()) << 32) | colour.NextBits();
  const std::string years = age < 0.35 ? "young" : age < 0.68 ? "middleage" : "old";
  const std::string people = stratum.ancestry == Ancestry::kAfrican ? "african"
                             : stratum.ancestry == Ancestry::kAsian ? "asian"
                                                                    : "caucasian";
  const std::string sex = male ? "male" : "female";
  const std::string shade = stratum.ancestry == Ancestry::kAfrican ? "dark" : "light";
  const bool young = age < 0.35;
  const std::string version = stratum.ancestry == Ancestry::kAfrican ? ""
                              : stratum.ancestry == Ancestry::kAsian ? (young ? "3" : "2")
                              : young && colour.Uniform() < 0.5      ? "2"
                                                                     : "";
  skin.package_skin = years + "_" + people + "_" + sex + "/" + years + "_" + shade + "skinned_" +
                      sex + "_diffuse" + version;
  skin.package_strength = Between(&colour, 0.75, 1.0);
  skin.variation = Between(&colour, 0.65, 1.45);
  skin.zones = Between(&colour, 0.65, 1.55);
  skin.redness = colour.Uniform() < 0.12 ? Between(&colour, 0.05, 0.25) : 0.0;
  const bool fair = skin.melanin < 0.25;
  skin.freckles = fair && colour.Uniform() < 0.3 ? static_cast<int>(Between(&colour, 50, 900)) : 0;
  skin.moles = static_cast<int>(Between(&colour, 0, 9));
  skin.pores = Between(&colour, 0.6, 1.5);
  skin.gloss = Between(&colour, 0.7, 1.3);
  skin.wrinkles = Between(&colour, 0.6, 1.8);
  skin.eyelid_tone = Between(&colour, 0.4, 1.0);
  skin.under_eye = Between(&colour, 0.1, 0.65);
  skin.lips.redness = Between(&colour, male ? 0.0 : 0.15, male ? 0.85 : 1.0);
  skin.lips.darkness = Near(&colour, recipe.african > 0.5 ? 0.25 : 0.05, 0.25);
  if (!male && colour.Uniform() < 0.5) {
    skin.make_up.lipstick = Between(&colour, 0.2, 0.8);
    skin.make_up.lipstick_red = Between(&colour, 0.25, 0.5);
    skin.make_up.lipstick_green = Between(&colour, 0.04, 0.13);
    skin.make_up.lipstick_blue = Between(&colour, 0.05, 0.15);
    skin.make_up.foundation = Between(&colour, 0.0, 0.6);
    skin.make_up.eye_shadow = Between(&colour, 0.0, 0.35);
  }

  NamedRandom hair(seed, id, "hair");
  const bool light = recipe.caucasian > 0.5;
  subject.hair.melanin = light ? Between(&hair, 0.15, 1.0) : Between(&hair, 0.88, 1.0);
  subject.hair.red =
      light && hair.Uniform() < 0.12 ? Between(&hair, 0.3, 0.9) : Between(&hair, 0, 0.15);
  subject.hair.grey = std::clamp((age - 0.45) * 2.2 + 0.2 * hair.Normal(), 0.0, 1.0);
  const bool dyed = !male && hair.Uniform() < 0.5;
  if (dyed) subject.hair.grey *= 0.15;
  BrowRecipe& brows = skin.brows;
  brows.density = Near(&hair, male ? 1.35 : 1.1, 0.5);
  brows.thickness = std::clamp(Near(&hair, male ? 1.4 : 1.0, 0.5), 0.45, 2.0);
  brows.length = std::clamp(Near(&hair, 0.98, 0.15), 0.8, 1.2);
  brows.arch_mm = Near(&hair, male ? 0.3 : 1.3, 1.7);
  brows.height_mm = Near(&hair, male ? 1.5 : 2.5, 2.2);
  brows.angle_deg = Near(&hair, -3.0, 5.5);
  brows.gap_mm = Near(&hair, 0.0, 2.6);
  brows.colour = subject.hair;
  brows.colour.melanin = std::clamp(subject.hair.melanin + 0.15, 0.35, 1.0);
  brows.colour.grey *= 0.6;
  skin.scalp.colour = subject.hair;
  skin.beard.colour = subject.hair;
  if (male) {
    const double kind = hair.Uniform();
    if (kind < 0.3) {
      skin.beard.density = Between(&hair, 0.0, 0.3);  // Shaven.
      skin.beard.length_mm = 0.3;
    } else if (kind < 0.5) {
      skin.beard.density = Between(&hair, 0.4, 0.8);  // Stubble.
      skin.beard.length_mm = Between(&hair, 0.8, 2.0);
    } else if (kind < 0.75) {
      skin.beard.density = Between(&hair, 0.8, 1.0);
      skin.beard.length_mm = Between(&hair, 3.0, 9.0);
    } else {
      skin.beard.density = Between(&hair, 0.7, 1.0);  // Goatee or moustache.
      skin.beard.cheeks = 0.0;
      skin.beard.length_mm = Between(&hair, 2.0, 7.0);
    }
    if (recipe.asian > 0.5) skin.beard.density *= 0.55;
  }
  // Style: men mostly short or shorn, receding with age.
  const double style = hair.Uniform();
  if (male) {
    skin.scalp.recession = std::clamp(0.9 * age * hair.Uniform(), 0.0, 1.0);
    if (style < 0.16 + 0.15 * age) {
      skin.scalp.density =
          hair.Uniform() < 0.3 ? Between(&hair, 0.05, 0.2) : Between(&hair, 0.5, 1.0);
      skin.scalp.length_mm = Between(&hair, 0.4, 7.0);
    } else if (recipe.african > 0.5) {
      subject.hair_style = style < 0.55 ? "" : style < 0.8 ? "afro01" : "short04";
    } else {
      const std::array<const char*, 4> styles = {"short01", "short02", "short03", "short04"};
      subject.hair_style = styles[hair.Below(4)];
    }
  } else if (recipe.african > 0.5) {
    const std::array<const char*, 6> styles = {"afro01", "ponytail01", "long01",
                                               "bob02",  "short04",    "short02"};
    subject.hair_style = styles[hair.Below(6)];
  } else {
    const std::array<const char*, 7> styles = {"ponytail01", "long01",  "bob01",     "bob02",
                                               "short02",    "short03", "ponytail01"};
    subject.hair_style = styles[hair.Below(7)];
  }
  if (subject.hair_style.empty() && skin.scalp.density == 0) {
    skin.scalp.density = Between(&hair, 0.7, 1.0);
    skin.scalp.length_mm = Between(&hair, 2.0, 9.0);
  }
  if (!subject.hair_style.empty()) {
    skin.scalp.density = 0.9;
    skin.scalp.length_mm = 6;
    skin.scalp.recession = std::min(skin.scalp.recession, 0.3);
    skin.scalp.inset_mm = 5;  // Painted hair stays under the style.
  }
  if (!male) skin.scalp.sideburns = 0;

  // Eyes: both alike, but for small asymmetries.
  NamedRandom eyes(seed, id, "eyes");
  const double iris_scale = 1 + Near(&eyes, 0.0, 0.42 / 11.7);
  const double cornea = Near(&eyes, 7.8, 0.25), globe = Near(&eyes, 12.0, 0.35);
  const double pupil = std::clamp(Near(&eyes, 1.9 - 0.5 * age, 0.35), 1.0, 2.8);
  const double kappa = Near(&eyes, 5.5, 1.3);
  const double iris_melanin = recipe.african * Between(&eyes, 0.80, 1.0) +
                              recipe.asian * Between(&eyes, 0.70, 0.95) +
                              recipe.caucasian * Between(&eyes, 0.02, 0.85);
  const double lipochrome = Between(&eyes, 0.0, 1.0),
               ring = Between(&eyes, 0.3, 0.9) * (1 - 0.5 * age);
  const double yellow =
      std::clamp(0.1 + 0.5 * age + 0.25 * skin.melanin + 0.1 * eyes.Normal(), 0.0, 1.0);
  const double redness = std::clamp(Near(&eyes, 0.15, 0.08), 0.02, 0.4);
  const double crease = Near(&eyes, recipe.asian > 0.5 ? 5.5 : 8.0, 1.2);
  const double depth = recipe.asian > 0.5 ? Between(&eyes, 0.05, 0.6) : Between(&eyes, 0.4, 1.0);
  const double fold = Near(&eyes, 0.4 + 0.7 * age + (recipe.asian > 0.5 ? 0.5 : 0.0), 0.3);
  const double bags = std::max(0.0, Near(&eyes, 0.15 + 1.1 * age, 0.5));
  for (int s = 0; s < 2; ++s) {
    EyeShape& eye = subject.eyes[s];
    eye.globe_radius_mm = globe;
    eye.cornea_radius_mm = cornea;
    eye.limbus_horizontal_mm *= iris_scale;
    eye.limbus_vertical_mm *= iris_scale;
    eye.pupil_radius_mm = pupil * (1 + 0.02 * eyes.Normal());
    const double nasal = s == static_cast<int>(Side::kLeft) ? -1.0 : 1.0;
    eye.pupil_offset_mm = {nasal * Near(&eyes, 0.15, 0.12), Near(&eyes, 0.05, 0.1)};
    eye.kappa_nasal_deg = kappa + 0.3 * eyes.Normal();
    eye.kappa_up_deg = Near(&eyes, -0.3, 0.6);
    EyeRecipe& tint = subject.eye_colours[s];
    tint.melanin = iris_melanin;
    tint.lipochrome = lipochrome;
    tint.limbal_ring = ring;
    tint.sclera_yellow = yellow;
    tint.redness = redness;
    tint.seed = (static_cast<std::uint64_t>(eyes.NextBits()) << 32) | eyes.NextBits();
    LidShape& lid = subject.lids[s];
    lid.crease_distance_mm = std::clamp(crease + 0.3 * eyes.Normal(), 3.5, 11.0);
    lid.crease_depth_mm = std::max(0.0, depth + 0.05 * eyes.Normal());
    lid.fold_fullness_mm = std::max(0.0, fold + 0.1 * eyes.Normal());
    lid.swelling_lower_mm = std::max(0.0, bags + 0.1 * eyes.Normal());
  }
  subject.lashes.length = Near(&eyes, male ? 0.9 : 1.05, 0.1);
  subject.lashes.density = Near(&eyes, male ? 1.15 : 1.35, 0.15);
  subject.lashes.seed = eyes.NextBits();
  subject.lashes.albedo = 0.6f * HairAlbedo(brows.colour).cwiseMin(0.12f);
  return subject;
}

Eigen::Matrix3Xd WithheldDisplacement(const ParametricHead& head, std::uint64_t seed,
                                      double rms_mm) {
  const Eigen::Matrix3Xd mean = head.Shape(HeadRecipe());
  NamedRandom random(seed, "withheld", "waves");
  constexpr int kWaves = 24;
  Eigen::Matrix3Xd field = Eigen::Matrix3Xd::Zero(3, mean.cols());
  for (int w = 0; w < kWaves; ++w) {
    Eigen::Vector3d direction(random.Normal(), random.Normal(), random.Normal());
    direction.normalize();
    const double length = Between(&random, 25, 70);
    const double phase = 2 * kPi * random.Uniform();
    const Eigen::Vector3d amplitude(random.Normal(), random.Normal(), random.Normal());
    for (Eigen::Index v = 0; v < mean.cols(); ++v)
      field.col(v) += amplitude * std::sin(2 * kPi * direction.dot(mean.col(v)) / length + phase);
  }
  // The globe centres stay, and with them the frame; lids fade in over 20 mm.
  double sum = 0;
  int count = 0;
  for (Eigen::Index v = 0; v < mean.cols(); ++v) {
    double share = 1;
    for (const VertexStencil& stencil : head.Topology().globe_centre) {
      const double distance = (mean.col(v) - Locate(stencil, mean)).norm();
      const double t = std::clamp((distance - 12) / 20, 0.0, 1.0);
      share = std::min(share, t * t * (3 - 2 * t));
    }
    field.col(v) *= share;
    const bool face = mean(2, v) > -60 && mean(1, v) > -110 && mean(1, v) < 70;
    if (!face) continue;
    sum += field.col(v).squaredNorm();
    ++count;
  }
  return field * (rms_mm / std::sqrt(sum / count));
}

Eigen::Matrix3Xd SubjectShape(const ParametricHead& head, const Subject& subject) {
  Eigen::Matrix3Xd shape = head.Shape(subject.head);
  if (subject.withheld_rms_mm > 0)
    shape += WithheldDisplacement(head, subject.withheld_seed, subject.withheld_rms_mm);
  return shape;
}

}  // namespace maskbench::virtual_clinic
