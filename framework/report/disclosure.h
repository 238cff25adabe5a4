#pragma once

#include <map>
#include <string>
#include <vector>

#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// What of a manifest may enter a report that is passed on. Where the manifest does not permit
/// originals to be shown, it is closed: recordings go by their anonymous ids, the data set has no
/// name, and paths, names and ids are cut out of free text.
class Disclosure {
 public:
  explicit Disclosure(const RunData& data);

  bool closed() const { return closed_; }
  /// Whether what was measured over time in single recordings may be drawn: of virtual people
  /// always, of real ones where their originals may be shown.
  bool traces() const { return traces_; }
  /// What the report calls a recording.
  std::string Label(const std::string& recording) const;
  /// Free text as the report may show it.
  std::string Text(std::string text) const;
  /// The same of every string of a JSON value.
  Json Texts(Json value) const;

 private:
  bool closed_, traces_;
  std::map<std::string, std::string> anonymous_;
  /// What is cut out, longest first, with what stands in its place.
  std::vector<std::pair<std::string, std::string>> secrets_;
};

/// Whether a masking method delivers the recording as it was filmed, so that its videos are
/// originals to whoever must not see any.
bool IsUnmasked(const std::string& method);

/// What stands in the place of something that may not be shown.
inline constexpr const char* kWithheld = "[withheld]";

}  // namespace maskbench
