#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/pipeline/components.h"

namespace maskbench {

struct ViewerOptions {
  /// Shows originals of real people, where the manifest permits it. Those of virtual people are
  /// shown wherever the manifest permits it.
  bool show_originals = false;
  /// Ids of the manifest; empty: up to twelve, one of each condition first.
  std::vector<std::string> recordings;
};

/// Writes viewer.html, and into viewer/ one video per recording with the original (where it may be
/// shown) and every variant side by side, from the masked videos that the run kept. So all of them
/// are at the same frame at any time. Videos of an earlier call are removed first.
/// @param assets_dir  the fetched assets, for the charts.
/// @param progress  called after each recording.
/// @return a sentence to be shown when charts are left out; empty otherwise. Throws UsageError for
/// a recording that is not of the run, for originals that the manifest does not permit, and where
/// only some frames were masked; DataError when no videos were kept.
std::string WriteViewer(
    const std::filesystem::path& out, const Components& components,
    const std::filesystem::path& assets_dir, const ViewerOptions& options,
    const std::function<void(int done, int total, const std::string& what)>& progress);

}  // namespace maskbench
