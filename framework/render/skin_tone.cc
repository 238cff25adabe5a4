#include "maskbench/render/skin_tone.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace maskbench {
namespace {

constexpr int kBands = 31;  // 400 to 700 nm in steps of 10.
using Spectrum = std::array<double, kBands>;

// CIE standard illuminant D65 and the 1931 2° observer (CIE 15).
constexpr Spectrum kD65 = {82.7549, 91.4860, 93.4318, 86.6823, 104.865, 117.008, 117.812, 114.861,
                           115.923, 108.811, 109.354, 107.802, 104.790, 107.689, 104.405, 104.046,
                           100.000, 96.3342, 95.7880, 88.6856, 90.0062, 89.5991, 87.6987, 83.2886,
                           83.6992, 80.0268, 80.2146, 82.2778, 78.2842, 69.7213, 71.6091};
constexpr Spectrum kX = {.01431, .04351, .13438, .28390, .34828, .33620, .29080, .19536,
                         .09564, .03201, .00490, .00930, .06327, .16550, .29040, .43345,
                         .59450, .76210, .91630, 1.0263, 1.0622, 1.0026, .85445, .64240,
                         .44790, .28350, .16490, .08740, .04677, .02270, .01136};
constexpr Spectrum kY = {.000396, .00121, .00400, .01160, .02300, .03800, .06000, .09098,
                         .13902,  .20802, .32300, .50300, .71000, .86200, .95400, .99495,
                         .99500,  .95200, .87000, .75700, .63100, .50300, .38100, .26500,
                         .17500,  .10700, .06100, .03200, .01700, .00821, .00410};
constexpr Spectrum kZ = {.06785, .20740, .64560, 1.3856, 1.74706, 1.77211, 1.66920, 1.28764,
                         .81295, .46518, .27200, .15820, .07825,  .04216,  .02030,  .00875,
                         .00390, .00210, .00165, .00110, .00080,  .00034,  .00019,  .00005,
                         .00002, 0,      0,      0,      0,       0,       0};
// Molar extinction (1/cm per mol/l) of oxygenated and reduced haemoglobin (Prahl).
constexpr Spectrum kOxygenated = {
    266232,  466840,  480360,  246072, 102580, 62816,   44480, 33209.2, 26629.2, 23684.4, 20932.8,
    20035.2, 24202.4, 39956.8, 53236,  43016,  32613.2, 44496, 50104,   14400.8, 3200,    1506,
    942,     610,     442,     368,    319.6,  294,     277.6, 276,     290};
constexpr Spectrum kReduced = {223296,  303956,  407560, 528600, 413280,  103292,  23388.8,
                               16156.4, 14550,   16684,  20862,  25773.6, 31589.6, 39036.4,
                               46592,   53412,   53788,  45072,  37020,   28324.4, 14677.2,
                               9443.6,  6509.6,  5148.8, 4345.2, 3750.12, 3226.56, 2795.12,
                               2407.92, 2051.96, 1794.28};

double Wavelength(int band) { return 400.0 + 10.0 * band; }

/// What does not depend on the amounts, per band.
struct Optics {
  Spectrum melanosome;                      ///< 1/cm.
  Spectrum bare;                            ///< Tissue without pigment, 1/cm.
  Spectrum blood;                           ///< 1/cm.
  Spectrum carotenoid;                      ///< 1 at its peak.
  Spectrum scattering;                      ///< Reduced scattering of the dermis, 1/cm.
  std::array<Eigen::Vector3d, kBands> rgb;  ///< Weights of a band in linear sRGB.
};

Optics MakeOptics() {
  Optics optics;
  double white = 0;
  for (int i = 0; i < kBands; ++i) white += kD65[i] * kY[i];
  Eigen::Matrix3d rgb_from_xyz;  // IEC 61966-2-1
  rgb_from_xyz << 3.2406255, -1.5372080, -0.4986286, -0.9689307, 1.8757561, 0.0415175, 0.0557101,
      -0.2040211, 1.0569959;
  for (int i = 0; i < kBands; ++i) {
    const double nm = Wavelength(i);
    optics.melanosome[i] = 6.6e11 * std::pow(nm, -3.33);
    optics.bare[i] = 0.244 + 85.3 * std::exp(-(nm - 154.0) / 66.2);
    constexpr double kSaturation = 0.75;
    constexpr double kMolesPerLitre = 150.0 / 64500.0;
    optics.blood[i] = std::log(10.0) * kMolesPerLitre *
                      (kSaturation * kOxygenated[i] + (1.0 - kSaturation) * kReduced[i]);
    // β-carotene: a broad band at 450 nm with a shoulder at 480 nm.
    optics.carotenoid[i] = std::exp(-0.5 * std::pow((nm - 450.0) / 22.0, 2)) +
                           0.8 * std::exp(-0.5 * std::pow((nm - 482.0) / 18.0, 2));
    optics.scattering[i] = 2e5 * std::pow(nm, -1.5) + 2e12 * std::pow(nm, -4.0);
    optics.rgb[i] = rgb_from_xyz * Eigen::Vector3d(kX[i], kY[i], kZ[i]) * (kD65[i] / white);
  }
  return optics;
}

double DermalReflectance(double absorption, double scattering) {
  // Internal reflection for a refractive index of 1.4 (Jensen et al.).
  constexpr double kIndex = 1.4;
  constexpr double kFresnel = -1.440 / (kIndex * kIndex) + 0.710 / kIndex + 0.668 + 0.0636 * kIndex;
  constexpr double kBoundary = (1.0 + kFresnel) / (1.0 - kFresnel);
  const double albedo = scattering / (absorption + scattering);
  const double root = std::sqrt(3.0 * (1.0 - albedo));
  return 0.5 * albedo * (1.0 + std::exp(-4.0 / 3.0 * kBoundary * root)) * std::exp(-root);
}

}  // namespace

Eigen::Vector3f SkinTone(const SkinPigments& pigments) {
  static const Optics optics = MakeOptics();
  const double melanin = std::clamp(pigments.melanin, -0.1, 1.1);
  const double haemoglobin = std::clamp(pigments.haemoglobin, -0.1, 1.5);
  // Volume fractions; Jacques gives 1.3 to 43 % melanosomes and 0.2 to 7 % blood.
  const double melanosomes = 0.007 * std::pow(160.0, melanin);
  const double blood = 0.0035 * std::pow(12.0, haemoglobin);
  const double warm = std::clamp(pigments.undertone, -1.0, 1.0);
  const double carotenoid = 1.5 + 1.4 * warm;  // 1/cm at the peak.
  constexpr double kPathCm = 0.0125;           // Diffuse light crosses 60 µm twice, obliquely.
  // Melanin lies in clusters and light crosses at all angles, so its optical path varies. With a
  // gamma distribution of paths the mean transmittance is a power law instead of Beer's exponential
  // and dark skin keeps the low chroma that is measured. The shape was chosen for that.
  constexpr double kPathShape = 1.1;
  // Scattered back by the horny layer and by melanosomes before any pigment is met.
  constexpr double kSurfaceScatter = 0.008;
  Eigen::Vector3d rgb = Eigen::Vector3d::Zero();
  for (int i = 0; i < kBands; ++i) {
    const double path = kPathCm * melanosomes * optics.melanosome[i];
    const double transmitted = std::pow(1.0 + path / kPathShape, -kPathShape) *
                               std::exp(-kPathCm * (1.0 - melanosomes) * optics.bare[i]);
    const double dermis = blood * optics.blood[i] + carotenoid * optics.carotenoid[i] +
                          (1.0 - blood) * optics.bare[i];
    const double reflected =
        kSurfaceScatter + transmitted * DermalReflectance(dermis, optics.scattering[i]);
    rgb += optics.rgb[i] * reflected;
  }
  return rgb.cwiseMax(0.0).cwiseMin(1.0).cast<float>();
}

Eigen::Vector3d LabOf(const Eigen::Vector3f& linear_rgb) {
  Eigen::Matrix3d xyz_from_rgb;  // IEC 61966-2-1, rows divided by the D65 white.
  xyz_from_rgb << 0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505, 0.2126, 0.7152, 0.0722,
      0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089;
  const Eigen::Vector3d relative = xyz_from_rgb * linear_rgb.cast<double>();
  const auto f = [](double t) {
    constexpr double kDelta = 6.0 / 29.0;
    return t > kDelta * kDelta * kDelta ? std::cbrt(t) : t / (3 * kDelta * kDelta) + 4.0 / 29.0;
  };
  const double fx = f(relative.x()), fy = f(relative.y()), fz = f(relative.z());
  return {116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)};
}

double TypologyAngleDeg(const Eigen::Vector3d& lab) {
  constexpr double kDegrees = 57.29577951308232;
  return kDegrees * std::atan2(lab.x() - 50.0, lab.z());
}

}  // namespace maskbench
