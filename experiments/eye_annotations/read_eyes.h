#pragma once

#include <array>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "maskbench/core/side.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// Where an eye is in the picture, pixels (x right, y down, centre of the first pixel at 0), as
/// read by hand or by an observer; NaN where it is not given.
struct EyePoints {
  double iris_x = kNone, iris_y = kNone, iris_width = kNone;
  /// Height of the margins where the face's vertical through the iris centre meets them.
  double upper_y = kNone, lower_y = kNone;
  double medial_x = kNone, medial_y = kNone, lateral_x = kNone, lateral_y = kNone;

  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
};

/// What turns pixels of one eye into what is compared, from the readings by hand.
struct EyeFrame {
  Side side = Side::kRight;
  double px_per_mm = EyePoints::kNone;  ///< NaN where no iris was read.
  double roll_rad = 0;                  ///< Of the face, 0 where it is not known.
  double iris_width_px = EyePoints::kNone;
};

/// One annotated eye of one picture.
struct ReadEye {
  int subject = 0;  ///< Index among the subjects, 0 … ReadEyes::subjects − 1.
  /// Key → value of the groups that it belongs to, beside that of all eyes.
  std::map<std::string, std::string> groups;
  std::string lids;  ///< open, half or closed; disputed where the readings differ.
  EyeFrame frame;
  EyePoints mean;                     ///< Of both readings.
  std::array<EyePoints, 2> readings;  ///< First and second.
  EyePoints seen;                     ///< The observer's; empty when it failed.
  double shut = EyePoints::kNone;     ///< The observer's probability that the lids touch.
  /// The observer found this eye here, and not that of somebody else or none.
  bool found = false;
};

struct ReadEyes {
  int subjects = 0;
  std::vector<ReadEye> eyes;
  /// Values of each group key in the order in which they are shown.
  std::map<std::string, std::vector<std::string>> groups;
};

/// Joins what an observer saw under a variant with readings by hand that the manifest holds as the
/// truth of eyes (docs/metrics.md, "Real eyes read by hand"). Only the first frame of a recording
/// is looked at; eyes without a reading are left out.
/// @param farthest_widths  an eye of the observer is another one when its middle lies farther from
///                         that of the annotated eye, in widths of the latter.
/// Throws DataError when the truth lacks what it needs.
ReadEyes JoinReadEyes(const RunData& data, const std::string& variant, const std::string& observer,
                      double farthest_widths);

/// Whether an observer gives any of the series that can be compared, for any recording and variant.
bool ReadsEyes(const RunData& data, const std::string& observer);

}  // namespace maskbench
