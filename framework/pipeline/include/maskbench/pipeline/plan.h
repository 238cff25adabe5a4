#pragma once

#include <filesystem>
#include <string>

#include "maskbench/nn/network_library.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/node.h"
#include "maskbench/pipeline/run_config.h"

namespace maskbench {

struct Components;

/// Version of reading a recording from its file; raised when its frames would come out differently.
inline constexpr int kRecordingFileVersion = 1;

/// Id that tells nothing: "r" and 15 hexadecimal digits, keyed by the run's seed and the data set.
std::string AnonymousId(uint64_t seed, const std::string& dataset, const std::string& recording);

/// Lays out all work of a run. Touches no recording; needs the networks' fingerprints.
/// @param config_folder  where the configuration's relative paths start.
/// @param places  raw material, of data sets that are made during the run.
Plan MakePlan(const RunConfig& config, const Dataset& dataset, const Components& components,
              const NetworkLibrary& networks, const std::filesystem::path& config_folder,
              const MakerPlaces& places = {});

/// Recordings whose frames the report shows: the first of each of the first six subjects.
std::vector<std::string> PicturedRecordings(const std::vector<std::string>& recordings,
                                            const Dataset& dataset);

/// Where a run keeps the truth of a recording's frames, relative to its folder. It has the
/// manifest's id and lies apart from what maskers and observers see.
std::filesystem::path FrameTruthFile(const std::string& recording_id);

}  // namespace maskbench
