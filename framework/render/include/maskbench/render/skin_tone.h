#pragma once

#include <Eigen/Core>

namespace maskbench {

/// What colours skin.
struct SkinPigments {
  double melanin = 0.25;      ///< 0 the palest living skin … 1 the darkest.
  double haemoglobin = 0.35;  ///< 0 bloodless … 1 flushed; 0.3 to 0.4 is usual.
  double undertone = 0.0;     ///< −1 cool, pink … 1 warm, olive.
};

/// Linear sRGB reflectance (D65) of skin, without its surface gloss.
///
/// Two layers, evaluated at 31 wavelengths: light crosses an epidermis that melanin darkens and is
/// scattered back by a dermis that blood and carotenoids colour. Absorption: melanosomes and
/// epidermis after Jacques, "Skin optics" (OMLC News, 1998); haemoglobin after Prahl's table
/// (omlc.org, 75 % oxygenated); dermal reflectance by the dipole's total albedo (Jensen et al.,
/// "A practical model for subsurface light transport", SIGGRAPH 2001), as in Donner & Jensen, "A
/// spectral BSSRDF for shading human skin" (EGSR 2006).
Eigen::Vector3f SkinTone(const SkinPigments& pigments);

/// CIE 1976 L*a*b* (D65 white) of a linear sRGB colour.
Eigen::Vector3d LabOf(const Eigen::Vector3f& linear_rgb);

/// Individual typology angle in degrees (Chardon, Cretois & Hourseau 1991): above 55 very light, 41
/// light, 28 intermediate, 10 tan, −30 brown, below dark.
double TypologyAngleDeg(const Eigen::Vector3d& lab);

}  // namespace maskbench
