#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {

/// Draws what an ophthalmologist should recognise, as JPEG files of less than 250 kB. Patients have
/// set signs, mild to severe, in different people; every picture is a frame of their examination,
/// drawn closer than recordings are.
///  - `healthy`, `thyroid_orbitopathy`, `ptosis`: face, both eyes straight ahead, up and down; of
///    the first two also the profile;
///  - `esotropia`, `exotropia`, `hypertropia`: face, both eyes open and either covered;
///  - `nystagmus`: both ends of a beat and two seconds of gaze;
///  - `nystagmus_strip`: successive frames of a beat and the gaze they belong to;
///  - `lid_lag_strip`: a healthy and a lagging lid while the gaze sinks, and MRD1 against gaze.
/// Returns the files. `tick` is called kSignSheetTicks times.
std::vector<std::filesystem::path> DrawSignSheets(const Studio& studio, std::uint64_t seed,
                                                  const std::filesystem::path& folder,
                                                  const std::function<void()>& tick);

/// People that the sheets show.
inline constexpr int kSignSheetTicks = 24;

}  // namespace maskbench::virtual_clinic
